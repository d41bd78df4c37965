"""Each list asks the database as often for many rows as for one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import services as accounts
from accounts import webhooks
from accounts.models import Membership, Role, WebhookEndpoint
from billing import budgets, credits
from billing.models import Purchase
from generations import (
    deliveries,
    favourites,
    profiles,
    proposals,
    review_links,
    review_rooms,
    reviewing,
    room_sets,
    services,
    sharing,
)
from generations.drawing import Spec
from generations.models import Decision, Delivery, Picture, Proposal, ReviewLink, ReviewRoom, RoomSet
from generations.review_rooms import Terms
from generations.reviewing import Guest
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
    "deliveries",
    "deliveries/new",
    "deliveries/profiles",
    "settings",
    "settings/api-keys",
    "settings/budgets",
    "settings/members",
    "settings/audit-log",
    "settings/exports",
    "settings/webhooks",
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
    "settings/webhooks/{endpoint}",
    "projects/{project}/team",
    "projects/{project}/activity",
)
API = (
    "generations",
    "generations?q=oak&state=succeeded",
    "projects",
    "clients",
    "rooms",
    "photos",
    "credits/lines",
    "events",
    "pictures",
    "pictures?starred=true",
    "pictures/{picture}",
    "rooms/{room}/lineage",
    "generations/{generation}/lineage",
    "room-sets",
    "room-sets/{set}",
    "reviews",
    "reviews/{review}/items",
    "reviews/{review}/decisions",
    "reviews/{review}/comments",
    "reviews/{review}/links",
    "proposals",
    "proposals/{proposal}",
    "export-profiles",
    "deliveries",
    "deliveries/{delivery}",
    "projects?expand=client",
    "projects?mine=true",
    "projects?q=flat&sort=client",
    "rooms?expand=project&sort=position",
    "photos?expand=room",
    "products",
    "recipes",
    "recipes?expand=products",
    "budgets",
    "purchases",
    "activity",
    "notifications",
    "projects/{project}/team",
    "projects/{project}/team/candidates",
    "projects/{project}/notes",
    "projects/{project}/activity",
)


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
        Purchase.objects.create(
            organization=organization,
            by_user=owner,
            pack="100",
            credits=100,
            amount=900,
            currency="usd",
            payment_intent=f"pi_{organization.pk}_{number}",
            created_at=now,
        )
    endpoint, _ = webhooks.add_endpoint(
        organization=organization, by_user=owner, url=f"https://example.com/{number}", now=now
    )
    webhooks.fire_test(endpoint=endpoint, by_user=owner, now=now)
    if number < 4:
        accounts.issue_api_key(organization=organization, by_user=owner, name="Key", live=True, now=now)


def one_more_delivery(studio: Studio, number: int) -> None:
    """A delivery more, an export profile more."""
    organization, owner, now = studio.organization, studio.owner, timezone.now()
    with studio.enter():
        pictures = list(Picture.objects.of(organization).kept())
    mine = profiles.Profile("", f"Portal {number}", Spec())
    profiles.save(organization=organization, profile=mine, by_user=owner, now=now)
    deliveries.make(
        organization=organization,
        pictures=pictures,
        profile=mine,
        title=f"Delivery {number}",
        base="https://rooms.example",
        by_user=owner,
        now=now,
    )


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


def one_more_review(studio: Studio, picture: Picture) -> None:
    """A review room more; something more said and decided in it and in the first; a proposal more."""
    now, made = timezone.now(), picture.generation
    assert made.room is not None
    with studio.enter():
        project = Project.objects.select_related("organization", "client").get(pk=made.room.project_id)
        pictures = list(review_rooms.offered(project=project))
    review_rooms.open_room(
        project=project, pictures=pictures, terms=Terms(title="Looks"), by_user=studio.owner, now=now
    )
    guest = Guest("Ada", "ada@example.com")
    with studio.enter():
        rooms = list(ReviewRoom.objects.of(studio.organization).order_by("pk"))
        related = ("organization", "room__organization", "room__project__client")
        links = ReviewLink.objects.of(studio.organization).select_related(*related)
        places = [
            (links.filter(room=room).earliest("pk"), room.items.earliest("pk").public_id)
            for room in {rooms[0], rooms[-1]}
        ]
    for link, item in places:
        reviewing.decide(link=link, guest=guest, item_id=item, outcome=Decision.Outcome.APPROVED, now=now)
        reviewing.comment(link=link, guest=guest, item_id=item, text="Fine", now=now)
        review_links.renew(room=link.room, by_user=studio.owner, now=now)
    proposals.start(project=project, by_user=studio.owner, now=now)


def first_picture(studio: Studio) -> Picture:
    related = ("organization", "generation__organization", "generation__room__project", "generation__photo")
    with studio.enter():
        found: Picture = Picture.objects.of(studio.organization).select_related(*related).earliest("pk")
        return found


def counted(get: Any, path: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert get(path).status_code == 200, path
    return len(seen)


@pytest.mark.usefixtures("worker")
def test_no_list_asks_more_often_for_more_rows(studio: Studio, owner_client: Browser) -> None:
    credits.grant(organization=studio.organization, purchased=500, fact="more", now=timezone.now())
    home, api = f"/w/{studio.organization.public_id}", studio.manager()
    one_more_of_everything(studio, 1)

    def count() -> dict[str, int]:
        pages = {page: counted(owner_client.get, f"{home}/{page}") for page in PAGES}
        made = picture.generation
        assert made.room is not None
        with studio.enter():
            hook = WebhookEndpoint.objects.of(studio.organization).earliest("pk")
            newest = RoomSet.objects.of(studio.organization).latest("pk")
            project = Project.objects.of(studio.organization).select_related("client").get(rooms=made.room)
        assert project.client is not None
        ids = {"room": made.room.public_id, "project": project.public_id, "set": newest.public_id}
        ids |= {
            "client": project.client.public_id,
            "generation": made.public_id,
            "picture": picture.public_id,
        }
        ids["endpoint"] = hook.public_id
        pages |= {page: counted(owner_client.get, f"{home}/{page.format(**ids)}") for page in NESTED}
        with studio.enter():
            of = studio.organization
            ids["review"] = ReviewRoom.objects.of(of).earliest("pk").public_id
            ids["proposal"] = Proposal.objects.of(of).latest("pk").public_id
            ids["delivery"] = Delivery.objects.of(of).latest("pk").public_id
        return pages | {f"api {name}": counted(api.get, name.format(**ids)) for name in API}

    picture = first_picture(studio)
    one_more_around(studio, picture)
    one_more_delivery(studio, 1)
    one_more_of_a_set(studio, picture, 1)
    one_more_review(studio, picture)
    count()  # what is remembered by the process is asked for once
    few = count()
    for number in range(2, 5):
        one_more_of_everything(studio, number)
        one_more_around(studio, picture)
        one_more_delivery(studio, number)
        one_more_of_a_set(studio, picture, number)
        one_more_review(studio, picture)
    assert count() == few
