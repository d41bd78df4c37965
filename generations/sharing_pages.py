"""Links for people without an account: made and revoked by members, opened by anybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import domains
from accounts.errors import Refusal
from accounts.models import Role
from accounts.sending import stored_file
from accounts.tenancy import MemberRequest, enter, member, public
from generations import sharing
from generations.models import ShareLink
from generations.page_parts import picture_of, place_of
from projects import branding

DAYS = (7, 30, 90)  # how long a link may be asked to last; else until it is revoked


@never_cache
@member(Role.DESIGNER, in_transaction=False)
@require_http_methods(["GET", "POST"])
def share(request: MemberRequest, picture_id: str) -> HttpResponse:
    """The open links to a picture; a POST makes one and shows its address, this once."""
    with enter(request.organization):
        picture = picture_of(request, picture_id)
    if picture.removed_at is not None:
        raise Http404
    context: dict[str, Any] = {"picture": picture, "days": DAYS}
    if request.method == "POST":
        asked = request.POST.get("days", "")
        days = next((days for days in DAYS if str(days) == asked), None)
        try:
            context["made"], token = sharing.make_link(
                picture=picture, by_user=request.user, now=timezone.now(), days=days
            )
            context["address"] = _address(request, token)
        except Refusal as refusal:
            messages.error(request, refusal.message)
    with enter(request.organization):
        context["links"] = sharing.links_of(pictures=[picture], now=timezone.now())
        return render(request, "generations/share.html", context)


def _address(request: MemberRequest, token: str) -> str:
    return domains.base_for(request, request.organization) + reverse("shared", args=[token])


@member(Role.DESIGNER)
@require_POST
def revoke(request: MemberRequest, link_id: str) -> HttpResponse:
    """End a link at once."""
    links = ShareLink.objects.of(request.organization).select_related("organization", "picture__generation")
    link: ShareLink = get_object_or_404(links, public_id=link_id)
    sharing.revoke_link(link=link, by_user=request.user, now=timezone.now())
    messages.success(request, _("The link was revoked. It opens nothing any more."))
    if link.picture.generation.deleted_at is not None:
        return redirect("history", workspace=request.organization.public_id)
    link.picture.organization = request.organization
    return redirect(place_of(link.picture))


def _hidden(response: HttpResponseBase) -> HttpResponseBase:
    """In no search engine and no cache: what is revoked shall be gone."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    return response


@public("the link's text is the permission")
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponseBase:
    """The room before and after. 410 for a link that has ended, 404 for one that never was."""
    link, found = sharing.find(token=token, now=timezone.now())
    branding.show_as(request, link)
    if found is None:
        status = 404 if link is None else 410
        return _hidden(render(request, "generations/link_gone.html", {"was": link}, status=status))
    return _hidden(render(request, "generations/shared.html", {"shared": found, "token": token}))


@public("the link's text is the permission")
@require_safe
def shared_file(request: HttpRequest, token: str, which: str) -> HttpResponseBase:  # noqa: ARG001 — a view
    """`before` or `after`, asked of the link itself each time, so that nothing outlives it."""
    _link, found = sharing.find(token=token, now=timezone.now())
    name = {"before": found.before, "after": found.after}.get(which, "") if found else ""
    if not name:
        raise Http404
    return _hidden(stored_file(name))
