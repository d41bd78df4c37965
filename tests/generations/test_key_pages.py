"""The page of a workspace's own MeltFlex keys, the lines that say whose key it is, and the operators' admin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client as Browser

from generations import upstream_keys
from generations.models import UpstreamCall, UpstreamGate, UpstreamKey
from tests import factories
from tests import meltflex_server as upstream
from tests.factories import NOON, Studio
from tests.meltflex_server import MeltFlexServer, say

TEXT = "mf_sk_live_q7Zr2mWx9LpB4vTn"


@pytest.fixture(autouse=True)
def server(settings: LazySettings) -> Iterator[MeltFlexServer]:
    with upstream.serving() as running:
        settings.MELTFLEX_API_BASE = running.base
        yield running


@pytest.fixture
def page(home: str) -> str:
    return f"{home}/settings/meltflex-key"


@pytest.fixture
def key(studio: Studio) -> UpstreamKey:
    return upstream_keys.add(organization=studio.organization, text=TEXT, by_user=studio.owner, now=NOON)


def pause(key: UpstreamKey) -> None:
    upstream_keys.pause(key=key, reason="The MeltFlex account is out of credits.", now=NOON)


def text(browser: Browser, where: str) -> str:
    return " ".join(browser.get(where).content.decode().split())


def test_the_page_says_that_roomwrights_key_is_used_and_takes_an_own_one(
    owner_client: Browser, page: str, home: str, settings: LazySettings
) -> None:
    settings.DEFAULT_ENGINE = "meltflex"
    assert "are made with Roomwright’s MeltFlex key" in text(owner_client, page)
    assert page in text(owner_client, f"{home}/settings")
    answer = owner_client.post(page, {"key": f" {TEXT}\n"}, follow=True)
    shown = answer.content.decode()
    assert "…4vTn" in shown
    assert "MeltFlex accepts it" in shown
    assert "In use" in shown
    assert TEXT not in shown


def test_a_clone_without_any_key_says_that_it_makes_previews(owner_client: Browser, page: str) -> None:
    assert "embedded preview engine" in text(owner_client, page)


@pytest.mark.parametrize(("status", "said"), [(401, "does not accept"), (500, "try again"), (200, "spaces")])
def test_a_refused_key_is_explained_and_not_repeated(
    owner_client: Browser, page: str, server: MeltFlexServer, status: int, said: str
) -> None:
    server.credits = say(status, {"error": TEXT})
    typed = f"{TEXT} {TEXT}" if status == 200 else TEXT
    answer = owner_client.post(page, {"key": typed})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert TEXT not in answer.content.decode()


def test_an_unproven_key_says_what_will_prove_it(
    owner_client: Browser, page: str, server: MeltFlexServer
) -> None:
    server.credits = say(404, {})
    owner_client.post(page, {"key": TEXT})
    assert "the first picture made with it will show" in text(owner_client, page)


def test_two_keys_leave_no_form_for_a_third(owner_client: Browser, page: str, key: UpstreamKey) -> None:
    owner_client.post(page, {"key": "mf_sk_live_hG5dKs8YcV1jNe3U"})
    shown = text(owner_client, page)
    assert "Stands by" in shown
    assert 'name="key"' not in shown
    assert owner_client.post(page, {"key": "mf_sk_live_third"}).status_code == 422


def test_a_paused_key_says_why_and_is_checked_again(
    owner_client: Browser, page: str, key: UpstreamKey, server: MeltFlexServer
) -> None:
    pause(key)
    assert "out of credits" in text(owner_client, page)
    server.credits = say(401, {})
    refused = owner_client.post(f"{page}/{key.public_id}/check", follow=True).content.decode()
    assert "still does not accept" in refused
    assert "Paused" in refused
    server.credits = say(200, {})
    mended = owner_client.post(f"{page}/{key.public_id}/check", follow=True).content.decode()
    assert "is in order" in mended
    assert "In use" in mended


def test_a_removed_key_is_gone_from_the_page(owner_client: Browser, page: str, key: UpstreamKey) -> None:
    answer = owner_client.post(f"{page}/{key.public_id}/remove", follow=True).content.decode()
    assert "wiped" in answer
    assert "…4vTn" not in answer
    assert owner_client.post(f"{page}/{key.public_id}/remove").status_code == 404
    assert owner_client.post(f"{page}/{key.public_id}/check").status_code == 404


def test_a_designer_may_not_and_a_stranger_finds_nothing(
    colleague_client: Browser, stranger_client: Browser, page: str, key: UpstreamKey
) -> None:
    for browser, status in ((colleague_client, 403), (stranger_client, 404)):
        assert browser.get(page).status_code == status
        assert browser.post(page, {"key": TEXT}).status_code == status
        for verb in ("check", "remove"):
            assert browser.post(f"{page}/{key.public_id}/{verb}").status_code == status


def test_a_strangers_own_page_reaches_no_key_of_ours(
    stranger_client: Browser, strange_studio: Studio, key: UpstreamKey
) -> None:
    theirs = f"/w/{strange_studio.organization.public_id}/settings/meltflex-key"
    for verb in ("check", "remove"):
        assert stranger_client.post(f"{theirs}/{key.public_id}/{verb}").status_code == 404
    assert "…4vTn" not in text(stranger_client, theirs)


def test_calls_that_may_have_cost_the_workspace_are_listed_for_it(
    owner_client: Browser, page: str, studio: Studio, key: UpstreamKey
) -> None:
    generation = studio.ask("A room of amber")
    outcomes = UpstreamCall.Outcome
    with studio.enter():
        for number, (outcome, used) in enumerate(
            [
                (outcomes.UNKNOWN, key),
                (outcomes.DISCARDED, key),
                (outcomes.SUCCEEDED, key),
                (outcomes.DISCARDED, None),
            ],
            1,
        ):
            UpstreamCall.objects.create(
                organization=studio.organization,
                generation=generation,
                attempt=1,
                number=number,
                engine="meltflex",
                key=used,
                outcome=outcome,
                possible_cost=10 + number,
                began_at=NOON,
            )
    shown = text(owner_client, page)
    assert "2, up to 23 MeltFlex credits in all" in shown
    assert "up to 11<" in shown
    assert "up to 12<" in shown
    assert "up to 14<" not in shown
    assert f"/generations/{generation.public_id}" in shown


def test_the_studio_says_whose_key_makes_the_picture(
    owner_client: Browser, colleague_client: Browser, home: str, studio: Studio, settings: LazySettings
) -> None:
    assert "Made with the embedded preview engine" in text(owner_client, f"{home}/studio")
    settings.DEFAULT_ENGINE = "meltflex"
    assert "Made with Roomwright’s MeltFlex key" in text(owner_client, f"{home}/studio")
    key = upstream_keys.add(organization=studio.organization, text=TEXT, by_user=studio.owner, now=NOON)
    assert "Made with your workspace’s MeltFlex key" in text(colleague_client, f"{home}/studio")
    pause(key)
    assert f'href="{home}/settings/meltflex-key"' in text(owner_client, f"{home}/studio")
    asked_colleague = text(colleague_client, f"{home}/studio")
    assert "An owner or admin can mend it" in asked_colleague
    assert f'href="{home}/settings/meltflex-key"' not in asked_colleague


@pytest.mark.parametrize("own", [True, False])
def test_an_ended_generation_says_whose_key_made_it(
    owner_client: Browser, home: str, studio: Studio, settings: LazySettings, own: bool
) -> None:
    settings.DEFAULT_ENGINE = "meltflex"
    if own:
        upstream_keys.add(organization=studio.organization, text=TEXT, by_user=studio.owner, now=NOON)
    generation = studio.ask()
    owner_client.post(f"{home}/generations/{generation.public_id}/cancel")
    shown = text(owner_client, f"{home}/generations/{generation.public_id}")
    assert ("your workspace’s MeltFlex key" in shown) is own
    assert ("Roomwright’s MeltFlex key" in shown) is not own


@pytest.fixture
def operator_client(db: None) -> Browser:
    person = factories.make_person()
    person.is_staff = person.is_superuser = True
    person.save()
    return factories.browser_of(person)


def test_the_operators_admin_shows_keys_without_their_secret(
    operator_client: Browser, key: UpstreamKey
) -> None:
    where = "/operators/generations/upstreamkey/"
    listed, one = text(operator_client, where), text(operator_client, f"{where}{key.pk}/change/")
    assert key.public_id in listed
    for shown in (listed, one):
        assert TEXT not in shown
        assert "sealed" not in shown.lower()
        assert bytes(key.sealed).hex() not in shown
    assert operator_client.post(f"{where}{key.pk}/change/", {"ending": "x"}).status_code == 403


def test_operators_resume_a_gate(operator_client: Browser) -> None:
    gate = UpstreamGate.objects.create(
        name="platform:1",
        limit=4,
        failures=5,
        open_until=NOON,
        paused_at=NOON,
        paused_until=NOON,
        paused_reason="402",
    )
    operator_client.post(
        "/operators/generations/upstreamgate/", {"action": "resume", "_selected_action": [gate.pk]}
    )
    gate.refresh_from_db()
    assert (gate.paused_at, gate.paused_until, gate.open_until, gate.failures) == (None, None, None, 0)
    assert gate.limit == 4
