"""Many at once through the whole pipeline, on real connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from billing import ledger
from generations import outcomes, running, services
from generations.models import State
from tests import factories
from tests.factories import body
from tests.fakes import FakeEngine

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(number: int, action: Any) -> list[Any]:
    gate = threading.Barrier(number)

    def one(index: int) -> Any:
        gate.wait()
        try:
            return action(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(one, range(number)))


@pytest.fixture(autouse=True)
def _stop_listening() -> Iterator[None]:
    yield
    outcomes.stop_listening()


@pytest.fixture(autouse=True)
def _inline_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projects.image_pool.run", factories.run_image_work_here)


def test_50_requests_with_one_key_are_one_generation_and_one_hold() -> None:
    studio = factories.make_studio(credits=100)
    api = studio.api()

    def ask(index: int) -> str:
        response = factories.ApiClient(api.key).post("generations", body(), **{"idempotency-key": "k"})
        assert response.status_code == 202
        return str(response.json()["id"])

    assert len(set(at_once(50, ask))) == 1
    assert studio.balance() == 90
    assert studio.lines() == ["grant", "hold"]


@pytest.mark.slow
def test_50_synchronous_calls_with_one_key_wait_on_the_same_generation(
    engine: FakeEngine, monkeypatch: Any
) -> None:
    from django.conf import settings

    monkeypatch.setattr(outcomes._listener, "slots", threading.BoundedSemaphore(settings.WEB_THREADS))
    studio = factories.make_studio(credits=100)
    key = studio.key()

    def act(index: int) -> str:
        if index == 0:
            while not factories.work():
                time.sleep(0.05)
            return ""
        response = factories.ApiClient(key).post("generate", body(), **{"idempotency-key": "k"})
        assert response.status_code == 200
        b"".join(response.streaming_content)
        return str(response.headers["X-Generation-Id"])

    assert len(set(at_once(51, act)) - {""}) == 1
    assert studio.lines() == ["grant", "hold", "settle"]
    assert len(engine.calls) == 1


def test_a_long_poll_holds_no_database_connection(monkeypatch: Any) -> None:
    studio = factories.make_studio(credits=100)
    key = studio.key()
    held: list[bool] = []

    def waits(public_id: str, seconds: float) -> None:
        held.append(connection.connection is not None)
        time.sleep(min(seconds, 0.1))

    monkeypatch.setattr(outcomes, "wait", waits)

    def act(index: int) -> None:
        api = factories.ApiClient(key)
        made = api.post("generations", body(), prefer="wait=1").json()["id"]
        created = len(held)
        api._client.get(
            f"/api/v1/generations/{made}", headers={"authorization": f"Bearer {key}", "prefer": "wait=1"}
        )
        assert 0 < created < len(held)

    at_once(1, act)
    assert not any(held)


def test_requests_at_once_never_go_over_the_in_flight_limit() -> None:
    studio = factories.make_studio(credits=300)
    studio.organization.in_flight_limit = 3
    studio.organization.save()
    at_once(20, lambda index: studio.ask(f"number {index}"))
    states = [generation.state for generation in studio.generations()]
    assert (states.count(State.QUEUED), states.count(State.WAITING)) == (3, 17)


def test_six_workers_make_each_picture_once(engine: FakeEngine) -> None:
    studio = factories.make_studio(credits=100)
    generations = [studio.ask() for _ in range(5)]
    engine.during = lambda: time.sleep(0.02)

    def work(index: int) -> None:
        for generation in generations:
            running.run(
                generation_id=generation.pk, organization_id=generation.organization_id, worker=f"w{index}"
            )

    at_once(6, work)
    assert len(engine.calls) == 5
    assert studio.balance() == 50
    assert ledger.drift() == []


def test_canceling_and_claiming_at_once_end_it_one_way(engine: FakeEngine) -> None:
    studio = factories.make_studio(credits=200)
    for generation in [studio.ask() for _ in range(8)]:

        def act(index: int, generation: Any = generation) -> None:
            if index % 2:
                running.run(
                    generation_id=generation.pk, organization_id=generation.organization_id, worker="w"
                )
                return
            with suppress(services.TooLateToCancel):
                services.cancel(generation=generation, by_user=studio.owner, now=timezone.now())

        at_once(4, act)
    assert all(generation.has_ended for generation in studio.generations())
    assert len(studio.lines()) == 1 + 8 * 2
    assert ledger.drift() == []


def test_a_waiting_caller_is_woken_by_the_end_and_not_by_the_clock(
    engine: FakeEngine, monkeypatch: Any
) -> None:
    monkeypatch.setattr(outcomes, "LOOK_AGAIN_SECONDS", 30.0)
    studio = factories.make_studio(credits=100)
    api = studio.api()

    def act(index: int) -> float:
        began = time.monotonic()
        if index == 0:
            response = api.post("generate", body())
            assert response.status_code == 200
            b"".join(response.streaming_content)
        else:
            time.sleep(1.0)
            factories.work()
        return time.monotonic() - began

    waited = at_once(2, act)[0]
    assert waited < 10
