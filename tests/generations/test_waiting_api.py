"""Long polls, deadlines and the place in the line: what a program that does not block sees."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from generations import outcomes, services, sweeping
from generations.models import Generation, State
from tests.factories import ApiClient, Studio, body

Work = Callable[[], int]


@pytest.fixture
def api(studio: Studio) -> ApiClient:
    return studio.api()


@pytest.fixture
def nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "generations.outcomes.wait", lambda public_id, seconds: time.sleep(min(seconds, 0.05))
    )


@pytest.fixture
def no_place_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoSlots:
        def acquire(self, *, blocking: bool) -> bool:
            return False

    monkeypatch.setattr(outcomes._listener, "slots", NoSlots())


def read(api: ApiClient, generation: str, **headers: str) -> Any:
    return api._client.get(
        f"/api/v1/generations/{generation}", headers={"authorization": f"Bearer {api.key}", **headers}
    )


# --- Prefer ----------------------------------------------------------------------------------------------


def test_a_create_that_waits_answers_200_with_the_finished_picture(api: ApiClient, worker: Work) -> None:
    response = api.post("generations", body(), prefer="respond-async, wait=30")
    assert (response.status_code, response.headers["Preference-Applied"]) == (200, "wait=30")
    assert (response.json()["state"], response.json()["queue"]) == ("succeeded", None)
    assert response.json()["pictures"]
    assert response.headers["Location"] == response.json()["url"]
    assert "Retry-After" not in response.headers


def test_a_create_is_never_200_with_an_unfinished_picture(api: ApiClient, nobody_works: None) -> None:
    began = time.monotonic()
    response = api.post("generations", body(), prefer="wait=1")
    assert 1 <= time.monotonic() - began < 5
    assert (response.status_code, response.json()["state"]) == (202, "queued")
    assert response.headers["Preference-Applied"] == "wait=1"


def test_responding_at_once_is_a_preference_too(api: ApiClient, worker: Work) -> None:
    response = api.post("generations", body(), prefer="respond-async")
    assert (response.status_code, response.headers["Preference-Applied"]) == (202, "respond-async")
    assert "Preference-Applied" not in api.post("generations", body()).headers


def test_a_wait_is_cut_to_a_minute(api: ApiClient, worker: Work) -> None:
    response = api.post("generations", body(), prefer="wait=600")
    assert response.headers["Preference-Applied"] == "wait=60"


def test_when_all_waiting_places_are_taken_the_answer_comes_at_once(
    api: ApiClient, no_place_to_wait: None
) -> None:
    response = api.post("generations", body(), prefer="wait=30")
    assert (response.status_code, "Preference-Applied" in response.headers) == (202, False)
    again = read(api, response.json()["id"], prefer="wait=30")
    assert (again.status_code, "Preference-Applied" in again.headers) == (200, False)


def test_a_read_that_waits_is_200_whatever_the_state(api: ApiClient, nobody_works: None) -> None:
    made = api.post("generations", body()).json()["id"]
    response = read(api, made, prefer="wait=1")
    assert (response.status_code, response.json()["state"]) == (200, "queued")
    assert response.headers["Preference-Applied"] == "wait=1"
    assert 1 <= int(response.headers["Retry-After"]) <= 30


def test_a_read_waits_for_the_end(api: ApiClient, worker: Work) -> None:
    made = api.post("generations", body()).json()["id"]
    response = read(api, made, prefer="wait=30")
    assert (response.json()["state"], response.headers["Preference-Applied"]) == ("succeeded", "wait=30")
    assert "Retry-After" not in response.headers


def test_a_stranger_waits_for_nothing(api: ApiClient, strange_studio: Studio) -> None:
    made = api.post("generations", body()).json()["id"]
    assert read(strange_studio.api(), made, prefer="wait=30").status_code == 404


def test_a_repeated_create_goes_by_the_state_as_well(api: ApiClient, studio: Studio, worker: Work) -> None:
    key = {"idempotency-key": "k"}
    first = api.post("generations", body(), **key)
    again = api.post("generations", body(), **key)
    assert [r.status_code for r in (first, again)] == [202, 202]
    worker()
    ended = api.post("generations", body(), **key)
    assert (ended.status_code, ended.headers["Idempotent-Replayed"]) == (200, "true")
    assert (ended.json()["id"], ended.json()["state"]) == (first.json()["id"], "succeeded")
    assert studio.balance() == 90


# --- Idempotency keys ------------------------------------------------------------------------------------


def test_the_synchronous_call_waits_on_the_generation_that_its_key_names(
    api: ApiClient, studio: Studio, worker: Work
) -> None:
    key = {"idempotency-key": "k"}
    started = api.post("generations", body(), **key).json()["id"]
    response = api.post("generate", body(), **key)
    assert (response.status_code, response.headers["X-Generation-Id"]) == (200, started)
    assert response.headers["Idempotent-Replayed"] == "true"
    assert studio.balance() == 90


def test_live_and_test_keys_do_not_share_idempotency_keys(studio: Studio) -> None:
    key = {"idempotency-key": "k"}
    live = studio.api().post("generations", body(), **key).json()["id"]
    test = studio.api(live=False).post("generations", body(), **key)
    assert (test.status_code, test.json()["id"] != live) == (202, True)


def test_a_refusal_is_not_stored_under_the_key(api: ApiClient) -> None:
    key = {"idempotency-key": "k"}
    assert api.post("generations", body(prompt=""), **key).status_code == 400
    assert api.post("generations", body(), **key).status_code == 202


def test_a_body_is_checked_before_its_key_is_looked_up(api: ApiClient) -> None:
    key = {"idempotency-key": "k"}
    api.post("generations", body(), **key)
    assert api.post("generations", body(prompt=""), **key).status_code == 400
    assert api.post("generations", body("Another"), **key).status_code == 422


# --- Deadlines -------------------------------------------------------------------------------------------


def test_a_deadline_in_seconds_ends_what_is_not_done_by_then(api: ApiClient, studio: Studio) -> None:
    before = timezone.now()
    made = api.post("generations", body(deadline=75)).json()
    deadline = datetime.fromisoformat(made["deadline"])
    assert timedelta(seconds=74) < deadline - before < timedelta(seconds=85)
    sweeping.sweep(now=deadline - timedelta(seconds=1))
    assert read(api, made["id"]).json()["state"] == "queued"
    sweeping.sweep(now=deadline + timedelta(seconds=1))
    ended = read(api, made["id"]).json()
    assert (ended["state"], ended["error"]["code"]) == ("failed", "deadline_passed")
    assert studio.balance() == 100


def test_a_deadline_may_be_a_time(api: ApiClient) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    for text in (at.isoformat(), at.isoformat().replace("+00:00", "Z")):
        made = api.post("generations", body(deadline=text)).json()
        assert datetime.fromisoformat(made["deadline"]) == at


@pytest.mark.parametrize(
    "deadline",
    [
        *(59, 86401, 10**400, 0, -5, 1e300, True, "", "60", "soon", [], {}),
        *("2026-11-23", "2026-02-31T10:00:00Z", "2031-01-01T10:00:00", "2001-01-01T10:00:00Z"),
        *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-11-23T10:00:00Z" + " " * 99),
    ],
)
def test_any_other_deadline_is_400_and_says_what_to_send(
    api: ApiClient, studio: Studio, deadline: object
) -> None:
    response = api.post("generations", body(deadline=deadline))
    assert (response.status_code, response.json()["field"]) == (400, "deadline")
    assert "86400" in response.json()["message"]
    assert studio.lines() == ["grant"]


def test_a_request_sent_again_after_its_deadline_is_still_the_same(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now() + timedelta(seconds=90)
    sent = body(deadline=at.isoformat())
    first = api.post("generations", sent, **{"idempotency-key": "k"}).json()["id"]
    monkeypatch.setattr("generations.api.timezone.now", lambda: at + timedelta(seconds=60))
    again = api.post("generations", sent, **{"idempotency-key": "k"})
    assert (again.status_code, again.json()["id"]) == (202, first)
    other = api.post("generations", body(deadline=90), **{"idempotency-key": "k"})
    assert other.status_code == 422


def test_a_deadline_of_an_asynchronous_request_is_nobodys_to_cut_short(
    api: ApiClient, studio: Studio, settings: LazySettings
) -> None:
    sent, key = body(deadline=3600), {"idempotency-key": "k"}
    started = api.post("generations", sent, **key).json()["id"]
    settings.SYNC_START_WITHIN = settings.SYNC_DEADLINE = 0
    response = api.post("generate", sent, **key)
    assert (response.status_code, response.json()["generation"]) == (504, started)
    assert response.headers["Retry-After"]
    assert [generation.state for generation in studio.generations()] == ["queued"]


def test_only_a_synchronous_caller_is_awaited(api: ApiClient, studio: Studio, worker: Work) -> None:
    api.post("generate", body())
    api.post("generations", body(deadline=60))
    awaited, not_awaited = studio.generations()
    assert (awaited.is_awaited, not_awaited.is_awaited) == (True, False)
    assert awaited.deadline
    rows = api.get("generations").json()["results"]
    assert [row["deadline"] is None for row in rows] == [False, True]


# --- Place in the line -----------------------------------------------------------------------------------


def test_what_has_not_ended_tells_its_place_and_when_it_may_be_there(studio: Studio, api: ApiClient) -> None:
    made = [api.post("generations", body()).json() for _ in range(3)]
    assert [row["queue"]["position"] for row in made] == [1, 2, 3]
    assert made[0]["queue"] == {
        "position": 1,
        "estimated_seconds": 4,
        "estimated_seconds_p95": 10,
        "measured": False,
    }
    listed = api.get("generations").json()["results"]
    assert [row["queue"]["position"] for row in listed] == [3, 2, 1]


def test_retry_after_comes_of_the_estimate_and_stays_within_half_a_minute(
    studio: Studio, api: ApiClient
) -> None:
    assert api.post("generations", body()).headers["Retry-After"] == "4"
    with studio.enter():
        Generation.objects.update(engine="meltflex")
    (generation,) = studio.generations()
    assert read(api, generation.public_id).headers["Retry-After"] == "30"


# --- Canceling -------------------------------------------------------------------------------------------


def in_state(studio: Studio, generation: Generation, **fields: Any) -> None:
    with studio.enter():
        Generation.objects.filter(pk=generation.pk).update(**fields)


def test_one_that_is_only_being_prepared_is_canceled_for_free(studio: Studio, api: ApiClient) -> None:
    generation = studio.ask()
    in_state(studio, generation, state=State.RUNNING, attempt=1, started_at=timezone.now())
    assert read(api, generation.public_id).json()["cancelable"] is True
    response = api.post(f"generations/{generation.public_id}/cancel", {})
    assert (response.status_code, response.json()["state"]) == (200, "canceled")
    assert studio.balance() == 100


def test_once_the_engine_is_called_the_picture_is_kept_and_charged_and_the_answer_says_so(
    studio: Studio, api: ApiClient
) -> None:
    generation = studio.ask()
    now = timezone.now()
    in_state(studio, generation, state=State.RUNNING, attempt=1, started_at=now, calling_since=now)
    assert read(api, generation.public_id).json()["cancelable"] is False
    response = api.post(f"generations/{generation.public_id}/cancel", {})
    answer = response.json()
    assert (response.status_code, answer["code"]) == (409, "too_late_to_cancel")
    assert (answer["generation"], answer["state"]) == (generation.public_id, "running")
    assert "kept in the history. It is charged 10 credits" in answer["message"]
    assert services.reload(generation).state == State.RUNNING


def test_what_has_ended_can_not_be_canceled_and_the_answer_says_how_it_ended(
    studio: Studio, api: ApiClient, worker: Work
) -> None:
    generation = studio.ask()
    worker()
    response = api.post(f"generations/{generation.public_id}/cancel", {})
    assert (response.status_code, response.json()["state"]) == (409, "succeeded")
    assert "ended already (succeeded)" in response.json()["message"]
    assert studio.balance() == 90
