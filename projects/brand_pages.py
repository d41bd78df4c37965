"""Settings → Brand & domains; and the logo and colours as pages for clients load them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import domains, emails
from accounts.errors import Refusal
from accounts.models import Domain, Role
from accounts.sending import stored_file
from accounts.tenancy import MemberRequest, enter, member, public
from projects import brand, branding
from projects.brand_rows import Brand
from projects.forms import BrandForm, DomainForm

_FIELDS = ("colour", "sender_name", "reply_to")


def _back(request: MemberRequest) -> HttpResponse:
    return redirect("brand", workspace=request.organization.public_id)


def _domain(request: MemberRequest, domain_id: str) -> Domain:
    with enter(request.organization):
        rows = Domain.objects.of(request.organization).select_related("organization")
        found: Domain = get_object_or_404(rows, public_id=domain_id)
    return found


@member(Role.ADMIN, in_transaction=False)
@require_http_methods(["GET", "POST"])
def brand_page(request: MemberRequest) -> HttpResponse:
    """The brand and the host names; a POST saves the brand."""
    with enter(request.organization):
        mine = branding.of(request.organization)
    initial = {name: getattr(mine, name) for name in _FIELDS}
    form = BrandForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _save(request, form):
        messages.success(request, _("The brand was saved."))
        return _back(request)
    return _page(request, mine, form, DomainForm())


def _page(request: MemberRequest, mine: Brand, form: BrandForm, domain_form: DomainForm) -> HttpResponse:
    with enter(request.organization):
        claims = domains.all_of(request.organization)
        context: dict[str, Any] = {
            "brand": mine,
            "form": form,
            "domain_form": domain_form,
            "claims": [
                {
                    "domain": claim,
                    "letters": domains.in_letters(claim.host),
                    "record": domains.record_of(claim),
                    "until": claim.lost_since and claim.lost_since + domains.GRACE,
                }
                for claim in claims
            ],
            "kind": domains.KIND,
            "is_full": len(claims) >= domains.MOST,
            "used": domains.host_of(request.organization),
            "sender_address": emails.sender_address(),
            "target": urlsplit(emails.base_url(request)).hostname,
        }
        status = 422 if form.errors or domain_form.errors else 200
        return render(request, "projects/brand.html", context, status=status)


def _save(request: MemberRequest, form: BrandForm) -> bool:
    data = form.cleaned_data
    who: dict[str, Any] = {"organization": request.organization, "by_user": request.user}
    try:
        branding.save(**who, **{name: data[name] for name in _FIELDS}, now=timezone.now())
    except (brand.NotAColour, brand.ColourTooPale) as refusal:
        form.add_error("colour", refusal.message)
        return False
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        return False
    try:
        if data["logo"] is not None:
            branding.set_logo(**who, content=data["logo"].read(), now=timezone.now())
        elif data["remove_logo"]:
            branding.remove_logo(**who, now=timezone.now())
    except Refusal as refusal:
        form.add_error("logo", refusal.message)
        return False
    return True


@member(Role.ADMIN, in_transaction=False)
@require_POST
def add_domain(request: MemberRequest) -> HttpResponse:
    """Claim a host name."""
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            added = domains.add(
                organization=request.organization,
                host=form.cleaned_data["host"],
                by_user=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Set the record below, then check %(host)s.") % {"host": added.host})
            return _back(request)
        except Refusal as refusal:
            form.add_error("host", refusal.message)
    with enter(request.organization):
        mine = branding.of(request.organization)
    return _page(request, mine, BrandForm(initial={name: getattr(mine, name) for name in _FIELDS}), form)


@member(Role.ADMIN, in_transaction=False)
@require_POST
def check_domain(request: MemberRequest, domain_id: str) -> HttpResponse:
    """Look its record up now."""
    found = _domain(request, domain_id)
    try:
        found = domains.check_now(domain=found, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        if found.state == "proven":
            messages.success(request, _("%(host)s is proven.") % {"host": found.host})
        else:
            messages.error(request, found.get_problem_display())
    return _back(request)


@member(Role.ADMIN, in_transaction=False)
@require_POST
def remove_domain(request: MemberRequest, domain_id: str) -> HttpResponse:
    """Nothing is served under it any more."""
    found = _domain(request, domain_id)
    domains.remove(domain=found, by_user=request.user, now=timezone.now())
    messages.success(request, _("%(host)s was removed.") % {"host": found.host})
    return _back(request)


# --- For pages of clients --------------------------------------------------------------------------------


def _kept(answer: HttpResponseBase) -> HttpResponseBase:
    """By the browser alone, and asked again each time: a brand may change or end."""
    answer["Cache-Control"] = "private, no-cache"
    return answer


@public("it stands on pages that clients open by links")
@require_safe
def logo(request: HttpRequest, brand_id: str) -> HttpResponseBase:  # noqa: ARG001 — a view
    """The picture."""
    found = branding.find(public_id=brand_id)
    if found is None or not found.logo:
        raise Http404
    return _kept(stored_file(found.logo))


@public("it stands on pages that clients open by links")
@require_safe
def colours(request: HttpRequest, brand_id: str) -> HttpResponseBase:  # noqa: ARG001 — a view
    """The colour, as a stylesheet."""
    found = branding.find(public_id=brand_id)
    if found is None or not found.colour:
        raise Http404
    return _kept(HttpResponse(brand.stylesheet(found.colour), content_type="text/css; charset=utf-8"))
