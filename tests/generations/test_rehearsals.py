"""Test mode: failures on demand, real webhooks, marked and deletable in one go."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Event
from generations import test_data
from generations.engines import rehearsal
from generations.models import Generation
from tests.factories import Studio, body

FAILS = {**dict.fromkeys(rehearsal.IN_THE_MAKING, 500), "bad_source": 400, "deadline_passed": 504}


@pytest.mark.parametrize(
    ("word", "status"), [("insufficient_credits", 402), ("budget_exceeded", 402), ("rate_limited", 429)]
)
def test_what_the_answer_tells_is_refused_at_once(studio: Studio, word: str, status: int) -> None:
    answer = studio.api(live=False).post("generations", body(f"simulate:{word}"))
    assert (answer.status_code, answer.json()["code"]) == (status, word)
    assert studio.generations() == []
    if status == 429:
        assert 1 <= int(answer["Retry-After"]) <= 60


@pytest.mark.parametrize(("word", "status"), FAILS.items())
def test_what_fails_in_the_making_fails_as_told_and_is_told_as_an_event(
    studio: Studio, worker: Callable[[], int], word: str, status: int
) -> None:
    answer = studio.api(live=False).post("generate", body(f"simulate:{word}"))
    assert answer.status_code == status
    [made] = studio.generations()
    assert (made.state, made.error_code, made.is_test) == ("failed", word, True)
    with studio.enter():
        event = Event.objects.of(studio.organization).get(kind="generation.failed")
    assert event.data["test"] is True
    assert event.data["error"]["code"] == word
    assert studio.balance() == 100


def test_an_unknown_word_is_refused_with_those_there_are(studio: Studio) -> None:
    answer = studio.api(live=False).post("generations", body("simulate:weather"))
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_simulation")
    assert "simulate:rejected" in answer.json()["validValues"]


def test_a_live_key_is_not_heard(studio: Studio, worker: Callable[[], int]) -> None:
    assert studio.api().post("generate", body("simulate:rejected")).status_code == 200
    assert studio.api().post("generate", body("simulate:rate_limited")).status_code == 200
    assert studio.balance() == 80


def test_test_data_is_marked_filtered_and_deleted_in_one_go(
    studio: Studio, worker: Callable[[], int], owner_client: Client, colleague_client: Client
) -> None:
    studio.api(live=False).post("generate", body("Only a test"))
    studio.api(live=False).post("generate", body("simulate:rejected"))
    studio.api().post("generate", body("In earnest"))
    home = f"/w/{studio.organization.public_id}"
    only = owner_client.get(f"{home}/generations?test=only").content.decode()
    assert "Only a test" in only
    assert "In earnest" not in only
    assert "Delete all test data" in only
    without = owner_client.get(f"{home}/generations?test=without").content.decode()
    assert "In earnest" in without
    assert "Only a test" not in without
    api = studio.api()
    assert [len(api.get("generations", test=test).json()["results"]) for test in ("true", "false")] == [2, 1]
    assert colleague_client.post(f"{home}/test-data/delete").status_code == 403
    assert owner_client.post(f"{home}/test-data/delete").status_code == 302
    assert test_data.carry_out(organization_id=studio.organization.pk) == 2
    with studio.enter():
        left = Generation.objects.of(studio.organization).kept()
        assert [generation.prompt for generation in left] == ["In earnest"]
    page = owner_client.get(f"{home}/generations?test=only").content.decode()
    assert "Delete all test data" not in page  # nothing is left to delete
