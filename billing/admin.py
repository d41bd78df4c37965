"""Operators' view of money: to read, and to give it back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from billing import purchases
from billing.models import (
    CreditAccount,
    CreditEntry,
    PaidCredits,
    Purchase,
    Reversal,
    StripeCustomer,
    StripeEvent,
    StripePrice,
    Subscription,
)


@admin.register(CreditAccount)
class CreditAccountAdmin(ReadOnlyAdmin):
    """What each workspace has."""

    list_display = ("organization", "allowance", "purchased", "held", "debt")


@admin.register(CreditEntry)
class CreditEntryAdmin(ReadOnlyAdmin):
    """Every line."""

    list_display = ("at", "organization", "kind", "allowance", "purchased", "held", "debt", "reference")
    list_filter = ("kind",)
    search_fields = ("reference",)


class RefundForm(ActionForm):
    """How much, beside the list of actions."""

    cents = forms.IntegerField(required=False, min_value=1, label="Cents (empty: all that is left)")


@admin.register(PaidCredits)
class PaidCreditsAdmin(ReadOnlyAdmin):
    """Every payment that gave credits; the place to refund one, wholly or partly."""

    list_display = (
        "created_at",
        "organization",
        "kind",
        "fact",
        "payment_intent",
        "credits",
        "received",
        "refunded",
        "disputed",
    )
    list_filter = ("kind",)
    search_fields = ("fact", "payment_intent", "invoice", "organization__public_id")
    action_form = RefundForm
    actions = ("refund",)

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Of the action: looking at payments does not do."""
        return request.user.has_perm("billing.change_paidcredits")

    @admin.action(description="Refund: the money goes back, its credits are taken", permissions=["refund"])
    def refund(self, request: HttpRequest, queryset: QuerySet[PaidCredits]) -> None:
        """Order a refund of each chosen payment."""
        cents = request.POST.get("cents", "")
        for paid in queryset:
            amount = int(cents) if cents.isdigit() else paid.received - paid.refunded
            self._order(request, paid, amount)

    def _order(self, request: HttpRequest, paid: PaidCredits, amount: int) -> None:
        user: Any = request.user
        try:
            purchases.order_refund(paid=paid, amount=amount, by_user=user)
        except purchases.NotRefundable as refused:
            self.message_user(request, f"{paid.fact}: {refused.message}", messages.ERROR)
        else:
            self.message_user(request, f"{paid.fact}: a refund of {amount} {paid.currency} is under way.")


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    """Packs, paid or not."""

    list_display = ("created_at", "organization", "pack", "amount", "state", "is_automatic", "payment_intent")
    list_filter = ("state", "is_automatic")
    search_fields = ("public_id", "session_id", "payment_intent")


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """As Stripe last told them."""

    list_display = (
        "subscription_id",
        "organization",
        "plan",
        "status",
        "period_end",
        "cancel_at",
        "past_due_since",
    )
    list_filter = ("status", "plan")
    search_fields = ("subscription_id", "organization__public_id")


@admin.register(Reversal)
class ReversalAdmin(ReadOnlyAdmin):
    """Refunds and disputes."""

    list_display = (
        "created_at",
        "organization",
        "kind",
        "reversal_id",
        "amount",
        "currency",
        "status",
        "counts",
    )
    list_filter = ("kind", "status")
    search_fields = ("reversal_id", "payment_intent")


@admin.register(StripeCustomer)
class StripeCustomerAdmin(ReadOnlyAdmin):
    """Which customer is which workspace."""

    list_display = ("customer_id", "organization", "created_at")
    search_fields = ("customer_id", "organization__public_id")


@admin.register(StripePrice)
class StripePriceAdmin(ReadOnlyAdmin):
    """What was ever sold for how much."""

    list_display = ("key", "price_id", "credits", "amount", "currency", "is_current")


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """The webhook's inbox."""

    list_display = ("received_at", "type", "object_id", "processed_at", "error")
    list_filter = (("processed_at", admin.EmptyFieldListFilter), "type")
    search_fields = ("event_id", "object_id")
