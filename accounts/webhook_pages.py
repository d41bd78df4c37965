"""Pages of webhooks: endpoints, how they do, the log of deliveries."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import webhook_deliveries, webhooks
from accounts.errors import Refusal
from accounts.forms import ReplayForm, WebhookForm
from accounts.models import MAX_ENDPOINTS, Role, WebhookDelivery, WebhookEndpoint
from accounts.tenancy import MemberRequest, member

PER_PAGE = 50


def _endpoint(request: MemberRequest, endpoint_id: str) -> WebhookEndpoint:
    rows = WebhookEndpoint.objects.of(request.organization).select_related("organization", "created_by")
    found: WebhookEndpoint = get_object_or_404(rows, public_id=endpoint_id)
    return found


def _delivery(request: MemberRequest, endpoint_id: str, delivery_id: str) -> WebhookDelivery:
    rows = WebhookDelivery.objects.of(request.organization).filter(endpoint__public_id=endpoint_id)
    related = ("organization", "endpoint__organization", "event__actor", "event__organization")
    found: WebhookDelivery = get_object_or_404(rows.select_related(*related), public_id=delivery_id)
    return found


def _back(request: MemberRequest, endpoint_id: str) -> HttpResponse:
    return redirect("webhook", workspace=request.organization.public_id, endpoint_id=endpoint_id)


@never_cache  # a new secret is shown once
@member(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def webhooks_page(request: MemberRequest) -> HttpResponse:
    """The workspace's endpoints; a POST adds one and shows its secret this once."""
    organization, now = request.organization, timezone.now()
    form, secret, added = WebhookForm(request.POST or None, kinds=webhooks.kinds()), "", None
    if request.method == "POST" and form.is_valid():
        try:
            added, secret = webhooks.add_endpoint(
                organization=organization,
                by_user=request.user,
                url=form.cleaned_data["url"],
                wanted=form.cleaned_data["kinds"],
                description=form.cleaned_data["description"],
                now=now,
            )
            form = WebhookForm(kinds=webhooks.kinds())
        except Refusal as refusal:
            form.add_error("url" if refusal.facts.get("field") == "url" else None, refusal.message)
    health = webhooks.health_of(organization=organization, now=now)
    rows = WebhookEndpoint.objects.of(organization).select_related("created_by").order_by("pk")
    context = {
        "form": form,
        "secret": secret,
        "added": added,
        "limit": MAX_ENDPOINTS,
        "endpoints": [(row, health.get(row.pk, webhooks.Health())) for row in rows],
    }
    return render(request, "accounts/webhooks.html", context, status=422 if form.errors else 200)


