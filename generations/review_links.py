"""Links into review rooms: made, mailed, found, ended, and asked for again by who has an old one."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast

from django.urls import reverse
from procrastinate.contrib.django import app

from accounts import attempts, emails, tenancy
from accounts import services as accounts
from accounts.attempts import Limit
from accounts.errors import Refusal
from accounts.ids import random_base62
from accounts.models import Organization, User
from generations.models import Comment, Decision, ReviewLink, ReviewRoom
from generations.review_telling import tell
from projects import branding

MAIL_TASK = "generations.mail_review_link"
TOKEN_LENGTH = 40  # 238 bits
USUAL_DAYS, MOST_DAYS = 30, 365
# Of one workspace: nobody shall use us to write to strangers.
MAILS = Limit("review-mail", most=200, within=timedelta(days=1))
MOST_OPEN = 100  # links into one room at once


class TooManyRoomLinks(Refusal):
    """Very many links into this room are open. End the ones given away before, then make another."""

    code, title, status = "too_many_links", "Too many links", 409


class RoomRevoked(Refusal):
    """This review room is revoked. Make a new one."""

    code, title, status = "review_revoked", "Review room revoked", 409


def locked(room: ReviewRoom) -> ReviewRoom:
    """The room, locked: whatever changes it or is written in it comes one after the other. Inside the workspace."""
    rows = ReviewRoom.objects.of(room.organization).select_related("organization", "project__client")
    return cast(ReviewRoom, rows.select_for_update(no_key=True, of=("self",)).get(pk=room.pk))


def make(
    *, room: ReviewRoom, by_user: User | None, now: datetime, days: int = USUAL_DAYS, sent_to: str = ""
) -> tuple[ReviewLink, str]:
    """A new link and its text, which is never to be had again; the room is locked by the caller.

    Raises RoomRevoked and TooManyRoomLinks.
    """
    if room.revoked_at is not None:
        raise RoomRevoked
    links = ReviewLink.objects.of(room.organization)
    if links.open(now).filter(room=room).count() >= MOST_OPEN:
        raise TooManyRoomLinks
    token = random_base62(TOKEN_LENGTH)
    link = links.create(
        organization=room.organization,
        room=room,
        sha256=_sha256(token),
        sent_to=sent_to,
        made_by=by_user,
        expires_at=now + timedelta(days=min(max(days, 1), MOST_DAYS)),
    )
    accounts.record(
        organization=room.organization,
        by_user=by_user,
        action="review.link_sent" if sent_to else "review.link_made",
        target=room.public_id,
        now=now,
        **({"to": sent_to} if sent_to else {}),
    )
    return link, token


def renew(
    *, room: ReviewRoom, by_user: User, now: datetime, days: int = USUAL_DAYS, ends_others: bool = False
) -> tuple[ReviewLink, str]:
    """Another link, to be copied; on request those given away before end at once."""
    with tenancy.enter(room.organization):
        room = locked(room)
        if ends_others:
            others = ReviewLink.objects.of(room.organization).filter(room=room, revoked_at=None)
            others.update(revoked_at=now)
        return make(room=room, by_user=by_user, now=now, days=days)


def revoke(*, link: ReviewLink, by_user: User, now: datetime) -> None:
    """From now on it opens nothing. Twice is once."""
    organization = link.organization
    with tenancy.enter(organization):
        room = locked(link.room)
        if ReviewLink.objects.of(organization).filter(pk=link.pk, revoked_at=None).update(revoked_at=now):
            accounts.record(
                organization=organization,
                by_user=by_user,
                action="review.link_revoked",
                target=room.public_id,
                now=now,
                link=link.public_id,
            )


def send(
    *, room: ReviewRoom, by_user: User, to: str, base: str, now: datetime, days: int = USUAL_DAYS
) -> None:
    """Have a link of their own mailed to somebody; `base` is what it begins with.

    Raises RoomRevoked, TooManyAttempts.
    """
    attempts.count(limit=MAILS, subject=room.organization.public_id, now=now)
    with tenancy.enter(room.organization):
        room = locked(room)
        if room.revoked_at is not None:
            raise RoomRevoked
        mail_later(room=room, by_user=by_user, to=to, base=base, days=days)


def mail_later(*, room: ReviewRoom, by_user: User | None, to: str, base: str, days: int = USUAL_DAYS) -> None:
    """In the caller's transaction."""
    job = app.configure_task(MAIL_TASK, queue=emails.QUEUE, allow_unknown=True)
    job.defer(
        room_id=room.pk,
        organization_id=room.organization_id,
        user_id=by_user.pk if by_user else None,
        to=to,
        base=base,
        days=days,
    )


