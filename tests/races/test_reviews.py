"""Decisions at the same moment as each other, as a revocation, as the end of a round; on real connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import Refusal
from generations import review_rooms, reviewing
from generations.models import Decision, ReviewRoom
from generations.reviewing import Guest
from tests import factories
from tests.fakes import FakeEngine
from tests.races.test_generations import at_once
from tests.review.conftest import Review, make_review

pytestmark = pytest.mark.django_db(transaction=True)
ADA = Guest("Ada", "ada@example.com")


@pytest.fixture
def review(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> Review:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("projects.image_pool.run", factories.run_image_work_here)
    return make_review(factories.make_studio(), pictures=1)


def decide(review: Review, outcome: str = "approved", reason: str = "") -> str:
    link, item = review.link, review.items()[0].public_id
    word = Decision.Outcome(outcome)
    try:
        reviewing.decide(link=link, item_id=item, outcome=word, reason=reason, guest=ADA, now=timezone.now())
    except Refusal as refusal:
        return refusal.code
    return "done"


def made(review: Review) -> list[Decision]:
    with review.studio.enter():
        return list(Decision.objects.of(review.studio.organization).order_by("number"))


def test_many_decisions_at_once_are_one_line_of_them(review: Review) -> None:
    outcomes = ["approved", "declined", "maybe"]
    answers = at_once(9, lambda index: decide(review, outcomes[index % 3], f"reason {index}"))
    assert answers == ["done"] * 9
    assert [one.number for one in made(review)] == list(range(1, 10))


def test_a_double_click_is_one_decision(review: Review) -> None:
    assert at_once(6, lambda _: decide(review)) == ["done"] * 6
    assert len(made(review)) == 1


def test_no_decision_comes_after_a_revocation(review: Review) -> None:
    owner = review.studio.owner

    def act(index: int) -> str:
        if index == 4:
            review_rooms.revoke(room=review.room, by_user=owner, now=timezone.now())
            return "revoked"
        return decide(review, reason=str(index))

    answers = at_once(8, act)
    assert set(answers) <= {"done", "revoked", "review_over"}
    assert answers.count("done") == len(made(review))
    room = review.reload()
    with review.studio.enter():
        # Under the room's lock the row's own time is later than that of every decision that got in.
        late = Decision.objects.of(review.studio.organization).filter(room=room)
        assert late.count() == answers.count("done")
    assert decide(review, reason="afterwards") == "review_over"


def test_no_decision_comes_after_the_end_of_its_round(review: Review) -> None:
    owner = review.studio.owner

    def act(index: int) -> str:
        if index == 3:
            review_rooms.close_round(room=review.room, by_user=owner, now=timezone.now())
            return "closed"
        return decide(review, reason=str(index))

    answers = at_once(8, act)
    assert set(answers) <= {"done", "closed", "round_closed"}
    assert answers.count("done") == len(made(review))
    assert decide(review, reason="afterwards") == "round_closed"


def test_two_members_start_one_round(review: Review) -> None:
    from tests.review.conftest import make_pictures

    newer = make_pictures(review.studio, review.project, 1)[-1]
    old = review.items()[0].public_id

    def start(_: int) -> str:
        try:
            review_rooms.start_round(
                room=review.room, additions=[(newer, old)], by_user=review.studio.owner, now=timezone.now()
            )
        except Refusal as refusal:
            return refusal.code
        return "started"

    assert sorted(at_once(2, start)) == ["rounds_used_up", "started"]
    with review.studio.enter():
        assert ReviewRoom.objects.of(review.studio.organization).get().current_round == 2
