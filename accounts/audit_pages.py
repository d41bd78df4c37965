"""The audit log."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.forms import AuditForm
from accounts.models import Role
from accounts.tenancy import MemberRequest, member

PER_PAGE = 50


@member(Role.ADMIN)
@require_GET
def audit_log(request: MemberRequest) -> HttpResponse:
    """Who did what, when; narrowed by person, kind and days. What a filter can't mean is ignored."""
    people = audit.people(organization=request.organization)
    form = AuditForm(request.GET, people=people)
    form.is_valid()
    data = form.cleaned_data
    filters = audit.Filters(
        who=int(data["who"]) if data.get("who") else None,
        kind=data.get("kind", ""),
        first=data.get("first"),
        last=data.get("last"),
    )
    rows = audit.select(organization=request.organization, filters=filters)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "lines": [(entry, audit.words_of(entry)) for entry in page],
        "query": query.urlencode(),
        "is_narrow": filters != audit.Filters(),
    }
    return render(request, "accounts/audit_log.html", context)