@never_cache
@member(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def webhook(request: MemberRequest, endpoint_id: str) -> HttpResponse:
    """One endpoint with its log; a POST changes it."""
    endpoint = _endpoint(request, endpoint_id)
    known = {"url": endpoint.url, "description": endpoint.description, "kinds": endpoint.kinds}
    form = WebhookForm(request.POST or None, kinds=webhooks.kinds(), initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            webhooks.change_endpoint(
                endpoint=endpoint,
                by_user=request.user,
                url=form.cleaned_data["url"],
                wanted=form.cleaned_data["kinds"],
                description=form.cleaned_data["description"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error("url" if refusal.facts.get("field") == "url" else None, refusal.message)
        else:
            messages.success(request, _("The endpoint was changed."))
            return _back(request, endpoint_id)
    return _render(request, endpoint, form)


def _render(
    request: MemberRequest, endpoint: WebhookEndpoint, form: WebhookForm, **more: Any
) -> HttpResponse:
    now = timezone.now()
    rows = WebhookDelivery.objects.of(request.organization).filter(endpoint=endpoint)
    state = request.GET.get("state", "")
    if state in WebhookDelivery.State.values:
        rows = rows.filter(state=state)
    page = Paginator(rows.select_related("event").order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    health = webhooks.health_of(organization=request.organization, now=now)
    context = {
        "endpoint": endpoint,
        "form": form,
        "replay_form": ReplayForm(),
        "health": health.get(endpoint.pk, webhooks.Health()),
        "page": page,
        "state": state,
        "states": WebhookDelivery.State.choices,
        "query": f"state={state}" if state else "",
        "overlaps": endpoint.before_until is not None and endpoint.before_until > now,
        **more,
    }
    return render(request, "accounts/webhook.html", context, status=422 if form.errors else 200)


@never_cache
@member(Role.ADMIN)
@require_POST
def rotate(request: MemberRequest, endpoint_id: str) -> HttpResponse:
    """A new secret, shown this once."""
    endpoint = _endpoint(request, endpoint_id)
    secret = webhooks.rotate_secret(endpoint=endpoint, by_user=request.user, now=timezone.now())
    known = {"url": endpoint.url, "description": endpoint.description, "kinds": endpoint.kinds}
    form = WebhookForm(kinds=webhooks.kinds(), initial=known)
    return _render(request, _endpoint(request, endpoint_id), form, secret=secret)


@member(Role.ADMIN)
@require_POST
def test(request: MemberRequest, endpoint_id: str) -> HttpResponse:
    """Send it an event that tells of nothing."""
    try:
        webhooks.fire_test(endpoint=_endpoint(request, endpoint_id), by_user=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("A test event is on its way. Reload the page to see what became of it."))
    return _back(request, endpoint_id)


@member(Role.ADMIN)
@require_POST
def replay(request: MemberRequest, endpoint_id: str) -> HttpResponse:
    """Send again what happened in a time."""
    endpoint, form = _endpoint(request, endpoint_id), ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the beginning and the end of the time, both with day and hour."))
        return _back(request, endpoint_id)
    try:
        number = webhooks.replay(
            endpoint=endpoint, by_user=request.user, now=timezone.now(), **form.cleaned_data
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(
            request,
            ngettext("%(n)d event is sent again.", "%(n)d events are sent again.", number) % {"n": number},
        )
    return _back(request, endpoint_id)


@member(Role.ADMIN)
@require_POST
def switch_on(request: MemberRequest, endpoint_id: str) -> HttpResponse:
    """Tell it of what happens from now on."""
    webhooks.switch_on(endpoint=_endpoint(request, endpoint_id), by_user=request.user, now=timezone.now())
    messages.success(request, _("The endpoint is on. What it has missed can be sent again below."))
    return _back(request, endpoint_id)


@member(Role.ADMIN)
@require_POST
def switch_off(request: MemberRequest, endpoint_id: str) -> HttpResponse:
    """Tell it nothing more."""
    webhooks.switch_off(endpoint=_endpoint(request, endpoint_id), by_user=request.user, now=timezone.now())
    messages.success(request, _("The endpoint is off."))
    return _back(request, endpoint_id)


@member(Role.ADMIN)
@require_POST
def remove(request: MemberRequest, endpoint_id: str) -> HttpResponse:
    """Gone with its log."""
    webhooks.remove_endpoint(
        endpoint=_endpoint(request, endpoint_id), by_user=request.user, now=timezone.now()
    )
    messages.success(request, _("The endpoint was removed."))
    return redirect("webhooks", workspace=request.organization.public_id)


@member(Role.ADMIN)
@require_GET
def delivery(request: MemberRequest, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """What was sent, and what was answered."""
    found = _delivery(request, endpoint_id, delivery_id)
    body = json.dumps(webhook_deliveries.message_of(found.event), indent=2, ensure_ascii=False)
    return render(request, "accounts/webhook_delivery.html", {"delivery": found, "body": body})


@member(Role.ADMIN)
@require_POST
def send_again(request: MemberRequest, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """Once more, under the same id."""
    try:
        webhooks.send_again(
            delivery=_delivery(request, endpoint_id, delivery_id), by_user=request.user, now=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("It is on its way again."))
    return redirect(
        "webhook-delivery",
        workspace=request.organization.public_id,
        endpoint_id=endpoint_id,
        delivery_id=delivery_id,
    )
