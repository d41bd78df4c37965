"""A resulting image."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from accounts.ids import new_id
from accounts.models import Organization, TenantQuerySet


def picture_id() -> str:
    return new_id("pic")


class Signature(models.TextChoices):
    """Who signed the content credentials of a file."""

    WAITING = "waiting"  # nobody yet; `resigning` does it
    TEST = "test"  # this instance, with a certificate that it made for itself
    OWN = "own"  # this instance, with the certificate of its operator


class PictureQuerySet(TenantQuerySet):
    """Words about pictures."""

    def kept(self) -> Self:
        """Their files are there."""
        return self.filter(removed_at=None)

    def starred(self) -> Self:
        """Favourites."""
        return self.filter(starred_at__isnull=False)

    def expired(self, cutoff: datetime | Combinable) -> Self:
        """Kept, but made before `cutoff`: their workspace's retention is over.

        The one place that decides it. What must never happen is that somebody outside, who was given it to rely on,
        finds it gone because of its age alone. Left out is therefore what stands
        - on a live page of its original, or in a live delivery
        - in a review room that is not revoked, while its round is open or one of its links opens it
        - in a proposal that is with the client, or that they have accepted
        """
        relied_on = (self._page(), self._delivered(), self._reviewed(), self._proposed())
        return self.kept().filter(*(~Exists(rows) for rows in relied_on), created_at__lt=cutoff)

    @staticmethod
    def _page() -> models.QuerySet[Any]:
        pages = apps.get_model("generations", "OriginalPage").objects
        return pages.filter(picture=OuterRef("pk"), retracted_at=None)

    @staticmethod
    def _delivered() -> models.QuerySet[Any]:
        items = apps.get_model("generations", "DeliveryItem").objects
        live = Q(delivery__expires_at=None) | Q(delivery__expires_at__gt=Now())
        return items.filter(live, picture=OuterRef("pk"), delivery__withdrawn_at=None)

    @staticmethod
    def _reviewed() -> models.QuerySet[Any]:
        items = apps.get_model("generations", "ReviewItem").objects
        return items.before_a_client().filter(picture=OuterRef("pk"))

    @staticmethod
    def _proposed() -> models.QuerySet[Any]:
        rows = apps.get_model("generations", "ProposalPicture").objects
        return rows.filter(picture=OuterRef("pk"), proposal__state__in=["sent", "accepted"])


class Picture(models.Model):
    """One PNG that an engine made. A generation may start from it: that is the version tree."""

    public_id = models.CharField(max_length=40, unique=True, default=picture_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    generation = models.ForeignKey("generations.Generation", models.PROTECT, related_name="pictures")
    position = models.PositiveSmallIntegerField()
    image = models.CharField(max_length=240, blank=True)  # storage name of the PNG; "" once removed
    thumbnail = models.CharField(max_length=240, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()  # size of the PNG
    notes = models.JSONField(default=dict, blank=True)  # what the engine says about it
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # By its workspace, or past its retention: the files are gone, the row stays for what descends from it.
    removed_at = models.DateTimeField(null=True, blank=True)
    starred_at = models.DateTimeField(null=True, blank=True)  # a favourite of the workspace
    signature = models.CharField(
        max_length=8, choices=Signature, default=Signature.WAITING, db_default=Signature.WAITING
    )
    sign_tried_at = models.DateTimeField(null=True, blank=True)  # when signing it later was last tried

    objects = PictureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "position"], name="picture_position_once"),
            models.CheckConstraint(
                condition=Q(removed_at=None) & ~Q(image="") & ~Q(thumbnail="")
                | Q(removed_at__isnull=False, image="", thumbnail=""),
                name="picture_has_files_until_removed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "created_at"],
                condition=Q(removed_at=None),
                name="picture_kept_oldest_first",
            ),
            models.Index(
                fields=["organization", "generation"],
                condition=Q(starred_at__isnull=False),
                name="picture_starred",
            ),
            models.Index(
                fields=["sign_tried_at", "id"],
                condition=Q(signature="waiting", removed_at=None),
                name="picture_waiting_to_be_signed",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
