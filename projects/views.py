"""Lists of clients and projects."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Role
from accounts.tenancy import MemberRequest, member
from projects import services
from projects.forms import SORTS, ClientForm, ProjectFilterForm, ProjectForm
from projects.models import Client, Project, Status

AT_ONCE = 48  # on a page
OF_A_COLUMN = 30  # of the board; the list has all of them


def _may_edit(request: MemberRequest) -> bool:
    return request.membership.may(Role.DESIGNER)


def _without_page(request: MemberRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


@member()
@require_http_methods(["GET", "POST"])
def clients(request: MemberRequest) -> HttpResponse:
    """The list of clients, found by words, and a form for a new one. `?archived=on` shows the archive."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and _may_edit(request) and form.is_valid():
        services.create_client(organization=request.organization, **form.cleaned_data)
        return redirect("clients", workspace=request.organization.public_id)
    words, archived = request.GET.get("q", "")[:200].replace("\0", ""), "archived" in request.GET
    rows = Client.objects.of(request.organization).filter(archived_at__isnull=not archived)
    rows = rows.found_by(words).annotate(running=Count("projects", filter=Q(projects__archived_at=None)))
    page = Paginator(rows.order_by("name", "pk"), AT_ONCE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "query": _without_page(request),
        "words": words,
        "is_new": not page.object_list and not Client.objects.of(request.organization).exists(),
        "archived": archived,
        "form": form,
        "may_edit": _may_edit(request),
    }
    return render(request, "projects/clients.html", context, status=422 if form.errors else 200)


@member()
@require_http_methods(["GET", "POST"])
def projects(request: MemberRequest) -> HttpResponse:
    """Projects as a list or, with `?view=board`, in columns by status; and a form for a new one."""
    all_clients = Client.objects.of(request.organization).order_by("name", "pk")
    form = ProjectForm(
        request.POST or None,
        clients=all_clients.active(),
        initial={"client": request.GET.get("new_for", "")},
    )
    if request.method == "POST" and _may_edit(request) and form.is_valid():
        project = services.create_project(
            organization=request.organization, by_user=request.user, now=timezone.now(), **form.cleaned_data
        )
        return redirect("project", workspace=request.organization.public_id, project_id=project.public_id)
    filters = ProjectFilterForm(request.GET or None, clients=all_clients)
    rows, sort = _wanted(request, filters)
    board = request.GET.get("view") == "board"
    context: dict[str, Any] = {
        "filters": filters,
        "sorts": [(key, words) for key, (words, _) in SORTS.items()],
        "sort": sort,
        "statuses": Status.choices,
        "clients": all_clients,
        "board": board,
        "query": _without_page(request),
        "form": form,
        "may_edit": _may_edit(request),
        "today": timezone.now().date(),
    }
    if board:
        context["columns"] = _columns(rows, SORTS[sort][1])
        is_empty = not any(column["number"] for column in context["columns"])
    else:
        ordered = rows.order_by(*_nulls_last(SORTS[sort][1]))
        page = context["page"] = Paginator(ordered, AT_ONCE).get_page(request.GET.get("page"))
        is_empty = not page.object_list
    context["is_new"] = is_empty and not Project.objects.of(request.organization).exists()
    template = "projects/board.html" if board and not context["is_new"] else "projects/projects.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _wanted(request: MemberRequest, filters: ProjectFilterForm) -> tuple[QuerySet[Project], str]:
    """The rows that the filters leave, and how to sort them; a filter that says nonsense filters nothing."""
    filters.is_valid()
    data = getattr(filters, "cleaned_data", {})
    rows = Project.objects.of(request.organization).select_related("client").with_cover()
    rows = rows.filter(archived_at__isnull=not data.get("archived")).found_by(data.get("q") or "")
    if data.get("status"):
        rows = rows.filter(status=data["status"])
    if data.get("client"):
        rows = rows.filter(client=data["client"])
    return rows, data.get("sort") or "new"


def _nulls_last(names: tuple[str, ...]) -> list[Any]:
    return [F(name).asc(nulls_last=True) if name in ("deadline", "client__name") else name for name in names]


def _columns(rows: QuerySet[Project], order: tuple[str, ...]) -> list[dict[str, Any]]:
    """The first projects of each status, and how many there are: two queries for all columns."""
    counts = dict(rows.order_by().values_list("status").annotate(number=Count("pk")))
    place = Window(RowNumber(), partition_by="status", order_by=_nulls_last(order))
    shown = list(rows.annotate(place=place).filter(place__lte=OF_A_COLUMN).order_by("place"))
    return [
        {
            "status": status,
            "name": status.label,
            "projects": [row for row in shown if row.status == status],
            "number": counts.get(status, 0),
            "more": counts.get(status, 0) - min(counts.get(status, 0), OF_A_COLUMN),
        }
        for status in Status
    ]
