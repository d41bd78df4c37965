"""Every snippet of the quickstarts is run as it stands there, against the product as it is started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from config.api_pages import EXAMPLE, QUICKSTARTS
from tests import real_stack
from tests.real_stack import ROOT, SAMPLE, RealStack

pytestmark = pytest.mark.slow
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_KEY = "mf_sk_test_YOUR_KEY"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    with real_stack.running(tmp_path_factory.mktemp("quickstarts") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def key(stack: RealStack) -> str:
    return stack.provision_many(["Stranger"], [0], plan="free", live=False)[0].key


def snippets(name: str, language: str, address: str) -> list[str]:
    """The code of one language, with the address that the page would show."""
    text = (ROOT / f"docs/quickstart/{name}.md").read_text().replace(EXAMPLE, address)
    return [code for found, code in _BLOCK.findall(text) if found == language]


def run(command: list[str], folder: Path, key: str = "", seconds: int = 240) -> str:
    environ = {**os.environ, "ROOMWRIGHT_KEY": key}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=seconds
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def width_of(file: Path) -> int:
    """Of a picture, in pixels."""
    with Image.open(file) as picture:
        return picture.width


def test_every_quickstart_has_snippets() -> None:
    assert all(_BLOCK.search((ROOT / f"docs/quickstart/{name}.md").read_text()) for name in QUICKSTARTS)


def test_the_snippets_for_curl_lead_to_a_picture(stack: RealStack, key: str, tmp_path: Path) -> None:
    script = "set -euo pipefail\n" + "\n".join(snippets("curl", "bash", stack.address)).replace(_KEY, key)
    said = run(["bash", "-c", script], tmp_path)
    assert width_of(tmp_path / "redesign.png") > 400
    assert '"code":"prompt_required"' in said
    assert said.rstrip().endswith("}")
    assert '"state":"succeeded"' in said


def test_the_snippets_for_python_lead_to_a_picture(stack: RealStack, key: str, tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "room.jpg")
    (tmp_path / "redesign.py").write_text("\n".join(snippets("python", "python", stack.address)))
    assert "redesign.png, for 0 credits" in run([sys.executable, "redesign.py"], tmp_path, key)
    assert width_of(tmp_path / "redesign.png") > 400


def test_the_snippets_for_typescript_lead_to_a_picture(stack: RealStack, key: str, tmp_path: Path) -> None:
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("NOT RUN: the TypeScript quickstart needs node and npm, and they are not installed here.")
    shutil.copy(SAMPLE, tmp_path / "room.jpg")
    (tmp_path / "redesign.ts").write_text("\n".join(snippets("typescript", "typescript", stack.address)))
    install, build = snippets("typescript", "bash", stack.address)
    done = subprocess.run(
        ["bash", "-c", install], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240
    )
    if done.returncode:
        pytest.skip(f"NOT RUN: npm can't install TypeScript here: {done.stderr[-300:]}")
    assert "redesign.png, for 0 credits" in run(["bash", "-c", build], tmp_path, key)
    assert width_of(tmp_path / "redesign.png") > 400


def test_the_receiver_of_webhooks_reads_what_is_signed(capsys: pytest.CaptureFixture[str]) -> None:
    from datetime import UTC, datetime

    from accounts import signing

    secret, body = (
        signing.new_secret(),
        b'{"type": "generation.succeeded", "data": {"url": "u", "pictures": []}}',
    )
    headers = signing.headers([secret], message_id="evt_1", at=datetime.now(UTC), body=body)
    found: dict[str, object] = {}
    exec(snippets("rules", "python", EXAMPLE)[0], found)
    found["receive"](secret, body, headers)  # type: ignore[operator]  # what the snippet defines
    assert "u []" in capsys.readouterr().out
