"""One look over many photos: a set of generations, accepted together and counted as one thing."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.ids import new_id
from accounts.models import Organization, TenantQuerySet, User
from projects.models import Project, Recipe, Room


def room_set_id() -> str:
    return new_id("set")


class RoomSetQuerySet(TenantQuerySet):
    """Words about room sets."""

    def under_way(self) -> Self:
        """With pictures still to come."""
        return self.filter(finished_at=None)


class RoomSet(models.Model):
    """What was chosen for all of its photos, and how many of their generations have not ended (`open`).

    Round 0 asks for every photo; each later round asks once more for those whose last one failed or was cancelled.
    What must never happen, and what forbids it: one photo asked for twice in a round (unique constraint on
    Generation), a round begun twice (`rounds` is moved by one conditional update), a set begun twice by one form
    (unique key), an end that is counted twice or lost (`open` moves in the transaction that ends a generation, and
    can't go below zero).
    """

    public_id = models.CharField(max_length=40, unique=True, default=room_set_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.SET_NULL, null=True, blank=True, related_name="room_sets")
    room = models.ForeignKey(Room, models.SET_NULL, null=True, blank=True, related_name="room_sets")
    recipe = models.ForeignKey(Recipe, models.SET_NULL, null=True, blank=True, related_name="+")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=120)  # of the recipe, or the beginning of the prompt
    photos = models.PositiveIntegerField()
    rounds = models.PositiveSmallIntegerField(default=0)  # begun after the first
    open = models.PositiveIntegerField()
    idempotency_key = models.CharField(max_length=255)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RoomSetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "idempotency_key"], name="room_set_key_once"),
            models.CheckConstraint(
                condition=Q(open__gte=0, open__lte=F("photos")), name="room_set_open_within_photos"
            ),
            models.CheckConstraint(
                condition=Q(open=0, finished_at__isnull=False) | Q(open__gt=0, finished_at=None),
                name="room_set_finishes_with_its_last",
            ),
        ]
        indexes = [models.Index(fields=["organization", "project", "-id"], name="room_set_newest_first")]

    def __str__(self) -> str:
        return self.public_id
