"""What a key may be used for, until when, from where, and for how many credits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import keys, services
from accounts.models import ApiKey, Scope
from billing import budgets
from tests import factories
from tests.factories import ApiClient, Studio


def issue(studio: Studio, *, live: bool = True, **wishes: Any) -> tuple[ApiKey, ApiClient]:
    key, text = services.issue_api_key(
        organization=studio.organization,
        by_user=studio.owner,
        name="Site",
        live=live,
        now=timezone.now(),
        **wishes,
    )
    return key, ApiClient(text)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.usefixtures("engine")
def test_a_key_does_only_what_its_scopes_say(studio: Studio) -> None:
    _, reader = issue(studio, scopes=[Scope.READ])
    _, maker = issue(studio, scopes=[Scope.GENERATE])
    assert reader.get("credits").status_code == 200
    assert refusal(reader.post("generations", factories.body())) == (403, "scope_missing")
    assert refusal(reader.post("clients", {"name": "A"})) == (403, "scope_missing")
    assert maker.post("generations", factories.body()).status_code == 202
    assert refusal(maker.get("credits")) == (403, "scope_missing")
    assert len(studio.generations()) == 1


def test_a_key_from_before_keeps_everything(studio: Studio) -> None:
    key, _ = issue(studio)
    assert key.scopes == [Scope.READ, Scope.GENERATE]  # and what is new has to be asked for by name
    assert (key.expires_at, key.networks) == (None, "")


def test_a_key_without_any_scope_is_refused_by_the_database_too(studio: Studio) -> None:
    with pytest.raises(services.NoScope):
        issue(studio, scopes=[])
    key, _ = issue(studio, scopes=[Scope.READ])
    with studio.enter(), pytest.raises(IntegrityError, match="good_for_something"), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(may_read=False)


def test_an_expired_key_says_so_and_makes_room(studio: Studio) -> None:
    key, api = issue(studio, expires_at=timezone.now() + timedelta(days=1))
    assert api.get("credits").status_code == 200
    with studio.enter():
        ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
    assert refusal(api.get("credits")) == (401, "api_key_expired")
    for _ in range(5):
        issue(studio)
    with pytest.raises(services.PastExpiry):
        issue(studio, expires_at=timezone.now())


def test_a_key_works_only_from_its_addresses(studio: Studio) -> None:
    _, here = issue(studio, networks=keys.read_networks("127.0.0.0/8, 2001:db8::/32"))
    _, elsewhere = issue(studio, networks=keys.read_networks("203.0.113.7"))
    assert here.get("credits").status_code == 200
    assert refusal(elsewhere.get("credits")) == (403, "address_not_allowed")


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1/8",
        "example.com",
        "1.2.3.4/33",
        "0x7f.1",
        " ".join(f"1.1.1.{n}" for n in range(21)),
    ],
)
def test_what_names_no_network_is_refused(text: str) -> None:
    with pytest.raises(keys.BadNetworks):
        keys.read_networks(text)


def test_a_mapped_address_counts_as_the_one_it_carries() -> None:
    assert keys.lies_within("::ffff:203.0.113.7", "203.0.113.0/24")
    assert not keys.lies_within("::ffff:198.51.100.1", "203.0.113.0/24")
    assert not keys.lies_within("nonsense", "203.0.113.0/24")


@pytest.mark.usefixtures("engine")
def test_a_key_spends_no_more_than_its_cap_and_others_go_on(studio: Studio) -> None:
    _, capped = issue(studio, credit_cap=25)
    _, free = issue(studio)
    answers = [capped.post("generations", factories.body()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 402]
    assert answers[2].json()["code"] == "budget_exceeded"
    assert free.post("generations", factories.body()).status_code == 202
    assert studio.balance() == 70


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("engine")
def test_many_at_once_never_spend_more_than_the_cap() -> None:
    studio = factories.make_studio(credits=1000)
    _, api = issue(studio, credit_cap=40)

    def ask(_: int) -> int:
        try:
            return int(api.__class__(api.key).post("generations", factories.body()).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(ask, range(12)))
    assert sorted(codes) == [202] * 4 + [402] * 8
    assert studio.balance() == 960


def test_a_revoked_key_leaves_no_budget(studio: Studio) -> None:
    key, _ = issue(studio, credit_cap=25)
    name = budgets.api_key_key(key)
    assert budgets.existing(organization=studio.organization, keys=[name]) == [name]
    services.revoke_api_key(
        organization=studio.organization, by_user=studio.owner, key_id=key.public_id, now=timezone.now()
    )
    assert budgets.existing(organization=studio.organization, keys=[name]) == []


def test_the_page_makes_a_limited_key_and_shows_its_limits(studio: Studio, owner_client: Client) -> None:
    where = f"/w/{studio.organization.public_id}/settings/api-keys"
    limits = {"scopes": ["read", "generate"], "credit_cap": "50", "networks": "127.0.0.1", "limited": "1"}
    made = owner_client.post(where, {"name": "Site", "kind": "live", "expires_on": "2099-01-01", **limits})
    text = made.context["issued"]
    key = services.find_api_key(text)
    assert key is not None
    assert [scope.value for scope in key.scopes] == ["read", "generate"]
    assert b"0 of 50 credits" in made.content
    assert b"127.0.0.1/32" in made.content
    wrongs: list[dict[str, Any]] = [{"networks": "10.0.0.1/8"}, {"scopes": []}, {"expires_on": "2001-01-01"}]
    for wrong in wrongs:
        answer = owner_client.post(where, {"name": "Site", "kind": "live", **limits, **wrong})
        assert answer.status_code == 422
