"""Rows of handing pictures over: export profiles, public pages of originals, deliveries.

What must never happen, and what forbids it:
- a profile that discloses nothing, on the picture or beside it: `export_profile_discloses`
- a page that was retracted, or a delivery that was withdrawn, has files left: constraints; the files are doomed in the
  transaction that retracts or withdraws
- one withdrawn without a reason: `delivery_withdrawn_for_a_reason`, `original_page_retracted_for_a_reason`
- two pages of one picture, so that an address in print leads astray: one-to-one
- a picture is removed by its retention while a page or a delivery needs it: `PictureQuerySet.expired`
- a link's text or a PIN can be read from the database: only a SHA-256, and a password hash, are kept
- another workspace sees any of it: row-level security on all of these
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id, random_base62
from accounts.models import Organization, TenantQuerySet, User
from generations.models.picture import Picture
from projects.models import Project

LEAST_SIDE, MOST_SIDE = 320, 4096  # pixels of an exact size


def export_profile_id() -> str:
    return new_id("xpr")


def original_page_id() -> str:
    """Stands in print, so short; 119 bits can't be guessed."""
    return random_base62(20)


def delivery_id() -> str:
    return new_id("dlv")


class Place(models.TextChoices):
    """A corner of a picture."""

    BOTTOM_LEFT = "bottom-left", _("bottom left")
    BOTTOM_RIGHT = "bottom-right", _("bottom right")
    TOP_LEFT = "top-left", _("top left")
    TOP_RIGHT = "top-right", _("top right")


class ExportProfile(models.Model):
    """How files look that leave the workspace, and what they disclose; the built-in ones are no rows.

    `width` and `height` are exact pixels, or both 0 for the picture's own size.
    """

    class Layout(models.TextChoices):
        SINGLE = "single", _("the picture alone")
        PAIR = "pair", _("before and after side by side")

    class Format(models.TextChoices):
        JPEG = "jpeg", "JPEG"
        PNG = "png", "PNG"
        WEBP = "webp", "WebP"

    class Fit(models.TextChoices):
        PAD = "pad", _("add bars: nothing is cut off")
        CROP = "crop", _("cut off evenly: no bars")

    public_id = models.CharField(max_length=40, unique=True, default=export_profile_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    layout = models.CharField(max_length=8, choices=Layout, default=Layout.SINGLE)
    format = models.CharField(max_length=4, choices=Format, default=Format.JPEG)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    fit = models.CharField(max_length=4, choices=Fit, default=Fit.PAD)
    label = models.CharField(max_length=60, blank=True)  # burned in; "" for none
    label_place = models.CharField(max_length=12, choices=Place, default=Place.BOTTOM_LEFT)
    qr = models.BooleanField(default=False)  # burned in, to the page of the original
    qr_place = models.CharField(max_length=12, choices=Place, default=Place.BOTTOM_RIGHT)
    caption = models.BooleanField(default=True)  # a text file beside each picture
    with_original = models.BooleanField(default=False)  # the unaltered photo as a file beside it
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("organization", Lower("name"), name="export_profile_name_once"),
            models.CheckConstraint(
                condition=Q(width=0, height=0)
                | Q(
                    width__gte=LEAST_SIDE,
                    width__lte=MOST_SIDE,
                    height__gte=LEAST_SIDE,
                    height__lte=MOST_SIDE,
                ),
                name="export_profile_size_exact_or_own",
            ),
            models.CheckConstraint(
                condition=~Q(label="") | Q(qr=True) | Q(caption=True), name="export_profile_discloses"
            ),
            models.CheckConstraint(
                condition=Q(label="") | Q(qr=False) | ~Q(label_place=models.F("qr_place")),
                name="export_profile_label_beside_qr",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OriginalPageQuerySet(TenantQuerySet):
    """Words about pages of originals."""

    def live(self) -> Self:
        """Not retracted."""
        return self.filter(retracted_at=None)


class OriginalPage(models.Model):
    """A public page with a picture and the unaltered photo it was made from; `public_id` is its address.

    It has files of its own, so that neither a retention nor an archived project empties it.
    """

    public_id = models.CharField(max_length=40, unique=True, default=original_page_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    picture = models.OneToOneField(Picture, models.CASCADE, related_name="original_page")
    altered = models.CharField(max_length=400, blank=True)  # in the workspace's words; "" by the mode
    before = models.CharField(max_length=240, blank=True)  # storage names; "" once retracted
    after = models.CharField(max_length=240, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    retracted_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=400, blank=True)

    objects = OriginalPageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(retracted_at=None) & ~Q(before="") & ~Q(after="")
                | Q(retracted_at__isnull=False, before="", after=""),
                name="original_page_has_files_until_retracted",
            ),
            models.CheckConstraint(
                condition=Q(retracted_at=None) | ~Q(reason=""), name="original_page_retracted_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class DeliveryQuerySet(TenantQuerySet):
    """Words about deliveries."""

    def live(self, now: datetime) -> Self:
        """Neither withdrawn nor over; their pictures are needed."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), withdrawn_at=None)


class Delivery(models.Model):
    """Pictures handed over as files of one profile: a ZIP, and a page for those who have the link.

    `profile` is a copy of the profile as it was. Without a link (`sha256` None) it is a ZIP for the workspace itself.
    """

    class State(models.TextChoices):
        MAKING = "making", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    public_id = models.CharField(max_length=40, unique=True, default=delivery_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.SET_NULL, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=120)
    message = models.CharField(max_length=1000, blank=True)
    profile: models.JSONField[Any] = models.JSONField()
    base = models.CharField(max_length=200)  # where this instance is reached, for addresses in files
    sha256 = models.BinaryField(max_length=32, unique=True, null=True)  # of the link's text
    pin = models.CharField(max_length=128, blank=True)  # hashed as a password; "" asks for none
    expires_at = models.DateTimeField(null=True, blank=True)
    # Until it is released, its page shows pictures with a watermark and gives nothing away.
    released_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.MAKING)
    problem = models.CharField(max_length=400, blank=True)
    archive = models.CharField(max_length=240, blank=True)  # storage name of the ZIP
    bytes = models.PositiveBigIntegerField(default=0)  # of the ZIP
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    first_opened_at = models.DateTimeField(null=True, blank=True)
    first_downloaded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=400, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="ready", withdrawn_at=None) & ~Q(archive="")
                | ~Q(state="ready", withdrawn_at=None) & Q(archive=""),
                name="delivery_has_an_archive_while_ready",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | ~Q(reason=""), name="delivery_withdrawn_for_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(problem=""), name="delivery_failed_for_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["organization", "-id"], name="delivery_newest_first")]

    def __str__(self) -> str:
        return self.title

    def is_live(self, now: datetime) -> bool:
        """As `live()` says of the rows."""
        return self.withdrawn_at is None and (self.expires_at is None or self.expires_at > now)


class DeliveryItem(models.Model):
    """One picture of a delivery, and its file once that is made."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="items")
    picture = models.ForeignKey(Picture, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()
    file = models.CharField(max_length=240, blank=True)  # storage names; "" before and after
    preview = models.CharField(max_length=240, blank=True)  # with a watermark
    filename = models.CharField(max_length=120, blank=True)  # as it is saved
    caption = models.CharField(max_length=1000, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)  # of the file, hexadecimal
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    bytes = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "picture"], name="delivery_item_once"),
            models.UniqueConstraint(
                fields=["delivery", "filename"], condition=~Q(filename=""), name="delivery_filename_once"
            ),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return self.filename or str(self.position)
