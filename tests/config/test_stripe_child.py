"""Where the local stack runs the Stripe sandbox, and where it must not."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from config.local.sandbox import is_wanted, prepare


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, True),
        ({"STRIPE_SECRET_KEY": ""}, True),
        ({"STRIPE_SECRET_KEY": "sk_test_mine"}, False),
        ({"STRIPE_SECRET_KEY": "sk_live_mine"}, False),
        ({"STRIPE_API_BASE": "http://127.0.0.1:1"}, False),
        ({"ENVIRONMENT": "production"}, False),
    ],
)
def test_it_runs_only_where_no_stripe_is_named(environ: dict[str, str], wanted: bool) -> None:
    assert is_wanted(environ) is wanted


def test_it_comes_back_at_the_same_address_with_the_same_secret(tmp_path: Path) -> None:
    first = prepare(tmp_path)
    assert prepare(tmp_path) == first
    assert first.environ()["STRIPE_API_BASE"] == first.address
    assert first.environ()["STRIPE_SECRET_KEY"].startswith("sk_test_")


def test_it_moves_when_its_port_is_taken(tmp_path: Path) -> None:
    first = prepare(tmp_path)
    with socket.create_server(("127.0.0.1", first.port)):
        second = prepare(tmp_path)
    assert second.port != first.port
    assert second.secret == first.secret


def test_a_damaged_note_is_written_anew(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "stripe" / "place.json").write_text("{")
    assert prepare(tmp_path).port > 0
