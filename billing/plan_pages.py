"""The pages of plans: compare, choose, change, resume, and the way to Stripe's portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from billing import credits, entitlements, plans, purchases, subscriptions
from billing.paying import absolute, go, payers


@member(in_transaction=False)
@require_GET
def plan(request: MemberRequest) -> HttpResponse:
    """The plans side by side, the current one marked, and what can be done from there."""
    organization, now = request.organization, timezone.now()
    state = entitlements.state_of(organization=organization, now=now)
    context = {
        "state": state,
        "offers": [_offer(each, state) for each in plans.PLANS.values()],
        "have": credits.balance(organization=organization, now=now),
        "canceled": "canceled" in request.GET,
        **payers(request),
    }
    return render(request, "billing/plan.html", context)


def _offer(each: plans.Plan, state: entitlements.PlanState) -> dict[str, Any]:
    """One plan and the one thing that can be done with it: `verb` is "" where there is none."""
    current = each.key == state.plan.key
    verb = ""
    if state.subscription_id:
        # What is overdue is paid first, and what was cancelled is resumed first.
        may_change = state.status != "past_due" and state.ends_at is None
        if may_change and not current and each.price and each != state.next_plan:
            verb = "upgrade" if each.rank > state.plan.rank else "downgrade"
    elif each.price:
        verb = "choose"
    has_trial = verb == "choose" and state.trial_available and each.trial_days > 0
    return {
        "plan": each,
        "current": current,
        "next": each == state.next_plan,
        "verb": verb,
        "trial": has_trial,
    }


@member(Role.ADMIN, in_transaction=False)
@require_POST
def choose_plan(request: MemberRequest) -> HttpResponse:
    """To Stripe's page, where the first subscription is paid."""
    return go(
        request,
        "plan",
        lambda: subscriptions.choose_plan(
            organization=request.organization,
            plan=request.POST.get("plan", ""),
            by_user=request.user,
            now=timezone.now(),
            success_url=absolute(request, "plan-done"),
            cancel_url=absolute(request, "plan") + "?canceled",
        ),
    )


def _change(request: MemberRequest, verb: Callable[..., entitlements.PlanState], **what: str) -> HttpResponse:
    try:
        state = verb(organization=request.organization, by_user=request.user, now=timezone.now(), **what)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _words(state))
    return redirect("plan", workspace=request.organization.public_id)


def _words(state: entitlements.PlanState) -> str:
    """How the plan stands after a change."""
    if state.next_plan and state.period_end:
        return _("You stay on %(plan)s until %(day)s, then %(next)s begins.") % {
            "plan": state.plan.name,
            "day": date_format(state.period_end, "DATE_FORMAT"),
            "next": state.next_plan.name,
        }
    return _("You are on %(plan)s.") % {"plan": state.plan.name}


@member(Role.ADMIN, in_transaction=False)
@require_POST
def upgrade_plan(request: MemberRequest) -> HttpResponse:
    """The larger plan now: full price, new period."""
    return _change(request, subscriptions.upgrade, plan=request.POST.get("plan", ""))


@member(Role.ADMIN, in_transaction=False)
@require_POST
def downgrade_plan(request: MemberRequest) -> HttpResponse:
    """The smaller plan from the next period on."""
    return _change(request, subscriptions.downgrade, plan=request.POST.get("plan", ""))


@member(Role.ADMIN, in_transaction=False)
@require_POST
def resume_plan(request: MemberRequest) -> HttpResponse:
    """Take a downgrade or a cancellation back."""
    return _change(request, subscriptions.resume)


@member(Role.ADMIN, in_transaction=False)
@require_POST
def portal(request: MemberRequest) -> HttpResponse:
    """To Stripe's portal: card, invoices, cancellation."""
    return go(
        request,
        "plan",
        lambda: subscriptions.portal_url(
            organization=request.organization, by_user=request.user, return_url=absolute(request, "plan")
        ),
    )


@member(Role.ADMIN, in_transaction=False)
@require_GET
def completed(request: MemberRequest) -> HttpResponse:
    """Back from Stripe's page with `?session=`: what was paid is booked now, if its webhook has not done it yet."""
    try:
        done = purchases.complete_session(
            organization=request.organization,
            session_id=request.GET.get("session", ""),
            now=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("plan", workspace=request.organization.public_id)
    request.organization.refresh_from_db()
    state = entitlements.state_of(organization=request.organization, now=timezone.now())
    have = credits.balance(organization=request.organization, now=timezone.now())
    return render(request, "billing/completed.html", {"done": done, "state": state, "have": have})
