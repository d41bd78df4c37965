"""How long pictures take, measured, and what that means for one that waits."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tenancy
from generations import timing
from generations.models import EngineTiming, Generation, State
from tests.factories import Studio

NOW = timezone.now()


def made(studio: Studio, *seconds: float, engine: str = "preview", ago: timedelta = timedelta()) -> None:
    """Generations that succeeded, having taken so long."""
    for took in seconds:
        generation = studio.ask()
        ended = NOW - ago
        with studio.enter():
            Generation.objects.filter(pk=generation.pk).update(
                state=State.SUCCEEDED,
                engine=engine,
                started_at=ended - timedelta(seconds=took),
                finished_at=ended,
                credits_settled=10,
            )


def running(generation: Generation, *, since: float, now: datetime = NOW) -> None:
    with tenancy.enter(generation.organization):
        Generation.objects.filter(pk=generation.pk).update(
            state=State.RUNNING, started_at=now - timedelta(seconds=since)
        )
        generation.refresh_from_db()


def measured(p50: float, p95: float, *, ago: timedelta = timedelta()) -> None:
    EngineTiming.objects.create(
        engine="preview", p50_seconds=p50, p95_seconds=p95, sample=9, measured_at=NOW - ago
    )


def test_each_engine_is_measured_over_the_last_hour(studio: Studio, strange_studio: Studio) -> None:
    made(studio, 10, 20)
    made(strange_studio, 30)
    made(strange_studio, 50, engine="meltflex")
    made(studio, 500, ago=timedelta(minutes=61))
    assert timing.measure(now=NOW) == 4
    preview, meltflex = EngineTiming.objects.order_by("-engine")
    assert (preview.p50_seconds, preview.p95_seconds, preview.sample) == (20, 29, 3)
    assert (meltflex.engine, meltflex.p50_seconds, meltflex.sample) == ("meltflex", 50, 1)


def test_measuring_again_replaces_and_forgets_what_is_past(studio: Studio) -> None:
    made(studio, 10)
    timing.measure(now=NOW)
    made(studio, 30)
    timing.measure(now=NOW + timedelta(minutes=1))
    assert [(row.p50_seconds, row.sample) for row in EngineTiming.objects.all()] == [(20, 2)]
    timing.measure(now=NOW + timedelta(hours=2))
    assert not EngineTiming.objects.exists()


def test_failures_are_not_measured(studio: Studio) -> None:
    made(studio, 10)
    with studio.enter():
        Generation.objects.update(state=State.FAILED, error_code="x")
    assert timing.measure(now=NOW) == 0


def test_what_has_ended_has_no_estimate(studio: Studio) -> None:
    made(studio, 10)
    (generation,) = studio.generations()
    assert timing.estimate(generation, now=NOW) is None


@pytest.mark.parametrize("ago", [None, timedelta(minutes=61)])
def test_without_a_measurement_of_the_last_hour_the_typical_times_are_told_as_such(
    studio: Studio, ago: timedelta | None
) -> None:
    if ago:
        measured(100, 200, ago=ago)
    estimate = timing.estimate(studio.ask(), now=NOW)
    assert estimate
    assert (estimate.position, estimate.seconds, estimate.seconds_p95) == (1, 4, 10)
    assert not estimate.usual.measured


def test_one_being_made_has_the_rest_of_its_time_before_it(studio: Studio) -> None:
    measured(40, 70)
    generation = studio.ask()
    running(generation, since=15)
    estimate = timing.estimate(generation, now=NOW)
    assert estimate
    assert (estimate.position, estimate.seconds, estimate.seconds_p95) == (None, 25, 55)
    assert not estimate.is_late
    much_later = timing.estimate(generation, now=NOW + timedelta(minutes=5))
    assert much_later
    assert (much_later.seconds, much_later.seconds_p95, much_later.is_late) == (1, 1, True)


def test_the_line_moves_by_as_many_as_are_made_at_once(studio: Studio) -> None:
    measured(40, 70)
    studio.organization.in_flight_limit = 2
    generations = [studio.ask() for _ in range(6)]
    running(generations[0], since=30)
    running(generations[1], since=10)
    found = timing.estimates(studio.generations(), organization=studio.organization, now=NOW)
    rows = [found[generation.pk] for generation in generations]
    assert [row.position for row in rows] == [None, None, 1, 2, 3, 4]
    # Places are free after 10 and 30 seconds, and then every 40.
    assert [row.seconds for row in rows] == [10, 30, 50, 70, 90, 110]
    assert [row.seconds_p95 for row in rows] == [40, 60, 80, 100, 120, 140]


def test_a_lowered_limit_is_waited_for(studio: Studio) -> None:
    measured(40, 70)
    studio.organization.in_flight_limit = 3
    generations = [studio.ask() for _ in range(4)]
    studio.organization.in_flight_limit = 1
    found = timing.estimates(generations, organization=studio.organization, now=NOW)
    assert [row.seconds for row in found.values()] == [40, 40, 40, 80]


def test_the_line_is_the_workspaces_own(studio: Studio, strange_studio: Studio) -> None:
    for _ in range(3):
        strange_studio.ask()
    estimate = timing.estimate(studio.ask(), now=NOW)
    assert estimate
    assert estimate.position == 1


def test_a_whole_list_costs_two_queries_and_one_of_ended_ones_none(studio: Studio) -> None:
    for _ in range(5):
        studio.ask()
    waiting = studio.generations()
    with studio.enter():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            timing.estimates(waiting, organization=studio.organization, now=NOW)
        selects = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
        assert len(selects) == 2
        for generation in waiting:
            generation.state = State.CANCELED
        with CaptureQueriesContext(connection) as queries:
            assert timing.estimates(waiting, organization=studio.organization, now=NOW) == {}
        assert len(queries) == 0


@pytest.mark.parametrize(
    ("position", "words"),
    [(1, "Next"), (3, "Third"), (10, "Tenth"), (11, "11th"), (21, "21st"), (112, "112th"), (1003, "1003rd")],
)
def test_places_have_words(position: int, words: str) -> None:
    assert timing.place(position) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about 10 seconds"),
        (44, "about 40 seconds"),
        (84, "about 80 seconds"),
        (86, "about 1 minute"),
        (130, "about 2 minutes"),
        (3500, "about 58 minutes"),
        (3599, "about 1 hour"),
        (9000, "about 2 hours"),
    ],
)
def test_estimates_are_told_no_more_exactly_than_they_are_known(seconds: float, words: str) -> None:
    assert timing.about(seconds) == words
