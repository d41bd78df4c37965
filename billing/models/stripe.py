"""What we know of Stripe's side, and the constraints that hold whatever the code does.

What must never happen, and what forbids it in the database:

- two grants for one payment intent, one invoice line: unique `fact`; the same fact is unique in the ledger too
- a second trial of a workspace: a unique constraint on its trial row
- more taken back than was granted: a check on the row of the grant
- one Stripe customer, subscription, payment, refund or dispute in two workspaces: unique ids
- two automatic top-ups at once: a unique constraint on the open one
- two prices of one thing on sale: a unique constraint on the current one
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.ids import new_id
from accounts.models import Organization, TenantQuerySet


class StripePrice(models.Model):
    """A price that we made in Stripe and what it buys, for ever: old prices keep what they were sold with."""

    price_id = models.CharField(max_length=80, unique=True)
    product_id = models.CharField(max_length=80)
    key = models.CharField(max_length=40)  # the lookup key in billing.plans: `plan:growth`, `pack:500`
    credits = models.PositiveIntegerField()
    amount = models.PositiveIntegerField()  # in the currency's smallest unit
    currency = models.CharField(max_length=3)
    is_current = models.BooleanField(default=True)  # what is sold now; the others are only renewed
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(is_current=True), name="stripe_price_one_current_per_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.amount} {self.currency}"


class StripeCustomer(models.Model):
    """Which workspace a Stripe customer is. The only thing by which Stripe's objects find their workspace."""

    organization = models.OneToOneField(Organization, models.PROTECT, related_name="+")
    customer_id = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return self.customer_id


class Subscription(models.Model):
    """A subscription as Stripe last told it. `plan` is what the next invoice bills.

    Where less is billed next than was paid for (a downgrade), the workspace keeps what it paid for until that period
    ends: billing.entitlements decides.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    subscription_id = models.CharField(max_length=80, unique=True)
    item_id = models.CharField(max_length=80)
    status = models.CharField(max_length=30)
    plan = models.CharField(max_length=20)  # "" when its price is none of ours
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    cancel_at = models.DateTimeField(null=True, blank=True)  # when it will end, if it will
    ended_at = models.DateTimeField(null=True, blank=True)
    trial_end = models.DateTimeField(null=True, blank=True)
    past_due_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()  # at Stripe
    payment_failed_told = models.CharField(max_length=80, blank=True)  # of which invoice the people know
    trial_end_told_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.plan} {self.status}"


class PurchaseState(models.TextChoices):
    """Of a pack: open until Stripe's page is done; pending while a bank takes its time."""

    OPEN = "open"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


def purchase_id() -> str:
    return new_id("buy")


class Purchase(models.Model):
    """A pack that somebody set out to buy, with what it gives as it was agreed on."""

    public_id = models.CharField(max_length=40, unique=True, default=purchase_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    by_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    pack = models.CharField(max_length=20)
    credits = models.PositiveIntegerField()
    amount = models.PositiveIntegerField()  # in the currency's smallest unit, before tax
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=PurchaseState, default=PurchaseState.OPEN)
    is_automatic = models.BooleanField(default=False)  # a top-up that nobody clicked for
    session_id = models.CharField(max_length=120, null=True, blank=True, unique=True)
    payment_intent = models.CharField(max_length=80, null=True, blank=True, unique=True)
    created_at = models.DateTimeField()
    refund_asked_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"], name="purchase_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in PurchaseState]), name="purchase_state_known"
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(is_automatic=True, state__in=("open", "pending")),
                name="purchase_one_automatic_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pack} {self.state}"


class PaidKind(models.TextChoices):
    """What a payment gave."""

    PACK = "pack"
    ALLOWANCE = "allowance"
    TRIAL = "trial"


