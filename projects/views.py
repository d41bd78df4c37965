"""Pages of clients and projects."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from projects import services
from projects.forms import ClientForm, ProjectForm, RoomForm
from projects.models import Client, Project


def _may_edit(request: MemberRequest) -> bool:
    return request.membership.may(Role.DESIGNER)


@member()
@require_http_methods(["GET", "POST"])
def clients(request: MemberRequest) -> HttpResponse:
    """The list of clients, and a form for a new one."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and _may_edit(request) and form.is_valid():
        services.create_client(organization=request.organization, **form.cleaned_data)
        return redirect("clients", workspace=request.organization.public_id)
    rows = Client.objects.of(request.organization).order_by("name")
    return render(
        request,
        "projects/clients.html",
        {"clients": rows, "form": form, "may_edit": _may_edit(request)},
        status=422 if form.errors else 200,
    )


@member()
@require_http_methods(["GET", "POST"])
def projects(request: MemberRequest) -> HttpResponse:
    """The list of projects, and a form for a new one."""
    form = ProjectForm(request.POST or None, clients=Client.objects.of(request.organization).order_by("name"))
    if request.method == "POST" and _may_edit(request) and form.is_valid():
        project = services.create_project(organization=request.organization, **form.cleaned_data)
        return redirect("project", workspace=request.organization.public_id, project_id=project.public_id)
    rows = Project.objects.of(request.organization).select_related("client").order_by("-pk")
    return render(
        request,
        "projects/projects.html",
        {"projects": rows, "form": form, "may_edit": _may_edit(request)},
        status=422 if form.errors else 200,
    )


@member()
@require_http_methods(["GET", "POST"])
def project(request: MemberRequest, project_id: str) -> HttpResponse:
    """A project with its rooms, and a form for a new room."""
    rows = Project.objects.of(request.organization).select_related("client", "organization")
    found = get_object_or_404(rows, public_id=project_id)
    form = RoomForm(request.POST or None)
    if request.method == "POST" and _may_edit(request) and form.is_valid():
        room = services.create_room(project=found, name=form.cleaned_data["name"])
        return redirect("room", workspace=request.organization.public_id, room_id=room.public_id)
    return render(
        request,
        "projects/project.html",
        {
            "project": found,
            "rooms": found.rooms.order_by("pk"),
            "form": form,
            "may_edit": _may_edit(request),
        },
        status=422 if form.errors else 200,
    )
