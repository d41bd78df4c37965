"""The files of a deploy name what is there: commands that start, folders that exist, variables that are read."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "docs/ops/systemd").glob("*"))
WEB = "--interface wsgi --workers 2 --blocking-threads 64 --backpressure 128 --no-ws config.wsgi:application"
VARIABLES = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)) | {
    "SECRETS_KEYS"
}


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yml").read_text())
    return read


def commands() -> list[str]:
    """Every command of ours in any of the files, as one line."""
    found = []
    for line in (ROOT / "Procfile").read_text().splitlines():
        found += line.partition(": ")[2].split(" && ")
    for service in compose()["services"].values():
        if command := service.get("command"):
            found += " ".join(command).removeprefix("sh -c ").split(" && ")
    last = (ROOT / "Dockerfile").read_text().split("\nCMD ")[-1]
    found.append(" ".join(yaml.safe_load(last)))
    for unit in UNITS:
        found += re.findall(
            r"^ExecStart(?:Pre)?=/opt/roomwright/\.venv/bin/(.+)$", unit.read_text(), re.MULTILINE
        )
    for service in yaml.safe_load((ROOT / "render.yaml").read_text())["services"]:
        found += [service[key] for key in ("preDeployCommand", "dockerCommand") if key in service]
    return found


def test_every_command_is_one_of_ours_with_arguments_that_it_takes() -> None:
    from django.core.management import get_commands, load_command_class

    known = get_commands()
    seen = set()
    for command in commands():
        program, *arguments = command.split()
        if program == "granian":
            shown = re.sub(r" --(host|port) \S+", "", " ".join(arguments))
            assert shown == WEB, command
        else:
            assert (program, arguments[0]) == ("python", "manage.py"), command
            name, *options = arguments[1:]
            app = known[name]
            made = load_command_class(app, name) if isinstance(app, str) else app
            made.create_parser("manage.py", name).parse_args(options)
            seen.add(name)
    assert seen == {"migrate", "collectstatic", "worker", "check", "check_ledger", "check_files"}
    assert f"granian {WEB}" in (ROOT / "docs/running.md").read_text()


def test_granian_takes_what_it_is_told() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "granian", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in re.findall(r"--[a-z-]+", WEB):
        assert option.removeprefix("--no-") in shown, option


def test_the_image_holds_all_that_the_product_imports_and_reads() -> None:
    text = (ROOT / "Dockerfile").read_text()
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for name in line.split()[:-1]
    }
    for name in copied:
        assert (ROOT / name).exists(), name
    assert {
        "accounts",
        "billing",
        "config",
        "generations",
        "projects",
        "templates",
        "static",
        "manage.py",
    } <= copied
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", "var", ".git"} <= set(ignored)
    assert not copied & set(ignored)
    assert re.search(r"^USER roomwright$", text, re.MULTILINE)
    # The folders that code reads beside its own.
    read = set()
    for app in ("accounts", "billing", "config", "generations", "projects"):
        for path in (ROOT / app).rglob("*.py"):
            read |= set(re.findall(r'BASE_DIR / "(\w+)', path.read_text()))
    assert read <= copied, read - copied


def test_compose_is_one_stack_whose_parts_wait_for_each_other() -> None:
    read = compose()
    assert set(read["services"]) == {"database", "migrate", "web", "worker"}
    for service in read["services"].values():
        assert set(service.get("depends_on", {})) <= set(read["services"])
        for mount in service.get("volumes", []):
            source = str(mount).partition(":")[0]
            assert source in read["volumes"] or (ROOT / source).exists(), mount
    assert read["services"]["worker"]["stop_grace_period"] == "130s"
    shared = {str(mount) for name in ("web", "worker") for mount in read["services"][name]["volumes"]}
    assert shared == {"files:/data"}, "web and worker see the same files"
    assert "superuser" not in read["services"]["web"]["environment"]["DATABASE_URL"]


def test_the_role_that_the_container_makes_is_bound_by_the_wall() -> None:
    text = (ROOT / "docs/ops/role.sh").read_text()
    assert "NOSUPERUSER NOBYPASSRLS" in text
    assert "OWNER roomwright" in text
    subprocess.run(["sh", "-n", ROOT / "docs/ops/role.sh"], check=True)


def test_every_variable_in_them_is_one_that_is_read() -> None:
    named = {
        item["key"]
        for item in yaml.safe_load((ROOT / "render.yaml").read_text())["envVarGroups"][0]["envVars"]
    }
    named |= set(
        re.findall(r"\b([A-Z_]+)=", (ROOT / "Dockerfile").read_text().split("\nENV ")[1].split("\n")[0])
    )
    named |= set(compose()["services"]["web"]["environment"])
    assert named - VARIABLES - {"PATH", "PYTHONUNBUFFERED"} == set()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_well_formed_and_starts_again(unit: Path) -> None:
    read = configparser.RawConfigParser(strict=False)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(unit.read_text())
    if unit.suffix == ".service" and "nightly" not in unit.name:
        service = dict(read["Service"])
        assert service["Restart"] == "always"
        assert int(service["TimeoutStopSec"]) > 120
        assert service["User"] == "roomwright"
        if "worker" in unit.name:
            assert service["KillMode"] == "mixed"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    copies = []
    for unit in UNITS:
        text = re.sub(r"/opt/roomwright/\.venv/bin/\w+", "/bin/true", unit.read_text())
        copy = tmp_path / unit.name
        copy.write_text(text.replace("/opt/roomwright", str(ROOT)))
        copies.append(str(copy))
    done = subprocess.run(["systemd-analyze", "verify", *copies], capture_output=True, text=True, check=False)
    said = [
        line for line in done.stderr.splitlines() if "roomwright" in line and "Failed to open" not in line
    ]
    assert said == []
