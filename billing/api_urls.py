"""Addresses of the API of credits and money."""

from django.urls import path, re_path

from accounts import converters  # noqa: F401 — knows `id`
from billing import api, budget_api, buying_api

_PURCHASE = "purchases/<id:purchase_id>"
_BUDGET = r"^budgets/(?P<key>(?:member|client|api_key):[A-Za-z0-9_]{1,60})$"

urlpatterns = [
    path("credits", api.Credits.as_view(), name="api-credits"),
    path("credits/lines", api.CreditLines.as_view(), name="api-credit-lines"),
    path("budgets", budget_api.Budgets.as_view(), name="api-budgets"),
    re_path(_BUDGET, budget_api.BudgetDetail.as_view(), name="api-budget"),
    path("members/<int:member_id>/budget", budget_api.MemberBudget.as_view(), name="api-member-budget"),
    path("plans", api.Plans.as_view(), name="api-plans"),
    path("checkout", buying_api.Checkout.as_view(), name="api-checkout"),
    path("billing-portal", buying_api.BillingPortal.as_view(), name="api-billing-portal"),
    path("subscription", buying_api.CurrentSubscription.as_view(), name="api-subscription"),
    path("subscription/upgrade", buying_api.SubscriptionUpgrade.as_view(), name="api-subscription-upgrade"),
    path(
        "subscription/downgrade",
        buying_api.SubscriptionDowngrade.as_view(),
        name="api-subscription-downgrade",
    ),
    path("subscription/cancel", buying_api.SubscriptionCancel.as_view(), name="api-subscription-cancel"),
    path("subscription/resume", buying_api.SubscriptionResume.as_view(), name="api-subscription-resume"),
    path("purchases", buying_api.Purchases.as_view(), name="api-purchases"),
    path(_PURCHASE, buying_api.PurchaseDetail.as_view(), name="api-purchase"),
    path(f"{_PURCHASE}/refund", buying_api.PurchaseRefund.as_view(), name="api-purchase-refund"),
    path("top-up", buying_api.Topup.as_view(), name="api-top-up"),
]
