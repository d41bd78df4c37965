"""The statement's page and its table for spreadsheets."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from allauth.account.utils import has_verified_email
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import farewell
from accounts.converters import number_or_none
from accounts.tenancy import MemberRequest, member
from billing import chart, credits, pricing, statement, statement_csv
from billing.forms import FilterForm
from billing.statement import Filters

LINES = 50  # on a page


@member()
@require_GET
def statement_page(request: MemberRequest) -> HttpResponse:
    """The balance, what was used when, and every line behind it.

    `?month=`, `?by=` and `?label=` narrow; `?before=` and `?after=` turn pages from the line of that number.
    """
    organization, now = request.organization, timezone.now()
    form = FilterForm(request.GET)
    # Nothing rather than everything under a filter that can't be read: its lines would be taken for the answer.
    filters = form.filters if form.is_valid() else Filters()
    turned = {name: number_or_none(request.GET.get(name)) for name in ("before", "after")}
    page = (
        statement.page_of(organization=organization, filters=filters, size=LINES, **turned)
        if form.is_valid()
        else statement.Page([], None, None)
    )
    usage = statement.usage(organization=organization, filters=filters, now=now)
    context = {
        "lines": statement.in_words(organization=organization, entries=page.lines),
        "older": page.older,
        "newer": page.newer,
        "have": credits.balance(organization=organization, now=now),
        "costs": pricing.costs(),
        "confirmed": has_verified_email(request.user),
        "came_back": partial(farewell.has_come_back, user=request.user),  # asked where credits are missing
        "form": form,
        "filters": filters,
        "query": urlencode(filters.query),
        "choices": statement.choices(organization=organization, now=now),
        "chart": chart.draw(usage=usage, by_day=filters.month is not None),
    }
    return render(request, "billing/statement.html", context, status=200 if form.is_valid() else 422)


@member(in_transaction=False)
@require_GET
def statement_csv_file(request: MemberRequest) -> HttpResponseBase:
    """Every line as CSV, oldest first, narrowed like the page; read and sent piece by piece."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        return HttpResponse("Wrong filter.\n", status=422, content_type="text/plain")
    lines = statement.every_line(organization=request.organization, filters=form.filters, now=timezone.now())
    month = f"-{form.filters.month:%Y-%m}" if form.filters.month else ""
    response = StreamingHttpResponse(statement_csv.rows(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="credits{month}.csv"'
    return response
