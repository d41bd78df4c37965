"""The ledger's rows and the constraints that hold whatever the code does.

What must never happen, and what forbids it in the database:

- a balance below zero: check constraints on the account and on every line's balance-after
- a second hold, settle or release of the same thing, a settle after a release: two unique constraints
- a second grant, clawback or return for the same fact: one unique constraint each
- a line that changes or goes away: the append-only trigger
- a line that does not continue the one before it: the chain trigger
- an account that differs from its last line: a deferred trigger, checked at commit
- a sum of a day that differs from the day's lines: only the trigger that sees each line writes it; the check of every
  ledger counts them again
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Organization, TenantQuerySet

CLOSING = ("settle", "release")
MOST_CAP = 10_000_000  # credits; a hundred times as much still fits the column


class CreditAccount(models.Model):
    """What a workspace has. Only billing.credits moves it. `lines` counts its ledger lines.

    `allowance` expires at `allowance_until` (None: no period is running and nothing expires), `purchased` never
    does; `held` is set aside by open holds and already taken off the two; `debt` is owed and blocks new holds.
    `allowance_fact` is the fact for which the running period's allowance was granted.
    """

    organization = models.OneToOneField(Organization, models.PROTECT, related_name="+")
    allowance = models.IntegerField(default=0)
    purchased = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    debt = models.IntegerField(default=0)
    allowance_until = models.DateTimeField(null=True, blank=True)
    allowance_fact = models.CharField(max_length=120, blank=True, default="", db_default="")
    lines = models.BigIntegerField(default=0)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(**{f"{column}__gte": 0}), name=f"credit_account_{column}_not_negative"
            )
            for column in ("allowance", "purchased", "held", "debt")
        ]

    def __str__(self) -> str:
        return f"account of {self.organization_id}"


class EntryKind(models.TextChoices):
    """What a line is."""

    GRANT = "grant"
    HOLD = "hold"
    SETTLE = "settle"
    RELEASE = "release"
    EXPIRE = "expire"
    CLAWBACK = "clawback"
    RETURN = "return", "Return"  # of a clawback: the refund failed, the dispute was won


class CreditEntry(models.Model):
    """One line of the ledger: its effect on each column of the account, and the columns after it."""

    # No indexes of these two alone: others begin with them, and where statistics are young PostgreSQL took the shorter
    # one and read all lines of a busy account for each new one.
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(CreditAccount, models.PROTECT, related_name="entries", db_index=False)
    number = models.BigIntegerField()  # 1, 2, 3 … within the account, without gaps
    kind = models.CharField(max_length=10, choices=EntryKind)
    allowance = models.IntegerField(default=0)
    purchased = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    debt = models.IntegerField(default=0)
    allowance_after = models.IntegerField()
    purchased_after = models.IntegerField()
    held_after = models.IntegerField()
    debt_after = models.IntegerField()
    reference = models.CharField(max_length=120)  # what it pays for, or the fact it is granted for
    hold = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="closings")
    budgets = ArrayField(
        models.CharField(max_length=120), default=list, blank=True
    )  # keys a hold counts against
    labels = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-id"], name="credit_entry_newest_first"),
            models.Index(
                fields=["organization", "at"], name="credit_entry_by_time"
            ),  # a month of the statement
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="credit_entry_number_once"),
            models.UniqueConstraint(
                fields=["account", "reference"],
                condition=Q(kind="hold"),
                name="credit_entry_one_hold_per_reference",
            ),
            models.UniqueConstraint(
                fields=["hold"], condition=Q(kind__in=CLOSING), name="credit_entry_one_close_per_hold"
            ),
            models.UniqueConstraint(
                fields=["reference"], condition=Q(kind="grant"), name="credit_entry_one_grant_per_fact"
            ),
            models.UniqueConstraint(
                fields=["reference"], condition=Q(kind="clawback"), name="credit_entry_one_clawback_per_fact"
            ),
            models.UniqueConstraint(
                fields=["reference"], condition=Q(kind="return"), name="credit_entry_one_return_per_fact"
            ),
            models.CheckConstraint(
                condition=Q(
                    allowance_after__gte=0, purchased_after__gte=0, held_after__gte=0, debt_after__gte=0
                ),
                name="credit_entry_after_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=CLOSING, hold__isnull=False) | Q(~Q(kind__in=CLOSING), hold=None),
                name="credit_entry_closing_names_its_hold",
            ),
            models.CheckConstraint(
                # A hold moves credits aside, makes none and loses none.
                condition=~Q(kind="hold")
                | Q(
                    allowance__lte=0,
                    purchased__lte=0,
                    debt=0,
                    held=-F("allowance") - F("purchased"),
                    held__gt=0,
                ),
                name="credit_entry_hold_sets_aside",
            ),
            models.CheckConstraint(
                # A release gives all of it back.
                condition=~Q(kind="release")
                | Q(
                    allowance__gte=0,
                    purchased__gte=0,
                    debt=0,
                    held=-F("allowance") - F("purchased"),
                    held__lt=0,
                ),
                name="credit_entry_release_returns_all",
            ),
            models.CheckConstraint(
                # A settle takes some for good and returns the rest.
                condition=~Q(kind="settle")
                | Q(allowance__gte=0, purchased__gte=0, debt=0, held__lt=-F("allowance") - F("purchased")),
                name="credit_entry_settle_takes_some",
            ),
            models.CheckConstraint(
                condition=~Q(kind="grant") | Q(allowance__gte=0, purchased__gte=0, held=0, debt__lte=0),
                name="credit_entry_grant_only_gives",
            ),
            models.CheckConstraint(
                condition=~Q(kind="expire") | Q(allowance__lt=0, purchased=0, held=0, debt=0),
                name="credit_entry_expire_takes_allowance",
            ),
            models.CheckConstraint(
                condition=~Q(kind="clawback") | Q(allowance__lte=0, purchased__lte=0, held=0, debt__gte=0),
                name="credit_entry_clawback_takes_or_owes",
            ),
            models.CheckConstraint(
                condition=~Q(kind="return") | Q(allowance__gte=0, purchased__gte=0, held=0, debt__lte=0),
                name="credit_entry_return_only_gives",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class CreditDay(models.Model):
    """What a workspace's lines of one day (UTC) come to, so that a chart or a total never reads a million lines.

    One row for all of them (`key` and `value` are ""), and one for each label that statements are filtered by
    (`key` "by", `value` an e-mail). Holds are left out: what became of them counts. Written by a trigger alone.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    key = models.CharField(max_length=20, blank=True)
    value = models.CharField(max_length=254, blank=True)
    day = models.DateField()
    lines = models.IntegerField()
    granted = models.BigIntegerField()  # credits given, what paid back a debt included
    taken = models.BigIntegerField()  # credits taken for good

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "key", "value", "day"], name="credit_day_once_per_label"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.key} {self.value}".rstrip()


class Budget(models.Model):
    """A cap on what holds under an opaque key (a client, a member) may use in a calendar month (UTC), or ever.

    Billing knows not what the key is. `used` counts the holds since `counted_from`: the beginning of a month, or
    when the budget was set. The first use of a later month moves it on and starts at 0, in the same statement; one
    that `is_total` never starts afresh.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    cap = models.IntegerField()
    is_total = models.BooleanField(default=False, db_default=False)  # for good, not for each month
    used = models.IntegerField(default=0)
    counted_from = models.DateTimeField(db_default=Now())
    told_percent = models.PositiveSmallIntegerField(
        db_default=0
    )  # of the notices, the last that was sent since then

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="budget_key_once"),
            models.CheckConstraint(condition=Q(used__gte=0), name="budget_used_not_negative"),
            models.CheckConstraint(condition=Q(cap__gte=0, cap__lte=MOST_CAP), name="budget_cap_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.used} of {self.cap}"
