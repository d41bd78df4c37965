"""Schemathesis against the running product with real data: `make schemathesis`.

All checks; generated requests that fit the description, and that do not; each answer must be one that is described.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from tests import real_stack
from tests.real_stack import ROOT, SAMPLE, Caller, RealStack

LEAST = 10_000  # cases, of a run of all phases
PHASES = "examples,coverage,fuzzing,stateful"

_KEY = """
from django.utils import timezone
from accounts import services, tenancy
from accounts.models import Organization, Scope, User
from billing.provisioning import provision_workspace

now = timezone.now()
made = provision_workspace(
    name="Described", owner_email="ops@example.com", plan="scale", credits=100000, with_key=False, now=now
)
with tenancy.system("provisioning by name"):
    organization = Organization.objects.get(public_id=made["organization"])
person = User.objects.get(email=made["owner"])
# What a test key makes would be gone after the first DELETE of all test data; it is for the failure that is rehearsed.
for live in (True, False):
    print(services.issue_api_key(
        organization=organization, by_user=person, name="All", live=live, now=now, scopes=list(Scope)
    )[1])
"""


def _made(caller: Caller, path: str, **options: Any) -> Any:
    answer = caller.api("POST", path, **options)
    assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()


def make_things(caller: Caller, rehearsing: Caller) -> dict[str, list[Any]]:
    """Four of everything that can be made with a key, for what `hooks.py` says; the ids by the names in paths.

    What lies below something else stands at the place of that: the comment of the second review is the second.
    """
    found: dict[str, list[Any]] = {}

    def keep(kind: str, made: Any) -> Any:
        found.setdefault(kind, []).append(made["id"])
        return made["id"]

    profile = caller.api("GET", "export-profiles").json()["results"][0]["id"]
    for number in range(4):
        client = keep("client_id", _made(caller, "clients", json={"name": f"Client {number}"}))
        project = keep("project_id", _made(caller, "projects", json={"name": "Flat", "client": client}))
        room = keep("room_id", _made(caller, "rooms", json={"name": "Living room", "project": project}))
        for kind, noun, body in (
            ("recipe_id", "recipes", {"name": f"Warm {number}", "style": "japandi"}),
            ("invitation_id", "invitations", {"email": f"{uuid4().hex}@example.com"}),
            ("profile_id", "export-profiles", {"name": f"Portal {number}"}),
            ("domain_id", "domains", {"host": f"rooms{number}.example.com"}),
            ("projects.note_id", f"projects/{project}/notes", {"text": "Oak, not ash"}),
        ):
            keep(kind, _made(caller, noun, json=body))
        with SAMPLE.open("rb") as file:
            photo = keep("photo_id", _made(caller, "photos", data={"room": room}, files={"file": file}))
        with SAMPLE.open("rb") as file:
            fields = {"name": "Sofa", "price": "790.00", "currency": "EUR"}
            product = keep("product_id", _made(caller, "products", data=fields, files={"file": file}))
        keep("upload_id", _upload(caller))
        endpoint = keep(
            "endpoint_id",
            _made(caller, "webhook-endpoints", json={"url": f"http://127.0.0.1:9/{number}"}),
        )
        keep("webhook-deliveries.delivery_id", _made(caller, f"webhook-endpoints/{endpoint}/test"))
        asked = {"prompt": f"Warm oak {number}", "photo": photo, "room": room, "products": [product]}
        made = _made(caller, "generations", json=asked, headers={"Prefer": "wait=60"})
        keep("generation_id", made)
        picture = keep("picture_id", made["pictures"][0])
        keep("link_id", _made(caller, f"pictures/{picture}/links", json={}))
        review = _made(caller, "reviews", json={"project": project, "pictures": [picture], "title": "Looks"})
        keep("review_id", review)
        keep("reviews.link_id", review["link"])
        item = caller.api("GET", f"reviews/{review['id']}/items").json()["results"][0]["id"]
        _as_client(review["link"]["url"], item)
        keep("reviews.comment_id", caller.api("GET", f"reviews/{review['id']}/comments").json()["results"][0])
        proposal = keep("proposal_id", _made(caller, "proposals", json={"project": project}))
        line = {"name": "Curtains", "quantity": "2.00", "unit_price": "40.00"}
        keep("proposals.line_id", _made(caller, f"proposals/{proposal}/lines", json=line)["lines"][-1])
        if number % 2:
            _made(caller, f"proposals/{proposal}/send", json={})
        wanted = {"pictures": [picture], "profile": profile, "title": "Photos", "confirm_unapproved": True}
        keep("delivery_id", _made(caller, "deliveries", json=wanted))
        keep(
            "set_id",
            _made(caller, "room-sets", json={"project": project, "photos": [photo], "style": "japandi"}),
        )
    for number in range(2):  # a workspace may have five
        keep("key_id", _made(caller, "api-keys", json={"name": f"Till {number}"}))
    failed = {"prompt": "simulate:internal_error", "photo": found["photo_id"][0]}
    keep("generation_id", _made(rehearsing, "generations", json=failed, headers={"Prefer": "wait=60"}))
    keep("export_id", _made(caller, "exports"))
    found["event_id"] = [each["id"] for each in caller.api("GET", "events?limit=20").json()["results"]]
    found["member_id"] = [each["id"] for each in caller.api("GET", "members").json()["results"]]
    found["key"] = [f"client:{each}" for each in found["client_id"]]
    return found


def _upload(caller: Caller) -> Any:
    """An announced photo, sent."""
    content = SAMPLE.read_bytes()
    asked = {"size": len(content), "content_type": "image/jpeg"}
    upload = _made(caller, "uploads", json=asked)
    sent = requests.request(
        upload["method"], upload["url"], data=content, headers=upload["headers"], timeout=60
    )
    assert sent.ok, sent.text
    return upload


def _as_client(room: str, item: str) -> None:
    """A client approves a picture of a review room and writes about it, as in a browser."""
    guest = requests.Session()
    guest.trust_env = False
    guest.get(room, timeout=60)
    who = {"name": "Ada", "email": "ada@example.com", "csrfmiddlewaretoken": guest.cookies.get("csrftoken")}
    for verb, fields in (("decide", {"outcome": "approved"}), ("comment", {"text": "Lovely"})):
        answer = guest.post(f"{room}/{item}/{verb}", data=who | fields, timeout=60)
        assert answer.ok, f"{verb}: {answer.status_code} {answer.text[:300]}"


def run(stack: RealStack, folder: Path, arguments: list[str]) -> tuple[int, str]:
    """Schemathesis's exit code and what it said."""
    key, test_key = stack.manage("shell", "--no-imports", "-c", _KEY).split()[-2:]
    things = make_things(Caller(stack.address, key), Caller(stack.address, test_key))
    ids = folder / "ids.json"
    ids.write_text(json.dumps(things))
    said = folder / "said.txt"
    environ = {**os.environ, "DESCRIBED_IDS": str(ids), "ROOMWRIGHT_KEY": key, "NO_COLOR": "1"}
    command = [
        *(
            str(Path(sys.executable).parent / "schemathesis"),
            "--config-file",
            "tests/described/schemathesis.toml",
        ),
        *("run", f"{stack.address}/api/v1/schema?format=json", "--checks", "all", *arguments),
    ]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with said.open("w") as file:
            for line in process.stdout:
                print(line, end="", flush=True)
                file.write(line)
    return process.returncode, said.read_text()


