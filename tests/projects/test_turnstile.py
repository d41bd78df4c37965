"""A few at once: the others wait without a connection, and nobody waits for a slow disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from generations import keeping, preparing
from projects import turnstile
from tests import factories
from tests.fakes import FakeEngine


@contextmanager
def occupied(then: Callable[[], AbstractContextManager[None]] = nullcontext) -> Iterator[None]:
    """Every place is held until this ends, by threads that have entered `then` inside."""
    leave, inside = threading.Event(), threading.Semaphore(0)

    def hold() -> None:
        with turnstile.turn(), then():
            inside.release()
            leave.wait(20)

    with ThreadPoolExecutor(turnstile.AT_ONCE) as threads:
        for _ in range(turnstile.AT_ONCE):
            threads.submit(hold)
        for _ in range(turnstile.AT_ONCE):
            assert inside.acquire(timeout=10)
        try:
            yield
        finally:
            leave.set()


def passes(seconds: float) -> bool:
    """Whether a newcomer gets a place in this time."""
    came = threading.Event()

    def come() -> None:
        with turnstile.turn():
            came.set()

    thread = threading.Thread(target=come, daemon=True)
    thread.start()
    return came.wait(seconds)


def test_so_many_and_no_more() -> None:
    with occupied():
        assert not passes(0.3)
    assert passes(5)


def test_who_steps_aside_lets_others_go_first() -> None:
    with occupied(turnstile.aside):
        assert passes(5)


def test_a_place_is_free_again_after_an_error() -> None:
    for _ in range(turnstile.AT_ONCE + 1):
        with pytest.raises(ValueError), turnstile.turn(), turnstile.aside():
            raise ValueError
    assert passes(5)


@pytest.mark.django_db(transaction=True)
def test_who_waits_holds_no_connection() -> None:
    held: list[object] = []

    def wait() -> None:
        connection.ensure_connection()
        with turnstile.turn():
            held.append(connection.connection)
        connection.close()

    with occupied():
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.3)
    thread.join(10)
    assert held == [None]


@pytest.mark.django_db(transaction=True)
def test_a_storage_that_takes_long_keeps_nobody_from_being_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = factories.make_studio(credits=1000)
    really, waiting, on = default_storage.save, threading.Semaphore(0), threading.Event()

    def slowly(*arguments: Any) -> Any:
        if threading.current_thread().name.startswith("slow"):
            waiting.release()
            on.wait(20)
        return really(*arguments)

    def ask() -> int:
        with turnstile.turn():
            studio.ask()
        connection.close()
        return 1

    monkeypatch.setattr(default_storage, "save", slowly)
    with ThreadPoolExecutor(turnstile.AT_ONCE + 1, thread_name_prefix="slow") as threads:
        slow = [threads.submit(ask) for _ in range(turnstile.AT_ONCE + 1)]
        for _ in slow:
            assert waiting.acquire(timeout=10)
        with ThreadPoolExecutor(1, thread_name_prefix="quick") as one:
            assert one.submit(ask).result(timeout=10) == 1
        on.set()
        assert sum(each.result(timeout=20) for each in slow) == len(slow)


@pytest.mark.parametrize(("to_the_end", "first"), [(False, "back"), (True, "new")])
def test_who_comes_back_goes_on_before_those_who_have_not_begun(
    to_the_end: bool, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnstile, "_line", turnstile._Line(1))
    came: list[str] = []
    is_aside, go_on = threading.Event(), threading.Event()

    def come_back() -> None:
        with turnstile.turn():
            with turnstile.aside(to_the_end=to_the_end):
                is_aside.set()
                go_on.wait(20)
            came.append("back")

    def be_new() -> None:
        with turnstile.turn():
            came.append("new")

    one, other = threading.Thread(target=come_back), threading.Thread(target=be_new)
    one.start()
    assert is_aside.wait(10)
    with turnstile.turn():
        other.start()
        time.sleep(0.2)
        go_on.set()
        time.sleep(0.2)
    one.join(10)
    other.join(10)
    assert came[0] == first


@pytest.mark.django_db
def test_a_worker_makes_ready_and_keeps_in_turn_and_calls_aside(
    engine: FakeEngine, worker: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: dict[str, bool] = {}

    def noting(name: str, really: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **options: Any) -> Any:
            inside[name] = getattr(turnstile._mine, "inside", False)
            return really(*arguments, **options)

        return noted

    monkeypatch.setattr(preparing, "make_ready", noting("make ready", preparing.make_ready))
    monkeypatch.setattr(keeping, "store", noting("keep", keeping.store))
    monkeypatch.setattr(default_storage, "save", noting("write", default_storage.save))
    engine.during = noting("call", lambda: None)
    factories.make_studio(credits=10).ask()
    worker()
    assert inside == {"make ready": True, "call": False, "keep": True, "write": False}
