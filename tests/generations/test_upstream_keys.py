"""A workspace's own MeltFlex keys: proven, sealed, two side by side, paused, mended, wiped; never seen again."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import secrets
from accounts.errors import Refusal
from accounts.models import AuditEntry, Membership, Role
from generations import services, tasks, upstream_keys
from generations.engines import meltflex_account
from generations.models import UpstreamKey
from tests import factories
from tests import meltflex_server as upstream
from tests.factories import NOON, Studio
from tests.meltflex_server import MeltFlexServer, say

TEXT = "mf_sk_live_q7Zr2mWx9LpB4vTn"
NEXT = "mf_sk_live_hG5dKs8YcV1jNe3U"
OLD_RING = f"old:{base64.b64encode(b'o' * 32).decode()}"
NEW_RING = f"new:{base64.b64encode(b'n' * 32).decode()}"


@pytest.fixture(autouse=True)
def server(settings: LazySettings) -> Iterator[MeltFlexServer]:
    with upstream.serving() as running:
        settings.MELTFLEX_API_BASE = running.base
        yield running


def add(studio: Studio, text: str = TEXT) -> UpstreamKey:
    return upstream_keys.add(organization=studio.organization, text=text, by_user=studio.owner, now=NOON)


def remove(studio: Studio, key: UpstreamKey) -> None:
    upstream_keys.remove(
        organization=studio.organization, key_id=key.public_id, by_user=studio.owner, now=NOON
    )


def resume(studio: Studio, key: UpstreamKey) -> UpstreamKey:
    return upstream_keys.resume(
        organization=studio.organization, key_id=key.public_id, by_user=studio.owner, now=NOON
    )


def pause(key: UpstreamKey, reason: str = "The MeltFlex account is out of credits.") -> bool:
    return upstream_keys.pause(key=key, reason=reason, now=NOON)


def rows(studio: Studio) -> list[UpstreamKey]:
    with studio.enter():
        return list(UpstreamKey.objects.of(studio.organization).order_by("pk"))


def audit(studio: Studio) -> list[AuditEntry]:
    with studio.enter():
        lines = AuditEntry.objects.of(studio.organization).filter(action__startswith="upstream_key.")
        return list(lines.order_by("pk"))


def jobs() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [upstream_keys.TELL_TASK]
        )
        return [json.loads(row[0]) for row in cursor.fetchall()]


# --- Adding ----------------------------------------------------------------------------------------------


def test_a_key_that_meltflex_accepts_is_kept_sealed(studio: Studio, server: MeltFlexServer) -> None:
    key = add(studio)
    assert server.headers[0]["authorization"] == f"Bearer {TEXT}"
    assert (key.verified_at, key.ending, key.slot) == (NOON, "4vTn", 1)
    assert upstream_keys.text_of(rows(studio)[0]) == TEXT
    with connection.cursor() as cursor, studio.enter():
        cursor.execute("SELECT k::text, encode(sealed, 'escape') FROM generations_upstreamkey k")
        assert TEXT not in str(cursor.fetchall())


@pytest.mark.parametrize("text", ["", "two words", "line\nbreak", "schlüssel", "x" * 201, "null\0"])
def test_what_can_not_be_a_key_is_never_sent(studio: Studio, server: MeltFlexServer, text: str) -> None:
    with pytest.raises(upstream_keys.MalformedUpstreamKey):
        add(studio, text)
    assert server.headers == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_meltflex_refuses_is_not_kept(studio: Studio, server: MeltFlexServer, status: int) -> None:
    server.credits = say(status, {"error": f"No such key: {TEXT}"})
    with pytest.raises(upstream_keys.UpstreamKeyRefused, match="does not accept this key") as refused:
        add(studio)
    assert TEXT not in refused.value.message
    assert rows(studio) == []


@pytest.mark.parametrize("status", [404, 405])
def test_where_no_free_call_exists_the_key_is_kept_unproven(
    studio: Studio, server: MeltFlexServer, status: int
) -> None:
    server.credits = say(status, {"error": "Not found"})
    assert add(studio).verified_at is None


@pytest.mark.parametrize(
    "answer", [say(500, {}), say(429, {}), say(402, {}), say(302, {}, Location="/"), upstream.hang_up]
)
def test_an_answer_that_says_nothing_of_the_key_keeps_nothing(
    studio: Studio, server: MeltFlexServer, answer: upstream.Answer
) -> None:
    server.credits = answer
    with pytest.raises(upstream_keys.MeltFlexNotReached, match="Nothing was saved"):
        add(studio)
    assert rows(studio) == []


def test_a_meltflex_out_of_reach_keeps_nothing(studio: Studio, settings: LazySettings) -> None:
    settings.MELTFLEX_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(upstream_keys.MeltFlexNotReached):
        add(studio)
    assert rows(studio) == []


def test_a_netrc_on_the_machine_does_not_replace_the_key(
    studio: Studio, server: MeltFlexServer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    add(studio)
    assert server.headers[0]["authorization"] == f"Bearer {TEXT}"


@pytest.mark.django_db(transaction=True)
def test_meltflex_is_asked_outside_any_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    studio, inside = factories.make_studio(), []
    real = meltflex_account.verify

    def verify(*, key: str) -> meltflex_account.Verdict:
        inside.append(connection.in_atomic_block)
        return real(key=key)

    monkeypatch.setattr(meltflex_account, "verify", verify)
    resume(studio, add(studio))
    assert inside == [False, False]


def test_the_end_of_a_short_key_would_tell_too_much(studio: Studio) -> None:
    assert add(studio, "short").ending == ""


def test_two_keys_stand_side_by_side_and_a_third_is_refused_until_one_goes(
    studio: Studio, server: MeltFlexServer
) -> None:
    first, second = add(studio), add(studio, NEXT)
    assert upstream_keys.usable(studio.organization) == second
    asked = len(server.headers)
    with pytest.raises(upstream_keys.TooManyUpstreamKeys):
        add(studio, "mf_sk_live_third")
    assert len(server.headers) == asked
    remove(studio, first)
    assert add(studio, "mf_sk_live_third").slot == 1


def test_the_same_key_twice_is_one_key(studio: Studio) -> None:
    add(studio)
    with pytest.raises(upstream_keys.UpstreamKeyKnown):
        add(studio)
    assert len(rows(studio)) == 1


# --- Sealed for one workspace ----------------------------------------------------------------------------


def test_a_sealed_key_moved_to_another_workspaces_row_can_not_be_opened(
    studio: Studio, strange_studio: Studio
) -> None:
    mine, theirs = add(studio), add(strange_studio, NEXT)
    with strange_studio.enter():
        UpstreamKey.objects.filter(pk=theirs.pk).update(sealed=mine.sealed)
    with pytest.raises(secrets.CannotOpen):
        upstream_keys.text_of(rows(strange_studio)[0])


def test_rotation_seals_everything_with_the_first_key_of_the_ring(
    studio: Studio, strange_studio: Studio, settings: LazySettings
) -> None:
    settings.SECRETS_KEYS = OLD_RING
    add(studio)
    remove(studio, add(studio, "mf_sk_live_removed"))
    settings.SECRETS_KEYS = f"{NEW_RING},{OLD_RING}"
    add(strange_studio, NEXT)
    said = StringIO()
    call_command("rotate_secrets", stdout=said)
    assert "re-sealed 1, sealed with the first key before 1" in said.getvalue()
    call_command("rotate_secrets", stdout=said)
    assert "re-sealed 0, sealed with the first key before 2" in said.getvalue()
    settings.SECRETS_KEYS = NEW_RING
    assert upstream_keys.text_of(rows(studio)[0]) == TEXT
    assert upstream_keys.text_of(rows(strange_studio)[0]) == NEXT
    assert bytes(rows(studio)[1].sealed) == b""


def test_rotation_names_what_no_key_opens_and_goes_on(
    studio: Studio, strange_studio: Studio, settings: LazySettings
) -> None:
    settings.SECRETS_KEYS = f"lost:{base64.b64encode(b'l' * 32).decode()}"
    lost = add(studio)
    settings.SECRETS_KEYS = OLD_RING
    add(strange_studio, NEXT)
    settings.SECRETS_KEYS = f"{NEW_RING},{OLD_RING}"
    with pytest.raises(CommandError, match=lost.public_id):
        call_command("rotate_secrets", stdout=StringIO())
    settings.SECRETS_KEYS = NEW_RING
    assert upstream_keys.text_of(rows(strange_studio)[0]) == NEXT


# --- Which key makes the pictures ------------------------------------------------------------------------


def test_without_own_keys_the_instances_engine_makes_the_pictures(studio: Studio) -> None:
    generation = studio.ask()
    assert (generation.engine, generation.own_key) == ("preview", False)
    assert upstream_keys.state_of(studio.organization).kind == "platform"
    assert not upstream_keys.has_keys(studio.organization)


def test_with_an_own_key_meltflex_makes_them_with_it_and_nobody_elses_change(
    studio: Studio, strange_studio: Studio
) -> None:
    key = add(studio)
    generation = studio.ask()
    assert (generation.engine, generation.own_key) == ("meltflex", True)
    assert not strange_studio.ask().own_key
    assert upstream_keys.usable(studio.organization) == key
    assert studio.balance() == 90


def test_a_test_key_still_gets_previews(studio: Studio) -> None:
    add(studio)
    assert studio.api(live=False).post("generations", factories.body()).status_code == 202
    assert [(each.engine, each.own_key) for each in studio.generations()] == [("preview", False)]


def test_a_paused_key_leaves_the_work_to_the_other(studio: Studio) -> None:
    first, second = add(studio), add(studio, NEXT)
    pause(second)
    assert upstream_keys.usable(studio.organization) == first
    assert studio.ask().own_key


def test_while_every_own_key_is_paused_nothing_is_accepted_and_ours_does_not_stand_in(
    studio: Studio, settings: LazySettings
) -> None:
    settings.DEFAULT_ENGINE = "meltflex"
    pause(add(studio))
    answer = studio.api().post("generations", factories.body())
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_key_paused")
    assert "Settings › MeltFlex key" in answer.json()["message"]
    assert (studio.generations(), studio.balance()) == ([], 100)
    assert upstream_keys.state_of(studio.organization).kind == "own_paused"
    assert upstream_keys.has_keys(studio.organization)


def test_what_was_accepted_before_the_pause_is_found_again_by_its_idempotency_key(studio: Studio) -> None:
    key, api = add(studio), studio.api()
    headers = {"idempotency-key": "k-1"}
    first = api.post("generations", factories.body(), **headers)
    pause(key)
    again = api.post("generations", factories.body(), **headers)
    assert again.json()["id"] == first.json()["id"]


def test_options_beyond_the_documentation_are_refused_with_an_own_key_too(studio: Studio) -> None:
    add(studio)
    with pytest.raises(services.NotAvailableHere):
        studio.ask(variations=2, extensions=("variations",))


# --- Paused and mended -----------------------------------------------------------------------------------


def test_one_pause_of_many_is_told_to_owners_and_admins(studio: Studio) -> None:
    admin = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=admin, role=Role.ADMIN)
    key = add(studio)
    assert [pause(key), pause(key)] == [True, False]
    assert jobs() == [{"key_id": key.pk, "organization_id": studio.organization.pk}]
    tasks.tell_key_paused(**jobs()[0])
    (told,) = mail.outbox
    assert set(told.to) == {studio.owner.email, admin.email}
    assert "…4vTn" in told.subject
    assert "Oak & Linen" in told.subject
    assert "out of credits" in told.body
    assert TEXT not in f"{told.subject}{told.body}"


@pytest.mark.parametrize("mended", [resume, remove])
def test_nobody_is_told_of_a_pause_that_is_over(studio: Studio, mended: Any) -> None:
    key = add(studio)
    pause(key)
    mended(studio, key)
    tasks.tell_key_paused(**jobs()[0])
    assert mail.outbox == []


def test_the_mail_links_to_the_page_where_the_instance_is_reachable(
    studio: Studio, settings: LazySettings
) -> None:
    settings.PUBLIC_BASE_URL = "https://rooms.example"
    pause(add(studio))
    tasks.tell_key_paused(**jobs()[0])
    where = f"https://rooms.example/w/{studio.organization.public_id}/settings/meltflex-key"
    assert where in mail.outbox[0].body


def test_a_mended_key_is_used_again_once_meltflex_accepts_it(studio: Studio, server: MeltFlexServer) -> None:
    key = add(studio)
    pause(key)
    server.credits = say(401, {})
    with pytest.raises(upstream_keys.UpstreamKeyRefused, match="still"):
        resume(studio, key)
    server.credits = say(500, {})
    with pytest.raises(upstream_keys.MeltFlexNotReached, match="Nothing has changed"):
        resume(studio, key)
    assert rows(studio)[0].paused_at == NOON
    server.credits = say(200, {})
    key = resume(studio, key)
    assert (key.paused_at, key.paused_reason) == (None, "")
    assert upstream_keys.usable(studio.organization) == key


def test_a_pause_during_the_check_stays(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    key = add(studio)

    def verify(*, key: str) -> meltflex_account.Verdict:
        upstream_keys.pause(key=rows(studio)[0], reason="Refused.", now=NOON + timedelta(seconds=1))
        return meltflex_account.Verdict.ACCEPTED

    monkeypatch.setattr(meltflex_account, "verify", verify)
    assert resume(studio, key).paused_at is not None


def test_a_removed_key_is_wiped_and_opens_nowhere(studio: Studio) -> None:
    key = add(studio)
    remove(studio, key)
    kept = rows(studio)[0]
    assert (bytes(kept.sealed), kept.removed_at) == (b"", NOON)
    with pytest.raises(secrets.CannotOpen):
        upstream_keys.text_of(kept)
    for again in (remove, resume):
        with pytest.raises(upstream_keys.NoSuchUpstreamKey):
            again(studio, key)
    assert not pause(key)
    assert not studio.ask().own_key


def test_every_step_has_its_line_in_the_audit_log_and_none_tells_the_key(studio: Studio) -> None:
    key = add(studio)
    resume(studio, key)
    pause(key)
    resume(studio, key)
    remove(studio, key)
    lines = audit(studio)
    steps = ["added", "checked", "paused", "resumed", "removed"]
    assert [line.action for line in lines] == [f"upstream_key.{step}" for step in steps]
    assert [line.actor for line in lines] == [studio.owner, studio.owner, None, studio.owner, studio.owner]
    assert {line.target for line in lines} == {key.public_id}
    assert TEXT not in str([line.details for line in lines])


def test_neither_log_nor_repr_tells_a_key(
    studio: Studio, server: MeltFlexServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = add(studio)
    pause(key)
    for answer in (say(401, {"error": TEXT}), say(500, {"error": TEXT}), upstream.hang_up):
        server.credits = answer
        with pytest.raises(Refusal) as refused:
            resume(studio, key)
        assert TEXT not in repr(refused.value)
    assert TEXT not in caplog.text
    assert TEXT not in repr(key) + str(key) + repr(vars(key)) + repr(
        upstream_keys.state_of(studio.organization)
    )


def test_another_workspace_reaches_no_key(studio: Studio, strange_studio: Studio) -> None:
    key = add(studio)
    for reach in (remove, resume):
        with pytest.raises(upstream_keys.NoSuchUpstreamKey):
            reach(strange_studio, key)
    assert upstream_keys.usable(strange_studio.organization) is None
