"""What every endpoint does alike: its query is checked, `If-Match` heeded, only what was asked for is sent."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections
from django.test import Client

from accounts.webhooks import add_endpoint
from tests.accounts.test_accounts_api import manager
from tests.factories import NOON, ApiClient, Studio


@pytest.fixture
def endpoint(studio: Studio, settings: LazySettings) -> str:
    settings.FETCH_ALLOW_LOOPBACK = True
    made, _ = add_endpoint(
        organization=studio.organization,
        by_user=studio.owner,
        url="http://127.0.0.1:9/hook",
        description="Till",
        wanted=[],
        now=NOON,
    )
    return f"webhook-endpoints/{made.public_id}"


def send(api: ApiClient, method: str, path: str, body: Any = None, **headers: str) -> Any:
    call = getattr(Client(), method)
    given = {"authorization": f"Bearer {api.key}", **headers}
    return call(f"/api/v1/{path}", body, content_type="application/json", headers=given)


def test_a_change_of_what_has_changed_since_is_refused(studio: Studio, endpoint: str) -> None:
    api = manager(studio)
    seen = api.get(endpoint)["ETag"]
    changed = send(api, "patch", endpoint, {"description": "Other"}, **{"If-Match": seen})
    assert changed.status_code == 200
    assert changed["ETag"] == api.get(endpoint)["ETag"] != seen
    late = send(api, "patch", endpoint, {"description": "Third"}, **{"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert send(api, "delete", endpoint, **{"If-Match": seen}).status_code == 412
    assert api.get(endpoint).json()["description"] == "Other"
    assert send(api, "delete", endpoint, **{"If-Match": f'"x", {changed["ETag"]}'}).status_code == 204
    assert send(api, "delete", endpoint, **{"If-Match": seen}).status_code == 404


def test_a_weak_or_malformed_etag_matches_nothing_and_a_star_matches_what_is_there(
    studio: Studio, endpoint: str
) -> None:
    api = manager(studio)
    seen = api.get(endpoint)["ETag"]
    for tag in (f"W/{seen}", "nonsense", ""):
        assert send(api, "patch", endpoint, {"description": "A"}, **{"If-Match": tag}).status_code == 412
    assert send(api, "patch", endpoint, {"description": "A"}, **{"If-Match": "*"}).status_code == 200


def test_if_match_on_what_has_no_etag_is_refused_and_not_ignored(studio: Studio) -> None:
    api = manager(studio)
    answer = send(api, "put", "organization/name", {"name": "Ash"}, **{"If-Match": '"x"'})
    assert (answer.status_code, api.get("organization").json()["name"]) == (412, studio.organization.name)


@pytest.mark.django_db(transaction=True)
def test_of_many_changes_with_the_same_etag_at_once_one_alone_is_made(studio: Studio, endpoint: str) -> None:
    api = manager(studio)
    seen, answers = api.get(endpoint)["ETag"], []

    def change(number: int) -> None:
        headers = {"If-Match": seen}
        answers.append(
            send(api, "patch", endpoint, {"description": f"Number {number}"}, **headers).status_code
        )
        connections.close_all()

    threads = [threading.Thread(target=change, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412, 412, 412, 412, 412]


def test_only_the_members_that_were_asked_for_are_sent(studio: Studio, endpoint: str) -> None:
    api = manager(studio)
    whole, part = api.get(endpoint), api.get(endpoint, fields="id,url")
    assert list(part.json()) == ["id", "url"]
    assert part["ETag"] == whole["ETag"]  # so that it can be sent back with a change
    listed = api.get("webhook-endpoints", fields="url", limit="1").json()
    assert listed == {"next": None, "previous": None, "results": [{"url": "http://127.0.0.1:9/hook"}]}
    wrong = api.get(endpoint, fields="id,secret")
    assert wrong.status_code == 400
    assert "description" in wrong.json()["possible"]


def test_a_parameter_that_is_not_known_or_of_another_kind_is_refused(studio: Studio) -> None:
    api = manager(studio)
    for query, named in (
        ({"kinds": "x"}, "type"),
        ({"limit": "many"}, None),
        ({"limit": "0"}, None),
        ({"fields": "id,nothing"}, "subject"),
    ):
        wrong = api.get("events", **query)
        assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_parameter"), query
        assert named is None or named in wrong.json()["possible"]
    assert api.get("events", limit="1000").status_code == 200
    assert (
        Client()
        .get("/api/v1/events?limit=1&limit=2", headers={"authorization": f"Bearer {api.key}"})
        .status_code
        == 400
    )
    assert api.get("audit", kind="nothing").status_code == 400


def test_meltflex_programs_may_send_any_query(studio: Studio) -> None:
    assert studio.api().get("credits", source="plugin").status_code == 200


def test_an_id_is_answered_as_what_it_names_when_that_is_asked_for(studio: Studio, endpoint: str) -> None:
    api = manager(studio)
    sent = [api.post(f"{endpoint}/test", {}).json()["event"] for _ in range(2)]
    plain = api.get(f"{endpoint}/deliveries")
    assert [row["event"] for row in plain.json()["results"]] == sent[::-1]
    whole = api.get(f"{endpoint}/deliveries", expand="event")
    told = [row["event"] for row in whole.json()["results"]]
    assert [(event["id"], event["type"]) for event in told] == [(id_, "webhook.test") for id_ in sent[::-1]]
    assert whole["ETag"].startswith(plain["ETag"][:-1] + ".")
    assert told[0] == api.get(f"events/{sent[1]}").json()
    wrong = api.get(f"{endpoint}/deliveries", expand="endpoint")
    assert (wrong.status_code, wrong.json()["possible"]) == (400, ["event"])


def test_a_value_of_another_kind_than_described_is_refused_and_not_guessed_at(
    studio: Studio, endpoint: str
) -> None:
    api = manager(studio)
    for body in ({"enabled": "no"}, {"description": 7}, {"event_types": [1]}):
        wrong = send(api, "patch", endpoint, body)
        assert wrong.status_code == 400, body
        assert wrong.json()["errors"][0]["pointer"] == f"#/{next(iter(body))}"
    assert api.get(endpoint).json()["description"] == "Till"
