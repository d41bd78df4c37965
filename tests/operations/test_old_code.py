"""A deploy migrates first and restarts afterwards: for a while the release before works on the new tables."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local.postgres import REPOSITORY, EmbeddedPostgres
from tests import real_stack
from tests.operations import disasters
from tests.operations.test_restore import picture, pixels

pytestmark = pytest.mark.slow

LOUD = "OLD CODE ON THE NEW SCHEMA WAS NOT TESTED: {}. Fetch the history (git fetch --unshallow)."


def git(*arguments: str) -> str:
    """What git says; "" when it refuses."""
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def release_before() -> str:
    """RELEASE_BEFORE, else the newest tag, else the commit before the newest migration came; "" without history."""
    if named := os.environ.get("RELEASE_BEFORE"):
        return named
    if tag := git("describe", "--tags", "--abbrev=0"):
        return tag
    line = (
        "log",
        "-1",
        "--first-parent",
        "-m",
        "--diff-filter=A",
        "--format=%H",
    )  # the line of releases alone
    added = git(*line, "--", "*/migrations/0*.py")
    return git("rev-parse", "--verify", "--quiet", f"{added}^") if added else ""


@pytest.fixture
def old_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Path]:
    commit, folder = release_before(), tmp_path / "before"
    if not commit or not _check_out(commit, folder):
        with capsys.disabled():
            print("\n***", LOUD.format("this clone has no release before the newest migrations"))
        pytest.skip("no history")
    yield folder
    git("worktree", "remove", "--force", str(folder))


def _check_out(commit: str, folder: Path) -> bool:
    git("worktree", "prune")
    git("worktree", "add", "--detach", str(folder), commit)
    return (folder / "manage.py").exists()


def test_the_release_before_makes_pictures_on_the_new_tables(old_code: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    cluster = EmbeddedPostgres(data)
    try:
        cluster.hold()
        cluster.ensure_running()
        migrated = disasters.manage(data, "migrate", "--no-input")
        assert migrated.returncode == 0, migrated.stdout + migrated.stderr
        made = disasters.manage(
            data,
            "provision_workspace",
            "--name",
            "Harbour",
            "--owner",
            "ops@example.com",
            "--plan",
            "growth",
            "--credits",
            "100",
            "--api-key",
            code=old_code,
        )
        assert made.returncode == 0, made.stderr
        with real_stack.running_from(old_code, data) as stack:
            caller = stack.provision("Orchard", 100)
            name = picture(caller)
            assert pixels(stack, caller, name).startswith(b"\x89PNG")
            assert caller.balance() == 90
            assert caller.get(f"{stack.address}/", timeout=30).status_code == 200
            assert stack.try_manage("check_ledger").returncode == 0  # by the new code
        with real_stack.running_from(
            real_stack.ROOT, data
        ) as stack:  # the deploy goes on: what was made is there
            caller.address = stack.address
            assert pixels(stack, caller, name).startswith(b"\x89PNG")
            picture(caller)
            assert caller.balance() == 80
    finally:
        cluster.destroy()
