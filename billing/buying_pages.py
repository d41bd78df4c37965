"""The pages of packs: buy, see what was bought, give back, and the automatic top-up."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from billing import credits, plans, purchases
from billing.paying import absolute, go, payers


@member(in_transaction=False)
@require_GET
def packs(request: MemberRequest) -> HttpResponse:
    """The packs with their prices, and every purchase with its state."""
    organization, now = request.organization, timezone.now()
    context = {
        "packs": plans.PACKS.values(),
        "bought": purchases.bought(organization=organization, now=now),
        "have": credits.balance(organization=organization, now=now),
        "refund_days": settings.REFUND_DAYS,
        "canceled": "canceled" in request.GET,
        **payers(request),
    }
    return render(request, "billing/packs.html", context)


@member(Role.ADMIN, in_transaction=False)
@require_POST
def buy_pack(request: MemberRequest) -> HttpResponse:
    """To Stripe's page, where the pack is paid."""
    return go(
        request,
        "buy-credits",
        lambda: purchases.buy_pack(
            organization=request.organization,
            pack=request.POST.get("pack", ""),
            by_user=request.user,
            now=timezone.now(),
            success_url=absolute(request, "plan-done"),
            cancel_url=absolute(request, "buy-credits") + "?canceled",
        ),
    )


@member(Role.ADMIN, in_transaction=False)
@require_POST
def refund_pack(request: MemberRequest, purchase_id: str) -> HttpResponse:
    """Give an unused pack back."""
    try:
        purchases.request_refund(
            organization=request.organization,
            purchase_id=purchase_id,
            by_user=request.user,
            now=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "The money is on its way back to your card, and the credits are taken off.")
    return redirect("buy-credits", workspace=request.organization.public_id)
