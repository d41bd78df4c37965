"""Pages of the operators' admin that no model's list can be: how the instance does, and one workspace with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

import accounts.figures
import billing.figures
import generations.figures
from accounts.models import Membership, OperatorAlert, Organization
from accounts.services import record
from billing import credits
from config import metrics
from generations.models import Generation, UpstreamCall, UpstreamGate

SHOWN = 50  # rows of a list
LATE = timedelta(minutes=5)


def operations(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    """Queue, stuck pictures, upstream, suspense, disputes, open alerts: the dashboard, and what is behind it."""
    if not request.user.has_perm("generations.view_generation"):
        raise PermissionDenied
    now = timezone.now()
    unfinished = Generation.objects.not_ended().select_related("organization").order_by("created_at")
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": "Operations",
        "figures": [
            *accounts.figures.figures(now=now),
            *generations.figures.figures(now=now),
            *billing.figures.figures(now=now),
            *metrics.machine(),
        ],
        "late": unfinished.filter(Q(created_at__lt=now - LATE) | Q(state="running", lease_until__lt=now))[
            :SHOWN
        ],
        "gates": UpstreamGate.objects.filter(
            Q(paused_at__isnull=False) | Q(open_until__gt=now) | Q(name__startswith="platform:")
        ).order_by("name")[:SHOWN],
        "uncertain": UpstreamCall.objects.filter(outcome="unknown")
        .select_related("generation", "organization", "key")
        .order_by("-pk")[:SHOWN],
        "alerts": OperatorAlert.objects.filter(resolved_at=None).order_by("-last_at")[:SHOWN],
        "now": now,
    }
    return render(request, "admin/operations.html", context)


class Reason(forms.Form):
    """Why somebody looks; it stands in the workspace's own audit log."""

    reason = forms.CharField(
        min_length=8,
        max_length=300,
        help_text="A sentence, such as the ticket's number. The workspace can read it.",
    )


def workspace(request: HttpRequest, public_id: str, *, site: AdminSite) -> HttpResponse:
    """What a workspace has and does, after a reason; neither its prompts nor its pictures."""
    if not request.user.has_perm("accounts.view_organization"):
        raise PermissionDenied
    organization = get_object_or_404(Organization, public_id=public_id)
    form = Reason(request.POST or None)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": organization.name,
        "organization": organization,
        "form": form,
    }
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        user: Any = request.user
        reason = form.cleaned_data["reason"]
        record(organization=organization, by_user=user, action="operator.looked", now=now, reason=reason)
        context |= _facts(organization)
    return render(request, "admin/workspace.html", context)


def _facts(organization: Organization) -> dict[str, Any]:
    now = timezone.now()
    return {
        "looked": True,
        "balance": credits.balance(organization=organization, now=now),
        "members": Membership.objects.filter(organization=organization)
        .select_related("user")
        .order_by("pk")[:SHOWN],
        "generations": Generation.objects.filter(organization=organization)
        .defer("prompt")
        .order_by("-pk")[:SHOWN],
        "lines": credits.lines_of(organization=organization).order_by("-number")[:SHOWN],
        "calls": UpstreamCall.objects.filter(organization=organization, outcome="unknown")
        .select_related("generation")
        .order_by("-pk")[:SHOWN],
    }
