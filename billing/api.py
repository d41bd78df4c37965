"""The REST API of credits, read only."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.tenancy import TenantAPIView
from billing import credits, pricing


class Credits(TenantAPIView):
    """The balance, in the shape that MeltFlex's own client reads."""

    @extend_schema(summary="Read the balance", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """`balance` is what can be spent now, holds already taken off."""
        totals = credits.totals(organization=self.organization)
        return Response(
            {
                "email": self.api_key.created_by.email,
                "balance": credits.balance(organization=self.organization, now=timezone.now()).spendable,
                "totalEarned": totals.earned,
                "totalSpent": totals.spent,
                "costs": pricing.costs(),
            }
        )
