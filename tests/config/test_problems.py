"""What a program and a person are told when something of ours is away."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.test import Client

from tests.factories import Studio, body


def away(*_: object, **__: object) -> None:
    raise OperationalError("the database system is starting up")


def test_a_database_that_restarts_is_503_and_says_to_repeat(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = studio.api()
    monkeypatch.setattr("generations.services.request_generation", away)
    response = api.post("generations", body())
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.json()["code"] == "restarting"
    assert "Idempotency-Key" in response.json()["message"]
    assert "starting up" not in response.content.decode()


def test_a_page_says_so_without_needing_the_database(
    studio: Studio, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_client.raise_request_exception = False
    monkeypatch.setattr("accounts.tenancy.memberships_of", away)
    response = owner_client.get(f"/w/{studio.organization.public_id}/studio")
    assert (response.status_code, b"restarts at this moment" in response.content) == (503, True)
