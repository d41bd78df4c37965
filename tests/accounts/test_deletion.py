"""The end of a workspace: typed by name, closed at once, emptied by a job, its books kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import deletion, invitations, lifecycle, members, services, tasks, tenancy
from accounts.models import ApiKey, AuditEntry, Membership, Organization, Role
from billing import ledger
from generations import file_check, sharing
from generations.models import Generation, State
from projects import storage
from tests import factories
from tests.factories import Studio
from tests.fakes import FakeEngine
from tests.test_query_counts import one_more_of_everything

# What may keep rows: books, and what their references stand for, emptied of everything personal.
KEPT = {
    "ApiKey",
    "AuditEntry",
    "CreditAccount",
    "CreditDay",
    "CreditEntry",
    "Generation",
    "GenerationReference",
    "Photo",
    "Picture",
    "UpstreamCall",
    "UpstreamTurn",
    # of customers of Stripe
    "BillingSettings",
    "PaidCredits",
    "Purchase",
    "Reversal",
    "StripeCustomer",
    "Subscription",
    "UpstreamKey",
}


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def page_of(studio: Studio) -> str:
    return f"/w/{studio.organization.public_id}/settings/delete"


def owner_who_was_asked(studio: Studio) -> Client:
    client = factories.browser_of(studio.owner)
    client.post("/accounts/reauthenticate/", {"password": "secret"})
    return client


def delete(studio: Studio) -> None:
    deletion.delete_workspace(
        organization=studio.organization, by_user=studio.owner, typed="Oak & Linen", now=timezone.now()
    )


def left_of(studio: Studio) -> set[str]:
    """The models that still have rows of this workspace."""
    names = set()
    with studio.enter():
        for model in apps.get_models():
            if any(field.name == "organization" for field in model._meta.fields):
                rows: Any = model._default_manager.all()
                if rows.of(studio.organization).exists():
                    names.add(model.__name__)
    return names


def test_the_page_says_what_is_lost_and_wants_the_password_and_the_name(studio: Studio) -> None:
    assert "/accounts/reauthenticate/" in factories.browser_of(studio.owner).get(page_of(studio))["Location"]
    client = owner_who_was_asked(studio)
    page = client.get(page_of(studio)).content.decode()
    assert "100 credits that would never expire are lost." in page
    assert "Every link to a picture" in page
    assert client.post(page_of(studio), {"name": "Oak"}).status_code == 422
    studio.organization.refresh_from_db()
    assert studio.organization.deleted_at is None
    answer = client.post(page_of(studio), {"name": " Oak  & Linen "}, follow=True)
    assert b"was deleted" in answer.content


def test_only_an_owner_deletes_and_a_stranger_finds_no_page(
    studio: Studio, colleague_client: Client, stranger_client: Client
) -> None:
    with studio.enter():
        Membership.objects.filter(user=studio.colleague).update(role=Role.ADMIN)
    assert colleague_client.get(page_of(studio)).status_code == 403
    assert stranger_client.get(page_of(studio)).status_code == 404
    with pytest.raises(members.NotAllowed):
        deletion.delete_workspace(
            organization=studio.organization,
            by_user=studio.colleague,
            typed="Oak & Linen",
            now=timezone.now(),
        )


def test_every_door_is_closed_at_once(studio: Studio, owner_client: Client, colleague_client: Client) -> None:
    api, test_api = studio.api(), studio.api(live=False)
    invitation = invitations.invite(
        organization=studio.organization,
        by_user=studio.owner,
        email="bea@example.com",
        role=Role.VIEWER,
        base="http://testserver",
        now=timezone.now(),
    )
    token = "t" * 40
    with studio.enter():
        rows = type(invitation).objects.filter(pk=invitation.pk)
        rows.update(token_sha256=invitations._fingerprint(token))
    assert Client().get(f"/invitations/{token}").status_code == 200
    delete(studio)
    home = f"/w/{studio.organization.public_id}"
    for client in (owner_client, colleague_client):
        for page in ("studio", "settings", "credits", "settings/members", "enter"):
            assert client.get(f"{home}/{page}").status_code == 404
    assert api.get("credits").status_code == 401
    assert test_api.get("credits").status_code == 401
    assert Client().get(f"/invitations/{token}").status_code == 410
    assert services.workspaces_of(user=studio.owner) == []
    assert owner_client.get("/home", follow=True).status_code == 200, "they come to a new one"
    with pytest.raises(members.NoSuchMember):
        members.leave(organization=studio.organization, by_user=studio.colleague, now=timezone.now())


def test_a_link_to_a_picture_shows_nothing_from_that_moment_on(
    studio: Studio, worker: Callable[[], int]
) -> None:
    studio.ask("Warm oak")
    worker()
    (generation,) = studio.generations()
    _, token = sharing.make_link(
        picture=generation.pictures.all()[0], by_user=studio.owner, days=7, now=timezone.now()
    )
    assert sharing.find(token=token, now=timezone.now())[1] is not None
    delete(studio)
    assert sharing.find(token=token, now=timezone.now()) == (None, None)


def test_what_it_had_is_gone_and_its_books_stay(
    studio: Studio, strange_studio: Studio, worker: Callable[[], int]
) -> None:
    one_more_of_everything(studio, 1)
    one_more_of_everything(strange_studio, 2)
    lines = studio.lines()
    delete(studio)
    tasks.empty_workspace(organization_id=studio.organization.pk)
    studio.organization.refresh_from_db()
    assert studio.organization.name == "Deleted workspace"
    assert studio.organization.emptied_at
    assert left_of(studio) <= KEPT
    assert studio.lines() == lines
    assert ledger.drift() == []
    with studio.enter():
        assert not Generation.objects.of(studio.organization).exclude(prompt="").exists()
        assert not ApiKey.objects.of(studio.organization).active().exists()
        actions = list(
            AuditEntry.objects.of(studio.organization).order_by("pk").values_list("action", flat=True)
        )
    assert actions[-2:] == ["workspace.deleted", "workspace.emptied"]
    storage.sweep(now=timezone.now())
    check = file_check.check_files(now=timezone.now())
    assert check.is_clean, check
    assert check.files > 0, "the neighbour's are all there"
    with strange_studio.enter():
        assert Generation.objects.of(strange_studio.organization).exclude(prompt="").count() == 1
    assert not deletion.empty(organization_id=studio.organization.pk, now=timezone.now()), "once"


def test_what_is_being_made_is_cancelled_or_waited_for_and_holds_no_credits(
    studio: Studio, engine: FakeEngine
) -> None:
    waiting, running = studio.ask("Waits"), studio.ask("Runs")
    now = timezone.now()
    with studio.enter():
        Generation.objects.filter(pk=running.pk).update(
            state=State.RUNNING, attempt=1, started_at=now, calling_since=now, lease_until=now
        )
    delete(studio)
    assert deletion.empty_all(now=now) == 0, "requests of before may still write"
    now += deletion.SETTLED_AFTER + timedelta(minutes=1)
    assert deletion.empty_all(now=now) == 0, "an engine is at work"
    with studio.enter():
        assert Generation.objects.get(pk=waiting.pk).state == State.CANCELED
        Generation.objects.filter(pk=running.pk).update(calling_since=None)
    assert deletion.empty_all(now=now) == 1
    assert studio.balance() == 100, "every hold was released; the balance stays in the books"


def test_trouble_of_one_workspace_holds_up_no_other(
    studio: Studio, strange_studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(studio)
    deletion.delete_workspace(
        organization=strange_studio.organization,
        by_user=strange_studio.owner,
        typed="Elsewhere",
        now=timezone.now(),
    )
    happened = lifecycle.workspace_deleted.happened

    def fails_here(*, organization: Organization, now: Any) -> None:
        if organization == studio.organization:
            raise RuntimeError("broken")
        happened(organization=organization, now=now)

    monkeypatch.setattr(lifecycle.workspace_deleted, "happened", fails_here)
    assert deletion.empty_all(now=timezone.now() + deletion.SETTLED_AFTER) == 1


def test_a_job_to_empty_it_is_part_of_the_deletion(studio: Studio) -> None:
    delete(studio)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [deletion.EMPTY_TASK])
        assert cursor.fetchone()[0] == 1
    with tenancy.enter(studio.organization):
        assert AuditEntry.objects.filter(action="workspace.deleted", actor=studio.owner).exists()
