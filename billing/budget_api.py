"""The REST API of budgets: what members, clients and keys may use."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.managing import ManagingView, WorkingView
from accounts.models import Membership, Role, Scope
from accounts.serializers import listed
from billing import budgets
from billing import serializers as shapes


class BudgetView(WorkingView):
    """One budget. Reading needs the scope `read`, the rest `manage` and an owner or admin."""

    changing_scope = Scope.MANAGE
    role = Role.ADMIN

    def read(self, key: str) -> Response:
        """As it stands; 404 where there is none."""
        standing = budgets.budget_of(organization=self.organization, key=key, now=timezone.now())
        if standing is None:
            raise Http404
        return Response(shapes.BudgetData(standing).data)

    def set(self, key: str) -> Response:
        """Set it, and say how it stands."""
        asked = self.checked(shapes.BudgetInput)
        budgets.set_budget(
            organization=self.organization,
            key=key,
            cap=asked["cap"],
            is_total=asked["counted"] == "total",
            by_user=self.person,
            now=timezone.now(),
        )
        return self.read(key)

    def remove(self, key: str) -> Response:
        """No cap any more."""
        budgets.remove_budget(
            organization=self.organization, key=key, by_user=self.person, now=timezone.now()
        )
        return Response(status=204)


class Budgets(ManagingView):
    """What members, clients and keys may use."""

    @extend_schema(summary="List budgets", responses={200: listed(shapes.BudgetData)})
    def get(self, request: Request) -> Response:
        """Newest first."""

        def shape(found: list[Any]) -> list[Any]:
            standings = budgets.standings(organization=self.organization, rows=found, now=timezone.now())
            return [shapes.BudgetData(each).data for each in standings]

        return self.page_of(budgets.rows_of(organization=self.organization), shape)


class BudgetDetail(ManagingView, BudgetView):
    """The budget of any key: `member:…`, `client:…`, `api_key:…`."""

    @extend_schema(summary="Read a budget", responses={200: shapes.BudgetData})
    def get(self, request: Request, key: str) -> Response:
        """404 where there is none."""
        return self.read(key)

    @extend_schema(summary="Set a budget", request=shapes.BudgetInput, responses={200: shapes.BudgetData})
    def put(self, request: Request, key: str) -> Response:
        """404 for a key that is nobody's."""
        self.check_subject(key)
        return self.set(key)

    @extend_schema(summary="Remove a budget", responses={204: None})
    def delete(self, request: Request, key: str) -> Response:
        """Also of somebody who is gone, and when there is none; 404 for a key that is nobody's."""
        if not budgets.existing(organization=self.organization, keys=[key]):
            self.check_subject(key)
        return self.remove(key)

    def check_subject(self, key: str) -> None:
        """Raises Http404 for a key that is nobody's."""
        if key not in budgets.subjects(organization=self.organization):
            raise Http404


class MemberBudget(ManagingView, BudgetView):
    """What a member may use."""

    def key_of(self, member_id: int) -> str:
        """404 for who is no member."""
        rows = Membership.objects.of(self.organization).select_related("user")
        return budgets.member_key(get_object_or_404(rows, pk=member_id).user)

    @extend_schema(summary="Read a member's budget", responses={200: shapes.BudgetData})
    def get(self, request: Request, member_id: int) -> Response:
        """404 where there is none."""
        return self.read(self.key_of(member_id))

    @extend_schema(
        summary="Set a member's budget", request=shapes.BudgetInput, responses={200: shapes.BudgetData}
    )
    def put(self, request: Request, member_id: int) -> Response:
        """One of the other kind is counted afresh; else what is used stays."""
        return self.set(self.key_of(member_id))

    @extend_schema(summary="Remove a member's budget", responses={204: None})
    def delete(self, request: Request, member_id: int) -> Response:
        """Also when there is none."""
        return self.remove(self.key_of(member_id))
