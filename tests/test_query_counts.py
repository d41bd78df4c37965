"""Each list asks the database as often for many rows as for one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership, Role
from billing import budgets, credits
from generations import favourites, room_sets, services, sharing
from generations.models import Picture, RoomSet
from projects import library, team
from projects import services as projects
from projects.models import Photo, Project, Room
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio
from tests.fakes import jpeg

PAGES = (
    "studio",
    "generations",
    "projects",
    "projects?view=board",
    "clients",
    "credits",
    "credits/buy",
    "library",
    "recipes",
    "settings",
    "settings/api-keys",
    "settings/budgets",
    "settings/members",
    "settings/audit-log",
    "settings/exports",
    "notifications",
    "activity",
    "my-projects",
)
# Of the room and the generation that came first: each row more hangs on them.
NESTED = (
    "generations?q=oak",
    "generations?starred=on",
    "generations?after={generation}",
    "rooms/{room}",
    "rooms/{room}/versions",
    "rooms/{room}/edit",
    "clients/{client}",
    "projects/{project}",
    "projects/{project}/set",
    "projects/{project}/edit",
    "room-sets/{set}",
    "generations/{generation}",
    "generations/{generation}/versions",
    "compare?a={picture}",
    "pictures/{picture}/share",
    "projects/{project}/team",
    "projects/{project}/activity",
)
API = ("generations", "projects", "clients", "rooms", "photos", "credits/lines")


def one_more_of_everything(studio: Studio, number: int) -> None:
    """A row more on every list."""
    organization, owner, now = studio.organization, studio.owner, timezone.now()
    client = projects.create_client(organization=organization, name=f"Client {number}")
    project = projects.create_project(organization=organization, name=f"Flat {number}", client=client)
    room = projects.create_room(project=project, name="Living room")
    image = IncomingImage(content=jpeg(), name="Sofa")
    projects.add_photo(organization=organization, image=image, by_user=owner, room=room)
    product = library.add_product(organization=organization, by_user=owner, image=image, name="Sofa")
    look = library.Look(prompt="Oak")
    library.save_recipe(
        organization=organization, by_user=owner, name=f"Look {number}", look=look, products=[product]
    )
    ask = services.Ask(prompt="Warm oak", image=image, room=room, references=[image])
    services.request_generation(organization=organization, ask=ask, by_user=owner, now=now)
    factories.work()
    budgets.set_budget(
        organization=organization, key=f"client:{client.public_id}", cap=500, by_user=owner, now=now
    )
    person = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=organization, user=person, role=Role.VIEWER)
    if number < 4:
        accounts.issue_api_key(organization=organization, by_user=owner, name="Key", live=True, now=now)


def one_more_of_a_set(studio: Studio, picture: Picture, number: int) -> None:
    """A room more of the picture's project, with a photo, and a set more over it and those before it."""
    organization, owner, now = studio.organization, studio.owner, timezone.now()
    assert picture.generation.room is not None
    with studio.enter():
        rooms = Room.objects.of(organization).select_related("project__organization", "organization")
        beside = rooms.get(pk=picture.generation.room.pk)
    room = projects.create_room(project=beside.project, name=f"Room {number}")
    image = IncomingImage(content=jpeg())
    projects.add_photo(organization=organization, image=image, by_user=owner, room=room)
    with studio.enter():
        rows = Photo.objects.of(organization).of_rooms().filter(room__project=room.project)
        photos = list(rows.exclude(room=beside).select_related("room"))
    look = services.Ask(prompt="Oak")
    choice = room_sets.Choice(
        project=room.project, photos=photos, look=look, name="Oak", agreed=look.price * len(photos)
    )
    room_sets.begin(choice=choice, by_user=owner, key=f"set {number}", now=now)
    factories.work()


def one_more_around(studio: Studio, picture: Picture) -> None:
    """A version more, a starred picture more, a link more, all of them around this picture; a note in its project."""
    now, made = timezone.now(), picture.generation
    for source in ({"parent": picture}, {"photo": made.photo}):
        ask = services.Ask(prompt="Oak, once more", room=made.room, **source)
        services.request_generation(organization=studio.organization, ask=ask, by_user=studio.owner, now=now)
    factories.work()
    with studio.enter():
        newest = Picture.objects.of(studio.organization).select_related("organization").latest("pk")
    favourites.star(picture=newest, starred=True, now=now)
    sharing.make_link(picture=picture, by_user=studio.owner, now=now)
    assert made.room is not None
    with studio.enter():
        project = Project.objects.select_related("organization").get(pk=made.room.project_id)
        newest_member = Membership.objects.of(studio.organization).latest("pk").pk
        owner = Membership.objects.of(studio.organization).get(user=studio.owner).pk
    for member in (owner, newest_member):
        team.assign(project=project, member_id=member, by_user=studio.colleague, now=now)
    name = studio.owner.email
    team.write_note(project=project, by_user=studio.colleague, text=f"For @{name}", now=now)


def first_picture(studio: Studio) -> Picture:
    related = ("organization", "generation__organization", "generation__room__project", "generation__photo")
    with studio.enter():
        found: Picture = Picture.objects.of(studio.organization).select_related(*related).earliest("pk")
        return found


def counted(get: Any, path: str) -> int:
    get(path)  # what is remembered by the process is asked for once
    with CaptureQueriesContext(connection) as seen:
        assert get(path).status_code == 200, path
    return len(seen)


@pytest.mark.usefixtures("worker")
def test_no_list_asks_more_often_for_more_rows(studio: Studio, owner_client: Browser) -> None:
    credits.grant(organization=studio.organization, purchased=500, fact="more", now=timezone.now())
    home, api = f"/w/{studio.organization.public_id}", studio.api()
    one_more_of_everything(studio, 1)

    def count() -> dict[str, int]:
        pages = {page: counted(owner_client.get, f"{home}/{page}") for page in PAGES}
        made = picture.generation
        assert made.room is not None
        with studio.enter():
            newest = RoomSet.objects.of(studio.organization).latest("pk")
            project = Project.objects.of(studio.organization).select_related("client").get(rooms=made.room)
        assert project.client is not None
        ids = {"room": made.room.public_id, "project": project.public_id, "set": newest.public_id}
        ids |= {
            "client": project.client.public_id,
            "generation": made.public_id,
            "picture": picture.public_id,
        }
        pages |= {page: counted(owner_client.get, f"{home}/{page.format(**ids)}") for page in NESTED}
        return pages | {f"api {name}": counted(api.get, name) for name in API}

    picture = first_picture(studio)
    one_more_around(studio, picture)
    one_more_of_a_set(studio, picture, 1)
    few = count()
    for number in range(2, 5):
        one_more_of_everything(studio, number)
        one_more_around(studio, picture)
        one_more_of_a_set(studio, picture, number)
    assert count() == few
