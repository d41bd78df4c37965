"""Tries are counted in the database, exactly, and a flood washes nothing away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import RequestFactory

from accounts.counters import Counters
from accounts.models import Counter


def counters(most: int = 1000) -> Counters:
    return Counters("accounts_counter", {"OPTIONS": {"MAX_ENTRIES": most}})


def test_what_counts_stays_when_the_table_is_full(db: None) -> None:
    made = counters(most=5)
    for number in range(20):
        made.set(f"over{number}", 1, timeout=-1)
    for number in range(20):
        made.set(f"counts{number}", number, timeout=60)
    assert [made.get(f"counts{number}") for number in range(20)] == list(range(20))
    assert not Counter.objects.filter(cache_key__contains="over").exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_so_many_get_through(monkeypatch: pytest.MonkeyPatch) -> None:
    from allauth.core.internal import ratelimit

    monkeypatch.setattr(ratelimit, "cache", counters())
    request = RequestFactory().post("/", REMOTE_ADDR="198.51.100.9")

    def attempt(_: int) -> bool:
        try:
            return (
                ratelimit.consume(request, app="test", action="guess", config={"guess": "5/m/ip"}) is not None
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(40))) == 5