class PaidCredits(models.Model):
    """A fact at Stripe that gave credits, and how much of it refunds and disputes have taken back.

    `fact` is the payment intent of a pack, the invoice line of an allowance; the grant's line in the ledger has the
    reference `stripe:<fact>`. `received` is what the whole payment brought, taxes included.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=PaidKind)
    fact = models.CharField(max_length=100)
    payment_intent = models.CharField(max_length=80, blank=True)  # "" where nothing was due
    invoice = models.CharField(max_length=80, blank=True)
    subscription = models.CharField(max_length=80, blank=True)
    purchase = models.OneToOneField(Purchase, models.PROTECT, null=True, blank=True, related_name="paid")
    plan = models.CharField(max_length=20, blank=True)
    credits = models.PositiveIntegerField()
    received = models.PositiveBigIntegerField()  # in the currency's smallest unit
    currency = models.CharField(max_length=3)
    starts = models.DateTimeField(null=True, blank=True)  # of an allowance: its period
    until = models.DateTimeField(null=True, blank=True)
    refunded = models.PositiveBigIntegerField(default=0)  # money
    disputed = models.PositiveBigIntegerField(default=0)  # money
    taken_by_refunds = models.PositiveIntegerField(default=0)  # credits
    taken_by_disputes = models.PositiveIntegerField(default=0)  # credits
    adjustments = models.PositiveIntegerField(default=0)  # how often the two above have changed
    created_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="paid_credits_newest_first"),
            models.Index(fields=["payment_intent"], name="paid_credits_by_payment"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["fact"], name="paid_credits_one_grant_per_fact"),
            models.UniqueConstraint(
                fields=["payment_intent"],
                condition=Q(kind="pack") & ~Q(payment_intent=""),
                name="paid_credits_one_pack_per_payment",
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(kind="trial"),
                name="paid_credits_one_trial_per_workspace",
            ),
            models.CheckConstraint(
                condition=Q(taken_by_refunds__lte=F("credits") - F("taken_by_disputes")),
                name="paid_credits_taken_at_most_what_was_granted",
            ),
            models.CheckConstraint(
                condition=Q(kind="pack", starts=None, until=None)
                | Q(
                    kind__in=("allowance", "trial"),
                    starts__isnull=False,
                    until__isnull=False,
                    until__gt=F("starts"),
                ),
                name="paid_credits_allowance_has_a_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.fact}: {self.credits}"


class ReversalKind(models.TextChoices):
    """How money goes back."""

    REFUND = "refund"
    DISPUTE = "dispute"


class Reversal(models.Model):
    """A refund or dispute as Stripe last told it. `counts`: whether it takes credits at this moment."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=ReversalKind)
    reversal_id = models.CharField(max_length=80)
    payment_intent = models.CharField(max_length=80)
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=40)
    counts = models.BooleanField()
    created_at = models.DateTimeField()  # at Stripe

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["payment_intent"], name="reversal_by_payment")]
        constraints = [models.UniqueConstraint(fields=["reversal_id"], name="reversal_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.reversal_id}: {self.status}"


class StripeObject(models.Model):
    """How often an object of Stripe's has been converged: whoever read it before the last time reads it again."""

    object_id = models.CharField(max_length=120, unique=True)
    version = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.object_id} {self.version}"


class StripeEvent(models.Model):
    """The inbox of the webhook: which object to look at again. Never what happened to it."""

    event_id = models.CharField(max_length=80)
    type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=120)
    livemode = models.BooleanField()
    created_at = models.DateTimeField()  # at Stripe
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(processed_at=None), name="stripe_event_unprocessed"
            )
        ]
        constraints = [models.UniqueConstraint(fields=["event_id"], name="stripe_event_once")]

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"


class BillingSettings(models.Model):
    """What a workspace wants to be told and bought by itself. No row: only told, at the default."""

    organization = models.OneToOneField(Organization, models.PROTECT, related_name="+")
    low_below = models.PositiveIntegerField(
        default=20
    )  # credits; a mail when the balance goes under; 0: never
    low_told_at = models.DateTimeField(null=True, blank=True)  # None again when the balance has risen
    topup_pack = models.CharField(max_length=20, blank=True)  # "": no automatic top-up
    topup_below = models.PositiveIntegerField(default=0)  # credits
    topup_monthly_cap = models.PositiveIntegerField(
        default=0
    )  # money per calendar month (UTC), smallest unit
    topup_error = models.TextField(blank=True)  # why the last one failed; it stays off until saved again

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"settings of {self.organization_id}"
