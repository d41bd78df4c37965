"""Pages of workspaces themselves: which there are, another one, its name, its end."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import deletion, services
from accounts.errors import Refusal
from accounts.forms import DeleteForm, WorkspaceForm
from accounts.models import Role
from accounts.tenancy import (
    MemberRequest,
    SignedInRequest,
    asked_again,
    enter,
    member,
    memberships_of,
    signed_in,
)


@signed_in
@require_http_methods(["GET", "POST"])
def workspaces(request: SignedInRequest) -> HttpResponse:
    """Every workspace of the person's; a POST opens another one."""
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.open_workspace(
                name=form.cleaned_data["name"], by_user=request.user, now=timezone.now()
            )
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("switch", workspace=made.public_id)
    context = {"form": form, "memberships": memberships_of(user=request.user)}
    return render(request, "accounts/workspaces.html", context, status=422 if form.errors else 200)


@member()
@require_GET
def switch(request: MemberRequest) -> HttpResponse:
    """Go there, and start there next time."""
    workspace = request.organization.public_id
    request.session["workspace"] = workspace
    return redirect("studio" if request.membership.may(Role.DESIGNER) else "history", workspace=workspace)


@member(Role.ADMIN)
@require_POST
def rename(request: MemberRequest) -> HttpResponse:
    """Call the workspace something else."""
    form = WorkspaceForm(request.POST)
    if form.is_valid():
        services.rename_workspace(
            organization=request.organization,
            by_user=request.user,
            name=form.cleaned_data["name"],
            now=timezone.now(),
        )
        messages.success(request, _("The workspace has a new name."))
    else:
        messages.error(request, _("Give the workspace a name of at most 120 characters."))
    return redirect("settings", workspace=request.organization.public_id)


@member(Role.OWNER, in_transaction=False)
@asked_again
@require_http_methods(["GET", "POST"])
def delete(request: MemberRequest) -> HttpResponse:
    """What would be lost, and the end of the workspace for who types its name."""
    organization, now = request.organization, timezone.now()
    form = DeleteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            deletion.delete_workspace(
                organization=organization, by_user=request.user, typed=form.cleaned_data["name"], now=now
            )
        except Refusal as refusal:
            form.add_error("name", refusal.message)
        else:
            messages.success(request, _("The workspace %s was deleted.") % organization)
            return redirect("workspaces")
    with enter(organization):
        context = {"form": form, "sentences": deletion.explain(organization=organization, now=now)}
        return render(request, "accounts/delete.html", context, status=422 if form.errors else 200)
