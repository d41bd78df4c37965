"""Pages of working together: who is on a project, notes, what happened there, one's own projects."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import activity
from accounts.activity_pages import in_words, page_after
from accounts.errors import Refusal
from accounts.models import Membership, Role
from accounts.tenancy import MemberRequest, member
from projects import team
from projects.forms import NoteForm
from projects.models import Project
from projects.team_rows import ProjectNote

PER_PAGE = 50


def _project(request: MemberRequest, project_id: str) -> Project:
    rows = Project.objects.of(request.organization).select_related("organization")
    found: Project = get_object_or_404(rows, public_id=project_id)
    return found


def _to_team(request: MemberRequest, project_id: str) -> HttpResponse:
    return redirect("project-team", workspace=request.organization.public_id, project_id=project_id)


@member()
@require_GET
def my_projects(request: MemberRequest) -> HttpResponse:
    """The projects that one is on."""
    rows = team.projects_of(organization=request.organization, user=request.user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "projects/mine.html", {"page": page})


@member()
@require_http_methods(["GET", "POST"])
def project_team(request: MemberRequest, project_id: str) -> HttpResponse:
    """Who is on the project, and the notes; a POST by a designer writes one."""
    project = _project(request, project_id)
    may_edit = request.membership.may(Role.DESIGNER)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and may_edit and form.is_valid():
        team.write_note(
            project=project,
            by_user=request.user,
            text=form.cleaned_data["text"],
            also=form.cleaned_data["mention"],
            now=timezone.now(),
        )
        return _to_team(request, project_id)
    notes, older = page_after(request, team.notes_of(project))
    context = {
        "project": project,
        "form": form,
        "notes": notes,
        "older": older,
        "members": team.of_project(project),
        "others": team.to_assign(project) if may_edit else [],
        "names": sorted(team.names_to_mention(organization=request.organization).values()),
        "may_edit": may_edit,
        "may_delete_all": request.membership.may(Role.ADMIN),
    }
    return render(request, "projects/team.html", context, status=422 if form.errors else 200)


@member()
@require_GET
def project_activity(request: MemberRequest, project_id: str) -> HttpResponse:
    """What happened in the project, newest first."""
    project = _project(request, project_id)
    events, older = page_after(
        request, activity.feed(organization=request.organization, project=project.public_id)
    )
    context = {"project": project, "lines": in_words(events), "older": older}
    return render(request, "projects/activity.html", context)


@member(Role.DESIGNER)
@require_POST
def assign(request: MemberRequest, project_id: str) -> HttpResponse:
    """Put a member on the project."""
    project, who = _project(request, project_id), request.POST.get("member", "")
    if not (who.isascii() and who.isdigit() and len(who) < 19):
        messages.error(request, _("Choose who shall work on the project."))
        return _to_team(request, project_id)
    try:
        team.assign(project=project, member_id=int(who), by_user=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return _to_team(request, project_id)


@member(Role.DESIGNER)
@require_POST
def unassign(request: MemberRequest, project_id: str, member_id: int) -> HttpResponse:
    """Take a member off it."""
    project = _project(request, project_id)
    mine = get_object_or_404(Membership.objects.of(request.organization), pk=member_id)
    team.unassign(project=project, member_id=mine.pk, by_user=request.user, now=timezone.now())
    return _to_team(request, project_id)


@member(Role.DESIGNER)
@require_POST
def delete_note(request: MemberRequest, project_id: str, note_id: str) -> HttpResponse:
    """Take a note back."""
    notes = ProjectNote.objects.of(request.organization).select_related("organization")
    note = get_object_or_404(notes, public_id=note_id, project__public_id=project_id)
    try:
        team.delete_note(note=note, by_user=request.user)
    except team.NotYourNote as refusal:
        raise Http404 from refusal
    messages.success(request, _("The note was deleted."))
    return _to_team(request, project_id)
