"""Links that show one picture to people without an account."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast

from accounts import services as accounts
from accounts import tenancy
from accounts.errors import Refusal
from accounts.ids import random_base62
from accounts.models import Organization, User
from generations import renditions
from generations.models import Picture, Rendition, ShareLink
from generations.services import PictureRemoved
from projects.image_pool import ImageWorkFailed

TOKEN_LENGTH = 40  # 238 bits
MOST_OPEN = 20  # links of one picture at once


class TooManyLinks(Refusal):
    """20 links to this picture are open. Revoke one that nobody needs, then make another."""

    code, title, status = "too_many_links", "Too many links", 409


@dataclass(frozen=True)
class Shared:
    """What stands behind a link: names of stored files. `before` is "" when the photo is gone."""

    organization: Organization
    picture: Picture
    before: str
    after: str


def make_link(
    *, picture: Picture, by_user: User, now: datetime, days: int | None = None
) -> tuple[ShareLink, str]:
    """A new link and its text, which is never to be had again; it ends after `days`, or when it is revoked.

    Raises PictureRemoved and TooManyLinks.
    """
    organization, token = picture.organization, random_base62(TOKEN_LENGTH)
    with suppress(ImageWorkFailed):  # then it shows the picture itself, which is larger
        renditions.copy_of(picture=picture, kind=Rendition.Kind.WEB)
    with tenancy.enter(organization):
        # Locked, so that two at once count each other, and a removal comes before or after.
        if (
            Picture.objects.of(organization)
            .kept()
            .filter(pk=picture.pk)
            .select_for_update(no_key=True)
            .first()
            is None
        ):
            raise PictureRemoved
        if ShareLink.objects.of(organization).open(now).filter(picture=picture).count() >= MOST_OPEN:
            raise TooManyLinks
        link = ShareLink.objects.create(
            organization=organization,
            picture=picture,
            sha256=_fingerprint(token),
            created_by=by_user,
            expires_at=now + timedelta(days=days) if days else None,
        )
        _record(link, "share_link.made", by_user, now)
    return link, token


def revoke_link(*, link: ShareLink, by_user: User, now: datetime) -> None:
    """From now on it opens nothing. Twice is once."""
    organization = link.organization
    with tenancy.enter(organization):
        if ShareLink.objects.of(organization).filter(pk=link.pk, revoked_at=None).update(revoked_at=now):
            _record(link, "share_link.revoked", by_user, now)


def links_of(*, pictures: Iterable[Picture], now: datetime) -> list[ShareLink]:
    """The open links to these pictures of one workspace, newest first."""
    some = list(pictures)
    if not some:
        return []
    links = ShareLink.objects.of(some[0].organization).open(now).filter(picture__in=some)
    return list(links.select_related("picture", "created_by").order_by("-pk"))


def find(*, token: str, now: datetime) -> tuple[ShareLink | None, Shared | None]:
    """The link of this text, and what it shows: nothing any more when it has ended or the picture is gone."""
    with tenancy.system("an exact share link hash"):
        links = ShareLink.objects.filter(sha256=_fingerprint(token)).select_related("organization")
        link = cast("ShareLink | None", links.first())
    if link is None or not link.is_open(now):
        return link, None
    organization = link.organization
    with tenancy.enter(organization):
        pictures = (
            Picture.objects.of(organization).kept().filter(pk=link.picture_id, generation__deleted_at=None)
        )
        picture = pictures.select_related("generation__photo", "generation__parent", "organization").first()
        if picture is None:
            return link, None
        web = Rendition.objects.of(organization).filter(picture=picture, kind=Rendition.Kind.WEB).first()
    made = picture.generation
    before = made.photo.image if made.photo else made.parent.image
    return link, Shared(organization, picture, before, web.file if web else picture.image)


def _fingerprint(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _record(link: ShareLink, action: str, by_user: User, now: datetime) -> None:
    accounts.record(
        organization=link.organization,
        by_user=by_user,
        action=action,
        target=link.public_id,
        now=now,
        picture=link.picture.public_id,
    )
