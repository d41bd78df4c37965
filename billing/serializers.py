"""How budgets, purchases and settings look outside: what is sent, and what is answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing import plans
from billing.models import MOST_CAP, PurchaseState

# --- Budgets ---------------------------------------------------------------------------------------------


class BudgetInput(serializers.Serializer):
    """So many credits, in a calendar month (UTC) or altogether (`total`)."""

    cap = serializers.IntegerField(min_value=0, max_value=MOST_CAP)
    counted = serializers.ChoiceField(choices=["month", "total"], required=False, default="month")


class BudgetData(serializers.Serializer):
    """A budget as it stands now. `key` says whose it is: `member:…`, `client:…`, `api_key:…`."""

    key = serializers.CharField()
    name = serializers.CharField()
    cap = serializers.IntegerField()
    counted = serializers.SerializerMethodField()
    used = serializers.IntegerField()
    left = serializers.IntegerField()
    percent = serializers.IntegerField()

    def get_counted(self, row: Any) -> str:
        """`month` or `total`."""
        return "total" if row.is_total else "month"


# --- Buying ----------------------------------------------------------------------------------------------


class CheckoutInput(serializers.Serializer):
    """What shall be bought: a `plan` or a `pack`, by its key."""

    plan = serializers.CharField(max_length=20, required=False)
    pack = serializers.CharField(max_length=20, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Say either `plan` or `pack`.")
        return attrs


class AddressData(serializers.Serializer):
    """A page of the payment provider, for a person to open."""

    url = serializers.CharField()


class PlanInput(serializers.Serializer):
    """Another plan, by its key."""

    plan = serializers.CharField(max_length=20)


class SubscriptionData(serializers.Serializer):
    """The workspace's plan; `status` is null without a subscription, `next_plan` begins at `period_end`."""

    plan = serializers.CharField(source="plan.key")
    status = serializers.SerializerMethodField()
    next_plan = serializers.SerializerMethodField()
    period_end = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    trial_end = serializers.DateTimeField(allow_null=True)
    past_due_since = serializers.DateTimeField(allow_null=True)
    grace_until = serializers.DateTimeField(allow_null=True)

    def get_status(self, row: Any) -> str | None:
        """As the payment provider says it."""
        return row.status or None

    def get_next_plan(self, row: Any) -> str | None:
        """Where it differs."""
        return row.next_plan.key if row.next_plan else None


class RefundData(serializers.Serializer):
    """Money that went back, or is disputed (`kind`), in the currency's hundredths."""

    kind = serializers.CharField()
    amount = serializers.IntegerField()
    status = serializers.CharField()
    created_at = serializers.DateTimeField()


class PurchaseData(serializers.Serializer):
    """A pack that was bought, or that somebody set out to buy; `amount` in the currency's hundredths, before tax."""

    id = serializers.CharField(source="purchase.public_id")
    pack = serializers.CharField(source="purchase.pack")
    credits = serializers.IntegerField(source="purchase.credits")
    amount = serializers.IntegerField(source="purchase.amount")
    currency = serializers.CharField(source="purchase.currency")
    state = serializers.ChoiceField(source="purchase.state", choices=PurchaseState.choices)
    automatic = serializers.BooleanField(source="purchase.is_automatic")
    by = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="purchase.created_at")
    refund_asked_at = serializers.DateTimeField(source="purchase.refund_asked_at", allow_null=True)
    refundable_until = serializers.DateTimeField(allow_null=True)
    refunds = RefundData(many=True)

    def get_by(self, row: Any) -> str | None:
        """An e-mail address; null for a top-up that nobody clicked for."""
        return row.purchase.by_user.email if row.purchase.by_user else None


class TopupInput(serializers.Serializer):
    """When to tell (`low_below` credits; 0 never), and what to buy without being asked: a `pack`, or null.

    With a pack: it is bought below `below` credits, for at most `monthly_cap` hundredths of the currency a month.
    """

    low_below = serializers.IntegerField(min_value=0, max_value=1_000_000)
    pack = serializers.ChoiceField(choices=list(plans.PACKS), required=False, allow_null=True, default=None)
    below = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False, default=0)
    monthly_cap = serializers.IntegerField(min_value=0, max_value=100_000_000, required=False, default=0)


class TopupData(serializers.Serializer):
    """As it is wished; `error` says why the last top-up failed, and that none is tried until it is saved again."""

    low_below = serializers.IntegerField()
    pack = serializers.SerializerMethodField()
    below = serializers.IntegerField(source="topup_below")
    monthly_cap = serializers.IntegerField(source="topup_monthly_cap")
    error = serializers.SerializerMethodField()

    def get_pack(self, row: Any) -> str | None:
        """Null: nothing is bought."""
        return row.topup_pack or None

    def get_error(self, row: Any) -> str | None:
        """A sentence."""
        return row.topup_error or None
