"""The `Prefer` header, as RFC 7240 writes it."""

from __future__ import annotations

import time

import pytest

from generations.prefer import MAX_WAIT, Preferences, parse


@pytest.mark.parametrize(
    ("header", "means"),
    [
        ("", Preferences()),
        ("wait=10", Preferences(wait=10)),
        ("wait=0", Preferences(wait=0)),
        ('WAIT = "10"', Preferences(wait=10)),
        (f"wait={10**8}", Preferences(wait=MAX_WAIT)),
        ("respond-async", Preferences(respond_async=True)),
        ("Respond-Async, wait=5", Preferences(wait=5, respond_async=True)),
        ('respond-async=""', Preferences(respond_async=True)),
        ("return=minimal; foo=bar, , wait=7;x", Preferences(wait=7)),
        ('lenient; note="a, wait=3; b", wait=4', Preferences(wait=4)),
        (r'note="a \" , wait=3", wait=4', Preferences(wait=4)),
        ("wait=3, wait=9", Preferences(wait=3)),
        ("foo; wait=3", Preferences()),
        ("waits=3, a wait=3", Preferences()),
        ('note="never closed, wait=3', Preferences()),
    ],
)
def test_preferences_are_read_as_the_rfc_says(header: str, means: Preferences) -> None:
    assert parse(header) == means


@pytest.mark.parametrize("value", ["", "-1", "1.5", "ten", "1e3", "٣", "9" * 5000, '"'])
def test_a_wait_that_is_no_number_is_ignored(value: str) -> None:
    assert parse(f"wait={value}").wait is None


@pytest.mark.parametrize("piece", ['"', "\\", ",", ";", "=", " ", 'a="', 'a;"'])
def test_a_long_and_odd_header_takes_no_time(piece: str) -> None:
    began = time.monotonic()
    parse(piece * 20_000)
    assert time.monotonic() - began < 0.5