def cases(said: str) -> int:
    """How many it says it has sent."""
    counted = re.findall(r"([0-9,]+) generated|Test cases:\s*([0-9,]+)", said)
    return max((int((a or b).replace(",", "")) for a, b in counted), default=0)


def main() -> int:
    """`EXAMPLES` for each operation (100), `WORKERS` (2), `PHASES` (all), and any options of `schemathesis run`."""
    phases = os.environ.get("PHASES") or PHASES
    arguments = [
        *("--phases", phases),
        *("--max-examples", os.environ.get("EXAMPLES", "100")),
        *("--workers", os.environ.get("WORKERS", "2")),
        *sys.argv[1:],
    ]
    limits = dict.fromkeys(
        (*real_stack.QUOTAS, "API_FAILED_REQUESTS_PER_MINUTE", "API_REQUESTS_PER_MINUTE"), "9999999"
    )
    with (
        tempfile.TemporaryDirectory(prefix="described-") as folder,
        real_stack.running(Path(folder) / "data", FETCH_ALLOW_LOOPBACK="1", **limits) as stack,
    ):
        code, said = run(stack, Path(folder), arguments)
        broken = stack.log.read_text(errors="replace").count("Traceback")
    print(f"{cases(said)} cases; tracebacks in the server's log: {broken}")
    return code or int(bool(broken) or (phases == PHASES and cases(said) < LEAST))


if __name__ == "__main__":
    sys.exit(main())