def mail(
    *, room_id: int, organization_id: int, user_id: int | None, to: str, base: str, days: int, now: datetime
) -> None:
    """Make a link for one person and mail it; a mail that fails leaves no link behind."""
    organization = Organization.objects.filter(pk=organization_id, deleted_at=None).first()
    if organization is None:
        return
    by_user = User.objects.filter(pk=user_id).first() if user_id else None
    with tenancy.enter(organization):
        room = ReviewRoom.objects.of(organization).filter(pk=room_id, revoked_at=None).first()
        if room is None:
            return
        room = locked(room)
        try:
            link, token = make(room=room, by_user=by_user, now=now, days=days, sent_to=to)
        except Refusal:  # revoked meanwhile, or full
            return
    try:
        emails.send(
            to=[to],
            template="review_link",
            context={
                "workspace": organization,
                "room": room,
                "link": f"{base}{reverse('review-guest', args=[token])}",
                "until": link.expires_at,
                "asks_pin": bool(room.pin),
            },
            sender=branding.sender_of(organization, answers_to=_answers_to(room, by_user)),
        )
    except Exception:
        with tenancy.enter(organization):
            ReviewLink.objects.of(organization).filter(pk=link.pk).delete()
        raise


def _answers_to(room: ReviewRoom, by_user: User | None) -> str:
    """Who sends it, or who made the room."""
    person = by_user or room.created_by
    return person.email if person is not None and person.deleted_at is None else ""


def find(*, token: str) -> ReviewLink | None:
    """The link of this text, whatever became of it, with its room, project, client and workspace."""
    with tenancy.system("an exact review link hash"):
        links = ReviewLink.objects.filter(sha256=_sha256(token), organization__deleted_at=None)
        related = ("organization", "room__organization", "room__project__client", "room__created_by")
        return cast("ReviewLink | None", links.select_related(*related).first())


def ask_again(*, link: ReviewLink, email: str, base: str, now: datetime) -> None:
    """Who has an expired link asks for a new one; it goes to an address known in the room, and to no other.

    The members are told either way. Nothing that the asker sees depends on whether the address is known.
    """
    with tenancy.enter(link.organization):
        room = locked(link.room)
        if room.revoked_at is not None:
            return
        known = email.lower() in addresses_of(room=room)
        if known:
            mail_later(room=room, by_user=None, to=email, base=base)
        accounts.record(
            organization=room.organization,
            by_user=None,
            action="review.link_asked",
            target=room.public_id,
            now=now,
            by=email,
            known=known,
        )
        tell(room=room, kind="review.link_asked", now=now, by_name=email, known=known)


def addresses_of(*, room: ReviewRoom) -> set[str]:
    """Whom the room was sent to, who spoke in it, and its client; in small letters. Inside the workspace."""
    mine = {"room": room}
    found = set(ReviewLink.objects.of(room.organization).filter(**mine).values_list("sent_to", flat=True))
    found |= set(
        Decision.objects.of(room.organization).filter(**mine).values_list("reviewer_email", flat=True)
    )
    said = Comment.objects.of(room.organization).filter(**mine, link__isnull=False)
    found |= set(said.values_list("author_email", flat=True))
    if room.project.client:
        found.add(room.project.client.email)
    return {email.lower() for email in found if email}


def fingerprint(token: str) -> str:
    """What a browser that has opened the link keeps, instead of the link."""
    return _sha256(token).hex()[:32]


def _sha256(token: str) -> bytes:
    return sha256(token.encode()).digest()
