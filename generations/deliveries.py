"""Pictures handed over: a delivery asked for, opened by its link, released, withdrawn; made by `delivery_making`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast

from django.contrib.auth.hashers import check_password, make_password
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from accounts import activity, attempts, tenancy
from accounts import services as accounts
from accounts.errors import Refusal
from accounts.ids import random_base62
from accounts.models import Event, Membership, Organization, Role, User
from generations import reviews
from generations.models import Delivery, DeliveryItem, Picture
from generations.originals import ReasonNeeded
from generations.profiles import Profile
from projects import storage
from projects.models import Project

MAKE_TASK = "generations.make_delivery"
QUEUE = "upkeep"
TOKEN_LENGTH = 40  # 238 bits
MOST_PICTURES = 100
MOST_DAYS = 365
PIN_DIGITS = (4, 8)
GUESSES = attempts.Limit("delivery-pin", most=10, within=timedelta(minutes=15))


def _address(event: Event) -> str:
    return reverse("delivery", args=[event.organization.public_id, event.subject])


for _name, _words in {
    "made": _("%(who)s made the delivery “%(title)s”"),
    "ready": _("The delivery “%(title)s” is ready"),
    "failed": _("The delivery “%(title)s” could not be made: %(problem)s"),
    "opened": _("Somebody opened the delivery “%(title)s” for the first time"),
    "downloaded": _("Somebody downloaded from the delivery “%(title)s” for the first time"),
    "released": _("%(who)s released the delivery “%(title)s”"),
    "withdrawn": _("%(who)s withdrew the delivery “%(title)s”: %(reason)s"),
}.items():
    activity.register(f"delivery.{_name}", activity.Kind(_words, _address))


class NothingChosen(Refusal):
    """Choose at least one picture."""

    code, title, status = "nothing_chosen", "Nothing chosen", 422


class TooManyPictures(Refusal):
    """A delivery holds at most 100 pictures. Make another one for the rest."""

    code, title, status = "too_many_pictures", "Too many pictures", 422


class NotApproved(Refusal):
    """Some of the chosen pictures were not approved. Confirm it, or choose others."""

    code, title, status = "not_approved", "Not approved", 422


class BadPin(Refusal):
    """A PIN has 4 to 8 digits."""

    code, title, status = "bad_pin", "Bad PIN", 422


class WrongPin(Refusal):
    """That is not the PIN. Ask the person who sent you the link."""

    code, title, status = "wrong_pin", "Wrong PIN", 403


class NotLive(Refusal):
    """This delivery was withdrawn or its time is over. Make a new one."""

    code, title, status = "delivery_not_live", "Delivery has ended", 409


def check_approved(*, pictures: Sequence[Picture], project: Project | None, is_confirmed: bool) -> None:
    """Raises NotApproved for pictures that no client has approved in the project, unless that is confirmed.

    Asked inside the workspace.
    """
    if is_confirmed:
        return
    approved = reviews.approved_pictures(project=project).values_list("pk", flat=True) if project else ()
    if not {picture.pk for picture in pictures} <= set(approved):
        raise NotApproved


def make(
    *,
    organization: Organization,
    pictures: Sequence[Picture],
    profile: Profile,
    title: str,
    base: str,
    by_user: User,
    now: datetime,
    project: Project | None = None,
    message: str = "",
    has_link: bool = True,
    pin: str = "",
    days: int | None = None,
    has_watermark: bool = False,
) -> tuple[Delivery, str]:
    """A delivery whose files a job makes, and the text of its link, which is never to be had again ("" without).

    `base` is where this instance is reached, for the addresses in files. With it the originals of its pictures
    become public. Raises NothingChosen, TooManyPictures and BadPin.
    """
    if not pictures:
        raise NothingChosen
    if len(pictures) > MOST_PICTURES:
        raise TooManyPictures
    if pin and not (pin.isascii() and pin.isdigit() and PIN_DIGITS[0] <= len(pin) <= PIN_DIGITS[1]):
        raise BadPin
    token = random_base62(TOKEN_LENGTH) if has_link else ""
    hidden_pin = make_password(pin) if pin and has_link else ""  # slow on purpose: before the transaction
    with tenancy.enter(organization):
        wanted = [picture.pk for picture in pictures]
        there = Picture.objects.of(organization).kept().filter(pk__in=wanted, generation__deleted_at=None)
        kept = {picture.pk for picture in there.select_for_update(no_key=True, of=("self",))}
        if kept != set(wanted):
            raise NothingChosen("One of the pictures was removed meanwhile. Choose again.")
        delivery: Delivery = Delivery.objects.create(
            organization=organization,
            project=project,
            title=title,
            message=message,
            profile=profile.as_data(),
            base=base,
            sha256=_fingerprint(token) if token else None,
            pin=hidden_pin,
            expires_at=now + timedelta(days=min(days, MOST_DAYS)) if days else None,
            released_at=None if has_watermark and has_link else now,
            created_by=by_user,
            created_at=now,
        )
        DeliveryItem.objects.bulk_create(
            DeliveryItem(organization=organization, delivery=delivery, picture_id=pk, position=number)
            for number, pk in enumerate(dict.fromkeys(wanted), start=1)
        )
        note(delivery, "made", now, by_user=by_user, profile=profile.name, pictures=len(kept))
        job = app.configure_task(MAKE_TASK, queue=QUEUE, allow_unknown=True)
        job.defer(delivery_id=delivery.pk, organization_id=organization.pk)
    return delivery, token


def renew_link(*, delivery: Delivery, by_user: User, now: datetime) -> str:
    """A new link in the place of the old one, which opens nothing any more. Raises NotLive."""
    organization, token = delivery.organization, random_base62(TOKEN_LENGTH)
    with tenancy.enter(organization):
        live = Delivery.objects.of(organization).live(now).filter(pk=delivery.pk)
        if not live.update(sha256=_fingerprint(token)):
            raise NotLive
        _audit(delivery, "link_renewed", by_user, now)
    return token


def release(*, delivery: Delivery, by_user: User, now: datetime) -> None:
    """From now on its page gives the files themselves. Twice is once. Raises NotLive."""
    organization = delivery.organization
    with tenancy.enter(organization):
        live = Delivery.objects.of(organization).live(now).filter(pk=delivery.pk)
        if live.filter(released_at=None).update(released_at=now):
            note(delivery, "released", now, by_user=by_user)
        elif not live.exists():
            raise NotLive


def withdraw(*, delivery: Delivery, reason: str, by_user: User | None, now: datetime) -> None:
    """Its link opens nothing and its files are gone; the reason stays in the audit log. Twice is once.

    The pages of the originals stay: the pictures may be in use. Raises ReasonNeeded.
    """
    reason = " ".join(reason.split())[:400]
    if not reason:
        raise ReasonNeeded
    organization = delivery.organization
    with tenancy.enter(organization):
        mine = Delivery.objects.of(organization).filter(pk=delivery.pk, withdrawn_at=None)
        locked = mine.select_for_update(no_key=True).first()
        if locked is None:
            return
        items = DeliveryItem.objects.of(organization).filter(delivery=locked)
        files = [name for pair in items.values_list("file", "preview") for name in pair]
        storage.doom([locked.archive, *files])
        items.update(file="", preview="")
        mine.update(withdrawn_at=now, reason=reason, archive="")
        note(delivery, "withdrawn", now, by_user=by_user, reason=reason)


def find(*, token: str) -> Delivery | None:
    """The delivery of this link's text, whatever became of it; with its workspace."""
    with tenancy.system("an exact delivery link hash"):
        rows = Delivery.objects.filter(sha256=_fingerprint(token), organization__deleted_at=None)
        return cast("Delivery | None", rows.select_related("organization").first())


