"""What a chaos run does is decided by its seed alone."""

from __future__ import annotations

from collections import Counter

from tests.chaos import plan
from tests.chaos.blows import HOW
from tests.contract.faults import Faults


def test_the_same_seed_breaks_the_same_things_at_the_same_marks() -> None:
    assert plan.make(7, 500) == plan.make(7, 500)
    assert plan.make(7, 500).blows != plan.make(8, 500).blows
    assert plan.make(7, 500).asks != plan.make(8, 500).asks


def test_everything_that_can_break_breaks_while_there_is_work() -> None:
    chaos = plan.make(1, 2000)
    assert Counter(blow.kind for blow in chaos.blows) == Counter(plan.BLOWS)
    assert set(plan.BLOWS) == set(HOW)
    assert chaos.blows == sorted(chaos.blows)
    assert chaos.blows[-1].at < 2000
    assert [mood.at for mood in chaos.moods] == sorted(mood.at for mood in chaos.moods)


def test_every_mood_is_one_that_the_upstream_knows() -> None:
    for mood in plan.make(1, 2000).moods:
        Faults(**mood.faults)


def test_callers_do_everything_that_callers_do() -> None:
    asks = plan.make(1, 2000).asks
    assert len(asks) >= 2000
    assert {ask.workspace for ask in asks} == set(range(plan.WORKSPACES))
    for some in ("awaited", "cut_after", "other_body", "deadline_seconds"):
        assert sum(bool(getattr(ask, some)) for ask in asks) > 10
    assert sum(ask.posts > 1 for ask in asks) > 10
    assert sum(ask.cancel_after is not None for ask in asks) > 10
