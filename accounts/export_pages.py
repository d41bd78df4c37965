"""Pages on which everything can be had as a ZIP."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import emails, exports
from accounts.errors import Refusal
from accounts.export_files import packed
from accounts.models import Export, Role
from accounts.tenancy import MemberRequest, SignedInRequest, member, signed_in


@member(Role.OWNER)
@require_http_methods(["GET", "POST"])
def workspace_exports(request: MemberRequest) -> HttpResponse:
    """The workspace's exports; a POST asks for one."""
    if request.method == "POST":
        try:
            exports.ask_of_workspace(
                organization=request.organization,
                by_user=request.user,
                base=emails.base_url(request),
                now=timezone.now(),
            )
            messages.success(request, _("The export is being built. You get a mail when it is ready."))
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return redirect("exports", workspace=request.organization.public_id)
    found = exports.of_workspace(organization=request.organization)
    return render(request, "accounts/exports.html", {"exports": found, "days": exports.LASTS.days})


@member(Role.OWNER)
@require_GET
def fetch_workspace_export(request: MemberRequest, export_id: str) -> HttpResponseBase:
    """The ZIP itself."""
    return _sent(exports.of_workspace(organization=request.organization), export_id)


@signed_in
@require_http_methods(["GET", "POST"])
def person_exports(request: SignedInRequest) -> HttpResponse:
    """The person's own exports; a POST asks for one."""
    if request.method == "POST":
        try:
            exports.ask_of_person(user=request.user, base=emails.base_url(request), now=timezone.now())
            messages.success(request, _("The export is being built. You get a mail when it is ready."))
        except Refusal as refusal:
            messages.error(request, refusal.message)
        return redirect("person-exports")
    found = exports.of_person(user=request.user)
    return render(request, "accounts/exports.html", {"exports": found, "days": exports.LASTS.days})


@signed_in
@require_GET
def fetch_person_export(request: SignedInRequest, export_id: str) -> HttpResponseBase:
    """The ZIP itself."""
    return _sent(exports.of_person(user=request.user), export_id)


def _sent(mine: list[Export], export_id: str) -> HttpResponseBase:
    now = timezone.now()
    found = next((one for one in mine if one.public_id == export_id and one.file), None)
    if found is None or found.expires_at <= now:
        raise Http404
    return packed(found)
