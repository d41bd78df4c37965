"""What the API of a workspace itself shares: lists, checked input, and who may manage."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import members
from accounts.models import Membership, Role, Scope
from accounts.rest import NewestFirst
from accounts.tenancy import TenantAPIView, enter


class Collection(TenantAPIView):
    """What lists share."""

    def page(self, rows: Any, shape: Any) -> Response:
        """One page of rows, newest first."""
        pages = NewestFirst()
        found: list[Any] = pages.paginate_queryset(rows, self.request, view=self) or []
        return pages.get_paginated_response([shape(row) for row in found])

    def checked(self, form: Any) -> dict[str, Any]:
        """The validated input, or a 400 that names the fields."""
        asked = form(data=self.request.data)
        asked.is_valid(raise_exception=True)
        data: dict[str, Any] = asked.validated_data
        return data


class ManagingView(Collection):
    """Needs the scope `manage`, and that who made the key is an owner or admin still."""

    scope = Scope.MANAGE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The key, then its maker."""
        super().initial(request, *args, **kwargs)
        with enter(self.organization):
            mine = Membership.objects.of(self.organization).filter(user=self.person).first()
        if mine is None or not mine.may(Role.ADMIN):
            raise members.NotAllowed
