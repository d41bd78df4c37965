"""Pages of people and workspaces."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import services
from accounts.errors import Refusal
from accounts.forms import ApiKeyForm, WorkspaceForm
from accounts.models import MAX_ACTIVE_KEYS, ApiKey, Role
from accounts.tenancy import MemberRequest, SignedInRequest, find_membership, member, signed_in


@signed_in
@require_GET
def home(request: SignedInRequest) -> HttpResponse:
    """To the workspace last gone to, else the first: the studio, or the history for those who only look."""
    membership = find_membership(user=request.user, workspace=request.session.get("workspace", ""))
    if membership is None:
        workspace = services.home_of(user=request.user, now=timezone.now())
        membership = find_membership(user=request.user, workspace=workspace.public_id)
    else:
        workspace = membership.organization
    designs = membership is not None and membership.may(Role.DESIGNER)
    return redirect("studio" if designs else "history", workspace=workspace.public_id)


@member()
@require_GET
def settings_page(request: MemberRequest) -> HttpResponse:
    """What can be set, with a link to each."""
    form = WorkspaceForm(initial={"name": request.organization.name})
    return render(request, "accounts/settings.html", {"form": form})


@never_cache  # a new key is shown once
@member(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def api_keys(request: MemberRequest) -> HttpResponse:
    """The workspace's keys; a POST makes one and shows it this once."""
    organization, issued = request.organization, None
    kind = "live" if organization.api_access else "test"
    form = ApiKeyForm(request.POST or None, initial={"kind": kind})
    if request.method == "POST" and form.is_valid():
        try:
            _, issued = services.issue_api_key(
                organization=organization,
                by_user=request.user,
                name=form.cleaned_data["name"],
                live=form.cleaned_data["kind"] == "live",
                now=timezone.now(),
                **form.wishes(),
            )
            form = ApiKeyForm(initial={"kind": kind})
        except Refusal as refusal:
            form.add_error(None, refusal.message)
    now = timezone.now()
    keys = list(ApiKey.objects.of(organization).active().select_related("created_by").order_by("-pk"))
    caps = services.caps_of_api_keys(organization=organization, now=now)
    rows = [(key, caps.get(key.public_id), key.has_expired(now)) for key in keys]
    context = {"form": form, "keys": rows, "issued": issued, "limit": MAX_ACTIVE_KEYS}
    return render(request, "accounts/api_keys.html", context, status=422 if form.errors else 200)


@member(Role.ADMIN)
@require_POST
def revoke_api_key(request: MemberRequest, key_id: str) -> HttpResponse:
    """End a key at once."""
    if not services.revoke_api_key(
        organization=request.organization, by_user=request.user, key_id=key_id, now=timezone.now()
    ):
        raise Http404
    messages.success(request, _("The key was revoked. Programs that use it are refused from now on."))
    return redirect("api-keys", workspace=request.organization.public_id)
