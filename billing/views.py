"""Pages of credits."""

from __future__ import annotations

from allauth.account.utils import has_verified_email
from django.core.paginator import Paginator
from django.db.models import F
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
    change = F("allowance") + F("purchased")
    lines = credits.lines_of(organization=request.organization).annotate(
        change=change,
        taken=-change - F("held"),  # of a settle line: what it took for good
        balance_after=F("allowance_after") + F("purchased_after"),
    )
    context = {
        "page": Paginator(lines, 50).get_page(request.GET.get("page")),
        "have": credits.balance(organization=request.organization, now=timezone.now()),
        "costs": pricing.costs(),
        "confirmed": has_verified_email(request.user),
    }
    return render(request, "billing/statement.html", context)
