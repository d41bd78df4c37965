"""The pages of packs: buy, see what was bought, give back, and the automatic top-up."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from billing import credits, plans, purchases, topups
from billing.forms import TopupForm
from billing.paying import absolute, go, payers


@member(in_transaction=False)
@require_GET
def packs(request: MemberRequest) -> HttpResponse:
    """The packs with their prices, the automatic top-up, and every purchase with its state."""
    return _page(request)


def _page(request: MemberRequest, wrong: TopupForm | None = None) -> HttpResponse:
    organization, now = request.organization, timezone.now()
    wishes = topups.settings_of(organization=organization)
    kept = {
        "low_below": wishes.low_below,
        "topup_pack": wishes.topup_pack,
        "topup_below": wishes.topup_below or None,
        "topup_monthly_cap": wishes.topup_monthly_cap // 100 or None,
    }
    context = {
        "packs": plans.PACKS.values(),
        "bought": purchases.bought(organization=organization, now=now),
        "have": credits.balance(organization=organization, now=now),
        "wishes": wishes,
        "topup": plans.PACKS.get(wishes.topup_pack),
        "form": wrong or TopupForm(initial=kept),
        "refund_days": settings.REFUND_DAYS,
        "canceled": "canceled" in request.GET,
        **payers(request),
    }
    return render(request, "billing/packs.html", context, status=422 if wrong else 200)


@member(Role.ADMIN, in_transaction=False)
@require_POST
def top_up(request: MemberRequest) -> HttpResponse:
    """Keep when to tell, and what to buy without being asked."""
    form = TopupForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        topups.save_settings(
            organization=request.organization, by_user=request.user, now=timezone.now(), **form.wishes
        )
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        return _page(request, form)
    messages.success(request, _("Saved."))
    return redirect("buy-credits", workspace=request.organization.public_id)


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
    except purchases.NoSuchPurchase as refusal:
        raise Http404 from refusal
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(
            request, _("The money is on its way back to your card, and the credits are taken off.")
        )
    return redirect("buy-credits", workspace=request.organization.public_id)
