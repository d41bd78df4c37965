"""Clients, projects, rooms and photos: changed, moved, put in order, copied, archived, deleted; and by whom not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Event, Membership, Role
from billing import budgets
from generations import file_check, removal
from generations.models import Generation, Picture
from projects import arranging, brand, clients, duplicating, storage
from projects import services as projects
from projects.models import Client, Photo, Project, Room, Status
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio
from tests.fakes import jpeg, png

Work = Callable[[], int]


@pytest.fixture(autouse=True)
def _inline_images(worker: object, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def home(studio: Studio) -> str:
    return f"/w/{studio.organization.public_id}"


def make_project(studio: Studio, name: str = "Flat", client: Client | None = None) -> Project:
    return projects.create_project(
        organization=studio.organization, name=name, client=client, by_user=studio.owner, now=timezone.now()
    )


def add_photos(studio: Studio, room: Room, number: int) -> list[Photo]:
    return [
        projects.add_photo(
            organization=studio.organization,
            image=IncomingImage(content=jpeg(), name=f"p{place}"),
            by_user=studio.owner,
            room=room,
        )
        for place in range(number)
    ]


def in_order(studio: Studio, room: Room) -> list[str]:
    with studio.enter():
        return [photo.name for photo in Photo.objects.of(studio.organization).filter(room=room).in_order()]


def assert_files_are_clean() -> None:
    storage.sweep(now=timezone.now())
    check = file_check.check_files(now=timezone.now())
    assert check.is_clean, (check.files_without_row, check.rows_without_file)


def again(studio: Studio, row: Any) -> Any:
    with studio.enter():
        return type(row).objects.of(studio.organization).get(pk=row.pk)


# --- Clients ---------------------------------------------------------------------------------------------


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


# --- Projects --------------------------------------------------------------------------------------------


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


# --- Order -----------------------------------------------------------------------------------------------


def test_photos_are_put_in_order_by_dropping_and_by_buttons(
    studio: Studio, owner_client: Browser, home: str
) -> None:
    room = projects.create_room(project=make_project(studio), name="Living room")
    photos = add_photos(studio, room, 4)

    def place(photo: Photo, **where: Any) -> int:
        path = f"{home}/photos/{photo.public_id}/place"
        return owner_client.post(path, where, headers={"accept": "application/json"}).status_code

    assert in_order(studio, room) == ["p0", "p1", "p2", "p3"]
    assert place(photos[3], before=photos[1].public_id) == 204
    assert in_order(studio, room) == ["p0", "p3", "p1", "p2"]
    place(photos[0], before="")
    assert in_order(studio, room) == ["p3", "p1", "p2", "p0"]
    place(photos[0], by=-1)
    place(photos[3], by=-1)
    place(photos[2], by=1)
    assert in_order(studio, room) == ["p3", "p1", "p0", "p2"]
    add_photos(studio, room, 1)
    assert in_order(studio, room)[-1] == "p0", "what is new stands at the end"
    assert place(photos[0], by="far") == 422
    assert place(photos[0], before="pho_nothing") == 404


def test_rooms_are_put_in_order_and_moved_to_another_project(
    studio: Studio, owner_client: Browser, home: str
) -> None:
    project, other = make_project(studio), make_project(studio, "Other")
    rooms = [projects.create_room(project=project, name=name) for name in "abc"]

    def shown(of: Project) -> list[str]:
        page = owner_client.get(f"{home}/projects/{of.public_id}")
        return [room.name for room in page.context["rooms"]]

    owner_client.post(f"{home}/rooms/{rooms[2].public_id}/place", {"by": "-2"})
    assert shown(project) == ["c", "a", "b"]
    owner_client.post(f"{home}/rooms/{rooms[0].public_id}/edit", {"name": "A", "project": other.public_id})
    assert (shown(project), shown(other)) == (["c", "b"], ["A"])


def test_a_project_with_rooms_stays(studio: Studio) -> None:
    project = make_project(studio)
    projects.create_room(project=project, name="Living room")
    with pytest.raises(arranging.ProjectNotEmpty):
        arranging.delete_project(project=project, by_user=studio.owner, now=timezone.now())


def test_a_photo_that_nothing_needs_goes_for_good_and_any_other_stays_with_its_picture(
    studio: Studio, owner_client: Browser, home: str, worker: Work
) -> None:
    room = projects.create_room(project=make_project(studio), name="Living room")
    needed, free = add_photos(studio, room, 2)
    studio.ask_from(photo=needed, room=room)
    worker()
    for photo in (needed, free):
        owner_client.post(f"{home}/photos/{photo.public_id}/delete")
    assert in_order(studio, room) == []
    assert again(studio, needed).state == Photo.State.READY
    assert again(studio, free).state == Photo.State.GONE
    assert_files_are_clean()


# --- Who may not -----------------------------------------------------------------------------------------


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


# --- Many ------------------------------------------------------------------------------------------------


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
