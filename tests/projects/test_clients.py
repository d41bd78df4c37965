"""Clients: changed, with a logo and a colour, archived, deleted, given a budget."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.utils import timezone

from billing import budgets
from projects import arranging, brand, clients
from projects import services as projects
from projects.models import Client
from tests.factories import Studio
from tests.fakes import png
from tests.projects.agency import again, assert_files_are_clean, make_project

pytestmark = pytest.mark.usefixtures("images_made_here")


def test_a_client_is_changed_with_logo_and_colour(studio: Studio, owner_client: Browser, home: str) -> None:
    ada = projects.create_client(organization=studio.organization, name="Ada")
    facts = {"name": "Ada King", "phone": "+44 1", "address": "1 Quay", "accent": "#24584A"}
    logo = SimpleUploadedFile("logo.png", png(), "image/png")
    sent = owner_client.post(f"{home}/clients/{ada.public_id}/edit", facts | {"logo": logo})
    assert sent.status_code == 302
    ada = again(studio, ada)
    assert (ada.name, ada.phone, ada.accent) == ("Ada King", "+44 1", "#24584a")
    assert ada.logo.endswith(".png")
    assert_files_are_clean()
    owner_client.post(f"{home}/clients/{ada.public_id}/edit", facts | {"remove_logo": "on"})
    assert again(studio, ada).logo == ""
    assert_files_are_clean()


def test_a_colour_that_cannot_be_read_on_white_is_refused_with_one_that_can(
    studio: Studio, owner_client: Browser, home: str
) -> None:
    ada = projects.create_client(organization=studio.organization, name="Ada")
    page = owner_client.post(f"{home}/clients/{ada.public_id}/edit", {"name": "Ada", "accent": "#ffcc00"})
    assert page.status_code == 422
    better = brand.darker("#ffcc00")
    assert better in page.content.decode()
    assert brand.contrast_on_white(better) >= brand.LEAST
    assert again(studio, ada).accent == ""
    with pytest.raises(brand.NotAColour):
        brand.checked("red")


def test_a_client_is_deleted_only_when_empty(studio: Studio, owner_client: Browser, home: str) -> None:
    ada = projects.create_client(organization=studio.organization, name="Ada")
    project = make_project(studio, client=ada)
    with pytest.raises(clients.ClientNotEmpty):
        clients.delete_client(client=ada, by_user=studio.owner, now=timezone.now())
    arranging.delete_project(project=project, by_user=studio.owner, now=timezone.now())
    owner_client.post(f"{home}/clients/{ada.public_id}/delete")
    with studio.enter():
        assert not Client.objects.of(studio.organization).exists()


def test_an_archived_client_is_found_in_the_archive_alone(
    studio: Studio, owner_client: Browser, home: str
) -> None:
    ada = projects.create_client(organization=studio.organization, name="Ada", address="Quay")
    owner_client.post(f"{home}/clients/{ada.public_id}/archive")
    assert b"Ada" not in owner_client.get(f"{home}/clients").content.replace(b"Ada is archived", b"")
    assert b"Ada" in owner_client.get(f"{home}/clients?archived=on&q=quay").content
    owner_client.post(f"{home}/clients/{ada.public_id}/archive", {"archived": "no"})
    assert again(studio, ada).archived_at is None


def test_a_clients_budget_is_set_on_their_page_by_admins(
    studio: Studio, owner_client: Browser, colleague_client: Browser, home: str
) -> None:
    ada = projects.create_client(organization=studio.organization, name="Ada")
    page = f"{home}/clients/{ada.public_id}"
    assert colleague_client.post(f"{page}/budget", {"cap": "60"}).status_code == 403
    assert owner_client.post(f"{page}/budget", {"cap": "-1"}).status_code == 422
    owner_client.post(f"{page}/budget", {"cap": "60", "kind": "total"})
    found = budgets.budget_of(
        organization=studio.organization, key=budgets.client_key(ada.public_id), now=timezone.now()
    )
    assert found is not None
    assert (found.cap, found.is_total, found.name) == (60, True, "Ada")
    assert b"60 credits are left" in owner_client.get(page).content
    owner_client.post(f"{page}/budget", {"cap": ""})
    assert b"No budget" in owner_client.get(page).content
