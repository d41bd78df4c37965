"""Public pages that show a picture beside the unaltered photo it was made from: published, found, retracted.

A page stands as long as its picture may be in use, whatever becomes of the project or the plan's retention; it has
files of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.files.storage import default_storage
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import activity, tenancy
from accounts import services as accounts
from accounts.errors import Refusal
from accounts.models import Organization, User
from generations import lineage, renditions
from generations.models import OriginalPage, Picture, Rendition
from generations.services import PictureRemoved
from projects import storage
from projects.models import Photo

activity.register("original.published", activity.Kind(_("%(who)s published the original of a picture")))
activity.register(
    "original.retracted", activity.Kind(_("%(who)s retracted the original of a picture: %(reason)s"))
)

# What a mode alters; its key is what was chosen in the studio, "" over the API.
_ALTERED: dict[str, str | Promise] = {
    "staging": _("Furniture and decoration were added digitally to a photo of the room."),
    "declutter": _("Things that stand in the room were removed digitally, and others put in their place."),
    "layout": _("The furniture was rearranged digitally."),
    "region": _("A part of the picture was changed digitally."),
    "walls": _("The surface or colour of the walls was changed digitally."),
    "floor": _("The floor was changed digitally."),
    "windows": _("The windows were changed digitally."),
    "doors": _("The doors were changed digitally."),
    "stairs": _("The stairs were changed digitally."),
    "exterior": _("The outside of the house was redesigned digitally."),
    "garden": _("The garden was redesigned digitally."),
    "seasonal": _("Decoration of the season was added digitally."),
    "render": _("A drawing or render was turned into a picture that looks like a photo."),
}
_ANY = _("Furniture, surfaces and decoration were changed digitally; the room does not look like this.")


class OriginalGone(Refusal):
    """The photo that this picture was made from was removed, so there is no original to show."""

    code, title, status = "original_gone", "Original is gone", 409


class ReasonNeeded(Refusal):
    """Say why. The reason is kept in the audit log."""

    code, title, status = "reason_needed", "Reason needed", 422


def altered_words(page: OriginalPage) -> str:
    """What was altered: in the workspace's words, else by what was asked for; expects the generation loaded."""
    return page.altered or str(_ALTERED.get(page.picture.generation.mode, _ANY))


def publish(*, picture: Picture, by_user: User | None, now: datetime, altered: str = "") -> OriginalPage:
    """The live page of a picture, made now if there is none; a retracted one comes back under its old address.

    `altered` replaces the words of a page that is there. Not inside a transaction. Raises OriginalGone,
    PictureRemoved, and ImageWorkFailed when that failed on our side.
    """
    organization = picture.organization
    with tenancy.enter(organization):
        there = _of(picture)
        if there is not None and there.retracted_at is None:
            if altered and altered != there.altered:
                OriginalPage.objects.of(organization).filter(pk=there.pk).update(altered=altered)
                there.altered = altered
            return there
        photo = lineage.first_photo(generation=picture.generation)
    if photo is None or not photo.image or photo.state == Photo.State.GONE:
        raise OriginalGone
    web = renditions.copy_of(picture=picture, kind=Rendition.Kind.WEB)
    tenancy.release_connection()
    folder = f"{organization.public_id}/originals/{picture.public_id}"
    before = storage.new_name(folder, "before", ".png" if photo.media_type == "image/png" else ".jpg")
    after = storage.new_name(folder, "after", ".webp")
    try:
        storage.announce([before, after])
        for name, source in ((before, photo.image), (after, web.file)):
            try:
                with default_storage.open(source) as opened:
                    storage.write(name, opened.read())
            except FileNotFoundError:
                raise OriginalGone from None  # in this moment
        return _keep(picture, before, after, altered, by_user, now)
    finally:
        storage.discard([before, after])  # keeps what was claimed


def _of(picture: Picture) -> OriginalPage | None:
    rows = OriginalPage.objects.of(picture.organization).select_related("picture__generation", "organization")
    found: OriginalPage | None = rows.filter(picture=picture).first()
    return found


def _keep(
    picture: Picture, before: str, after: str, altered: str, by_user: User | None, now: datetime
) -> OriginalPage:
    """While the picture is locked and there; of two at once the first one stays."""
    organization = picture.organization
    with tenancy.enter(organization):
        mine = Picture.objects.of(organization).kept().filter(pk=picture.pk)
        if mine.select_for_update(no_key=True).first() is None:
            raise PictureRemoved
        page = _of(picture)
        if page is not None and page.retracted_at is None:
            return page
        if page is None:
            page = OriginalPage(organization=organization, picture=picture)
        page.before, page.after, page.altered = before, after, altered or page.altered
        page.published_at, page.published_by, page.retracted_at, page.reason = now, by_user, None, ""
        page.save()
        storage.claim([before, after])
        _record(page, "published", by_user, now)
    return page


def retract(*, page: OriginalPage, reason: str, by_user: User | None, now: datetime) -> None:
    """Nobody finds it any more and its files are gone; the reason stays in the audit log. Twice is once.

    May be called inside the workspace's transaction. Raises ReasonNeeded.
    """
    reason = " ".join(reason.split())[:400]
    if not reason:
        raise ReasonNeeded
    organization = page.organization
    with tenancy.enter(organization):
        live = OriginalPage.objects.of(organization).live().filter(pk=page.pk)
        locked = live.select_for_update(no_key=True).first()
        if locked is None:
            return
        storage.doom([locked.before, locked.after])
        live.update(before="", after="", retracted_at=now, reason=reason)
        _record(page, "retracted", by_user, now, reason=reason)


def find(*, public_id: str) -> OriginalPage | None:
    """The page of this address, retracted ones too; everybody may ask."""
    with tenancy.system("an exact address of an original"):
        rows = OriginalPage.objects.filter(public_id=public_id, organization__deleted_at=None)
        found: OriginalPage | None = rows.select_related("organization", "picture__generation").first()
    return found


def live_of(*, organization: Organization, pictures: Iterable[Picture]) -> dict[int, OriginalPage]:
    """The live pages of these pictures by the pictures' keys; asked inside the workspace."""
    pages = OriginalPage.objects.of(organization).live().filter(picture__in=[one.pk for one in pictures])
    return {page.picture_id: page for page in pages.select_related("picture__generation")}


def _record(page: OriginalPage, what: str, by_user: User | None, now: datetime, **details: str) -> None:
    accounts.record(
        organization=page.organization,
        by_user=by_user,
        action=f"original.{what}",
        target=page.public_id,
        now=now,
        picture=page.picture.public_id,
        **details,
    )
    activity.record(
        organization=page.organization,
        kind=f"original.{what}",
        subject=page.picture.public_id,
        now=now,
        by_user=by_user,
        data={"address": page.public_id, **details},
    )
