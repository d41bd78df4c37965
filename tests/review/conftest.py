"""A project with two pictures, one of them with furniture, and a review room around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from generations import ask as ask_module
from generations import review_rooms, services
from generations.models import Picture, ReviewItem, ReviewLink, ReviewRoom
from generations.review_rooms import Terms
from projects import library
from projects import services as projects
from projects.models import Project
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio
from tests.fakes import jpeg

ADA = {"name": "Ada Winter", "email": "ada@example.com"}


@dataclass
class Review:
    """A room, the text of its link, and the words that tests use."""

    studio: Studio
    project: Project
    room: ReviewRoom
    token: str

    @property
    def path(self) -> str:
        return f"/r/{self.token}"

    def reload(self) -> ReviewRoom:
        with self.studio.enter():
            rows = ReviewRoom.objects.of(self.studio.organization).select_related("organization", "project")
            self.room = rows.get(pk=self.room.pk)
        return self.room

    @property
    def link(self) -> ReviewLink:
        """The newest."""
        with self.studio.enter():
            related = ("organization", "room__organization", "room__project")
            rows = ReviewLink.objects.of(self.studio.organization).select_related(*related)
            found: ReviewLink = rows.filter(room=self.room).latest("pk")
            return found

    def items(self) -> list[ReviewItem]:
        """In their order."""
        with self.studio.enter():
            rows = ReviewItem.objects.of(self.studio.organization).filter(room=self.room)
            related = ("picture__generation__photo", "picture__generation__room")
            return list(rows.select_related(*related).order_by("position", "pk"))

    def item_path(self, number: int = 0) -> str:
        return f"{self.path}/{self.items()[number].public_id}"

    def set(self, **values: Any) -> None:
        with self.studio.enter():
            ReviewRoom.objects.of(self.studio.organization).filter(pk=self.room.pk).update(**values)

    def set_links(self, **values: Any) -> None:
        with self.studio.enter():
            ReviewLink.objects.of(self.studio.organization).filter(room=self.room).update(**values)


def make_pictures(studio: Studio, project: Project, number: int = 2) -> list[Picture]:
    """Of a room of the project; the first with a sofa from the library. Oldest first."""
    organization, now = studio.organization, timezone.now()
    with studio.enter():
        room = project.rooms.first() or projects.create_room(project=project, name="Living room")
        room.organization = organization
    image = IncomingImage(content=jpeg(), name="Sofa")
    sofa = library.add_product(
        organization=organization,
        by_user=studio.owner,
        image=image,
        name="Sofa",
        price=Decimal("1290.00"),
        currency="EUR",
        link="https://shop.example/sofa",
    )
    with studio.enter():
        sofa.refresh_from_db()
        photo = sofa.photo
    for place in range(number):
        pieces = [ask_module.Piece(photo=photo)] if place == 0 else []
        ask = services.Ask(prompt=f"Secret words {place}", image=image, room=room, pieces=pieces)
        services.request_generation(organization=organization, ask=ask, by_user=studio.owner, now=now)
    factories.work()
    with studio.enter():
        return list(review_rooms.offered(project=project).order_by("pk"))


def make_review(studio: Studio, *, pin: str = "", pictures: int = 2, **terms: Any) -> Review:
    """The owner makes it, with all pictures."""
    organization = studio.organization
    client = projects.create_client(organization=organization, name="Winter", email="winter@example.com")
    project = projects.create_project(organization=organization, name="Harbour 4", client=client)
    made = make_pictures(studio, project, pictures)
    room, token = review_rooms.open_room(
        project=project,
        pictures=made,
        terms=Terms(title="First looks", **terms),
        pin=pin,
        by_user=studio.owner,
        now=timezone.now(),
    )
    return Review(studio, project, room, token)


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def review(studio: Studio, worker: Callable[[], int]) -> Review:
    return make_review(studio)


class Guest(Browser):
    """A browser without an account; it reads files to their end, as browsers do."""

    def request(self, **request: Any) -> Any:
        answer: Any = super().request(**request)
        if answer.streaming:
            b"".join(answer.streaming_content)
        return answer


@pytest.fixture
def guest() -> Guest:
    return Guest()
