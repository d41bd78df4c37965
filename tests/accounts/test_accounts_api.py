"""What the pages of a workspace can do, a program with the scope `manage` can."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import Membership, Role, Scope
from tests.factories import ApiClient, Studio


def manager(studio: Studio, *, live: bool = True, **wishes: Any) -> ApiClient:
    _, text = services.issue_api_key(
        organization=studio.organization,
        by_user=wishes.pop("by_user", studio.owner),
        name="Manager",
        live=live,
        now=timezone.now(),
        scopes=wishes.pop("scopes", list(Scope)),
        **wishes,
    )
    return ApiClient(text)


def patch(api: ApiClient, path: str, body: dict[str, Any]) -> Any:
    headers = {"authorization": f"Bearer {api.key}"}
    return Client().patch(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


READS = ("webhook-endpoints", "api-keys", "members", "invitations", "audit")


@pytest.mark.parametrize("path", READS)
def test_managing_needs_its_scope_and_a_maker_who_is_an_admin(studio: Studio, path: str) -> None:
    assert manager(studio).get(path).status_code == 200
    assert studio.api().get(path).json()["code"] == "scope_missing"
    assert manager(studio, by_user=studio.colleague).get(path).status_code == 403


def test_an_endpoint_lives_its_life_over_the_api(
    studio: Studio, strange_studio: Studio, settings: LazySettings
) -> None:
    settings.FETCH_ALLOW_LOOPBACK = True
    api, stranger = manager(studio), manager(strange_studio)
    made = api.post("webhook-endpoints", {"url": "http://127.0.0.1:9/hook", "event_types": ["credits.low"]})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    where = f"webhook-endpoints/{made.json()['id']}"
    assert "secret" not in api.get(where).json()
    assert patch(api, where, {"description": "Till"}).json()["event_types"] == ["credits.low"]
    fired = api.post(f"{where}/test", {})
    assert (fired.status_code, fired.json()["type"]) == (202, "webhook.test")
    assert patch(api, where, {"enabled": False}).json()["disabled_reason"] == "by_hand"
    assert api.post(f"{where}/test", {}).json()["code"] == "endpoint_off"
    patch(api, where, {"enabled": True})
    assert api.post(f"{where}/secret", {}).json()["secret"] != made.json()["secret"]
    [delivery] = api.get(f"{where}/deliveries").json()["results"]
    assert api.post(f"webhook-deliveries/{delivery['id']}/again", {}).json()["state"] == "pending"
    time = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    assert api.post(f"{where}/replay", time).json()["code"] == "bad_range"
    event = api.get(f"events/{delivery['event']}").json()
    assert event["id"] == delivery["event"]
    assert api.get("events", type="webhook.test").json()["results"] == [event]
    for path in (where, f"{where}/deliveries", f"events/{delivery['event']}"):
        assert stranger.get(path).status_code == 404
    for path in (f"{where}/test", f"{where}/secret", f"webhook-deliveries/{delivery['id']}/again"):
        assert stranger.post(path, {}).status_code == 404
    assert stranger.delete(where).status_code == 404
    assert api.delete(where).status_code == 204
    assert api.get(where).status_code == 404
    wrong = api.post("webhook-endpoints", {"url": "https://10.0.0.1/"})
    assert wrong.json()["errors"][0]["pointer"] == "#/url"


def test_a_key_makes_and_revokes_keys_but_none_that_can_do_more(studio: Studio) -> None:
    api = manager(studio)
    made = api.post("api-keys", {"name": "Shop", "live": True, "scopes": ["read"], "credit_cap": 50})
    assert made.status_code == 201
    assert made.json()["credit_cap"] == {"credits": 50, "used": 0}
    new = ApiClient(made.json()["key"])
    assert new.get("me").json()["api_key"]["scopes"] == ["read"]
    assert api.delete(f"api-keys/{made.json()['id']}").status_code == 204
    assert new.get("me").status_code == 401
    assert api.delete(f"api-keys/{made.json()['id']}").status_code == 404
    weak = manager(studio, scopes=[Scope.MANAGE])
    testing = manager(studio, live=False)
    capped = manager(studio, credit_cap=5)
    for maker, wish in (
        (weak, {"scopes": ["generate"]}),
        (testing, {"live": True}),
        (capped, {"scopes": ["manage"]}),
    ):
        assert maker.post("api-keys", {"name": "More", **wish}).json()["code"] == "key_makes_no_more"


def test_people_and_the_workspace(studio: Studio) -> None:
    api = manager(studio)
    assert api.get("organization").json()["name"] == "Oak & Linen"
    assert (api.get("me").json()["role"], api.get("me").json()["email"]) == ("owner", studio.owner.email)
    with studio.enter():
        colleague = Membership.objects.of(studio.organization).get(user=studio.colleague)
    assert patch(api, f"members/{colleague.pk}", {"role": "viewer"}).json()["role"] == Role.VIEWER
    invited = api.post("invitations", {"email": "new@example.com"})
    assert (invited.status_code, invited.json()["role"]) == (201, "designer")
    assert api.delete(f"invitations/{invited.json()['id']}").status_code == 204
    assert api.delete(f"members/{colleague.pk}").status_code == 204
    actions = [line["action"] for line in api.get("audit").json()["results"]]
    assert {"member.removed", "invitation.sent", "invitation.withdrawn"} <= set(actions)
    assert api.get("audit", kind="member").json()["results"][0]["action"] == "member.removed"


def test_a_read_that_has_not_changed_is_304(studio: Studio) -> None:
    api = studio.api()
    first = api.get("organization")
    headers = {"authorization": f"Bearer {api.key}", "If-None-Match": first["ETag"]}
    again = Client().get("/api/v1/organization", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert "RateLimit" in again
    studio.organization.name = "Ash"
    studio.organization.save()
    assert Client().get("/api/v1/organization", headers=headers).status_code == 200
