"""The same objects held against npm `stripe`, whose types tell null from absent and bind events to objects."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.billing.stripe_sandbox.optional_fields import TABLE, table
from tests.billing.stripe_sandbox.shop import Shop, live_a_year

NPM_STRIPE = "23.1.0"  # of the same API version as the package in requirements/; bump the two together
TYPESCRIPT = "5.9.3"
INSTALL_SECONDS = 180

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm `stripe` and TypeScript in its node_modules."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        pytest.skip("there is no node and npm on this machine")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true}')
    wanted = [f"stripe@{NPM_STRIPE}", f"typescript@{TYPESCRIPT}"]
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *wanted],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"npm could not install {wanted}: {done.stderr.strip()[-300:]}")
    return folder / "node_modules"


def complaints(packages: Path, source: str) -> list[str]:
    """What the TypeScript compiler says of a program, line by line."""
    folder = packages.parent
    (folder / "events.ts").write_text(source)
    options = "--strict --noEmit --skipLibCheck --target es2022 --module nodenext --moduleResolution nodenext"
    done = subprocess.run(
        ["node", str(packages / "typescript" / "bin" / "tsc"), *options.split(), "events.ts"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 or done.stdout, done.stderr
    return [line for line in done.stdout.splitlines() if "error TS" in line]


def program(events: list[dict[str, Any]]) -> str:
    """One typed constant per event: the object must be the one that this type of event carries."""
    lines = ['import Stripe from "stripe";']
    for number, event in enumerate(events):
        kind = f"Extract<Stripe.Event, {{ type: {json.dumps(event['type'])} }}>['data']['object']"
        body = json.dumps(event["data"]["object"])
        # Decimals travel as strings and are objects of a class in the declarations.
        body = re.sub(r'("\w+_decimal": )("[\d.]+")', r"\1(\2 as any)", body)
        lines.append(f"export const e{number}: {kind} = {body};")
    return "\n".join(lines)


def one_of_each_kind(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events that differ in type or in which fields are there and null."""
    kinds = {(e["type"], json.dumps(_outline(e["data"]["object"]), sort_keys=True)): e for e in events}
    return list(kinds.values())


def _outline(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _outline(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_outline(item) for item in value]
    return type(value).__name__


def test_python_and_npm_speak_the_same_api_version(packages: Path) -> None:
    declared = (packages / "stripe" / "esm" / "apiVersion.d.ts").read_text()
    found = re.search(r'ApiVersion = "([^"]+)"', declared)
    assert found
    assert found[1] == stripe.api_version


def test_the_table_of_optional_fields_is_that_of_npm(packages: Path) -> None:
    assert json.loads(TABLE.read_text()) == table(packages / "stripe")


def test_every_event_of_a_year_is_one_of_stripes_in_typescript_too(packages: Path, offline: Shop) -> None:
    live_a_year(offline)
    events = one_of_each_kind(offline.world.captured)
    assert len({event["type"] for event in events}) > 30
    assert complaints(packages, program(events)) == []


def test_the_compiler_would_have_complained(packages: Path, offline: Shop) -> None:
    offline.world.refund(offline.buy(), 100)
    event = next(e for e in offline.world.captured if e["type"] == "refund.created")
    assert complaints(packages, program([event])) == []
    for change in ({"failure_reason": None}, {"amount": "100"}, {"invented": 1}):
        wrong = {**event, "data": {"object": {**event["data"]["object"], **change}}}
        assert len(complaints(packages, program([wrong]))) == 1, change
    mixed_up = {**event, "type": "invoice.paid"}
    assert complaints(packages, program([mixed_up]))
