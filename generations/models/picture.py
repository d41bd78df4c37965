"""A resulting image."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from accounts.ids import new_id
from accounts.models import Organization, TenantQuerySet


def picture_id() -> str:
    return new_id("pic")


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

        The one place that decides it: what has to outlive its retention (a live delivery, say) is left out here.
        """
        return self.kept().filter(created_at__lt=cutoff)


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
        ]

    def __str__(self) -> str:
        return self.public_id
