"""The rehearsal of docs/running.md, "Backup and restore": the disk is gone, and everything is there again."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local.postgres import EmbeddedPostgres
from tests import real_stack
from tests.factories import data_url
from tests.operations import disasters
from tests.real_stack import SAMPLE, Caller, RealStack

pytestmark = pytest.mark.slow


@pytest.fixture
def safe(tmp_path: Path) -> Iterator[Path]:
    """Where backups lie: on another disk, if this were not a rehearsal. The server's account can enter it."""
    folder = Path(tempfile.mkdtemp(prefix="roomwright-backup-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def picture(caller: Caller) -> str:
    """Make one; its id."""
    body = {"prompt": "Warm oak", "image": data_url(SAMPLE.read_bytes())}
    answer = caller.api("POST", "generations", json=body, headers={"Prefer": "wait=60"})
    assert answer.status_code in (200, 202), answer.text
    made = answer.json()
    for _ in range(120):
        if made["state"] == "succeeded":
            return str(made["id"])
        time.sleep(0.5)
        made = caller.api("GET", f"generations/{made['id']}").json()
    raise AssertionError(made)


def pixels(stack: RealStack, caller: Caller, name: str) -> bytes:
    """The first picture of a generation, over HTTP."""
    shown = caller.api("GET", f"generations/{name}").json()
    address = shown["pictures"][0]["url"]
    path = address.split("/", 3)[3]  # it names the host under which it was asked for
    answer = caller.get(f"{stack.address}/{path}", timeout=30)
    assert answer.status_code == 200
    return answer.content


def test_a_lost_disk_costs_what_came_after_the_backup_and_nothing_else(tmp_path: Path, safe: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with real_stack.running(first) as stack:
        caller = stack.provision("Harbour", 100)
        kept = picture(caller)
        before, balance = pixels(stack, caller, kept), caller.balance()
        # The database first, then the files: what is made in between is a file too many, never a row without one.
        disasters.dump(EmbeddedPostgres(first), safe / "database.dump")
        late = picture(caller)
        shutil.copytree(first / "media", safe / "media")
        key = caller.key
    shutil.rmtree(first, ignore_errors=True)  # the disk

    cluster = EmbeddedPostgres(second)
    try:
        cluster.hold()
        cluster.ensure_running()
        disasters.restore(cluster, safe / "database.dump")
        shutil.copytree(safe / "media", second / "media")
        for command in (["migrate", "--no-input"], ["check_ledger"]):
            done = disasters.manage(second, *command)
            assert done.returncode == 0, done.stdout + done.stderr
        files = disasters.manage(second, "check_files")
        assert "rows without a file 0" in files.stdout, files.stdout + files.stderr
        assert files.returncode != 0, "the picture made after the dump is a file without a row, and is named"
        named = [line.split(": ")[1] for line in files.stdout.splitlines() if "file without a row:" in line]
        assert named
        for name in named:  # what the operator does with them
            (second / "media" / name).unlink()
        assert disasters.manage(second, "check_files").returncode == 0
        role = disasters.ask(
            cluster, "SELECT count(*) FROM pg_tables WHERE tableowner = 'postgres' AND schemaname = 'public'"
        )
        assert role == 0, "the application's role must own its tables"

        with real_stack.running_from(real_stack.ROOT, second) as stack:
            caller = Caller(stack.address, key)
            assert caller.balance() == balance
            assert pixels(stack, caller, kept) == before
            assert caller.api("GET", f"generations/{late}").status_code == 404
            picture(caller)
            assert stack.try_manage("check_ledger").returncode == 0
            assert stack.try_manage("check_files", "--ignore-younger", "60").returncode == 0
    finally:
        cluster.destroy()


def test_the_application_s_own_role_cannot_dump_and_says_so(tmp_path: Path) -> None:
    """Else somebody would find an empty backup on the day it is needed."""
    cluster = EmbeddedPostgres(tmp_path / "data")
    try:
        cluster.hold()
        cluster.ensure_running()
        assert disasters.manage(cluster.data_dir, "migrate", "--no-input").returncode == 0
        with pytest.raises(AssertionError, match="row-level security"):
            disasters.program(
                cluster, "pg_dump", "-Fc", "-U", "roomwright", "-d", "roomwright", "-f", tmp_path / "x"
            )
    finally:
        cluster.destroy()


def test_the_moment_before_a_mistake_can_be_had_back(tmp_path: Path, safe: Path) -> None:
    """Point-in-time recovery: a base backup, the archived log, and the time at which somebody mistyped."""
    cluster = EmbeddedPostgres(tmp_path / "data")
    try:
        cluster.hold()
        cluster.ensure_running()
        archive = disasters.own(cluster, safe / "archive")
        disasters.archive_to(cluster, archive)
        assert disasters.manage(cluster.data_dir, "migrate", "--no-input").returncode == 0
        disasters.base_backup(cluster, safe / "base")
        made = (
            "provision_workspace",
            "--owner",
            "ops@example.com",
            "--plan",
            "growth",
            "--credits",
            "70",
            "--name",
        )
        for name in ("Harbour", "Orchard"):  # after the backup: they are in the log alone
            assert disasters.manage(cluster.data_dir, *made, name).returncode == 0
        time.sleep(1)
        until = disasters.ask(cluster, "SELECT clock_timestamp()::text")
        time.sleep(1)
        disasters.ask(cluster, "UPDATE accounts_organization SET name = 'oops'")
        disasters.ask(cluster, "SELECT pg_switch_wal()")
        _wait_for_the_archive(cluster)
        cluster.stop()

        disasters.recover(cluster, backup=safe / "base", archive=archive, until=until)
        for _ in range(100):
            if not disasters.ask(cluster, "SELECT pg_is_in_recovery()"):
                break
            time.sleep(0.1)
        names = disasters.ask(cluster, "SELECT string_agg(name, ', ' ORDER BY id) FROM accounts_organization")
        assert names.endswith("Harbour, Orchard")
        assert disasters.ask(cluster, "SELECT sum(purchased) FROM billing_creditaccount") == 140
        for command in ("check_ledger", "check_files"):
            done = disasters.manage(cluster.data_dir, command)
            assert done.returncode == 0, done.stdout + done.stderr
    finally:
        cluster.destroy()


def _wait_for_the_archive(cluster: EmbeddedPostgres) -> None:
    for _ in range(100):
        waiting = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
        if disasters.ask(cluster, waiting) == 0:
            return
        time.sleep(0.1)
    raise AssertionError("The log was not archived.")
