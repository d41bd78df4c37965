"""Rows of outgoing webhooks: where events are sent, and what became of each.

What must never happen, and what forbids it: an event that is told twice to an endpoint as two messages (one row for
both, and the message's id is the event's), an endpoint that is switched off without a reason or with one while it is
on, more endpoints than a workspace may have, a delivery that has succeeded and still waits (checks and constraints).
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_id
from accounts.models.activity import Event
from accounts.models.people import Organization, TenantQuerySet, User

MAX_ENDPOINTS = 10


class OffReason(models.TextChoices):
    """Why nothing is sent to an endpoint."""

    BY_HAND = "by_hand", _("Switched off by a member")
    GONE = "gone", _("It answered 410: gone for good")
    FAILING = "failing", _("Nothing reached it for three days")


class WebhookEndpointQuerySet(TenantQuerySet):
    """Words about endpoints."""

    def on(self) -> Self:
        """Events are sent to them."""
        return self.filter(off_at=None)

    def wanting(self, kind: str) -> Self:
        """On, and told of events of this kind."""
        return self.on().filter(Q(kinds=[]) | Q(kinds__contains=[kind]))


def webhook_endpoint_id() -> str:
    return new_id("whe")


class WebhookEndpoint(models.Model):
    """An address that is told of events. Its secret is sealed; the one before it signs as well until it runs out."""

    public_id = models.CharField(max_length=40, unique=True, default=webhook_endpoint_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    slot = models.PositiveSmallIntegerField()  # 1 to 10: the database itself refuses an eleventh
    url = models.CharField(max_length=2048)
    description = models.CharField(max_length=120, blank=True)
    kinds = ArrayField(models.CharField(max_length=60), default=list, blank=True)  # none = every kind
    sealed = models.BinaryField()
    sealed_before = models.BinaryField(null=True, blank=True)
    before_until = models.DateTimeField(null=True, blank=True)
    off_at = models.DateTimeField(null=True, blank=True)
    off_reason = models.CharField(max_length=10, choices=OffReason, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # Its health: since when every try has failed, and when one last went through.
    failing_since = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "slot"], name="webhook_endpoint_slot_once"),
            models.CheckConstraint(
                condition=Q(slot__gte=1, slot__lte=MAX_ENDPOINTS), name="webhook_endpoint_at_most_ten"
            ),
            models.CheckConstraint(
                condition=Q(off_at=None, off_reason="") | Q(off_at__isnull=False) & ~Q(off_reason=""),
                name="webhook_endpoint_off_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(sealed_before=None, before_until=None)
                | Q(sealed_before__isnull=False, before_until__isnull=False),
                name="webhook_endpoint_old_secret_runs_out",
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_on(self) -> bool:
        """Events are sent to it."""
        return self.off_at is None


class WebhookDeliveryQuerySet(TenantQuerySet):
    """Words about deliveries."""

    def due(self, now: datetime) -> Self:
        """To be sent now: nobody has it in hand."""
        return self.filter(state="pending", next_at__lte=now)


def webhook_delivery_id() -> str:
    return new_id("whd")


class WebhookDelivery(models.Model):
    """One event for one endpoint. `claim` fences its senders: only the newest may write down what came of it.

    `next_at` is when it is sent (again); while somebody has it in hand, when it is taken for lost.
    """

    class State(models.TextChoices):
        """What became of it."""

        PENDING = "pending", _("Waiting")
        SUCCEEDED = "succeeded", _("Delivered")
        FAILED = "failed", _("Failed")

    public_id = models.CharField(max_length=40, unique=True, default=webhook_delivery_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)  # whose outcome is known
    claim = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)  # of the last try; None: no answer
    answer = models.CharField(max_length=1024, blank=True)  # its beginning, or why there was none
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state="pending", next_at__isnull=False, ended_at=None)
                | ~Q(state="pending") & Q(next_at=None, ended_at__isnull=False),
                name="webhook_delivery_waits_or_has_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="pending"), name="webhook_delivery_due"),
            models.Index(fields=["organization", "endpoint", "-id"], name="webhook_delivery_newest_first"),
            models.Index(fields=["ended_at"], name="webhook_delivery_by_end"),
        ]

    def __str__(self) -> str:
        return self.public_id
