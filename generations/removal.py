"""Pictures and photos that go: deleted by their workspace, or past the retention of its plan.

Files and text go; rows, credits and ledger stay. An accepting request locks what it starts from
(`services.request_generation`), and so does everything here: either it finds the picture gone, or we find its child.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import DateTimeField, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce, Greatest

from accounts import activity, tenancy
from accounts import services as accounts
from accounts.errors import Refusal
from accounts.models import Organization, User
from generations import deliveries, originals, renditions
from generations.models import Generation, GenerationReference, Picture, ReviewItem
from generations.models.generation import GenerationQuerySet
from projects import arranging, storage
from projects import services as projects
from projects.models import Photo, PhotoQuerySet, Room

logger = logging.getLogger(__name__)

LEAST_RETENTION_DAYS = 30  # whatever a plan says
_AT_ONCE = 50  # pictures, or photos, of one transaction


class NotEnded(Refusal):
    """This generation has not ended yet. Cancel it, or wait until it has ended, then delete it."""

    code, title, status = "not_ended", "Not ended yet", 409


class PictureInUse(Refusal):
    """A new version of one of its pictures is being made at this moment. Delete it when that has ended."""

    code, title, status = "picture_in_use", "Picture in use", 409


class PictureDelivered(Refusal):
    """One of its pictures is part of a delivery that is open still. Withdraw the delivery first, then delete it."""

    code, title, status = "picture_delivered", "Picture is delivered", 409


class PictureIsPublic(Refusal):
    """The original of one of its pictures is public, and the picture may be in use: whoever follows its code or
    address would find nothing. Retract the page of the original first, then delete it."""

    code, title, status = "picture_is_public", "Original is public", 409


RELIED_ON = (PictureInUse, PictureDelivered, PictureIsPublic)


def kept_until(picture: Picture, organization: Organization) -> datetime:
    """The picture is kept at least until then, by the workspace's present plan."""
    return picture.created_at + timedelta(days=_retention_days(organization))


def _retention_days(organization: Organization) -> int:
    return max(organization.retention_days, LEAST_RETENTION_DAYS)


def delete_generation(
    *, generation: Generation, by_user: User | None, now: datetime, is_noted: bool = True
) -> None:
    """Remove its prompt, its pictures and the photos that only it used, for good; nothing is paid back.

    `is_noted`: with a line in the audit log.

    Raises NotEnded, PictureInUse while a version of one of its pictures is being made, and PictureDelivered or
    PictureIsPublic while somebody outside relies on one. Deleting twice is once.
    """
    organization = generation.organization
    with tenancy.enter(organization):
        rows = Generation.objects.of(organization).filter(pk=generation.pk)
        locked: Generation = rows.select_for_update(no_key=True, of=("self",)).get()
        if locked.deleted_at is not None:
            return
        if not locked.has_ended:
            raise NotEnded
        theirs = Picture.objects.of(organization).filter(generation=locked)
        pictures = list(theirs.select_for_update(no_key=True).order_by("pk"))
        if _being_restyled(organization, pictures):
            raise PictureInUse
        _check_public(organization, pictures, now)
        _doom(organization, pictures)
        removed_at = Coalesce(F("removed_at"), Value(now, DateTimeField()))
        # The engine's notes go too: they repeat words of the prompt.
        theirs.update(removed_at=removed_at, image="", thumbnail="", notes={})
        rows.update(deleted_at=now, prompt="")
        photos = Photo.objects.of(organization).passing().filter(_of_generation(organization, locked))
        _remove_unneeded(
            organization,
            [photo.pk for photo in photos.select_for_update(no_key=True).order_by("pk")],
            Generation.objects.of(organization).kept(),
        )
        if is_noted:
            accounts.record(
                organization=organization,
                by_user=by_user,
                action="generation.deleted",
                target=generation.public_id,
                now=now,
            )


def _doom(organization: Organization, pictures: list[Picture]) -> None:
    """Their files and copies, and where they stood for a project."""
    storage.doom(name for picture in pictures for name in (picture.image, picture.thumbnail))
    renditions.remove_copies(organization=organization, pictures=pictures)
    arranging.uncover(organization=organization, thumbnails=[picture.thumbnail for picture in pictures])


def _check_public(organization: Organization, pictures: list[Picture], now: datetime) -> None:
    if deliveries.is_delivered(organization=organization, pictures=pictures, now=now):
        raise PictureDelivered
    if originals.live_of(organization=organization, pictures=pictures):
        raise PictureIsPublic


def _of_generation(organization: Organization, generation: Generation) -> Q:
    references = GenerationReference.objects.of(organization).filter(generation=generation)
    own = [generation.photo_id, generation.paint_id]
    return Q(pk__in=[pk for pk in own if pk]) | Q(pk__in=references.values("photo_id"))


def _being_restyled(organization: Organization, pictures: Iterable[Picture]) -> set[int]:
    """Which of these pictures, locked by us, a generation that has not ended starts from."""
    children = Generation.objects.of(organization).not_ended().filter(parent__in=pictures)
    return set(children.values_list("parent_id", flat=True))


def _unneeded(
    organization: Organization, photos: PhotoQuerySet, needed_by: GenerationQuerySet
) -> PhotoQuerySet:
    """Photos that no room keeps and none of the generations `needed_by` was sent."""
    sent_along = GenerationReference.objects.of(organization).filter(generation__in=needed_by)
    return photos.passing().filter(
        ~Exists(needed_by.filter(photo=OuterRef("pk"))),
        ~Exists(needed_by.filter(paint=OuterRef("pk"))),
        ~Exists(sent_along.filter(photo=OuterRef("pk"))),
    )


