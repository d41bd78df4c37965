"""How many calls an upstream key carries at once: learned, shared, fair, and shut when it breaks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import tenancy
from generations import gates
from generations.gates import GatePaused, Verdict
from generations.models import Generation, State, UpstreamGate, UpstreamTurn
from tests.factories import NOON, Studio, make_studio

GATE = "platform:test"


@pytest.fixture(autouse=True)
def _starts_with_two(settings: LazySettings) -> None:
    settings.UPSTREAM_CONCURRENCY = 2


def ask(studio: Studio, number: int) -> list[Generation]:
    return [studio.ask(f"Room {n}") for n in range(number)]


def take(generation: Generation, now: datetime = NOON) -> bool:
    return gates.take_turn(gate=GATE, generation=generation, now=now)


def gate() -> UpstreamGate:
    return UpstreamGate.objects.get(name=GATE)


def no_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def active() -> set[int]:
    return set(UpstreamTurn.objects.filter(active=True).values_list("generation_id", flat=True))


def leave(generation: Generation, verdict: Verdict, now: datetime = NOON) -> None:
    gates.leave(generation=generation, verdict=verdict, now=now, call_began=now)


def test_no_more_calls_than_the_limit_and_the_next_is_called_when_one_ends(studio: Studio) -> None:
    first, second, third = ask(studio, 3)
    assert [take(first), take(second), take(third)] == [True, True, False]
    no_jobs()
    leave(first, Verdict.NOTHING)
    assert active() == {second.pk, third.pk}
    job = ProcrastinateJob.objects.get()
    assert (job.args["generation_id"], job.priority) == (third.pk, gates.GRANTED_PRIORITY)
    assert take(third)


def test_whoever_has_fewest_calls_comes_first(studio: Studio, strange_studio: Studio) -> None:
    ours = ask(studio, 5)
    for generation in ours:
        take(generation)
    theirs = ask(strange_studio, 1)[0]
    assert not take(theirs)
    leave(ours[0], Verdict.NOTHING)
    assert active() == {ours[1].pk, theirs.pk}, "three of ours were there before it"


def test_a_limit_that_bears_its_load_grows_by_one_a_round(studio: Studio) -> None:
    generations = ask(studio, 4)
    for generation in generations:
        take(generation)
    for generation in generations[:2]:
        leave(generation, Verdict.GOOD)
    assert gate().limit == pytest.approx(2 + 1 / 2 + 1 / 2.5)
    # One that was never reached has shown nothing.
    leave(generations[2], Verdict.GOOD)
    grown = gate().limit
    leave(generations[3], Verdict.GOOD)
    assert gate().limit == grown


def test_429_halves_the_limit_once_for_calls_that_were_under_way_together(
    studio: Studio, settings: LazySettings
) -> None:
    settings.UPSTREAM_CONCURRENCY = 8
    generations = ask(studio, 8)
    for generation in generations:
        assert take(generation)
    for generation in generations[:4]:
        gates.leave(
            generation=generation, verdict=Verdict.BUSY, now=NOON + timedelta(seconds=1), call_began=NOON
        )
    assert gate().limit == 4
    later = NOON + timedelta(seconds=9)
    gates.leave(
        generation=generations[4],
        verdict=Verdict.BUSY,
        now=later + timedelta(seconds=1),
        call_began=later,
    )
    assert gate().limit == 2


def test_failures_in_a_row_open_the_breaker_and_one_call_tries_it_again(studio: Studio) -> None:
    generations = ask(studio, 9)
    for generation in generations[: gates.FAILURES_TO_OPEN]:
        assert take(generation)
        leave(generation, Verdict.BROKEN)
    assert [take(generations[6]), take(generations[7])] == [False, False]
    gates.tend(now=NOON + timedelta(seconds=gates.OPEN_SECONDS - 1))
    assert active() == set()
    after = NOON + timedelta(seconds=gates.OPEN_SECONDS + 1)
    gates.tend(now=after)
    assert active() == {generations[6].pk}, "one, to try it"
    leave(generations[6], Verdict.BROKEN, after)
    assert gate().open_until == after + timedelta(seconds=2 * gates.OPEN_SECONDS)
    again = gate().open_until
    assert again is not None
    gates.tend(now=again)
    leave(generations[7], Verdict.GOOD, again)
    assert (gate().open_until, gate().trips) == (None, 0)
    assert take(generations[8], again)


def test_failures_between_successes_open_nothing(studio: Studio) -> None:
    for generation, verdict in zip(ask(studio, 10), [Verdict.BROKEN, Verdict.GOOD] * 5, strict=True):
        assert take(generation)
        leave(generation, verdict)
    assert gate().open_until is None


def test_a_refused_key_turns_everybody_away_until_one_call_may_try_it(studio: Studio) -> None:
    first, second, third, fourth = ask(studio, 4)
    take(first), take(second), take(third)
    no_jobs()
    until = NOON + timedelta(minutes=5)
    gates.pause(gate=GATE, reason="no credits", until=until, now=NOON)
    # Who waited is queued to find out.
    assert [job.args["generation_id"] for job in ProcrastinateJob.objects.all()] == [third.pk]
    with pytest.raises(GatePaused, match="no credits"):
        take(fourth)
    leave(first, Verdict.NOTHING)
    leave(second, Verdict.NOTHING)
    assert [take(third, until), take(fourth, until)] == [True, False]
    leave(third, Verdict.GOOD, until)
    assert gate().paused_at is None


def test_an_older_success_does_not_unpause_a_refused_key(studio: Studio) -> None:
    first, second = ask(studio, 2)
    take(first), take(second)
    paused = NOON + timedelta(seconds=20)
    gates.pause(gate=GATE, reason="no credits", until=paused + timedelta(minutes=5), now=paused)
    gates.leave(generation=first, verdict=Verdict.GOOD, now=paused + timedelta(seconds=1), call_began=NOON)
    assert gate().paused_at == paused


def test_who_was_called_and_finds_the_gate_shut_waits_again(studio: Studio) -> None:
    (generation,) = ask(studio, 1)
    take(generation)
    UpstreamGate.objects.update(open_until=NOON + timedelta(seconds=15))
    assert not take(generation)
    gates.tend(now=NOON + timedelta(seconds=16))
    assert active() == {generation.pk}


def test_a_place_left_behind_is_cleared_away(studio: Studio) -> None:
    (generation,) = ask(studio, 1)
    take(generation)
    with studio.enter():
        Generation.objects.of(studio.organization).update(
            state=State.CANCELED, finished_at=NOON, credits_released=10
        )
    with tenancy.system("the sweeper"):
        gates.tend(now=NOON)
    assert not UpstreamTurn.objects.exists()


def test_changing_keys_gives_up_the_place_at_the_old_gate(studio: Studio) -> None:
    (generation,) = ask(studio, 1)
    take(generation)
    assert gates.take_turn(gate="own:other", generation=generation, now=NOON)
    assert [turn.gate.name for turn in UpstreamTurn.objects.select_related("gate")] == ["own:other"]


def test_a_workspace_in_a_large_plan_is_not_further_ahead_in_the_queue(db: None) -> None:
    large, small = make_studio(plan="scale", credits=1000), make_studio()
    ask(large, 5)
    ask(small, 1)
    jobs = ProcrastinateJob.objects.order_by("-priority", "id")
    assert [(job.args["organization_id"], job.priority) for job in jobs][:3] == [
        (large.organization.pk, 0),
        (small.organization.pk, 0),
        (large.organization.pk, -1),
    ]
