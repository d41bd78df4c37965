"""The brand of a workspace: saved, and how pages and mails for its clients look by it.

It shows while the plan has the white label. Without it pages and mails say what they are made with.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast

from django.db import Error as DatabaseTrouble
from django.http import HttpRequest
from django.urls import reverse

from accounts import domains, services, tenancy
from accounts.domains import WhiteLabelNeeded
from accounts.emails import Sender
from accounts.models import Organization, User
from projects import brand, logos, storage
from projects.brand_rows import Brand

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """What a page for clients shows in the place of the vendor's mark; addresses, "" for none."""

    name: str
    logo: str = ""
    stylesheet: str = ""


# --- Reading ---------------------------------------------------------------------------------------------


def of(organization: Organization) -> Brand:
    """What was saved; asked inside the workspace."""
    found = Brand.objects.of(organization).first()
    return cast("Brand | None", found) or Brand(organization=organization)


def look_of(organization: Organization) -> Look | None:
    """How pages for its clients look; None where the plan has no white label.

    Where the database is away the name is left: a page that says so shall not name the vendor either.
    """
    if not organization.white_label:
        return None
    try:
        with tenancy.enter(organization):
            mine = of(organization)
    except DatabaseTrouble:
        logger.warning("The brand of %s could not be read.", organization.public_id)
        return Look(organization.name)
    return Look(
        name=organization.name,
        logo=reverse("brand-logo", args=[mine.public_id]) if mine.logo else "",
        stylesheet=reverse("brand-colours", args=[mine.public_id]) if mine.colour else "",
    )


def sender_of(organization: Organization, *, answers_to: str = "") -> Sender | None:
    """In whose name clients are written to; None where the plan has no white label.

    `answers_to`: who gets answers where the brand names nobody.
    """
    if not organization.white_label:
        return None
    with tenancy.enter(organization):
        mine = of(organization)
    return Sender(
        name=mine.sender_name or organization.name,
        reply_to=mine.reply_to or answers_to,
        host=domains.host_of(organization),
    )


def find(*, public_id: str) -> Brand | None:
    """The brand of this id, while it shows."""
    with tenancy.system("an exact brand id"):
        rows = Brand.objects.filter(public_id=public_id, organization__deleted_at=None)
        return cast("Brand | None", rows.filter(organization__white_label=True).first())


def show_as(request: HttpRequest, opened: Any) -> None:
    """The page that answers is for clients of the workspace whose row was opened (None: of none), an error page too."""
    if opened is not None:
        request.shown_as = opened.organization  # type: ignore[attr-defined]  # read by config.context


# --- Verbs -----------------------------------------------------------------------------------------------


def save(
    *,
    organization: Organization,
    colour: str,
    sender_name: str,
    reply_to: str,
    by_user: User,
    now: datetime,
) -> Brand:
    """Colour, and whose name mails carry. Raises WhiteLabelNeeded, brand.NotAColour, brand.ColourTooPale."""
    if not organization.white_label:
        raise WhiteLabelNeeded
    columns = {
        "colour": brand.checked(colour),
        "sender_name": " ".join(sender_name.split()),
        "reply_to": reply_to.strip(),
    }
    with tenancy.enter(organization):
        rows = Brand.objects.of(organization)
        saved, _ = rows.update_or_create(organization=organization, defaults=columns)
        _note(saved, "brand.saved", by_user, now)
    return cast(Brand, saved)


def set_logo(*, organization: Organization, content: bytes, by_user: User, now: datetime) -> None:
    """Raises WhiteLabelNeeded, and a Refusal that says what is wrong with the picture. Holds no transaction."""
    if not organization.white_label:
        raise WhiteLabelNeeded
    put = partial(_put_logo, organization, "brand.logo_set", by_user, now)
    logos.keep(folder=f"{organization.public_id}/brand", content=content, put=put)


def remove_logo(*, organization: Organization, by_user: User, now: datetime) -> None:
    """None any more; on any plan."""
    _put_logo(organization, "brand.logo_removed", by_user, now, "")


def erase(*, organization: Organization) -> None:
    """Of a deleted workspace."""
    with tenancy.enter(organization):
        rows = Brand.objects.of(organization)
        storage.doom(rows.values_list("logo", flat=True))
        rows.delete()


def _put_logo(organization: Organization, action: str, by_user: User, now: datetime, name: str) -> None:
    with tenancy.enter(organization):
        Brand.objects.of(organization).get_or_create(organization=organization)
        locked: Brand = Brand.objects.of(organization).select_for_update(no_key=True).get()
        storage.claim([name] if name else [])
        storage.doom([locked.logo])
        locked.logo = name
        locked.save(update_fields=["logo"])
        _note(locked, action, by_user, now)


def _note(row: Brand, action: str, by_user: User, now: datetime) -> None:
    services.record(
        organization=row.organization, by_user=by_user, action=action, target=row.public_id, now=now
    )
