"""What the API of a workspace itself shares: lists, checked input, and who may work in it or manage it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import conventions, members, rates
from accounts.converters import id_or_nothing
from accounts.devices import Device
from accounts.errors import Refusal
from accounts.models import ApiKey, Membership, Role, Scope
from accounts.permitted import RoleNeeded
from accounts.rest import NewestFirst
from accounts.tenancy import TenantAPIView, enter

LONGEST_WORDS = 200  # characters of a search


class NothingNamed(Refusal):
    """There is nothing of this id in the workspace."""

    code, title, status = "not_found", "Not found", 404


class SessionNeeded(Refusal):
    """This is for a person who is signed in with an app. An API key can't do it."""

    code, title, status = "session_needed", "Session needed", 403


class Collection(TenantAPIView):
    """What lists share."""

    def role_of_person(self) -> Role | None:
        """Of who acts; None for whoever is no member any more. With a key it was asked for together with the key."""
        if self.api_key is not None and self.api_key.makers_role is not None:
            return Role(self.api_key.makers_role) if self.api_key.makers_role else None
        with enter(self.organization):
            mine = Membership.objects.of(self.organization).filter(user=self.person).first()
        return Role(mine.role) if mine is not None else None

    def pages(self) -> NewestFirst:
        """How a list is ordered."""
        return NewestFirst()

    def page(self, rows: Any, shape: Any) -> Response:
        """One page of rows, as `pages` orders them."""
        return self.page_of(rows, lambda found: [shape(row) for row in found])

    def page_of(self, rows: Any, shapes: Any) -> Response:
        """The same for rows that are shown together, in as many queries for a hundred as for one."""
        pages = self.pages()
        found: list[Any] = pages.paginate_queryset(rows, self.request, view=self) or []
        return pages.get_paginated_response(shapes(found))

    def created(self, data: Any, name: str, *args: str) -> Response:
        """201, and under `Location` where the new thing is: the address called `name`."""
        where = self.request.build_absolute_uri(reverse(name, args=args))
        return Response(data, status=201, headers={"Location": where})

    def words(self, name: str) -> str:
        """What the query says under this name; "" for nothing."""
        return self.request.query_params.get(name, "")[:LONGEST_WORDS].strip()

    def flag(self, name: str) -> bool | None:
        """`true` or `false` in the query; None where it says neither."""
        return {"true": True, "false": False}.get(self.words(name))

    def checked(self, form: Any) -> dict[str, Any]:
        """The validated input, or a 400 that names the fields."""
        given = self.request.data
        is_json = (self.request.content_type or "").startswith("application/json")
        if is_json and (wrong := conventions.check_types(form(), given)):
            raise ValidationError(wrong)
        return self._valid(form, given)

    def filters(self, form: Any) -> dict[str, Any]:
        """What the query string narrows a list to, or a 400 that names what is wrong there."""
        return self._valid(form, self.request.query_params.dict())

    def _valid(self, form: Any, given: Any) -> dict[str, Any]:
        asked = form(data=given)
        asked.is_valid(raise_exception=True)
        data: dict[str, Any] = asked.validated_data
        return data

    def named(self, field: str, rows: Any, public_id: str | None) -> Any:
        """The row that a member of the body names by its id. Raises NothingNamed."""
        found = rows.filter(public_id=id_or_nothing(public_id)).first()
        if found is None:
            raise NothingNamed(f"`{field}` names nothing of this workspace.", field=field)
        return found


class WorkingView(Collection):
    """What changes something needs the role that its page asks for; whoever has a key may read.

    A key outlives the membership of who made it and is then the workspace's own: it may do what a designer may.
    """

    role = Role.DESIGNER
    acts_as: Role  # who acts is that in the workspace, where something is changed

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The key, then who it acts for."""
        super().initial(request, *args, **kwargs)
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return
        self.acts_as = self.role_of_person() or Role.DESIGNER
        if not self.acts_as.includes(self.role):
            raise RoleNeeded(
                f"This needs the role {self.role.value} in this workspace.", role=self.role.value
            )


class ManagingView(Collection):
    """Needs the scope `manage`, and that who made the key is an owner or admin still, or what `role` says."""

    scope = Scope.MANAGE
    role = Role.ADMIN

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The key, then its maker."""
        super().initial(request, *args, **kwargs)
        held = self.role_of_person()
        if held is None or not held.includes(self.role):
            raise members.NotAllowed


class PersonView(Collection):
    """About the person who is signed in with an app; no workspace."""

    policy = "session"
    in_transaction = False

    def come_in(self, request: Request, address: str, now: datetime) -> None:
        """The session alone. Raises SessionNeeded for a key."""
        if isinstance(request.auth, ApiKey):
            raise SessionNeeded
        if not isinstance(request.auth, Device):
            raise NotAuthenticated("Send the token of an app's session: `X-Session-Token: rw_app_…`.")
        self.device, self.person = request.auth, request.auth.user
        self.count({"address": rates.subject_of_address(address)}, now)


def merged(row: Any, asked: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What a PATCH leaves: of these names what was asked for, else what the row says."""
    return {name: asked.get(name, getattr(row, name)) for name in names}
