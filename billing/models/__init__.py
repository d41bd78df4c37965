"""The rows of billing. Imported by billing alone."""

from billing.models.ledger import MOST_CAP, Budget, CreditAccount, CreditDay, CreditEntry, EntryKind
from billing.models.stripe import (
    BillingSettings,
    PaidCredits,
    PaidKind,
    Purchase,
    PurchaseState,
    Reversal,
    ReversalKind,
    StripeCustomer,
    StripeEvent,
    StripeObject,
    StripePrice,
    Subscription,
)

__all__ = [
    "MOST_CAP",
    "BillingSettings",
    "Budget",
    "CreditAccount",
    "CreditDay",
    "CreditEntry",
    "EntryKind",
    "PaidCredits",
    "PaidKind",
    "Purchase",
    "PurchaseState",
    "Reversal",
    "ReversalKind",
    "StripeCustomer",
    "StripeEvent",
    "StripeObject",
    "StripePrice",
    "Subscription",
]
