"""What a client was given to look at outlives its retention, for as long as they may look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from generations import proposal_sending, removal
from generations.models import Picture, ReviewItem, ReviewLink, ReviewRoom
from projects.models import Photo
from tests.factories import Studio
from tests.generations.proposing import Job, make_job

Work = Callable[[], int]
LATER = timedelta(days=4000)


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def job(studio: Studio, worker: Work) -> Job:
    return make_job(studio, pictures=3)


def kept(job: Job) -> set[int]:
    """Which pictures are there, by their number in the job, years after they were made."""
    removal.remove_expired(now=timezone.now() + LATER)
    with job.studio.enter():
        rows = Picture.objects.of(job.studio.organization).kept()
        there = set(rows.values_list("pk", flat=True))
    return {number for number, picture in enumerate(job.pictures) if picture.pk in there}


def change(job: Job, model: Any, **values: Any) -> None:
    with job.studio.enter():
        model.objects.of(job.studio.organization).update(**values)


def show(job: Job, number: int, **more: Any) -> None:
    with job.studio.enter():
        ReviewItem.objects.create(
            organization=job.studio.organization,
            room=job.review,
            picture=job.pictures[number],
            position=number,
            **more,
        )


def test_a_picture_in_an_open_round_is_kept_though_its_links_have_ended(job: Job) -> None:
    show(job, 0)
    change(job, ReviewLink, expires_at=timezone.now() - timedelta(days=1))
    assert kept(job) == {0}


def test_a_picture_in_a_closed_round_is_kept_while_a_link_shows_it(job: Job) -> None:
    show(job, 0)
    change(job, ReviewRoom, round_closed_at=timezone.now())
    assert kept(job) == {0}
    change(job, ReviewLink, expires_at=timezone.now() - timedelta(days=1))
    assert kept(job) == set()


def test_a_revoked_room_keeps_nothing(job: Job) -> None:
    show(job, 0)
    change(job, ReviewRoom, revoked_at=timezone.now())
    assert kept(job) == set()


def test_the_photo_that_a_client_compares_with_is_kept_too(job: Job) -> None:
    """The picture of the version before is gone; the photo that it was made from is not."""
    with job.studio.enter():
        photo = job.pictures[1].generation.photo
        assert photo is not None
        Photo.objects.filter(pk=photo.pk).update(room=None)
    show(job, 0, before=photo)

    def state() -> str:
        with job.studio.enter():
            return str(Photo.objects.get(pk=photo.pk).state)

    assert kept(job) == {0}
    assert state() == Photo.State.READY
    change(job, ReviewRoom, revoked_at=timezone.now())
    assert kept(job) == set()
    assert kept(job) == set(), "photos follow the pictures that needed them"
    assert state() == Photo.State.GONE


def test_a_sent_and_an_accepted_proposal_keep_their_pictures(job: Job) -> None:
    job.decide(0)
    proposal = job.sent()
    change(job, ReviewRoom, revoked_at=timezone.now())
    assert kept(job) == {0}
    job.accept(job.make(proposal))
    assert kept(job) == {0}


def test_a_withdrawn_proposal_keeps_none(job: Job) -> None:
    job.decide(0)
    proposal = job.sent()
    change(job, ReviewRoom, revoked_at=timezone.now())
    proposal_sending.withdraw(proposal=proposal, by_user=job.studio.owner, now=timezone.now())
    assert kept(job) == set()
