"""The worker's side: every outcome, and the fence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.utils import timezone

from billing import ledger
from generations import ending, services, sweeping
from generations.engines.base import Again, EngineError
from generations.models import Generation, State, UpstreamCall
from projects import image_pool, photos
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio
from tests.fakes import FakeEngine, jpeg

Work = Callable[[], int]


def failure(again: Again, status_code: int | None = None) -> EngineError:
    return EngineError(
        "engine_failed", "It broke.", again=again, detail="upstream said so", status_code=status_code
    )


def calls(studio: Studio) -> list[UpstreamCall]:
    with studio.enter():
        return list(UpstreamCall.objects.order_by("pk"))


def now_of(generation: Generation) -> Generation:
    return services.reload(generation)


def test_a_picture_settles_the_hold(studio: Studio, worker: Work) -> None:
    generation = studio.ask()
    worker()
    done = now_of(generation)
    assert (done.state, done.credits_settled, done.credits_released) == (State.SUCCEEDED, 10, 0)
    assert [(p.width, p.height) for p in done.pictures.all()] == [(64, 48)]
    assert studio.lines() == ["grant", "hold", "settle"]
    assert ledger.drift() == []


def test_the_engine_gets_the_photo_straightened_and_the_prompt(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    studio.ask("Japandi", references=[IncomingImage(content=jpeg(40, 40), name="Sofa")])
    worker()
    request = engine.calls[0]
    assert (request.prompt, request.source.media_type) == ("Japandi", "image/jpeg")
    assert [reference.name for reference in request.references] == ["Sofa"]


def test_missing_variations_are_not_paid_for(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask(variations=3)
    engine.gives = 2
    worker()
    done = now_of(generation)
    assert (done.credits_held, done.credits_settled, done.credits_released) == (30, 20, 10)
    assert studio.balance() == 80


def test_a_failed_picture_gives_the_credits_back(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()
    engine.failing = [failure(Again.NO)]
    worker()
    done = now_of(generation)
    assert (done.state, done.error_code, done.credits_released) == (State.FAILED, "engine_failed", 10)
    assert "upstream" not in done.error_message
    assert studio.balance() == 100


def test_a_server_error_is_tried_once_more(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()
    engine.failing = [failure(Again.ONCE, 500)]
    worker()
    assert now_of(generation).state == State.QUEUED
    worker()
    assert now_of(generation).state == State.SUCCEEDED
    assert studio.lines() == ["grant", "hold", "settle"]


def test_a_second_server_error_is_the_end(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()
    engine.failing = [failure(Again.ONCE, 500), failure(Again.ONCE, 500)]
    worker()
    worker()
    assert now_of(generation).state == State.FAILED
    assert len(engine.calls) == 2


def test_being_turned_away_is_tried_again(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()
    engine.failing = [failure(Again.SAFE, 429)] * 3
    for _ in range(4):
        worker()
    assert now_of(generation).state == State.SUCCEEDED


def test_an_unknown_outcome_is_never_sent_again(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()
    engine.failing = [failure(Again.UNKNOWN)]
    worker()
    worker()
    assert now_of(generation).state == State.FAILED
    assert len(engine.calls) == 1
    assert [(c.outcome, c.possible_cost) for c in calls(studio)] == [("unknown", 10)]
    assert studio.balance() == 100


def test_an_answer_that_is_no_picture_is_not_stored(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = studio.ask()
    monkeypatch.setattr("tests.fakes.png", lambda: b"<html>")
    worker()
    done = now_of(generation)
    assert (done.state, done.error_code) == (State.FAILED, "bad_answer")
    assert studio.balance() == 100


def test_a_photo_that_can_not_be_decoded_fails_before_the_engine_is_called(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    generation = services.request_generation(
        organization=studio.organization,
        ask=services.Ask(prompt="x", image=IncomingImage(content=jpeg(200, 200)[:-500])),
        by_user=studio.owner,
        now=timezone.now(),
    )[0]
    worker()
    done = now_of(generation)
    assert (done.state, done.error_code) == (State.FAILED, "bad_source")
    assert engine.calls == []
    assert studio.balance() == 100


def test_a_worker_that_lost_its_attempt_changes_nothing(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    generation = studio.ask()

    def another_worker_takes_over() -> None:
        with studio.enter():
            Generation.objects.of(studio.organization).filter(pk=generation.pk).update(
                attempt=F("attempt") + 1
            )

    engine.during = another_worker_takes_over
    worker()
    assert now_of(generation).state == State.RUNNING
    assert list(now_of(generation).pictures.all()) == []
    assert studio.lines() == ["grant", "hold"]
    assert [(c.outcome, c.possible_cost) for c in calls(studio)] == [("discarded", 10)]


def test_a_picture_after_the_deadline_is_discarded_and_its_cost_possible(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    generation = studio.ask()
    engine.during = lambda: ending.expire(generation=generation, now=timezone.now())
    worker()
    done = now_of(generation)
    assert (done.state, done.error_code) == (State.FAILED, "deadline_passed")
    assert studio.balance() == 100
    assert [(c.outcome, c.possible_cost) for c in calls(studio)] == [("discarded", 10)]


def test_two_workers_run_a_job_once(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    studio.ask()
    engine.during = factories.work
    worker()
    assert len(engine.calls) == 1


def abandon(studio: Studio, engine: FakeEngine) -> Generation:
    """A generation whose worker was killed in the middle of the engine call."""

    def killed() -> None:
        raise KeyboardInterrupt

    generation, engine.during = studio.ask(), killed
    with pytest.raises(KeyboardInterrupt):
        factories.work()
    engine.during = lambda: None
    return generation


def test_the_sweeper_ends_a_dead_workers_paid_call_as_unknown(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    generation = abandon(studio, engine)
    sweeping.sweep(now=timezone.now())
    assert now_of(generation).state == State.RUNNING
    sweeping.sweep(now=timezone.now() + timedelta(seconds=25))
    done = now_of(generation)
    assert (done.state, done.error_code) == (State.FAILED, "interrupted")
    assert [(c.outcome, c.possible_cost) for c in calls(studio)] == [
        ("unknown", 0 if done.engine == "preview" else 10)
    ]
    assert studio.balance() == 100


def test_the_sweeper_runs_a_dead_workers_free_call_again(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    engine.repeatable = True
    generation = abandon(studio, engine)
    sweeping.sweep(now=timezone.now() + timedelta(seconds=25))
    worker()
    assert now_of(generation).state == State.SUCCEEDED
    assert studio.lines() == ["grant", "hold", "settle"]


def test_a_living_workers_lease_is_renewed(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()
    later = timezone.now() + timedelta(seconds=19)

    def time_passes() -> None:
        assert sweeping.renew_leases(worker="test", now=later) == 1
        sweeping.sweep(now=later + timedelta(seconds=19))

    engine.during = time_passes
    worker()
    assert now_of(generation).state == State.SUCCEEDED


@pytest.mark.parametrize("hours", [1, -1])
def test_a_wrong_clock_ends_nobodys_work(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Neither that of the machine that sweeps, nor that of the one that works."""
    true, off = timezone.now, timedelta(hours=hours)

    def others_sweep() -> None:
        sweeping.sweep(now=true(), leases_at=sweeping.lease_clock())
        sweeping.sweep(now=true() + off, leases_at=sweeping.lease_clock())

    generation = studio.ask()
    engine.during = others_sweep
    monkeypatch.setattr("generations.running.timezone.now", lambda: true() + off)
    worker()
    assert now_of(generation).state == State.SUCCEEDED
    assert len(engine.calls) == 1