def _remove_unneeded(organization: Organization, locked: Iterable[int], needed_by: GenerationQuerySet) -> int:
    """Remove those of the photos, locked by us, that nothing needs. Returns how many.

    Asked after they were locked: somebody may just have started from one of them.
    """
    photos = Photo.objects.of(organization).filter(pk__in=locked)
    unneeded = list(_unneeded(organization, photos, needed_by))
    projects.remove_photos(organization=organization, removed=unneeded)
    return len(unneeded)


# --- Photos of rooms -------------------------------------------------------------------------------------


def delete_photo(*, photo: Photo, by_user: User, now: datetime) -> bool:
    """Out of its room; and for good, unless pictures need it still. Returns whether it is gone for good."""
    organization = photo.organization
    with tenancy.enter(organization):
        gone = _out_of_rooms(organization, Photo.objects.of(organization).of_rooms().filter(pk=photo.pk))
        accounts.record(
            organization=organization,
            by_user=by_user,
            action="room.photo_deleted",
            target=photo.public_id,
            now=now,
        )
    return bool(gone)


def delete_room(*, room: Room, by_user: User, now: datetime) -> None:
    """With its photos, but for those that pictures need still; pictures made there stay in the history."""
    organization = room.organization
    with tenancy.enter(organization):
        # FOR UPDATE: nobody adds a photo to it, or asks for a picture there, from here on.
        for found in (
            Room.objects.of(organization)
            .select_for_update(of=("self",))
            .select_related("project")
            .filter(pk=room.pk)
        ):
            _out_of_rooms(organization, Photo.objects.of(organization).filter(room=found))
            project = found.project
            found.delete()
            activity.record(
                organization=organization,
                kind="room.deleted",
                subject=room.public_id,
                project=project.public_id,
                by_user=by_user,
                now=now,
                data={"name": room.name},
            )
            accounts.record(
                organization=organization,
                by_user=by_user,
                action="room.deleted",
                target=room.public_id,
                now=now,
                name=room.name,
            )


def _out_of_rooms(organization: Organization, photos: PhotoQuerySet) -> int:
    """Of no room any more, locked; those that nothing needs are removed. Returns how many these are."""
    locked = [photo.pk for photo in photos.select_for_update(no_key=True).order_by("pk")]
    Photo.objects.of(organization).filter(pk__in=locked).update(room=None)
    return _remove_unneeded(organization, locked, Generation.objects.of(organization).kept())


# --- Retention -------------------------------------------------------------------------------------------


def remove_expired(*, now: datetime, limit: int = 5000) -> int:
    """Remove pictures past the retention of their workspace's present plan, and photos that only they needed.

    At most about `limit` of them, in small transactions and turn by turn, so that one workspace's many hold up
    nobody else. Returns how many.
    """
    due, removed = _workspaces_with_expired(now), 0
    while due and removed < limit:
        still_due = []
        for organization in due:
            done = _try_one_batch(organization, now)
            removed += done
            if done and removed < limit:
                still_due.append(organization)
        due = still_due
    return removed


def _workspaces_with_expired(now: datetime) -> list[Organization]:
    """Two probes of an index for each workspace, however many pictures it has."""
    days = Greatest(OuterRef("retention_days"), Value(LEAST_RETENTION_DAYS))
    retention = ExpressionWrapper(days * Value(timedelta(days=1)), DurationField())
    cutoff = ExpressionWrapper(Value(now, DateTimeField()) - retention, DateTimeField())
    pictures = Picture.objects.filter(organization=OuterRef("pk")).expired(cutoff)
    photos = Photo.objects.filter(organization=OuterRef("pk")).passing().filter(created_at__lt=cutoff)
    with tenancy.system("retention"):
        return list(Organization.objects.filter(Exists(pictures) | Exists(photos)).order_by("pk"))


def _try_one_batch(organization: Organization, now: datetime) -> int:
    """What stands in the way of one workspace holds up neither the others nor the next round."""
    cutoff = now - timedelta(days=_retention_days(organization))
    try:
        return _remove_expired_pictures(organization, cutoff, now) + _remove_expired_photos(
            organization, cutoff
        )
    except Exception:
        logger.exception("Retention could not be finished in %s.", organization.public_id)
        return 0


def _remove_expired_pictures(organization: Organization, cutoff: datetime, now: datetime) -> int:
    with tenancy.enter(organization):
        expired = Picture.objects.of(organization).expired(cutoff).order_by("created_at")
        locked = list(expired.select_for_update(skip_locked=True, no_key=True)[:_AT_ONCE])
        in_use = _being_restyled(organization, locked)
        gone = [picture for picture in locked if picture.pk not in in_use]
        _doom(organization, gone)
        rows = Picture.objects.of(organization).filter(pk__in=[picture.pk for picture in gone])
        rows.update(removed_at=now, image="", thumbnail="")
    return len(gone)


def _remove_expired_photos(organization: Organization, cutoff: datetime) -> int:
    """Photos as old as that, whose generations have all ended as long ago and have no picture left.

    A client who compares before and after keeps the photo that the versions in their review room began with.
    """
    with tenancy.enter(organization):
        pictures = Picture.objects.of(organization).kept().filter(generation=OuterRef("pk"))
        living = (
            Generation.objects.of(organization)
            .kept()
            .filter(Q(finished_at=None) | Q(finished_at__gte=cutoff) | Exists(pictures))
        )
        old = Photo.objects.of(organization).filter(created_at__lt=cutoff)
        shown = ReviewItem.objects.of(organization).before_a_client().filter(before=OuterRef("pk"))
        some = _unneeded(organization, old, living).filter(~Exists(shown)).order_by("created_at")
        locked = some.select_for_update(skip_locked=True, no_key=True)[:_AT_ONCE]
        return _remove_unneeded(organization, [photo.pk for photo in locked], living)
