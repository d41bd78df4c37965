"""The REST API of credits and of what is sold, read only."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest import NewestFirst
from accounts.tenancy import TenantAPIView
from billing import credit_shapes as shapes
from billing import credits, plans, pricing, statement
from billing.forms import FilterForm
from billing.statement import Line


class Credits(TenantAPIView):
    """The balance, in the shape that MeltFlex's own client reads."""

    takes_any_query = True

    @extend_schema(summary="Read the balance", responses={200: shapes.BalanceData})
    def get(self, request: Request) -> Response:
        """`balance` is what can be spent now, holds already taken off."""
        totals = credits.totals(organization=self.organization)
        return Response(
            {
                "email": self.person.email,
                "balance": credits.balance(organization=self.organization, now=timezone.now()).spendable,
                "totalEarned": totals.earned,
                "totalSpent": totals.spent,
                "costs": pricing.costs(),
            }
        )


def line_data(line: Line) -> dict[str, Any]:
    """A ledger line as the API shows it; `change` is its effect on the balance."""
    return {
        "number": line.number,
        "at": line.at,
        "kind": line.kind,
        "text": line.what,
        "details": line.detail,
        "for": line.about.text,
        "reference": line.reference,
        "by": line.by or None,
        "labels": {
            key: {"id": line.label_ids[key], "name": named.text} for key, named in line.labels.items()
        },
        "change": line.change,
        "taken": line.taken,
        "held": line.held,
        "owed": line.debt,
        "balance_after": line.balance_after,
        "held_after": line.held_after,
        "owed_after": line.debt_after,
    }


class CreditLines(TenantAPIView):
    """The ledger, line by line."""

    @extend_schema(
        summary="List ledger lines, newest first",
        parameters=[
            OpenApiParameter("month", str, description="Of this calendar month (UTC): `2026-11`."),
            OpenApiParameter("by", str, description="Caused by the person with this e-mail address."),
            OpenApiParameter("label", str, description="With this label: `room:…`, `project:…`, `client:…`."),
        ],
        responses={200: shapes.LedgerPage},
    )
    def get(self, request: Request) -> Response:
        """By cursor; a filter that can't be read is 400."""
        form = FilterForm(request.query_params)
        if not form.is_valid():
            raise ValidationError(
                {name: [str(problem) for problem in problems] for name, problems in form.errors.items()}
            )
        lines = statement.select(organization=self.organization, filters=form.filters)
        pages = NewestFirst()
        found: list[Any] = pages.paginate_queryset(lines, request, view=self) or []
        told = statement.in_words(organization=self.organization, entries=found)
        return pages.get_paginated_response([line_data(line) for line in told])


def plan_data(plan: plans.Plan) -> dict[str, Any]:
    """A plan as the API shows it; money in the currency's hundredths, for a month."""
    return {
        "key": plan.key,
        "name": plan.name,
        "price": plan.price,
        "currency": plans.CURRENCY,
        "allowance": plan.allowance,
        "in_flight_limit": plan.in_flight_limit,
        "seats": plan.seats,
        "api_access": plan.api_access,
        "white_label": plan.white_label,
        "retention_days": plan.retention_days,
        "trial_days": plan.trial_days,
    }


class Plans(TenantAPIView):
    """The catalogue."""

    @extend_schema(summary="List plans and packs", responses={200: shapes.CatalogueData})
    def get(self, request: Request) -> Response:
        """`packs` are bought once and never expire. `POST /checkout` begins to buy either."""
        packs = [
            {"key": pack.key, "credits": pack.credits, "price": pack.price, "currency": plans.CURRENCY}
            for pack in plans.PACKS.values()
        ]
        return Response({"plans": [plan_data(plan) for plan in plans.PLANS.values()], "packs": packs})
