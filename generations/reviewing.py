"""A reviewer's verbs: open a room, say something, decide, be done. Whoever has an open link may use them.

Each locks the room's row first, so that it comes before or after whatever ends the round, the link or the room; the
database refuses by a trigger what would slip through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth.hashers import check_password

from accounts import attempts, tenancy
from accounts import services as accounts
from accounts.attempts import Limit
from accounts.errors import Refusal
from generations.models import Comment, Decision, GenerationReference, ReviewItem, ReviewLink, ReviewRoom
from generations.review_links import locked
from generations.review_telling import tell

GUESSES = Limit("review-token", most=20, within=timedelta(minutes=15))  # of one address
PINS = Limit("review-pin", most=5, within=timedelta(minutes=15))  # of one address at one room
PINS_OF_A_ROOM = Limit("review-pin-room", most=50, within=timedelta(hours=1))
ASKING = Limit("review-again", most=5, within=timedelta(hours=1))  # of one address
ASKING_OF_A_LINK = Limit("review-again-link", most=5, within=timedelta(hours=1))
WRITING = Limit(
    "review-writing", most=300, within=timedelta(minutes=10)
)  # decisions and comments by one link
MOST_COMMENTS = 2000  # in a room


class ReviewOver(Refusal):
    """This link has ended meanwhile. Nothing was saved; ask for a new link."""

    code, title, status = "review_over", "Review over", 410


class RoundClosed(Refusal):
    """This round is closed, so nothing was saved. You will be asked again when the next one begins."""

    code, title, status = "round_closed", "Round closed", 409


class NotInRoom(Refusal):
    """This picture is not to be decided here: it is no part of this review, or a newer version has taken its place."""

    code, title, status = "not_in_room", "Not in this review", 404


class NothingSaid(Refusal):
    """Write something first."""

    code, title, status = "nothing_said", "Nothing written", 422


class TooMuchSaid(Refusal):
    """Very much was written in this room already. Ask the people who sent you the link to go on in another way."""

    code, title, status = "too_much_said", "Too many comments", 409


class WrongPin(Refusal):
    """This PIN is not the right one."""

    code, title, status = "wrong_pin", "Wrong PIN", 403


@dataclass(frozen=True)
class Guest:
    """Who is in the room, by their own account."""

    name: str
    email: str


def check_pin(*, room: ReviewRoom, pin: str, address: str, now: datetime) -> None:
    """Count the attempt, then compare. Raises WrongPin and TooManyAttempts; not inside a transaction."""
    mine = f"{room.public_id} {address}"
    attempts.count(limit=PINS, subject=mine, now=now)
    attempts.count(limit=PINS_OF_A_ROOM, subject=room.public_id, now=now)
    if not check_password(pin, room.pin):
        raise WrongPin
    attempts.give_back(limit=PINS, subject=mine)
    attempts.give_back(limit=PINS_OF_A_ROOM, subject=room.public_id)


def note_opened(*, room: ReviewRoom, now: datetime) -> None:
    """The members are told of the first time."""
    if room.first_opened_at is not None:
        return
    with tenancy.enter(room.organization):
        rows = ReviewRoom.objects.of(room.organization).filter(pk=room.pk, first_opened_at=None)
        if rows.update(first_opened_at=now):
            tell(room=room, kind="review.opened", now=now)


def decide(
    *,
    link: ReviewLink,
    item_id: str,
    outcome: Decision.Outcome,
    guest: Guest,
    now: datetime,
    piece: int | None = None,
    reason: str = "",
) -> Decision:
    """Decide about a picture, or about the piece of furniture at a position in its tray. The last word counts.

    The same word of the same person twice is once. Raises ReviewOver, RoundClosed, NotInRoom, TooManyAttempts.
    """
    attempts.count(limit=WRITING, subject=str(link.pk), now=now)
    with tenancy.enter(link.organization):
        room, item = _open_item(link, item_id, now)
        reference = None if piece is None else _piece_of(item, piece)
        about = Decision.objects.of(room.organization).filter(item=item, reference=reference)
        last = cast("Decision | None", about.order_by("-number").first())
        if last is not None and _said(last) == (outcome, reason, guest.email, room.current_round):
            return last
        decision: Decision = Decision.objects.create(
            organization=room.organization,
            room=room,
            item=item,
            link=link,
            reference=reference,
            outcome=outcome,
            reason=reason,
            reviewer_name=guest.name,
            reviewer_email=guest.email,
            round=room.current_round,
            number=last.number + 1 if last else 1,
            at=now,
        )
        what = _name_of(item, reference)
        accounts.record(
            organization=room.organization,
            by_user=None,
            action="review.decided",
            target=item.public_id,
            now=now,
            room=room.public_id,
            picture=item.picture.public_id,
            what=what,
            outcome=outcome.value,
            reason=reason,
            by=guest.email,
            name=guest.name,
            round=room.current_round,
        )
        told: dict[str, Any] = {
            "what": what,
            "outcome": outcome.value,
            "reason": reason,
            "picture": item.picture.public_id,
        }
        tell(room=room, kind="review.decided", now=now, by_name=guest.name, **told)
    return decision


def comment(
    *,
    link: ReviewLink,
    item_id: str,
    text: str,
    guest: Guest,
    now: datetime,
    at: tuple[float, float] | None = None,
    parent_id: str = "",
) -> Comment:
    """Write about a picture, at a place in it (fractions of its width and height) or in answer to a comment.

    Raises ReviewOver, RoundClosed, NotInRoom, NothingSaid, TooMuchSaid, TooManyAttempts.
    """
    if not text:
        raise NothingSaid
    attempts.count(limit=WRITING, subject=str(link.pk), now=now)
    with tenancy.enter(link.organization):
        room, item = _open_item(link, item_id, now)
        said = Comment.objects.of(room.organization)
        if said.filter(room=room).count() >= MOST_COMMENTS:
            raise TooMuchSaid
        parent = said.filter(item=item, parent=None, public_id=parent_id).first() if parent_id else None
        if parent_id and parent is None:
            raise NotInRoom
        written: Comment = said.create(
            organization=room.organization,
            room=room,
            item=item,
            parent=parent,
            link=link,
            author_name=guest.name,
            author_email=guest.email,
            text=text,
            x=at[0] if at and not parent else None,
            y=at[1] if at and not parent else None,
            round=room.current_round,
            created_at=now,
        )
        if parent is not None:  # it is not settled after all
            said.filter(pk=parent.pk).update(resolved_at=None, resolved_by=None)
        accounts.record(
            organization=room.organization,
            by_user=None,
            action="review.commented",
            target=item.public_id,
            now=now,
            room=room.public_id,
            comment=written.public_id,
            by=guest.email,
            name=guest.name,
        )
        told: dict[str, Any] = {
            "what": _name_of(item, None),
            "text": text[:200],
            "picture": item.picture.public_id,
        }
        tell(room=room, kind="review.commented", now=now, by_name=guest.name, **told)
    return written


def hand_back(*, link: ReviewLink, guest: Guest, now: datetime) -> None:
    """Be done with this round: it closes, and the members are told. Raises ReviewOver, RoundClosed."""
    with tenancy.enter(link.organization):
        room = _open_room(link, now)
        ReviewRoom.objects.of(room.organization).filter(pk=room.pk).update(round_closed_at=now)
        accounts.record(
            organization=room.organization,
            by_user=None,
            action="review.handed_back",
            target=room.public_id,
            now=now,
            by=guest.email,
            name=guest.name,
            round=room.current_round,
        )
        tell(room=room, kind="review.handed_back", now=now, by_name=guest.name, round=room.current_round)


def _open_room(link: ReviewLink, now: datetime) -> ReviewRoom:
    """The room of the link, locked; the link read again under the lock."""
    room = locked(link.room)
    links = ReviewLink.objects.of(link.organization)
    if not links.open(now).filter(pk=link.pk).exists():
        raise ReviewOver
    if room.round_closed_at is not None:
        raise RoundClosed
    return room


def _open_item(link: ReviewLink, item_id: str, now: datetime) -> tuple[ReviewRoom, ReviewItem]:
    room = _open_room(link, now)
    items = ReviewItem.objects.of(room.organization).current().filter(room=room, public_id=item_id)
    item = items.select_related("picture__generation__room").first()
    if item is None or item.picture.removed_at is not None:
        raise NotInRoom
    return room, item


def _piece_of(item: ReviewItem, position: int) -> GenerationReference:
    references = GenerationReference.objects.of(item.organization).select_related("photo__product")
    piece = references.filter(generation=item.picture.generation, position=position).first()
    if piece is None:
        raise NotInRoom
    return cast(GenerationReference, piece)


def _said(decision: Decision) -> tuple[str, str, str, int]:
    return decision.outcome, decision.reason, decision.reviewer_email, decision.round


def _name_of(item: ReviewItem, reference: GenerationReference | None) -> str:
    """How events and the audit log call it: "Living room 2", or "Sofa in Living room 2"."""
    room = item.picture.generation.room
    picture = f"{room.name if room else '№'} {item.position + 1}"
    if reference is None:
        return picture
    return f"{reference.photo.name or reference.position + 1} ({picture})"
