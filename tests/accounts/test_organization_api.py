"""The workspace as a whole over the API: mail, leaving, handing over, its end, its data."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import exports
from accounts.models import Export, Membership, Organization, Role, User
from tests.factories import ApiClient, Studio


def member_of(studio: Studio, person: User) -> Membership:
    with studio.enter():
        found: Membership = Membership.objects.of(studio.organization).get(user=person)
        return found


def test_everybody_says_what_they_are_told_by_mail(studio: Studio) -> None:
    viewer = studio.join(Role.VIEWER)
    api = studio.api(by=viewer, scopes=["read"])
    before = api.get("me/mail").json()
    assert (before["mail_mentions"], before["mail_weekly"]) == (True, False)
    after = api.patch("me/mail", {"mail_weekly": True}).json()
    assert after == {**before, "mail_weekly": True}
    assert api.get("me/mail").json() == after
    assert member_of(studio, viewer).mail_weekly
    assert not member_of(studio, studio.owner).mail_weekly
    assert api.patch("me/mail", {"mail_weekly": "often"}).status_code == 400


def test_who_leaves_is_no_member_and_the_only_owner_stays(studio: Studio) -> None:
    viewer = studio.join(Role.VIEWER)
    api = studio.manager(by=viewer)
    assert studio.manager().post("organization/leave", {}).json()["code"] == "last_owner"
    assert api.post("organization/leave", {}).status_code == 204
    assert api.get("me").json()["role"] is None
    assert api.get("me/mail").status_code == 404
    assert api.post("organization/leave", {}).status_code == 404


def test_a_workspace_is_handed_over_by_its_owner(studio: Studio, strange_studio: Studio) -> None:
    who = member_of(studio, studio.colleague).pk
    admin = studio.manager(by=studio.join(Role.ADMIN))
    assert admin.post("organization/transfer", {"member": who}).json()["code"] == "owner_needed"
    api = studio.manager()
    stranger = member_of(strange_studio, strange_studio.owner).pk
    assert api.post("organization/transfer", {"member": stranger}).status_code == 404
    assert api.post("organization/transfer", {"member": "x"}).status_code == 400
    told = api.post("organization/transfer", {"member": who})
    assert (told.status_code, told.json()["role"]) == (200, "owner")
    assert api.get("me").json()["role"] == "admin"


def test_the_end_of_a_workspace_is_explained_and_asks_for_its_name(studio: Studio) -> None:
    api = studio.manager()
    told = api.get("organization/deletion").json()
    assert told["name"] == "Oak & Linen"
    assert any("100 credits" in sentence for sentence in told["consequences"]), told
    wrong = api.post("organization/deletion", {"name": "Elsewhere"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_name")
    assert studio.manager(by=studio.join(Role.ADMIN)).get("organization/deletion").status_code == 403
    assert api.post("organization/deletion", {"name": "Oak & Linen"}).status_code == 204
    assert Organization.objects.get(pk=studio.organization.pk).deleted_at is not None
    assert api.get("me").status_code == 401


def test_everything_is_had_as_a_zip(studio: Studio, strange_studio: Studio) -> None:
    api = studio.manager()
    asked = api.post("exports", {})
    assert asked.status_code == 201
    assert asked.json()["file_url"] is None
    where = f"exports/{asked.json()['id']}"
    assert asked["Location"].endswith(where)
    assert api.get(f"{where}/file").status_code == 404, "not ready"
    assert api.post("exports", {}).json()["code"] == "export_under_way"
    job = ProcrastinateJob.objects.get(task_name=exports.BUILD_TASK)
    exports.build(now=timezone.now(), **job.args)
    [ready] = api.get("exports").json()["results"]
    assert ready == api.get(where).json()
    answer = api.get(ready["file_url"].partition("/api/v1/")[2])
    assert "members.json" in ZipFile(BytesIO(answer.getvalue())).namelist()
    stranger = strange_studio.manager()
    for path in (where, f"{where}/file"):
        assert stranger.get(path).status_code == 404
    assert stranger.get("exports").json()["results"] == []
    assert studio.manager(by=studio.colleague).get("exports").status_code == 403
    with studio.enter():
        Export.objects.of(studio.organization).update(expires_at=timezone.now())
    assert api.get(f"{where}/file").status_code == 404, "over"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "organization/leave", {}),
        ("post", "organization/transfer", {"member": 1}),
        ("post", "organization/deletion", {"name": "Oak & Linen"}),
        ("post", "exports", {}),
        ("get", "exports", None),
    ],
)
def test_none_of_it_goes_without_the_scope(studio: Studio, method: str, path: str, body: Any) -> None:
    api: ApiClient = studio.api()
    answer = getattr(api, method)(path) if body is None else getattr(api, method)(path, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
