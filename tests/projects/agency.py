"""What tests of clients, projects, rooms and photos are furnished with."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from generations import file_check
from projects import services as projects
from projects import storage
from projects.models import Client, Photo, Project, Room
from projects.services import IncomingImage
from tests.factories import Studio
from tests.fakes import jpeg


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
