"""The pages where pictures are asked for: right answers, refusals, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.utils import timezone

from billing import credits
from generations import services
from generations.engines.base import Again, EngineError
from generations.models import EngineTiming, Generation, State
from tests import factories
from tests.factories import Studio
from tests.fakes import FakeEngine, jpeg

Work = Callable[[], int]


def upload(content: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile("room.jpg", content or jpeg(), "image/jpeg")


def ask(browser: Browser, home: str, *, key: str = "k1", **fields: object) -> str:
    response = browser.post(f"{home}/studio", {"prompt": "Japandi", "photo": upload(), "key": key, **fields})
    assert response.status_code == 302, response.content.decode()[:2000]
    return str(response.headers["Location"])


def test_the_start_page_is_for_everybody(db: None) -> None:
    assert Browser().get("/").status_code == 200


def test_the_button_carries_the_price_and_the_page_the_balance(owner_client: Browser, home: str) -> None:
    page = owner_client.get(f"{home}/studio").content.decode()
    assert "10 credits" in page
    assert "100" in page


def test_from_photo_to_picture(owner_client: Browser, home: str, worker: Work, studio: Studio) -> None:
    page = ask(owner_client, home)
    waiting = owner_client.get(page).content.decode()
    assert "/progress" in waiting
    worker()
    done = owner_client.get(page).content.decode()
    assert "download" in done.lower()
    assert studio.balance() == 90
    assert "Japandi" in owner_client.get(f"{home}/generations").content.decode()


def test_a_double_click_asks_once(owner_client: Browser, home: str, studio: Studio) -> None:
    assert ask(owner_client, home) == ask(owner_client, home)
    assert studio.balance() == 90


def test_too_few_credits_are_said_on_the_page(owner_client: Browser, home: str, studio: Studio) -> None:
    credits.hold(organization=studio.organization, credits=95, reference="x", now=timezone.now())
    response = owner_client.post(f"{home}/studio", {"prompt": "x", "photo": upload(), "key": "k"})
    assert response.status_code == 422
    assert "credits" in response.content.decode()
    assert studio.generations() == []


@pytest.mark.parametrize("photo", [None, b"not a picture at all"])
def test_a_missing_or_bad_photo_is_said_on_the_page(
    owner_client: Browser, home: str, studio: Studio, photo: bytes | None
) -> None:
    fields: dict[str, object] = {"prompt": "x", "key": "k"} | ({"photo": upload(photo)} if photo else {})
    response = owner_client.post(f"{home}/studio", fields)
    assert response.status_code == 422
    assert studio.lines() == ["grant"]


def test_a_failure_says_why_and_that_the_credits_are_back(
    owner_client: Browser, home: str, worker: Work, engine: FakeEngine, studio: Studio
) -> None:
    page = ask(owner_client, home)
    engine.failing = [
        EngineError("engine_failed", "The design service failed.", again=Again.NO, detail="inside")
    ]
    worker()
    text = owner_client.get(page).content.decode()
    assert "The design service failed. Your credits are back." in text
    assert "inside" not in text
    assert studio.balance() == 100


def test_canceling_from_the_page_gives_the_credits_back(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    page = ask(owner_client, home)
    owner_client.post(f"{page}/cancel")
    assert [generation.state for generation in studio.generations()] == [State.CANCELED]
    assert studio.balance() == 100


def test_a_page_that_waits_tells_the_place_in_the_line_and_about_how_long(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    studio.organization.in_flight_limit = 1
    studio.organization.save()
    with studio.enter():
        EngineTiming.objects.create(
            engine="preview", p50_seconds=40, p95_seconds=70, sample=9, measured_at=timezone.now()
        )
    studio.ask()
    studio.ask()
    page = ask(owner_client, home)
    text = owner_client.get(page).content.decode()
    assert "Third in your line" in text
    assert "About 2 minutes until your picture is done." in text
    assert "makes 1 picture at once" in text
    assert "usual times" not in text


def test_a_page_that_waits_moves_when_its_place_does(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    first = studio.ask()
    page = ask(owner_client, home)
    waiting = owner_client.get(page).content.decode()
    assert "Second in your line" in waiting
    seen = waiting.split("?seen=")[1].split('"')[0]
    assert owner_client.get(f"{page}/progress?seen={seen}").status_code == 204
    services.cancel(generation=first, by_user=studio.owner, now=timezone.now())
    moved = owner_client.get(f"{page}/progress?seen={seen}")
    assert (moved.status_code, "Next in your line" in moved.content.decode()) == (200, True)


def test_the_page_offers_to_cancel_only_while_that_is_free(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    page = ask(owner_client, home)
    now = timezone.now()
    with studio.enter():
        Generation.objects.update(state=State.RUNNING, attempt=1, started_at=now)
    preparing = owner_client.get(page).content.decode()
    assert "Cancel for free" in preparing
    with studio.enter():
        Generation.objects.update(calling_since=now)
    making = owner_client.get(page).content.decode()
    assert "Cancel for free" not in making
    assert "too late to cancel" in making
    assert "is charged 10 credits" in making
    assert "seen=running.blank.cancelable" in preparing


def test_who_cancels_too_late_is_told_so(
    owner_client: Browser, home: str, studio: Studio, worker: Work
) -> None:
    page = ask(owner_client, home)
    worker()
    answer = owner_client.post(f"{page}/cancel", follow=True)
    assert "ended already (succeeded)" in answer.content.decode()
    assert studio.balance() == 90


def test_one_that_takes_longer_than_usual_is_said_to(
    owner_client: Browser, home: str, studio: Studio
) -> None:
    page = ask(owner_client, home)
    with studio.enter():
        Generation.objects.update(state=State.RUNNING, started_at=timezone.now())
    assert (
        "This usually takes about 4 seconds, nearly always less than 10."
        in owner_client.get(page).content.decode()
    )
    with studio.enter():
        Generation.objects.update(started_at=timezone.now() - timedelta(seconds=20))
    assert "takes longer than usual" in owner_client.get(page).content.decode()


def test_restyling_a_result_begins_a_version_tree(
    owner_client: Browser, home: str, worker: Work, studio: Studio
) -> None:
    page = ask(owner_client, home)
    worker()
    (first,) = studio.generations()
    (picture,) = first.pictures.all()
    where = f"{home}/pictures/{picture.public_id}/restyle"
    child = owner_client.post(where, {"prompt": "Darker", "key": "k2"})
    assert child.status_code == 302
    worker()
    assert child.headers["Location"].split("/")[-1] in owner_client.get(page).content.decode()
    assert first.public_id in owner_client.get(child.headers["Location"]).content.decode()


def test_a_colleague_sees_what_the_owner_made(
    owner_client: Browser, colleague_client: Browser, home: str, worker: Work
) -> None:
    page = ask(owner_client, home)
    assert colleague_client.get(page).status_code == 200


def test_the_statement_shows_every_line(
    owner_client: Browser, home: str, worker: Work, studio: Studio
) -> None:
    ask(owner_client, home)
    worker()
    page = owner_client.get(f"{home}/credits").content.decode()
    assert "90" in page
    assert studio.generations()[0].public_id in page


def test_signed_out_people_are_sent_to_sign_in(home: str) -> None:
    response = Browser().get(f"{home}/studio")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/")


def test_an_empty_workspace_has_pages_too(db: None) -> None:
    empty = factories.make_studio(credits=0, plan="free")
    browser, where = factories.browser_of(empty.owner), f"/w/{empty.organization.public_id}"
    for page in ("studio", "generations", "projects", "clients", "credits", "settings", "settings/api-keys"):
        assert browser.get(f"{where}/{page}").status_code == 200, page


def test_operators_work_across_workspaces(studio: Studio) -> None:
    operator = factories.make_person("op@example.com")
    operator.is_staff = operator.is_superuser = True
    operator.save()
    studio.ask()
    browser = factories.browser_of(operator)
    for page in (
        "",
        "accounts/organization/",
        "generations/generation/",
        "billing/creditentry/",
        "accounts/apikey/",
    ):
        assert browser.get(f"/operators/{page}").status_code == 200, page
    assert studio.organization.public_id in browser.get("/operators/accounts/organization/").content.decode()