def check_pin(*, delivery: Delivery, pin: str, address: str, now: datetime) -> None:
    """Raises WrongPin, and TooManyAttempts after ten wrong ones in a quarter of an hour."""
    subject = f"{delivery.public_id} {address}"
    attempts.count(limit=GUESSES, subject=subject, now=now)
    if not check_password(pin, delivery.pin):
        raise WrongPin
    attempts.give_back(limit=GUESSES, subject=subject)


def note_opened(*, delivery: Delivery, now: datetime) -> None:
    """Tells the workspace of the first time."""
    _note_first(delivery, "first_opened_at", "opened", now)


def note_downloaded(*, delivery: Delivery, now: datetime) -> None:
    """Tells the workspace of the first time."""
    _note_first(delivery, "first_downloaded_at", "downloaded", now)


def _note_first(delivery: Delivery, column: str, what: str, now: datetime) -> None:
    if getattr(delivery, column) is not None:
        return
    organization = delivery.organization
    with tenancy.enter(organization):
        mine = Delivery.objects.of(organization).filter(pk=delivery.pk, **{column: None})
        if mine.update(**{column: now}):
            note(delivery, what, now)


def items_of(*, delivery: Delivery) -> list[DeliveryItem]:
    """In order, with what pages show of them; asked inside the workspace."""
    items = DeliveryItem.objects.of(delivery.organization).filter(delivery=delivery)
    return list(items.select_related("picture__generation").order_by("position"))


def is_delivered(*, organization: Organization, pictures: Sequence[Picture], now: datetime) -> bool:
    """Whether a live delivery holds one of them; asked inside the workspace."""
    live = Delivery.objects.of(organization).live(now)
    return DeliveryItem.objects.of(organization).filter(delivery__in=live, picture__in=pictures).exists()


def note(
    delivery: Delivery, what: str, now: datetime, *, by_user: User | None = None, **details: object
) -> None:
    """A line of the audit log and an event; inside the workspace's transaction."""
    _audit(delivery, what, by_user, now, **details)
    organization = delivery.organization
    may_deliver = (Role.OWNER, Role.ADMIN, Role.DESIGNER)
    told = [] if by_user else Membership.objects.of(organization).filter(role__in=may_deliver)
    activity.record(
        organization=organization,
        kind=f"delivery.{what}",
        subject=delivery.public_id,
        project=delivery.project.public_id if delivery.project else "",
        now=now,
        by_user=by_user,
        data={"title": delivery.title, **details},
        notify=[member.user_id for member in told],
    )


def _audit(delivery: Delivery, what: str, by_user: User | None, now: datetime, **details: object) -> None:
    accounts.record(
        organization=delivery.organization,
        by_user=by_user,
        action=f"delivery.{what}",
        target=delivery.public_id,
        now=now,
        **details,
    )


def _fingerprint(token: str) -> bytes:
    return sha256(token.encode()).digest()
