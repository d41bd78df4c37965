"""Keys: made, shown once, limited, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import keys, rates, services
from accounts.models import ApiKey
from accounts.permitted import ApiAccessNeeded
from tests import factories
from tests.factories import NOON, Studio


def issue(studio: Studio, *, live: bool = True) -> tuple[ApiKey, str]:
    return services.issue_api_key(
        organization=studio.organization, by_user=studio.owner, name="Site", live=live, now=NOON
    )


def test_a_key_carries_its_kind_and_a_checksum() -> None:
    key = keys.generate(live=False)
    assert key.text.startswith("mf_sk_test_")
    assert keys.is_well_formed(key.text)
    mistyped = key.text[:-8] + ("a" if key.text[-8] != "a" else "b") + key.text[-7:]
    assert not keys.is_well_formed(mistyped)


def test_only_a_hash_of_the_key_is_kept(studio: Studio) -> None:
    key, text = issue(studio)
    with studio.enter():
        row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert text not in str(row)
    assert text.startswith(row["prefix"])
    assert services.find_api_key(text) == key


def test_a_sixth_active_key_is_refused_until_one_is_revoked(studio: Studio) -> None:
    made = [issue(studio, live=bool(n % 2))[0] for n in range(5)]
    with pytest.raises(services.TooManyKeys):
        issue(studio)
    services.revoke_api_key(
        organization=studio.organization, by_user=studio.owner, key_id=made[2].public_id, now=NOON
    )
    issue(studio)


def test_the_database_refuses_a_sixth_active_key(studio: Studio) -> None:
    key, _ = issue(studio)
    with studio.enter(), pytest.raises(IntegrityError, match="api_key_at_most_five"), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(slot=6)
    other, _ = issue(studio)
    with studio.enter(), pytest.raises(IntegrityError, match="api_key_slot_once"), transaction.atomic():
        ApiKey.objects.filter(pk=other.pk).update(slot=key.slot)


def test_a_live_key_needs_a_plan_with_api_access(db: None) -> None:
    small = factories.make_studio(plan="starter")
    with pytest.raises(ApiAccessNeeded):
        issue(small)
    issue(small, live=False)


def test_a_revoked_key_opens_nothing(studio: Studio) -> None:
    key, text = issue(studio)
    services.revoke_api_key(
        organization=studio.organization, by_user=studio.owner, key_id=key.public_id, now=NOON
    )
    assert services.find_api_key(text) is None
    answer = factories.ApiClient(text).get("credits")
    assert answer.status_code == 401
    assert answer.json()["error"] == "Unauthorized"


def test_a_live_key_stops_working_with_the_entitlement_and_says_why(studio: Studio) -> None:
    api, test_api = studio.api(), studio.api(live=False)
    studio.organization.api_access = False
    studio.organization.save()
    answer = api.get("credits")
    assert (answer.status_code, answer.json()["code"]) == (403, "api_access_needed")
    assert "Growth" in answer.json()["message"]
    assert test_api.get("credits").status_code == 200


def test_the_limit_per_minute_is_exact(studio: Studio, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    key, _ = issue(studio)

    def left(now: datetime = NOON) -> int:
        return services.count_request(api_key=key, now=now).remaining

    assert [left() for _ in range(3)] == [2, 1, 0]
    for _ in range(2):
        with pytest.raises(rates.RateLimited):
            left()
    assert left(NOON + timedelta(seconds=60)) == 2
    settings.API_REQUESTS_PER_MINUTE = 0
    with pytest.raises(rates.RateLimited):
        left(NOON + timedelta(seconds=120))


def test_a_clock_a_little_behind_is_counted_in_the_minute_that_runs(studio: Studio) -> None:
    key, _ = issue(studio)
    first = services.count_request(api_key=key, now=NOON)
    second = services.count_request(api_key=key, now=NOON - timedelta(milliseconds=1))
    assert second.remaining == first.remaining - 1


def test_the_page_shows_a_new_key_once(studio: Studio, owner_client: Client) -> None:
    where = f"/w/{studio.organization.public_id}/settings/api-keys"
    made = owner_client.post(where, {"name": "Site", "kind": "live"})
    text = made.context["issued"]
    assert text.encode() in made.content
    again = owner_client.get(where)
    assert text.encode() not in again.content
    assert text[: keys.PREFIX_LENGTH].encode() in again.content


def test_the_page_explains_why_there_is_no_live_key(db: None) -> None:
    small = factories.make_studio(plan="free")
    where = f"/w/{small.organization.public_id}/settings/api-keys"
    answer = factories.browser_of(small.owner).post(where, {"name": "Site", "kind": "live"})
    assert answer.status_code == 422
    assert b"Growth" in answer.content


def test_a_colleague_who_designs_makes_no_keys_and_a_stranger_finds_no_page(
    studio: Studio, colleague_client: Client, stranger_client: Client
) -> None:
    where = f"/w/{studio.organization.public_id}/settings/api-keys"
    assert colleague_client.get(where).status_code == 403
    assert stranger_client.get(where).status_code == 404
    key, _ = issue(studio)
    assert stranger_client.post(f"{where}/{key.public_id}/revoke").status_code == 404