def test_a_row_that_nobody_works_on_is_not_kept_alive(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    generation = abandon(studio, engine)
    later = timezone.now() + timedelta(seconds=25)
    assert sweeping.renew_leases(worker="test", now=later) == 0
    sweeping.sweep(now=later)
    assert now_of(generation).state == State.FAILED
    assert studio.balance() == 100


def test_an_attempt_beyond_all_reason_is_not_kept_alive(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = studio.ask()
    monkeypatch.setattr("generations.running.MAX_ATTEMPT_SECONDS", 0.0)

    def hang() -> None:
        assert sweeping.renew_leases(worker="test", now=timezone.now()) == 0
        sweeping.sweep(now=timezone.now() + timedelta(seconds=25))

    engine.during = hang
    worker()
    assert now_of(generation).error_code == "interrupted"
    assert [c.outcome for c in calls(studio)] == ["discarded"]


def test_one_row_that_can_not_be_swept_holds_up_no_other(
    studio: Studio, strange_studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandon(studio, engine)
    second = abandon(strange_studio, engine)
    with studio.enter():
        Generation.objects.update(engine="no such engine")

    def get(name: str) -> FakeEngine:
        if name == "no such engine":
            raise KeyError(name)
        return engine

    monkeypatch.setattr("generations.engines.get", get)
    sweeping.sweep(now=timezone.now() + timedelta(seconds=25))
    assert now_of(second).state == State.FAILED


def test_a_paid_call_is_not_made_with_no_time_left(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    generation = studio.ask()
    with studio.enter():
        Generation.objects.update(deadline=timezone.now() + timedelta(seconds=20))
    worker()
    assert now_of(generation).error_code == "deadline_passed"
    assert engine.calls == []
    assert studio.balance() == 100


def test_a_server_error_near_the_deadline_is_not_tried_again(
    studio: Studio, worker: Work, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = studio.ask()
    with studio.enter():
        Generation.objects.update(deadline=timezone.now() + timedelta(seconds=100))
    engine.during = lambda: monkeypatch.setattr("generations.running.LEAST_SECONDS", 99.0)
    engine.failing = [failure(Again.ONCE, 500)]
    worker()
    assert now_of(generation).state == State.FAILED
    assert studio.balance() == 100


def test_a_dead_thumbnail_process_does_not_cost_the_picture(
    studio: Studio, worker: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation, deaths = studio.ask(), [image_pool.ImageWorkDied()]
    inline = image_pool.run

    def sometimes_dies(function: Any, /, *args: Any, **options: Any) -> Any:
        if function is photos.thumbnail and deaths:
            raise deaths.pop()
        return inline(function, *args, **options)

    monkeypatch.setattr("projects.image_pool.run", sometimes_dies)
    worker()
    assert now_of(generation).state == State.SUCCEEDED


def test_a_photo_that_can_not_be_used_is_not_kept(
    studio: Studio, worker: Work, settings: LazySettings, django_capture_on_commit_callbacks: Any
) -> None:
    services.request_generation(
        organization=studio.organization,
        ask=services.Ask(prompt="x", image=IncomingImage(content=jpeg(200, 200)[:-500])),
        by_user=studio.owner,
        now=timezone.now(),
    )
    with django_capture_on_commit_callbacks(execute=True):
        worker()
    folder = Path(settings.MEDIA_ROOT) / studio.organization.public_id
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_the_sweeper_ends_what_is_past_its_deadline(studio: Studio, engine: FakeEngine) -> None:
    generation = studio.ask()
    with studio.enter():
        Generation.objects.filter(pk=generation.pk).update(deadline=timezone.now() - timedelta(seconds=1))
    sweeping.sweep(now=timezone.now())
    assert now_of(generation).error_code == "deadline_passed"
    assert studio.balance() == 100


def test_an_ended_generation_admits_the_next_in_line(studio: Studio, worker: Work) -> None:
    studio.organization.in_flight_limit = 1
    studio.organization.save()
    for _ in range(3):
        studio.ask()
    assert [worker(), worker(), worker(), worker()] == [1, 1, 1, 0]
    assert {g.state for g in studio.generations()} == {State.SUCCEEDED}


def test_restyling_a_result_starts_from_its_picture(studio: Studio, worker: Work, engine: FakeEngine) -> None:
    first = studio.ask()
    worker()
    (picture,) = now_of(first).pictures.all()
    services.request_generation(
        organization=studio.organization,
        ask=services.Ask(prompt="Now darker", parent=picture),
        by_user=studio.owner,
        now=timezone.now(),
    )
    worker()
    assert engine.calls[1].source.media_type == "image/png"
    assert [g.parent_id for g in studio.generations()] == [None, picture.pk]


def test_an_error_nobody_expected_ends_the_generation_too(
    studio: Studio, worker: Work, engine: FakeEngine
) -> None:
    generation = studio.ask()

    def bug() -> None:
        raise ZeroDivisionError

    engine.during = bug
    with pytest.raises(ZeroDivisionError):
        worker()
    assert now_of(generation).state == State.FAILED
    assert studio.balance() == 100
