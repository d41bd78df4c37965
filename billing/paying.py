"""What the pages of plans and packs have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.errors import Refusal
from accounts.models import Membership, Role
from accounts.tenancy import MemberRequest, enter


def payers(request: MemberRequest) -> dict[str, Any]:
    """Whether this member may spend money, and whom those ask who may not."""
    may_pay = request.membership.may(Role.ADMIN)
    if may_pay:
        return {"may_pay": True}
    roles = [role for role in Role if role.includes(Role.ADMIN)]
    with enter(request.organization):
        found = Membership.objects.of(request.organization).filter(role__in=roles, user__is_active=True)
        return {"may_pay": False, "payers": list(found.order_by("pk").values_list("user__email", flat=True))}


def absolute(request: MemberRequest, name: str) -> str:
    """The full address of a page of this workspace, for Stripe to send people back to."""
    workspace = request.organization.public_id
    return request.build_absolute_uri(reverse(name, kwargs={"workspace": workspace}))


def go(request: MemberRequest, name: str, act: Callable[[], str]) -> HttpResponse:
    """To the address that `act` gives; a refusal is said on the page of this name."""
    try:
        return redirect(act())
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect(name, workspace=request.organization.public_id)
