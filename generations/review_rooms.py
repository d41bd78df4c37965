"""A member's verbs about review rooms: make, change, revoke; rounds; answer, settle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import cast

from django.contrib.auth.hashers import make_password
from django.db.models import Max

from accounts import services as accounts
from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import Organization, User
from generations import lineage, review_links
from generations.models import Comment, Picture, ReviewItem, ReviewLink, ReviewRoom, State
from generations.models.picture import PictureQuerySet
from generations.review_links import RoomRevoked, locked
from generations.review_telling import tell
from generations.services import PictureRemoved
from projects.models import Project

MOST_PICTURES = 300  # of one room
MOST_OFFERED = 300  # the newest, to choose from


class NoPictures(Refusal):
    """Choose at least one picture."""

    code, title, status = "no_pictures", "No pictures", 422


class TooManyPictures(Refusal):
    """A review room holds up to 300 pictures. Choose fewer, or make a second room."""

    code, title, status = "too_many_pictures", "Too many pictures", 422


class RoundsUsedUp(Refusal):
    """All agreed rounds are used up. Raise the number of rounds in the settings of the room first."""

    code, title, status = "rounds_used_up", "No round left", 409


class TooFewRounds(Refusal):
    """The room is past that round already. Choose a higher number of rounds."""

    code, title, status = "too_few_rounds", "Too few rounds", 422


class NotToBeReplaced(Refusal):
    """One of the pictures was removed meanwhile. Choose again."""

    code, title, status = "not_found", "Not found", 404


class CommentGone(Refusal):
    """This comment is no longer there."""

    code, title, status = "comment_gone", "No such comment", 404


@dataclass(frozen=True)
class Terms:
    """What a room says, how many rounds it has, and what the client may see and do."""

    title: str
    message: str = ""
    max_rounds: int = 2
    show_prices: bool = False
    show_budget: bool = False
    show_product_links: bool = False
    show_versions: bool = False
    allow_downloads: bool = False


def offered(*, project: Project) -> PictureQuerySet:
    """Pictures of the project that can be put into a room, newest first; inside the workspace."""
    pictures = Picture.objects.of(project.organization).kept()
    found: PictureQuerySet = pictures.filter(
        generation__room__project=project, generation__state=State.SUCCEEDED, generation__deleted_at=None
    )
    return found.select_related("generation__room", "generation__photo").order_by("-pk")


def newest_of_each(*, organization: Organization, pictures: Sequence[Picture]) -> set[int]:
    """Of these pictures, those of the last generation that came of each photo: what a new room proposes."""
    roots = roots_of(organization=organization, pictures=pictures)
    last: dict[int, int] = {}
    for picture in pictures:
        root = roots.get(picture.generation_id, 0)
        last[root] = max(last.get(root, 0), picture.generation_id)
    newest = set(last.values())
    return {picture.pk for picture in pictures if picture.generation_id in newest}


def roots_of(*, organization: Organization, pictures: Sequence[Picture]) -> dict[int, int]:
    """The photo (its key) that the versions up to each generation (its key) of these pictures began with."""
    made_in = sorted({picture.generation_id for picture in pictures})
    return lineage.first_photos(organization=organization, generations=made_in)


def hide_pin(pin: str) -> str:
    """What is kept of a PIN; "" of none. Slow on purpose: never inside a transaction."""
    return make_password(pin) if pin else ""


def open_room(
    *,
    project: Project,
    pictures: Sequence[Picture],
    terms: Terms,
    by_user: User,
    now: datetime,
    pin: str = "",
    days: int = review_links.USUAL_DAYS,
) -> tuple[ReviewRoom, str]:
    """A room with these pictures in this order, and the text of its first link, which is never to be had again.

    Raises NoPictures, TooManyPictures, PictureRemoved.
    """
    organization, hidden = project.organization, hide_pin(pin)
    with tenancy.enter(organization):
        room = ReviewRoom.objects.create(
            organization=organization,
            project=project,
            pin=hidden,
            created_by=by_user,
            **asdict(terms),
        )
        _add(room, [(picture, None) for picture in pictures])
        accounts.record(
            organization=organization,
            by_user=by_user,
            action="review.made",
            target=room.public_id,
            now=now,
            project=project.public_id,
            pictures=len(pictures),
        )
        _link, token = review_links.make(room=room, by_user=by_user, now=now, days=days)
        tell(room=room, kind="review.made", now=now, by_user=by_user)
    return room, token


def change(
    *, room: ReviewRoom, terms: Terms, by_user: User, now: datetime, hidden_pin: str | None = None
) -> None:
    """Other terms and what `hide_pin` made of another PIN; None keeps the old one. Raises RoomRevoked, TooFewRounds."""
    with tenancy.enter(room.organization):
        room = _open(room)
        if terms.max_rounds < room.current_round:
            raise TooFewRounds
        changed = [name for name, value in asdict(terms).items() if getattr(room, name) != value]
        values: dict[str, object] = asdict(terms)
        if hidden_pin is not None:
            values["pin"] = hidden_pin
            changed.append("pin")
        if changed:
            ReviewRoom.objects.of(room.organization).filter(pk=room.pk).update(**values)
            _record(room, "review.changed", by_user, now, changed=changed)


def revoke(*, room: ReviewRoom, by_user: User, now: datetime) -> None:
    """From now on no link opens it; what was decided stays. Twice is once."""
    with tenancy.enter(room.organization):
        room = locked(room)
        if room.revoked_at is not None:
            return
        ReviewRoom.objects.of(room.organization).filter(pk=room.pk).update(revoked_at=now)
        ReviewLink.objects.of(room.organization).filter(room=room, revoked_at=None).update(revoked_at=now)
        _record(room, "review.revoked", by_user, now)
        tell(room=room, kind="review.revoked", now=now, by_user=by_user)


def close_round(*, room: ReviewRoom, by_user: User, now: datetime) -> None:
    """No more decisions in this round. Twice is once. Raises RoomRevoked."""
    with tenancy.enter(room.organization):
        room = _open(room)
        if room.round_closed_at is not None:
            return
        ReviewRoom.objects.of(room.organization).filter(pk=room.pk).update(round_closed_at=now)
        _record(room, "review.round_closed", by_user, now, round=room.current_round)
        tell(room=room, kind="review.round_closed", now=now, by_user=by_user, round=room.current_round)


def open_round_again(*, room: ReviewRoom, by_user: User, now: datetime) -> None:
    """The closed round goes on. Raises RoomRevoked."""
    with tenancy.enter(room.organization):
        room = _open(room)
        if room.round_closed_at is None:
            return
        ReviewRoom.objects.of(room.organization).filter(pk=room.pk).update(round_closed_at=None)
        _record(room, "review.round_opened_again", by_user, now, round=room.current_round)


def start_round(
    *,
    room: ReviewRoom,
    additions: Sequence[tuple[Picture, str]],
    by_user: User,
    now: datetime,
    message: str | None = None,
    writes_to_reviewers: bool = False,
    base: str = "",
) -> ReviewRoom:
    """The next round, with pictures that are new; each names the item (its outward id) whose place it takes, or "".

    Decisions about the others carry over. `message` replaces the room's, `writes_to_reviewers` mails each person known
    in it a link of their own. Raises RoomRevoked, RoundsUsedUp, NoPictures, TooManyPictures, PictureRemoved,
    NotToBeReplaced.
    """
    organization = room.organization
    with tenancy.enter(organization):
        room = _open(room)
        if room.current_round >= room.max_rounds:
            raise RoundsUsedUp
        room.current_round, room.round_closed_at = room.current_round + 1, None
        room.message = room.message if message is None else message
        room.save(update_fields=["current_round", "round_closed_at", "message"])
        current = ReviewItem.objects.of(organization).current().filter(room=room)
        replaceable = {item.public_id: item for item in current}
        if not {replaced for _, replaced in additions} <= {*replaceable, ""}:
            raise NotToBeReplaced(field="pictures")
        _add(room, [(picture, replaceable.pop(replaced, None)) for picture, replaced in additions])
        _record(room, "review.round_started", by_user, now, round=room.current_round, pictures=len(additions))
        tell(room=room, kind="review.round_started", now=now, by_user=by_user, round=room.current_round)
        if writes_to_reviewers:
            for address in sorted(review_links.addresses_of(room=room))[:20]:
                review_links.mail_later(room=room, by_user=by_user, to=address, base=base)
    return room


def answer(*, room: ReviewRoom, comment_id: str, text: str, by_user: User, now: datetime) -> Comment:
    """Reply to a comment; the reviewers read it in the room. Raises CommentGone."""
    with tenancy.enter(room.organization):
        room = locked(room)
        comments = Comment.objects.of(room.organization).filter(room=room, parent=None)
        parent = (
            comments.filter(public_id=comment_id).select_related("item__picture__generation__room").first()
        )
        if parent is None:
            raise CommentGone
        written: Comment = Comment.objects.create(
            organization=room.organization,
            room=room,
            item=parent.item,
            parent=parent,
            author=by_user,
            author_name=by_user.get_short_name(),
            text=text,
            round=room.current_round,
            created_at=now,
        )
        _record(room, "review.answered", by_user, now, comment=parent.public_id)
        place = f"№ {parent.item.position + 1}"
        tell(room=room, kind="review.answered", now=now, by_user=by_user, what=place, text=text[:200])
    return written


def resolve(*, room: ReviewRoom, comment_id: str, is_resolved: bool, by_user: User, now: datetime) -> None:
    """Mark a comment as settled, or as open again. Raises CommentGone."""
    with tenancy.enter(room.organization):
        comments = Comment.objects.of(room.organization).filter(room=room, parent=None, public_id=comment_id)
        if not comments.exists():
            raise CommentGone
        wanted = comments.filter(resolved_at__isnull=is_resolved)
        values = (now, by_user) if is_resolved else (None, None)
        if wanted.update(resolved_at=values[0], resolved_by=values[1]):
            action = "review.resolved" if is_resolved else "review.unresolved"
            _record(room, action, by_user, now, comment=comment_id)


def _open(room: ReviewRoom) -> ReviewRoom:
    room = locked(room)
    if room.revoked_at is not None:
        raise RoomRevoked
    return room


def _add(room: ReviewRoom, additions: Sequence[tuple[Picture, ReviewItem | None]]) -> None:
    """Put pictures into the room's present round; those that are in it already stay where they are."""
    organization = room.organization
    mine = ReviewItem.objects.of(organization).filter(room=room)
    there = set(mine.values_list("picture", flat=True))
    wanted = [(picture, old) for picture, old in additions if picture.pk not in there]
    if not wanted:
        raise NoPictures
    if len(there) + len(wanted) > MOST_PICTURES:
        raise TooManyPictures
    _lock_pictures(organization, [picture for picture, _ in wanted])
    roots = roots_of(organization=organization, pictures=[picture for picture, _ in wanted])
    last = mine.aggregate(last=Max("position"))["last"]
    place = 0 if last is None else last + 1
    rows = []
    for picture, old in wanted:
        rows.append(
            ReviewItem(
                organization=organization,
                room=room,
                picture=picture,
                before_id=roots.get(picture.generation_id),
                replaces=old,
                position=old.position if old else place,
                round=room.current_round,
            )
        )
        place += old is None
    ReviewItem.objects.bulk_create(rows)


def _lock_pictures(organization: Organization, pictures: Iterable[Picture]) -> None:
    """A removal comes before, and is seen, or after."""
    keys = {picture.pk for picture in pictures}
    kept = Picture.objects.of(organization).kept().filter(pk__in=keys, generation__deleted_at=None)
    if len(
        cast("list[Picture]", list(kept.select_for_update(no_key=True, of=("self",)).order_by("pk")))
    ) != len(keys):
        raise PictureRemoved


def _record(room: ReviewRoom, action: str, by_user: User, now: datetime, **details: object) -> None:
    accounts.record(
        organization=room.organization,
        by_user=by_user,
        action=action,
        target=room.public_id,
        now=now,
        **details,
    )
