"""Clients, projects, rooms, photos: made and listed, on pages and by programs; strangers find nothing."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.utils import timezone

from accounts import services as accounts
from accounts import tenancy
from accounts.models import Membership, Role
from projects import services
from projects.models import Client, Photo, Project, Room
from tests import factories
from tests.factories import Studio
from tests.fakes import FakeEngine, jpeg


@pytest.fixture(autouse=True)
def _inline_images(worker: object) -> None:
    """Photos are made ready in this process."""


def upload(content: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile("room.jpg", content or jpeg(), "image/jpeg")


def make_room(studio: Studio) -> Room:
    api = studio.api()
    project = api.post("projects", {"name": "Flat"}).json()
    room = api.post("rooms", {"project": project["id"], "name": "Living room"}).json()
    with studio.enter():
        rooms = Room.objects.of(studio.organization).select_related("organization", "project")
        found: Room = rooms.get(public_id=room["id"])
        return found


def test_a_program_makes_and_lists_the_nouns(studio: Studio) -> None:
    api = studio.api()
    client = api.post("clients", {"name": "Ada", "email": "ada@example.com"})
    assert client.status_code == 201
    project = api.post("projects", {"name": "Flat", "client": client.json()["id"], "address": "1 Quay"})
    assert (project.status_code, project.json()["client"]) == (201, client.json()["id"])
    room = api.post("rooms", {"project": project.json()["id"], "name": "Living room"})
    assert room.status_code == 201
    for noun in ("clients", "projects", "rooms"):
        assert len(api.get(noun).json()["results"]) == 1


def test_bad_input_names_the_field(studio: Studio) -> None:
    response = studio.api().post("clients", {"email": "nobody"})
    assert response.status_code == 400
    assert set(response.json()["fields"]) == {"name", "email"}
    assert response.json()["error"]


def test_a_program_uploads_a_photo_that_comes_out_clean(studio: Studio) -> None:
    room = make_room(studio)
    key = studio.key()
    response = Browser().post(
        "/api/v1/photos",
        {"room": room.public_id, "file": upload()},
        headers={"authorization": f"Bearer {key}"},
    )
    assert (response.status_code, response.json()["state"]) == (201, "ready")
    with studio.enter():
        photo = Photo.objects.get()
        assert (photo.width, photo.height, photo.original) == (64, 48, "")


def test_a_file_that_is_no_picture_is_refused_with_the_reason(studio: Studio) -> None:
    room = make_room(studio)
    response = Browser().post(
        "/api/v1/photos",
        {"room": room.public_id, "file": upload(b"%PDF-1.7 hello" + bytes(200))},
        headers={"authorization": f"Bearer {studio.key()}"},
    )
    assert response.status_code == 400
    assert "PDF" in response.json()["message"]
    with studio.enter():
        assert Photo.objects.count() == 0


def test_another_workspaces_ids_are_404_for_a_program(studio: Studio, strange_studio: Studio) -> None:
    room = make_room(studio)
    theirs = strange_studio.api()
    assert theirs.post("rooms", {"project": room.project.public_id, "name": "x"}).status_code == 404
    response = Browser().post(
        "/api/v1/photos",
        {"room": room.public_id, "file": upload()},
        headers={"authorization": f"Bearer {strange_studio.key()}"},
    )
    assert response.status_code == 404
    assert theirs.get("rooms").json()["results"] == []


def test_pages_make_a_client_a_project_a_room_and_a_photo(studio: Studio, owner_client: Browser) -> None:
    home = f"/w/{studio.organization.public_id}"
    owner_client.post(f"{home}/clients", {"name": "Ada"})
    with studio.enter():
        client = Client.objects.get()
    owner_client.post(f"{home}/projects", {"name": "Flat", "client": client.public_id})
    with studio.enter():
        project = Project.objects.select_related("client").get()
        assert project.client == client
    made = owner_client.post(f"{home}/projects/{project.public_id}", {"name": "Living room"})
    room_page = made.headers["Location"]
    assert owner_client.post(room_page, {"photo": upload()}).status_code == 302
    page = owner_client.get(room_page)
    assert b"Living room" in page.content
    assert b"/files/" in page.content


def test_a_list_with_nothing_in_it_offers_nothing_to_narrow_it_by(
    studio: Studio, owner_client: Browser
) -> None:
    home = f"/w/{studio.organization.public_id}"

    def offered() -> list[bool]:
        pages = ("projects", "projects?view=board", "clients", "projects?q=x", "clients?archived=on")
        return ['role="search"' in owner_client.get(f"{home}/{page}").content.decode() for page in pages]

    assert offered() == [False] * 5
    assert b"No projects yet" in owner_client.get(f"{home}/projects?view=board").content
    client = services.create_client(organization=studio.organization, name="Ada")
    project = services.create_project(organization=studio.organization, name="Flat", client=client)
    assert offered() == [True] * 5
    with studio.enter():
        type(project).objects.filter(pk=project.pk).update(archived_at=timezone.now())
    assert offered() == [True] * 5, "the archive can be reached though it is all there is"


def test_a_viewer_may_look_but_not_change(studio: Studio) -> None:
    viewer = factories.make_person()
    with studio.enter():
        Membership.objects.create(organization=studio.organization, user=viewer, role=Role.VIEWER)
    browser, home = factories.browser_of(viewer), f"/w/{studio.organization.public_id}"
    assert browser.get(f"{home}/clients").status_code == 200
    browser.post(f"{home}/clients", {"name": "Ada"})
    assert browser.get(f"{home}/studio").status_code == 403
    with studio.enter():
        assert Client.objects.count() == 0


def test_a_stranger_gets_404_from_every_page(
    studio: Studio, stranger_client: Browser, engine: FakeEngine
) -> None:
    room = make_room(studio)
    generation = studio.ask()
    factories.work()
    with studio.enter():
        picture = generation.pictures.get()
    home = f"/w/{studio.organization.public_id}"
    pages = ["clients", "projects", f"projects/{room.project.public_id}", f"rooms/{room.public_id}", "studio"]
    pages += [
        "generations",
        f"generations/{generation.public_id}",
        f"generations/{generation.public_id}/progress",
    ]
    pages += ["credits", "settings", "settings/api-keys"]
    for page in pages:
        assert stranger_client.get(f"{home}/{page}").status_code == 404, page
        assert stranger_client.post(f"{home}/{page}").status_code in (404, 405), page
    for verb in (f"generations/{generation.public_id}/cancel", f"pictures/{picture.public_id}/restyle"):
        assert stranger_client.post(f"{home}/{verb}").status_code == 404


def test_a_strangers_ids_in_ones_own_workspace_are_404(
    studio: Studio, stranger_client: Browser, strange_studio: Studio
) -> None:
    room, generation = make_room(studio), studio.ask()
    home = f"/w/{strange_studio.organization.public_id}"
    for page in (
        f"projects/{room.project.public_id}",
        f"rooms/{room.public_id}",
        f"generations/{generation.public_id}",
        f"studio?room={room.public_id}",
    ):
        assert stranger_client.get(f"{home}/{page}").status_code == 404, page


def test_somebody_with_two_workspaces_sees_each_in_its_place(studio: Studio) -> None:
    second = accounts.create_organization(name="Second", owner=studio.owner, now=factories.NOON)
    with tenancy.enter(second):
        Client.objects.create(organization=second, name="Bea")
    browser = factories.browser_of(studio.owner)
    assert b"Bea" in browser.get(f"/w/{second.public_id}/clients").content
    assert b"Bea" not in browser.get(f"/w/{studio.organization.public_id}/clients").content


def test_pictures_with_a_place_in_them_come_out_without(studio: Studio) -> None:
    from PIL import Image

    buffer, image = BytesIO(), Image.new("RGB", (64, 48))
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 0.0)
    exif[0x0112] = 6  # turned
    image.save(buffer, "JPEG", exif=exif)
    room = make_room(studio)
    answer = Browser().post(
        "/api/v1/photos",
        {"room": room.public_id, "file": upload(buffer.getvalue())},
        headers={"authorization": f"Bearer {studio.key()}"},
    )
    made = answer.json()
    assert (made["gps_removed"], made["width"], made["height"]) == (True, 48, 64)


def test_a_photo_made_ready_by_somebody_else_meanwhile_is_used(studio: Studio) -> None:
    room = make_room(studio)
    stored = services.store(organization=studio.organization, image=services.IncomingImage(content=jpeg()))
    with studio.enter():
        photo = services.create_photo(
            organization=studio.organization, stored=stored, by_user=studio.owner, room=room
        )
    first = services.make_ready(photo=photo)
    assert services.make_ready(photo=photo).image == first.image
