"""Pages of credits."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.tenancy import MemberRequest, member
from billing import credits, pricing


@member()
@require_GET
def statement(request: MemberRequest) -> HttpResponse:
    """The balance and every line behind it."""
    lines = credits.lines_of(organization=request.organization)
    page = Paginator(lines, 50).get_page(request.GET.get("page"))
    have = credits.balance(organization=request.organization, now=timezone.now())
    return render(
        request, "billing/statement.html", {"page": page, "have": have, "costs": pricing.costs()}
    )
