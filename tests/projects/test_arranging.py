"""Rooms and photos: put in order, moved to another project, deleted with what nobody needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from projects import arranging
from projects import services as projects
from projects.models import Photo, Project
from tests.factories import Studio
from tests.projects.agency import add_photos, again, assert_files_are_clean, in_order, make_project

Work = Callable[[], int]

pytestmark = pytest.mark.usefixtures("images_made_here")


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
