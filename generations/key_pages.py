"""The page of a workspace's own MeltFlex keys."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Refusal
from accounts.models import Role
from accounts.tenancy import MemberRequest, enter, member
from generations import upstream_keys
from generations.forms import UpstreamKeyForm
from generations.models.upstream import MAX_OWN_KEYS

CALLS_SHOWN = 50


def _context(request: MemberRequest, form: UpstreamKeyForm) -> dict[str, Any]:
    with enter(request.organization):
        uncertain = upstream_keys.uncertain_calls(request.organization)
        calls = list(uncertain.select_related("generation", "key").order_by("-pk")[:CALLS_SHOWN])
        total = uncertain.aggregate(number=Count("pk"), cost=Sum("possible_cost"))
    return {
        "form": form,
        "upstream": upstream_keys.state_of(request.organization),
        "limit": MAX_OWN_KEYS,
        "calls": calls,
        "total": total,
    }


def _back(request: MemberRequest) -> HttpResponse:
    return redirect("meltflex-key", workspace=request.organization.public_id)


@never_cache
@sensitive_post_parameters("key")
@member(Role.ADMIN, in_transaction=False)
@require_http_methods(["GET", "POST"])
def meltflex_key(request: MemberRequest) -> HttpResponse:
    """Which key makes the pictures, and its state; a POST adds one of the workspace's own."""
    form = UpstreamKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            key = upstream_keys.add(
                organization=request.organization,
                text=form.cleaned_data["key"],
                by_user=request.user,
                now=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error("key", refusal.message)
        else:
            if key.verified_at:
                words = _(
                    "The key %(key)s is stored: MeltFlex accepts it. It makes your pictures from now on."
                )
            else:
                words = _(
                    "The key %(key)s is stored: the first picture will prove it. It makes your pictures from now on."
                )
            messages.success(request, words % {"key": key})
            return _back(request)
    context = _context(request, form)
    return render(request, "generations/meltflex_key.html", context, status=422 if form.errors else 200)


@member(Role.ADMIN, in_transaction=False)
@require_POST
def check_meltflex_key(request: MemberRequest, key_id: str) -> HttpResponse:
    """Ask MeltFlex about the key again; a paused one is used again when it is accepted."""
    try:
        key = upstream_keys.resume(
            organization=request.organization, key_id=key_id, by_user=request.user, now=timezone.now()
        )
    except upstream_keys.NoSuchUpstreamKey as error:
        raise Http404 from error
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The key %(key)s is in order.") % {"key": key})
    return _back(request)


@member(Role.ADMIN)
@require_POST
def remove_meltflex_key(request: MemberRequest, key_id: str) -> HttpResponse:
    """Wipe the key at once."""
    try:
        upstream_keys.remove(
            organization=request.organization, key_id=key_id, by_user=request.user, now=timezone.now()
        )
    except upstream_keys.NoSuchUpstreamKey as error:
        raise Http404 from error
    messages.success(request, _("The key was removed, and what we had stored of it is wiped."))
    return _back(request)
