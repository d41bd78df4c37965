"""Limits per minute: exact, told in every answer, and never at the cost of a credit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import http_sf
import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from accounts import rates
from accounts.models import RateWindow
from tests import factories
from tests.factories import NOON, Studio


def limits(answer: Any, field: str) -> dict[str, dict[str, int]]:
    items: Any = http_sf.parse(answer[field].encode(), tltype="list")
    return dict(items)


def count(quota: int = 3, **subjects: str) -> list[int]:
    found = rates.count(subjects=subjects, quotas=dict.fromkeys(subjects, quota), now=NOON)
    return [rate.remaining for rate in found]


@pytest.mark.usefixtures("engine")
def test_every_answer_tells_what_is_left(studio: Studio) -> None:
    api = studio.api()
    answer = api.get("credits")
    assert limits(answer, "RateLimit-Policy")["workspace"] == {"q": 6000, "w": 60}
    left = limits(answer, "RateLimit")["workspace"]
    assert left["r"] == 5999
    assert 1 <= left["t"] <= 60
    spent = limits(api.post("generations", factories.body()), "RateLimit")
    assert spent["generate"]["r"] == 599
    assert spent["workspace"]["r"] in (5998, 5999)  # a new minute may have begun


@pytest.mark.usefixtures("engine")
def test_above_the_limit_is_429_with_a_true_retry_after_and_costs_nothing(
    studio: Studio, settings: LazySettings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 0
    answer = studio.api().post("generations", factories.body())
    assert answer.status_code == 429
    told = answer.json()
    assert told["code"] == "rate_limited"
    assert told["type"].endswith("#quota-exceeded")
    assert told["violated-policies"] == ["generate"]
    assert int(answer["Retry-After"]) == told["retry_after"]
    assert abs(limits(answer, "RateLimit")["workspace"]["t"] - told["retry_after"]) <= 1
    assert (studio.balance(), studio.generations()) == (100, [])


@pytest.mark.parametrize("policy", ["workspace", "address"])
def test_a_workspace_and_an_address_have_limits_of_their_own(
    studio: Studio, strange_studio: Studio, settings: LazySettings, policy: str
) -> None:
    settings.API_QUOTAS = {**settings.API_QUOTAS, policy: 1}
    first, second, other = studio.api(), studio.api(), strange_studio.api()
    assert first.get("credits").status_code == 200
    refused = second.get("credits")
    assert (refused.status_code, refused.json()["violated-policies"]) == (429, [policy])
    assert limits(refused, "RateLimit")[policy]["r"] == 0
    assert other.get("credits").status_code == (200 if policy == "workspace" else 429)


def test_who_guesses_keys_is_stopped(studio: Studio, settings: LazySettings) -> None:
    settings.API_QUOTAS = {**settings.API_QUOTAS, "failed": 2}
    guesser = factories.ApiClient("mf_sk_live_nothing")
    assert [guesser.get("credits").status_code for _ in range(4)] == [401, 401, 429, 429]
    assert studio.api().get("credits").status_code == 200


def test_a_new_minute_starts_afresh_and_a_clock_behind_does_not(db: None) -> None:
    assert [count(a="x")[0] for _ in range(3)] == [2, 1, 0]
    later = rates.count(subjects={"a": "x"}, quotas={"a": 3}, now=NOON + timedelta(minutes=1))
    assert later[0].remaining == 2
    assert count(a="x") == [1]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_a_number_each() -> None:
    def one(_: int) -> list[int]:
        try:
            return count(1000, workspace="ws", address="here")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        left = list(pool.map(one, range(80)))
    for place in (0, 1):
        assert sorted(each[place] for each in left) == list(range(920, 1000))


def test_an_address_can_not_be_read_from_its_counter_and_ipv6_counts_by_64(db: None) -> None:
    a, b, c = (
        rates.subject_of_address(f"2001:db8:0:{net}::{host}") for net, host in ((1, 1), (1, 2), (2, 1))
    )
    assert a == b != c
    assert rates.subject_of_address("::ffff:203.0.113.7") == rates.subject_of_address("203.0.113.7")
    count(address=rates.subject_of_address("203.0.113.7"))
    assert "203.0.113.7" not in str(list(RateWindow.objects.values()))
    assert rates.forget_old(now=NOON + timedelta(hours=2)) == 1


def test_every_request_has_a_name_and_every_error_tells_it(studio: Studio) -> None:
    api = studio.api()
    assert api.get("credits")["X-Request-Id"].startswith("req_")
    named = Client().get("/api/v1/credits", headers={"X-Request-Id": "trace-0123456789"})
    assert named["X-Request-Id"] == named.json()["request_id"] == "trace-0123456789"
    odd = Client().get("/healthz", headers={"X-Request-Id": 'a"; evil'})
    assert odd["X-Request-Id"].startswith("req_")


def test_framework_errors_have_the_one_shape(studio: Studio, settings: LazySettings) -> None:
    settings.API_BODY_BYTES = 100
    client, key = Client(enforce_csrf_checks=True, raise_request_exception=False), studio.key()
    auth = {"authorization": f"Bearer {key}"}
    large = "x" * 200
    answers = {
        404: client.get("/api/v1/nowhere"),
        405: client.delete("/api/v1/credits", headers=auth),
        401: client.get("/api/v1/credits"),
        413: client.post("/api/v1/generate", large, content_type="application/json", headers=auth),
        415: client.post("/api/v1/generate", "<a/>", content_type="text/xml", headers=auth),
        400: client.post("/api/v1/clients", "{", content_type="application/json", headers=auth),
        403: client.post("/language", {}, headers={"Accept": "application/json"}),
    }
    for status, answer in answers.items():
        told = answer.json()
        assert answer.status_code == told["status"] == status
        members = {"type", "title", "status", "detail", "code", "error", "message", "request_id"}
        assert members <= set(told), status
        assert told["request_id"] == answer["X-Request-Id"]


def test_a_bug_is_500_in_the_same_shape(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("billing.credits.totals", broken)
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/credits", headers={"authorization": f"Bearer {studio.key()}"})
    told = answer.json()
    assert (answer.status_code, told["code"]) == (500, "internal_error")
    assert told["request_id"] == answer["X-Request-Id"]


def test_wrong_fields_are_pointed_at(studio: Studio) -> None:
    api = studio.api()
    told = api.post("clients", {}).json()
    assert told["errors"][0]["pointer"] == "#/name"
    told = api.post("generations", factories.body(variations=9)).json()
    assert told["errors"] == [{"pointer": "#/variations", "detail": told["message"]}]
