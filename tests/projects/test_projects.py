"""Projects: found, put on the board, copied, given a cover; who may not; and many photos in one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Event, Membership, Role
from generations import removal
from generations.models import Generation, Picture
from projects import arranging, duplicating
from projects import services as projects
from projects.models import Photo, Project, Room, Status
from tests import factories
from tests.factories import Studio
from tests.projects.agency import add_photos, again, assert_files_are_clean, in_order, make_project

Work = Callable[[], int]

pytestmark = pytest.mark.usefixtures("images_made_here")


def test_projects_are_found_sorted_and_put_on_the_board(
    studio: Studio, owner_client: Browser, home: str
) -> None:
    ada = projects.create_client(organization=studio.organization, name="Ada")
    one, two = make_project(studio, "Harbour", ada), make_project(studio, "Attic")
    arranging.set_status(project=two, status="review", by_user=studio.owner, now=timezone.now())
    arranging.change_project(
        project=one,
        name="Harbour",
        client=ada,
        address="Quay 7",
        deadline=timezone.now().date() - timedelta(days=1),
        by_user=studio.owner,
        now=timezone.now(),
    )

    def shown(query: str) -> list[str]:
        return [row.name for row in owner_client.get(f"{home}/projects?{query}").context["page"]]

    assert shown("") == ["Attic", "Harbour"]
    assert shown("sort=name") == ["Attic", "Harbour"]
    assert shown("sort=deadline") == ["Harbour", "Attic"]
    assert shown("q=ada") == shown("q=quay+harb") == shown(f"client={ada.public_id}") == ["Harbour"]
    assert shown("status=review") == ["Attic"]
    assert shown("status=nonsense&sort=x&client=y") == ["Attic", "Harbour"]
    assert b"overdue" in owner_client.get(f"{home}/projects").content
    columns = owner_client.get(f"{home}/projects?view=board").context["columns"]
    named = {str(column["status"]): [row.name for row in column["projects"]] for column in columns}
    assert list(named) == [status.value for status in Status]
    assert {status: names for status, names in named.items() if names} == {
        "new": ["Harbour"],
        "review": ["Attic"],
    }
    arranging.archive_project(project=two, archived=True, by_user=studio.owner, now=timezone.now())
    assert (shown(""), shown("archived=on")) == (["Harbour"], ["Attic"])


def test_a_status_is_set_by_the_form_and_by_the_board(
    studio: Studio, owner_client: Browser, home: str
) -> None:
    project = make_project(studio)
    path = f"{home}/projects/{project.public_id}/status"
    sent = owner_client.post(path, {"status": "working", "back": "board"})
    assert sent.headers["Location"].endswith("projects?view=board")
    dragged = owner_client.post(path, {"status": "review"}, headers={"accept": "application/json"})
    assert dragged.status_code == 204
    assert owner_client.post(path, {"status": "nowhere"}).status_code == 422
    assert again(studio, project).status == "review"
    with studio.enter():
        told = Event.objects.of(studio.organization).filter(project=project.public_id).order_by("pk")
        assert list(told.values_list("kind", flat=True)) == [
            "project.created",
            "project.status_changed",
            "project.status_changed",
        ]


def test_a_copy_has_rooms_and_photos_in_order_and_files_of_its_own(studio: Studio, worker: Work) -> None:
    project = make_project(studio)
    room = projects.create_room(project=project, name="Living room")
    photos = add_photos(studio, room, 3)
    arranging.place_photo(photo=photos[2], before=photos[0])
    studio.ask_from(photo=photos[0], room=room)
    worker()
    copy = duplicating.duplicate_project(
        project=project, name="Copy", with_photos=True, by_user=studio.owner, now=timezone.now()
    )
    with studio.enter():
        copied = Room.objects.of(studio.organization).get(project=copy)
        assert Generation.objects.of(studio.organization).filter(room=copied).count() == 0
    assert in_order(studio, copied) == ["p2", "p0", "p1"]
    assert_files_are_clean()
    room = again(studio, room)
    removal.delete_room(room=room, by_user=studio.owner, now=timezone.now())
    assert_files_are_clean()
    assert in_order(studio, copied) == ["p2", "p0", "p1"]


def test_the_cover_is_the_chosen_photo_while_it_is_the_projects(studio: Studio) -> None:
    project, other = make_project(studio), make_project(studio, "Other")
    room = projects.create_room(project=project, name="Living room")
    away = projects.create_room(project=other, name="Away")
    first, second = add_photos(studio, room, 2)

    def cover() -> str:
        with studio.enter():
            found = Project.objects.of(studio.organization).with_cover().get(pk=project.pk)
            return str(found.cover_thumbnail)

    assert cover() == first.thumbnail
    arranging.choose_cover(project=project, photo=second)
    assert cover() == second.thumbnail
    with pytest.raises(arranging.NotInProject):
        arranging.choose_cover(project=other, photo=second)
    arranging.change_photo(photo=second, name="", room=away)
    assert cover() == first.thumbnail


def test_a_made_picture_is_the_cover_until_it_goes(
    studio: Studio, worker: Work, owner_client: Browser, home: str
) -> None:
    project = make_project(studio)
    room = projects.create_room(project=project, name="Living room")
    first, second = add_photos(studio, room, 2)
    generation = studio.ask("Oak", room=room)
    worker()
    with studio.enter():
        picture = Picture.objects.of(studio.organization).get(generation=generation)

    def cover() -> str:
        with studio.enter():
            found = Project.objects.of(studio.organization).with_cover().get(pk=project.pk)
            return str(found.cover_thumbnail)

    def choose(**more: str) -> None:
        answer = owner_client.post(f"{home}/pictures/{picture.public_id}/cover", more, follow=True)
        assert "The cover of Flat was changed." in answer.content.decode()

    choose()
    assert cover() == picture.thumbnail
    assert (
        "No longer the cover"
        in owner_client.get(f"{home}/generations/{generation.public_id}").content.decode()
    )
    choose(cover="no")
    assert cover() == first.thumbnail
    choose()
    arranging.choose_cover(project=project, photo=second)
    assert cover() == second.thumbnail, "the last choice counts"
    choose()
    removal.delete_generation(generation=generation, by_user=studio.owner, now=timezone.now())
    assert cover() == first.thumbnail, "what is removed for good is nobody's cover"
    assert owner_client.post(f"{home}/pictures/{picture.public_id}/cover").status_code == 404


@pytest.fixture
def full(studio: Studio) -> dict[str, str]:
    ada = projects.create_client(organization=studio.organization, name="Ada")
    project = make_project(studio, client=ada)
    room = projects.create_room(project=project, name="Living room")
    (photo,) = add_photos(studio, room, 1)
    generation = studio.ask("Oak", room=room)
    with studio.enter():
        picture = Picture.objects.create(
            organization=studio.organization,
            generation=generation,
            position=0,
            image="a.png",
            thumbnail="a.jpg",
            width=8,
            height=8,
            bytes=8,
        )
    return {
        "picture": picture.public_id,
        "client": ada.public_id,
        "project": project.public_id,
        "room": room.public_id,
        "photo": photo.public_id,
    }


CHANGING = (
    *(
        "clients/{client}/edit",
        "clients/{client}/archive",
        "clients/{client}/delete",
        "clients/{client}/budget",
    ),
    *("projects/{project}/edit", "projects/{project}/status", "projects/{project}/archive"),
    *("projects/{project}/delete", "projects/{project}/duplicate", "projects/{project}/set"),
    *("rooms/{room}/edit", "rooms/{room}/place", "rooms/{room}/delete"),
    *("photos/{photo}/edit", "photos/{photo}/place", "photos/{photo}/cover", "photos/{photo}/delete"),
    "pictures/{picture}/cover",
)


def test_a_viewer_changes_nothing_and_a_stranger_finds_nothing(
    studio: Studio, stranger_client: Browser, strange_studio: Studio, full: dict[str, str], home: str
) -> None:
    viewer = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=viewer, role=Role.VIEWER)
    looking = factories.browser_of(viewer)
    theirs = f"/w/{strange_studio.organization.public_id}"
    for path in (one.format(**full) for one in CHANGING):
        assert looking.post(f"{home}/{path}").status_code == 403, path
        assert stranger_client.post(f"{home}/{path}").status_code == 404, path
        assert stranger_client.post(f"{theirs}/{path}").status_code == 404, path
    for path in ("clients/{client}", "projects/{project}", "rooms/{room}"):
        assert looking.get(f"{home}/{path.format(**full)}").status_code == 200
        assert stranger_client.get(f"{theirs}/{path.format(**full)}").status_code == 404


def fill(studio: Studio, project: Project, *, rooms: int, photos: int, pictures: int) -> None:
    """So many rooms with so many photos each, and pictures of each photo; rows alone."""
    organization = studio.organization
    with studio.enter():
        made = Room.objects.bulk_create(
            Room(organization=organization, project=project, name=f"Room {n}") for n in range(rooms)
        )
        shot = Photo.objects.bulk_create(
            Photo(
                organization=organization,
                room=room,
                image="x.jpg",
                thumbnail="x.jpg",
                width=64,
                height=48,
                state=Photo.State.READY,
            )
            for room in made
            for _ in range(photos)
        )
        asked = Generation.objects.bulk_create(
            Generation(
                organization=organization,
                room=photo.room,
                photo=photo,
                prompt="Oak",
                engine="preview",
                price=1,
                state="succeeded",
                variations=pictures,
                finished_at=timezone.now(),
            )
            for photo in shot
        )
        Picture.objects.bulk_create(
            Picture(
                organization=organization,
                generation=one,
                position=place,
                image="x.png",
                thumbnail="x.jpg",
                width=64,
                height=48,
                bytes=9,
            )
            for one in asked
            for place in range(pictures)
        )


def test_a_project_with_300_photos_and_900_pictures_asks_as_often_as_one_with_three(
    studio: Studio, owner_client: Browser, home: str
) -> None:
    ada = projects.create_client(organization=studio.organization, name="Ada")
    small, large = make_project(studio, "Small", ada), make_project(studio, "Large", ada)
    fill(studio, small, rooms=1, photos=3, pictures=3)
    fill(studio, large, rooms=10, photos=30, pictures=3)

    def counted(path: str) -> int:
        owner_client.get(path)
        with CaptureQueriesContext(connection) as seen:
            page = owner_client.get(path)
        assert page.status_code == 200
        assert len(page.content) < 400_000
        return len(seen)

    def paths(project: Project) -> list[str]:
        with studio.enter():
            room = Room.objects.of(studio.organization).filter(project=project).earliest("pk")
        here = f"{home}/projects/{project.public_id}"
        return [here, f"{here}/set", f"{home}/rooms/{room.public_id}"]

    assert [counted(path) for path in paths(large)] == [counted(path) for path in paths(small)]
    page = owner_client.get(f"{home}/projects/{large.public_id}")
    assert [room.photo_count for room in page.context["rooms"]] == [30] * 10
    assert [room.picture_count for room in page.context["rooms"]] == [90] * 10
