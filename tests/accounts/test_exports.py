"""Everything of a workspace or a person as a ZIP: built by a job, told by mail, for its people, gone after a week."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import deletion, exports, tasks, tenancy
from accounts.models import Export
from generations import file_check
from projects import storage
from tests.factories import Studio
from tests.test_query_counts import one_more_of_everything


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def page_of(studio: Studio) -> str:
    return f"/w/{studio.organization.public_id}/settings/exports"


def build_all() -> None:
    with tenancy.system("a person's own exports"):
        waiting = list(Export.objects.filter(ready_at=None).values_list("pk", flat=True))
    for pk in waiting:
        tasks.build_export(export_id=pk, base="http://testserver")


def fetched(client: Client, page: str) -> dict[str, bytes]:
    """The files of the newest export that the page links to."""
    found = re.search(rf"{page}/exp_\w+/fetch", client.get(page).content.decode())
    assert found
    answer: Any = client.get(found[0])
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def test_an_owner_gets_everything_of_the_workspace_and_nothing_of_another(
    studio: Studio, strange_studio: Studio, owner_client: Client, worker: Callable[[], int]
) -> None:
    one_more_of_everything(studio, 1)
    one_more_of_everything(strange_studio, 2)
    said = owner_client.post(page_of(studio), follow=True)
    assert b"being built" in said.content
    build_all()
    assert mail.outbox[-1].to == [studio.owner.email]
    assert f"http://testserver{page_of(studio)}" in str(mail.outbox[-1].body)
    files = fetched(owner_client, page_of(studio))
    lists = {name[:-5]: json.loads(text) for name, text in files.items() if name.endswith(".json")}
    for name in (
        "workspace",
        "members",
        "api-keys",
        "audit-log",
        "clients",
        "projects",
        "rooms",
        "products",
        "recipes",
        "photos",
        "generations",
        "pictures",
        "credits",
        "budgets",
    ):
        assert lists[name], name
    assert lists["missing-files"] == []
    assert lists["generations"][0]["prompt"] == "Warm oak"
    assert len([name for name in files if name.startswith("pictures/")]) == 1
    assert len([name for name in files if name.startswith("photos/")]) == len(lists["photos"])
    assert "Client 2" not in str(lists)
    assert "sha256" not in str(lists)


def test_a_person_gets_what_there_is_about_them(
    studio: Studio, strange_studio: Studio, colleague_client: Client, worker: Callable[[], int]
) -> None:
    studio.ask("The owner's words")
    client = Client()
    client.post("/accounts/login/", {"login": studio.colleague.email, "password": "secret"})
    client.post("/profile/exports")
    build_all()
    files = fetched(client, "/profile/exports")
    lists = {name[:-5]: json.loads(text) for name, text in files.items()}
    assert lists["person"][0]["email"] == studio.colleague.email
    assert lists["memberships"][0]["role"] == "designer"
    assert lists["sessions"]
    assert "The owner's words" not in str(lists)


def test_only_owners_and_the_person_fetch_them(
    studio: Studio, owner_client: Client, colleague_client: Client, stranger_client: Client
) -> None:
    owner_client.post(page_of(studio))
    owner_client.post("/profile/exports")
    build_all()
    assert colleague_client.get(page_of(studio)).status_code == 403
    assert stranger_client.get(page_of(studio)).status_code == 404
    with tenancy.system("a person's own exports"):
        of_person = Export.objects.get(organization=None)
        of_workspace = Export.objects.get(organization=studio.organization)
    assert stranger_client.get(f"/profile/exports/{of_person.public_id}/fetch").status_code == 404
    assert owner_client.get(f"/profile/exports/{of_workspace.public_id}/fetch").status_code == 404
    assert owner_client.get(f"{page_of(studio)}/{of_person.public_id}/fetch").status_code == 404
    with studio.enter():
        assert Export.objects.filter(organization=None).count() == 0, "a person's are behind the wall"


def test_one_at_a_time_and_three_a_day(studio: Studio, owner_client: Client) -> None:
    owner_client.post(page_of(studio))
    assert b"being built already" in owner_client.post(page_of(studio), follow=True).content
    build_all()
    for _ in range(2):
        owner_client.post(page_of(studio))
        build_all()
    assert b"Three exports a day" in owner_client.post(page_of(studio), follow=True).content


def test_the_database_refuses_two_at_once(studio: Studio) -> None:
    now = timezone.now()
    fields: dict[str, Any] = {"asked_by": studio.owner, "created_at": now, "expires_at": now}
    with tenancy.system("a person's own exports"):
        Export.objects.create(organization=None, **fields)
        with pytest.raises(IntegrityError, match="export_one_of_a_person"), transaction.atomic():
            Export.objects.create(organization=None, **fields)
        Export.objects.create(organization=studio.organization, **fields)
        with pytest.raises(IntegrityError, match="export_one_at_a_time"), transaction.atomic():
            Export.objects.create(organization=studio.organization, **fields)


def test_it_is_gone_after_a_week_with_its_file(studio: Studio, owner_client: Client) -> None:
    owner_client.post(page_of(studio))
    build_all()
    now = timezone.now()
    assert exports.sweep(now=now) == 0
    assert file_check.check_files(now=now).is_clean
    assert exports.sweep(now=now + timedelta(days=7, minutes=1)) == 1
    assert default_storage.listdir("exports")[1] == []
    assert b"/fetch" not in owner_client.get(page_of(studio)).content


def test_one_whose_builder_was_killed_makes_room(studio: Studio, owner_client: Client) -> None:
    owner_client.post(page_of(studio))
    later = timezone.now() + timedelta(hours=13)
    assert exports.sweep(now=later) == 1
    assert b"being built. You" in owner_client.post(page_of(studio), follow=True).content


def test_an_export_goes_with_its_workspace(studio: Studio, owner_client: Client) -> None:
    owner_client.post(page_of(studio))
    build_all()
    owner_client.post(page_of(studio))
    deletion.delete_workspace(
        organization=studio.organization, by_user=studio.owner, typed="Oak & Linen", now=timezone.now()
    )
    mails = len(mail.outbox)
    build_all()
    assert len(mail.outbox) == mails, "nothing is built of a deleted workspace"
    deletion.empty_all(now=timezone.now() + deletion.SETTLED_AFTER)
    storage.sweep(now=timezone.now())
    assert default_storage.listdir("exports")[1] == []
