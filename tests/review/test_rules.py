"""What the database refuses in a review room, whatever the code does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from generations.models import (
    Comment,
    Decision,
    GenerationReference,
    Picture,
    ReviewItem,
    ReviewLink,
    ReviewRoom,
)
from generations.reviews import approved_pictures, declined_pieces
from projects.models import Project
from tests.factories import Studio

Work = Callable[[], int]


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


class Bare:
    """A room, its link and its pictures, written past every service."""

    def __init__(self, studio: Studio, pictures: list[Picture]) -> None:
        mine = {"organization": studio.organization}
        self.project = Project.objects.create(name="Harbour 4", **mine)
        self.room = ReviewRoom.objects.create(project=self.project, title="First looks", **mine)
        self.now = timezone.now()
        self.link = ReviewLink.objects.create(
            room=self.room,
            sha256=bytes([self.room.pk % 256] * 32),
            expires_at=self.now + timedelta(days=1),
            **mine,
        )
        self.items = [
            ReviewItem.objects.create(room=self.room, picture=picture, position=place, **mine)
            for place, picture in enumerate(pictures)
        ]

    def decide(self, outcome: str = "approved", **other: Any) -> Decision:
        fields = {
            "organization": self.room.organization,
            "room": self.room,
            "item": self.items[0],
            "link": self.link,
            "outcome": outcome,
            "reviewer_name": "Ada",
            "reviewer_email": "ada@example.com",
            "round": 1,
            "number": 1,
            "at": self.now,
        }
        made: Decision = Decision.objects.create(**{**fields, **other})
        return made

    def say(self, **other: Any) -> Comment:
        fields = {
            "organization": self.room.organization,
            "room": self.room,
            "item": self.items[0],
            "link": self.link,
            "author_name": "Ada",
            "author_email": "ada@example.com",
            "text": "Lighter",
            "round": 1,
            "created_at": self.now,
        }
        made: Comment = Comment.objects.create(**{**fields, **other})
        return made


@pytest.fixture
def pictures(studio: Studio, worker: Work) -> list[Picture]:
    studio.ask("Oak")
    studio.ask("Linen")
    worker()
    with studio.enter():
        return list(Picture.objects.of(studio.organization).order_by("pk"))


@pytest.fixture
def bare(studio: Studio, pictures: list[Picture]) -> Bare:
    with studio.enter():
        return Bare(studio, pictures)


def refused(studio: Studio, rule: str, write: Callable[[], Any]) -> None:
    with studio.enter(), pytest.raises(IntegrityError, match=rule) as caught, transaction.atomic():
        write()
    assert caught


def test_no_decision_about_a_picture_of_another_room(
    studio: Studio, bare: Bare, pictures: list[Picture]
) -> None:
    with studio.enter():
        other = Bare(studio, pictures)
    refused(studio, "not a picture of this room", lambda: bare.decide(item=other.items[0]))
    refused(studio, "the link has ended", lambda: bare.decide(link=other.link))
    refused(studio, "not a picture of this room", lambda: bare.say(item=other.items[0]))


def test_no_decision_in_a_closed_round_or_another_one(studio: Studio, bare: Bare) -> None:
    refused(studio, "the round is closed", lambda: bare.decide(round=2))
    with studio.enter():
        ReviewRoom.objects.of(studio.organization).update(round_closed_at=bare.now)
    refused(studio, "the round is closed", bare.decide)
    refused(studio, "the round is closed", bare.say)


def test_no_decision_after_a_revocation_or_by_an_expired_link(studio: Studio, bare: Bare) -> None:
    refused(studio, "the link has ended", lambda: bare.decide(at=bare.now + timedelta(days=2)))
    with studio.enter():
        ReviewRoom.objects.of(studio.organization).update(revoked_at=bare.now)
    refused(studio, "the review room is revoked", bare.decide)
    refused(studio, "the review room is revoked", bare.say)


def test_no_decision_about_a_picture_that_has_a_newer_version(studio: Studio, bare: Bare) -> None:
    with studio.enter():
        ReviewItem.objects.of(studio.organization).filter(pk=bare.items[1].pk).update(replaces=bare.items[0])
    refused(studio, "not a picture of this room", bare.decide)


def test_a_decision_is_never_changed_and_a_newer_one_has_the_next_number(studio: Studio, bare: Bare) -> None:
    with studio.enter():
        bare.decide()
    refused(studio, "decision_number_once", lambda: bare.decide("maybe"))
    refused(
        studio, "never changed", lambda: Decision.objects.of(studio.organization).update(outcome="declined")
    )


def test_no_decision_about_furniture_of_another_picture(studio: Studio, bare: Bare) -> None:
    with studio.enter():
        photo = bare.items[1].picture.generation.photo
        assert photo
        piece = GenerationReference.objects.create(
            organization=studio.organization,
            generation=bare.items[1].picture.generation,
            position=0,
            photo=photo,
        )
        bare.decide("declined", item=bare.items[1], reference=piece)
    refused(studio, "not a piece of this picture", lambda: bare.decide(reference=piece))
    with studio.enter():
        assert declined_pieces(pictures=[item.picture for item in bare.items]) == {piece.pk}


def test_a_reply_stays_with_its_picture_and_a_pin_inside_it(studio: Studio, bare: Bare) -> None:
    with studio.enter():
        comment = bare.say(x=0.5, y=1.0)
        reply = bare.say(parent=comment)
    refused(studio, "not a comment on this picture", lambda: bare.say(parent=comment, item=bare.items[1]))
    refused(studio, "not a comment on this picture", lambda: bare.say(parent=reply))
    refused(studio, "review_comment_pin_in_the_picture", lambda: bare.say(x=1.2, y=0.5))


def test_more_rounds_than_agreed_are_refused(studio: Studio, bare: Bare) -> None:
    refused(
        studio,
        "review_room_rounds_within_limit",
        lambda: ReviewRoom.objects.of(studio.organization).update(current_round=3),
    )


def test_nothing_of_another_workspace_gets_into_a_room(
    studio: Studio, strange_studio: Studio, bare: Bare, pictures: list[Picture]
) -> None:
    with strange_studio.enter():
        theirs = Project.objects.create(organization=strange_studio.organization, name="Elsewhere")
        room = ReviewRoom.objects.create(
            organization=strange_studio.organization, project=theirs, title="Theirs"
        )
    refused(
        strange_studio,
        "not a picture of this workspace",
        lambda: ReviewItem.objects.create(
            organization=strange_studio.organization, room=room, picture=pictures[0], position=0
        ),
    )


def test_the_last_word_about_a_picture_tells_whether_it_is_approved(studio: Studio, bare: Bare) -> None:
    with studio.enter():
        assert list(approved_pictures(project=bare.project)) == []
        bare.decide()
        bare.decide("declined", item=bare.items[1])
        assert list(approved_pictures(project=bare.project)) == [bare.items[0].picture]
        bare.decide("maybe", number=2)
        bare.decide("approved", item=bare.items[1], number=2)
        assert list(approved_pictures(project=bare.project)) == [bare.items[1].picture]
        ReviewItem.objects.of(studio.organization).filter(pk=bare.items[0].pk).update(replaces=bare.items[1])
        assert list(approved_pictures(project=bare.project)) == []
