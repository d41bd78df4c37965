"""The vendor's side: a workspace's own keys, the calls made, and how many may be under way at once."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.ids import new_id
from accounts.models import Organization, TenantQuerySet, User

MAX_OWN_KEYS = 2  # the one in use, and its successor while they change places


def upstream_key_id() -> str:
    return new_id("upk")


class UpstreamKeyQuerySet(TenantQuerySet):
    """Words about a workspace's own MeltFlex keys."""

    def kept(self) -> Self:
        """Not removed."""
        return self.filter(removed_at=None)

    def usable(self) -> Self:
        """Kept and not paused, the newest first: a successor is used as soon as it stands."""
        return self.kept().filter(paused_at=None).order_by("-pk")


class UpstreamKey(models.Model):
    """A MeltFlex key that a workspace brought along; only `accounts.secrets` can open what is sealed.

    Removing it wipes the sealed text; the row stays for the calls that were made with it.
    """

    public_id = models.CharField(max_length=40, unique=True, default=upstream_key_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    ending = models.CharField(max_length=4)  # its last characters, so that a person can tell two apart
    sealed = models.BinaryField()
    slot = models.PositiveSmallIntegerField()  # 1 or 2: the database itself refuses a third key
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    verified_at = models.DateTimeField(null=True, blank=True)  # when MeltFlex last accepted it
    paused_at = models.DateTimeField(null=True, blank=True)  # MeltFlex refused it; nothing is sent with it
    paused_reason = models.CharField(max_length=200, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = UpstreamKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "slot"], condition=Q(removed_at=None), name="upstream_key_slot_once"
            ),
            models.CheckConstraint(
                condition=Q(slot__gte=1, slot__lte=MAX_OWN_KEYS), name="upstream_key_at_most_two"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) & ~Q(sealed=b"") | Q(removed_at__isnull=False, sealed=b""),
                name="upstream_key_removed_is_wiped",
            ),
        ]

    def __str__(self) -> str:
        return f"…{self.ending}"


class UpstreamCall(models.Model):
    """One engine call, written before the socket opens, so that a killed worker leaves a trace.

    `possible_cost` is what a call of unknown outcome may have cost on the key's side, in upstream credits. It is
    not a ledger line: the customer never pays for it.
    """

    class Outcome(models.TextChoices):
        OPEN = "open"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        UNKNOWN = "unknown"
        DISCARDED = "discarded"  # a picture came after the generation had ended

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    generation = models.ForeignKey("generations.Generation", models.PROTECT, related_name="calls")
    attempt = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()  # 1, 2 … within the attempt
    engine = models.CharField(max_length=20)
    # The workspace's own key it was made with; None: the instance's, or an engine without keys.
    key = models.ForeignKey(UpstreamKey, models.PROTECT, null=True, blank=True, related_name="calls")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    detail = models.CharField(max_length=400, blank=True)  # for the operator; may quote the upstream
    credits_used = models.PositiveIntegerField(default=0)
    possible_cost = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "attempt", "number"], name="upstream_call_once"),
            models.UniqueConstraint(
                fields=["generation"], condition=Q(outcome="open"), name="upstream_call_one_open"
            ),
            # Never sent again in silence: whatever the code does, a generation has one unknown call at most.
            models.UniqueConstraint(
                fields=["generation"], condition=Q(outcome="unknown"), name="upstream_call_one_unknown"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id}/{self.attempt}/{self.number}: {self.outcome}"


class UpstreamGate(models.Model):
    """How many calls may be under way with one upstream key, over all workers; learned from its answers.

    Not a tenant's row: it carries a name, numbers and times only. `generations.gates` is its only mover.
    """

    name = models.CharField(max_length=80, unique=True)  # "platform:<fingerprint>" or "own:<id of the key>"
    limit = models.FloatField()  # calls at once; grows by one per full round of successes, halves on 429
    lowered_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row; enough of them open the breaker
    trips = models.PositiveIntegerField(default=0)  # how often it opened without a success in between
    open_until = models.DateTimeField(null=True, blank=True)  # the breaker: nothing is sent before, one after
    paused_at = models.DateTimeField(null=True, blank=True)  # the key was refused
    paused_until = models.DateTimeField(null=True, blank=True)  # then it is tried once; None: not by itself
    paused_reason = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name


class UpstreamTurnQuerySet(models.QuerySet["UpstreamTurn"]):
    """Words about places."""

    def waiting(self) -> Self:
        """Not called yet."""
        return self.filter(active=False)


class UpstreamTurn(models.Model):
    """A generation's place at a gate: holding one of its calls (`active`), or waiting for one. Ids only."""

    gate = models.ForeignKey(UpstreamGate, models.CASCADE, related_name="turns")
    generation = models.OneToOneField("generations.Generation", models.CASCADE, related_name="+")
    workspace = models.BigIntegerField()
    active = models.BooleanField()
    since = models.DateTimeField()

    objects = UpstreamTurnQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["gate", "active", "since"], name="turn_of_gate")]

    def __str__(self) -> str:
        return f"{self.generation_id} at {self.gate_id}"


class EngineTiming(models.Model):
    """How long pictures took in the last hour, over all workspaces: seconds from start to end."""

    engine = models.CharField(max_length=20, unique=True)
    p50_seconds = models.FloatField()
    p95_seconds = models.FloatField()
    sample = models.PositiveIntegerField()  # generations measured
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.engine}: {self.p50_seconds:.1f} s"
