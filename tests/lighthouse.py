"""Lighthouse on the start page, the studio and a gallery of 500 pictures: `make lighthouse`. Needs npm and Chromium.

Each page is measured three times as a phone with a slow line; the table shows the medians. Exits 1 below the goal.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests import real_stack

LIGHTHOUSE = "13.5.0"
GOAL = 95
RUNS = int(os.environ.get("RUNS", "3"))
PICTURES = 500
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
AGAIN = "NO_NAVSTART"  # its trace of the page was lost: it measured nothing, and asks to be run again
TRIES = 3
_PACKAGES = real_stack.ROOT / ".venv" / "npm" / f"lighthouse-{LIGHTHOUSE}"
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# The programs that the page of a person with many pictures is made by; prints what the browser needs.
_SETUP = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image
from allauth.account.models import EmailAddress
from accounts import services, tenancy
from accounts.models import User
from billing import credits
from generations.models import Generation, Picture, State
from projects.models import Photo
import io, random

now = timezone.now()
person = User.objects.create_user("lighthouse@example.com", "curtains and a kettle")
EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
workspace = services.home_of(user=person, now=now)
credits.grant(organization=workspace, purchased=500, fact="lighthouse", now=now)
sample = Image.open("static/samples/room-after.jpg")
thumbnails = []
for number in range(24):
    content = io.BytesIO()
    shade = Image.new("RGB", sample.size, tuple(random.Random(number).choices(range(256), k=3)))
    Image.blend(sample, shade, 0.15).resize((480, 320)).save(content, "JPEG", quality=80)
    thumbnails.append(default_storage.save(f"lighthouse/{number}.jpg", ContentFile(content.getvalue())))
with tenancy.enter(workspace):
    photo = Photo.objects.create(organization=workspace, source_url="https://example.com/room.jpg")
    made = Generation.objects.bulk_create(
        Generation(organization=workspace, requested_by=person, engine="preview", photo=photo, price=0,
                   prompt=f"Japandi with a light oak floor, number {number}", state=State.SUCCEEDED, finished_at=now)
        for number in range(wanted)
    )
    Picture.objects.bulk_create(
        Picture(organization=workspace, generation=one, position=0, image=thumbnails[n % 24],
                thumbnail=thumbnails[n % 24], width=1344, height=896, bytes=900_000)
        for n, one in enumerate(made)
    )
session = SessionStore()
session[SESSION_KEY] = str(person.pk)
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = person.get_session_auth_hash()
session.create()
print(json.dumps({"session": session.session_key, "workspace": workspace.public_id}))
"""


def sign_in_to_a_full_gallery(stack: real_stack.RealStack, *, pictures: int = PICTURES) -> tuple[str, str]:
    """Somebody with so many pictures; their session cookie's value and their workspace's id."""
    printed = stack.manage("shell", "--no-imports", "-c", f"wanted = {pictures}\n{_SETUP}")
    made = json.loads(printed.splitlines()[-1])
    return made["session"], made["workspace"]


def _program() -> str:
    npm = shutil.which("npm")
    if npm is None or _CHROMIUM is None:
        raise SystemExit("Lighthouse needs npm and Chromium (apt-get install npm chromium).")
    if not (_PACKAGES / "node_modules").is_dir():
        _PACKAGES.mkdir(parents=True, exist_ok=True)
        (_PACKAGES / "package.json").write_text('{"private": true}')
        command = [
            npm,
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
            f"lighthouse@{LIGHTHOUSE}",
        ]
        subprocess.run(command, cwd=_PACKAGES, check=True, stdout=subprocess.DEVNULL)
    return str(_PACKAGES / "node_modules" / ".bin" / "lighthouse")


def measure(program: str, url: str, cookie: str, folder: Path) -> dict[str, Any]:
    """One report."""
    out = folder / "report.json"
    command = [
        *(program, url, "--quiet", "--output=json", f"--output-path={out}"),
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage",
    ]
    if cookie:
        command.append("--extra-headers=" + json.dumps({"Cookie": cookie}))
    for attempt in range(TRIES):
        done = subprocess.run(
            command,
            env={**os.environ, "CHROME_PATH": str(_CHROMIUM)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        if done.returncode == 0:
            break
        if AGAIN not in done.stderr or attempt == TRIES - 1:
            raise SystemExit(f"Lighthouse failed on {url}:\n{done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(out.read_text())
    return report


def _row(program: str, url: str, cookie: str, folder: Path) -> tuple[dict[str, int], set[str]]:
    reports = [measure(program, url, cookie, folder) for _ in range(RUNS)]
    scores = {
        name: round(100 * statistics.median(report["categories"][name]["score"] for report in reports))
        for name in CATEGORIES
    }
    failed = {
        f"{audit['id']}: {audit['title']} {audit.get('displayValue', '')}".strip()
        for report in reports
        for audit in report["audits"].values()
        if audit["score"] is not None
        and audit["score"] < 0.9
        and audit["scoreDisplayMode"] in ("binary", "numeric")
    }
    return scores, failed


def _table(program: str, stack: real_stack.RealStack, folder: Path) -> bool:
    """Print it; whether every score reaches the goal."""
    session, workspace = sign_in_to_a_full_gallery(stack)
    pages = {
        "start page": ("/", ""),
        "studio": (f"/w/{workspace}/studio", f"sessionid={session}"),
        f"gallery of {PICTURES}": (f"/w/{workspace}/generations", f"sessionid={session}"),
    }
    is_good = True
    print(f"{'median of ' + str(RUNS):18}" + "".join(f"{name:>16}" for name in CATEGORIES))  # noqa: T201
    for name, (path, cookie) in pages.items():
        scores, failed = _row(program, stack.address + path, cookie, folder)
        print(f"{name:18}" + "".join(f"{score:16}" for score in scores.values()), flush=True)  # noqa: T201
        reached = min(scores.values()) >= GOAL
        is_good = is_good and reached
        if not reached or os.environ.get("VERBOSE"):
            print("".join(f"    {line}\n" for line in sorted(failed)), end="", flush=True)  # noqa: T201
    return is_good


def main() -> int:
    """0 when every score reaches the goal."""
    program = _program()
    with (
        tempfile.TemporaryDirectory(prefix="roomwright-lighthouse-") as folder,
        real_stack.running(Path(folder) / "stack", WEB_PROCESSES="1") as stack,
    ):
        return 0 if _table(program, stack, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
