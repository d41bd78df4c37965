"""Who waits for a picture hears of its end once, at once, and looks seldom without having heard."""

from __future__ import annotations

import threading
import time

import pytest

from generations import outcomes


def heard(public_id: str, seconds: float) -> bool:
    """Whether a wait for this one is over in that time because of a notice."""
    began = time.monotonic()
    outcomes._listener.wait(public_id, seconds)
    return time.monotonic() - began < seconds


@pytest.mark.django_db(transaction=True)
def test_a_notice_that_comes_between_a_look_and_the_wait_is_not_missed() -> None:
    outcomes._listener.wait("gen_first", 0.01)
    outcomes.announce("gen_quick")
    ends = time.monotonic() + 10
    while "gen_quick" not in outcomes._listener._heard:
        assert time.monotonic() < ends, "it listens, and has not heard"
        outcomes.announce("gen_quick")
        time.sleep(0.05)
    assert heard("gen_quick", 10)
    assert not heard("gen_other", 0.2)
    outcomes.stop_listening()


def test_only_whom_it_concerns_is_woken_and_not_everything_is_remembered() -> None:
    listener, woken = outcomes._Listener(), threading.Event()
    listener._waiting = {"gen_mine": {woken}}
    for number in range(2 * outcomes._REMEMBERED):
        listener._wake(f"gen_{number}")
    assert not woken.is_set()
    assert len(listener._heard) == outcomes._REMEMBERED
    listener._wake("gen_mine")
    assert woken.is_set()


def test_it_is_looked_at_after_five_seconds_then_each_time_it_has_doubled_its_age() -> None:
    ages = [0.0]
    while ages[-1] < 100:
        ages.append(ages[-1] + outcomes.patience(ages[-1]))
    assert ages == [0, 5, 10, 20, 40, 80, 160]
