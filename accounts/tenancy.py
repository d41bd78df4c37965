"""The only doors between a request and a workspace's rows.

Two walls: code reaches rows through `.of(organization)`, and PostgreSQL refuses rows of any workspace but the
one named by `enter`. Every URL carries a policy set here; a test walks the URLconf for bare ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial, wraps
from typing import Any, ClassVar, NamedTuple, TypeVar, cast

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from asgiref.local import Local
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import conventions, logs, permitted, rates, rest
from accounts.devices import Device
from accounts.models import ApiKey, Membership, Organization, Role, Scope, User
from accounts.postgresql.base import DatabaseWrapper


class _Scope(NamedTuple):
    organization: str
    system: str


_NOBODY = _Scope("", "")
IDLE = "5s"  # how long a process may stand still inside a transaction
_local = Local()


class WrongTenant(RuntimeError):
    """A bug: code of one workspace entered another."""


def _settings(scope: _Scope) -> str:
    """The statement that names a scope; of numbers and words of ours alone, so that it needs no parameters.

    Third argument true = SET LOCAL: it ends with the transaction, so a pooler can't carry it over. A process that is
    frozen inside a transaction loses it, or it would hold its locks for ever; nobody waits longer for a lock than a
    request is worth. Both are the server's own clocks.
    """
    return (
        f"SELECT set_config('app.organization', '{scope.organization}', true),"
        f" set_config('app.system', '{scope.system}', true),"
        f" set_config('idle_in_transaction_session_timeout', '{IDLE}', true), set_config('lock_timeout', '5s', true)"
    )


def _apply(scope: _Scope) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_settings(scope))


@contextmanager
def _transaction(scope: _Scope) -> Iterator[None]:
    """Of this scope from its first statement on; a savepoint inside another one."""
    if connection.in_atomic_block:
        with transaction.atomic():
            _apply(scope)
            yield
        return
    with cast(DatabaseWrapper, connection).transaction(_settings(scope)):
        yield


@contextmanager
def _scoped(scope: _Scope) -> Iterator[None]:
    outer: _Scope = getattr(_local, "scope", _NOBODY)
    nested = connection.in_atomic_block
    with _transaction(scope):
        _local.scope = scope
        try:
            yield
        finally:
            _local.scope = outer
        if nested and not connection.needs_rollback:
            _apply(outer)  # a rollback would undo the setting by itself; a released savepoint would not


@contextmanager
def enter(organization: Organization, *, savepoint: bool = True) -> Iterator[None]:
    """A short transaction in which the database shows and takes rows of this workspace only.

    May be nested for the same workspace; `savepoint=False` saves two round trips there, and an error inside is then the
    end of the outer one too. Raises WrongTenant inside another one.
    """
    scope = _Scope(str(organization.pk), "")
    outer: _Scope = getattr(_local, "scope", _NOBODY)
    only: Organization | None = getattr(_local, "confined", None)
    if only is not None and only.pk != organization.pk:
        raise WrongTenant(f"entered {scope.organization} on a host of {only.pk}")
    if outer.organization not in ("", scope.organization):
        raise WrongTenant(f"entered {scope.organization} inside {outer.organization}")
    if outer == scope:
        with transaction.atomic(savepoint=savepoint):
            yield
        return
    with _scoped(scope):
        yield


@contextmanager
def system(reason: str) -> Iterator[None]:
    """A short transaction across workspaces; `reason` must be in the list that a test keeps."""
    assert reason  # noqa: S101 — a reason is the price of this door
    only: Organization | None = getattr(_local, "confined", None)
    with _scoped(_Scope(str(only.pk), "") if only else _Scope("", "on")):
        yield


@contextmanager
def confined(organization: Organization) -> Iterator[None]:
    """For a request to a host of this workspace's own: inside, every door opens to its rows alone.

    `system` shows no more than `enter` would, so a link, a file or a picture of another workspace is not there.
    """
    _local.confined = organization
    try:
        yield
    finally:
        _local.confined = None


def release_connection() -> None:
    """Give the connection back to the pool before a long wait; does nothing inside a transaction."""
    if not connection.in_atomic_block:
        connection.close()


# --- Pages -----------------------------------------------------------------------------------------------


class SignedInRequest(HttpRequest):
    """After `signed_in`."""

    user: User


class MemberRequest(SignedInRequest):
    """After `member`: the workspace named in the address, and who the person is in it."""

    organization: Organization
    membership: Membership
    memberships: list[Membership]  # all of the person's, for the menu of workspaces


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def _with_policy(view: Callable[..., HttpResponseBase], policy: str) -> Any:
    view.policy = policy  # type: ignore[attr-defined]  # what the convention test looks for
    return view


def public(reason: str) -> Callable[[View], View]:
    """Anybody may open this page; `reason` says why."""

    def mark(view: View) -> View:
        return cast(View, _with_policy(view, f"public: {reason}"))

    return mark


def signed_in(view: View) -> View:
    """Any person with an account; no workspace."""
    return cast(View, _with_policy(login_required(view), "signed in"))


def asked_again(view: View) -> View:
    """Below `member` or `signed_in`: who has not said who they are in the last minutes is asked once more first."""
    return cast(View, reauthentication_required(view))


def memberships_of(*, user: User) -> list[Membership]:
    """The person's memberships with their workspaces, oldest workspace first."""
    with system("the signed-in user's memberships"):
        rows = Membership.objects.select_related("organization").filter(user=user)
        return list(rows.filter(organization__deleted_at=None).order_by("organization__created_at", "pk"))


def find_membership(*, user: User, workspace: str) -> Membership | None:
    """The person's membership in the workspace of this public id."""
    return _of_workspace(memberships_of(user=user), workspace)


def _of_workspace(memberships: list[Membership], workspace: str) -> Membership | None:
    return next((mine for mine in memberships if mine.organization.public_id == workspace), None)


def member(
    role: Role = Role.VIEWER, *, in_transaction: bool = True
) -> Callable[[Callable[..., HttpResponseBase]], Any]:
    """A member of the workspace in the address whose role includes `role`; a stranger gets 404.

    The view runs inside `enter`, its template rendered before that ends. A view that calls services which must
    not be inside a transaction (they store files first, or wait) says `in_transaction=False`.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Any:
        @wraps(view)
        def guarded(request: MemberRequest, workspace: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.memberships = memberships_of(user=request.user)
            membership = _of_workspace(request.memberships, workspace)
            if membership is None:
                raise Http404
            request.organization, request.membership = membership.organization, membership
            logs.note(workspace=workspace)
            if not membership.may(role):
                raise PermissionDenied(
                    f"This needs the role {role.label.lower()} in {membership.organization}."
                )
            if not in_transaction:
                return view(request, *args, **kwargs)
            with enter(membership.organization):
                response = view(request, *args, **kwargs)
                if hasattr(response, "render"):
                    response.render()
                return response

        return _with_policy(login_required(guarded), f"member: {role.value}")

    return decorate


# --- REST API --------------------------------------------------------------------------------------------


_OF_QUOTA = {
    "workspace": "This workspace may send %d requests a minute.",
    "address": "From this address %d requests a minute may come.",
    "failed": "From this address %d requests a minute may come with keys that are not valid.",
    "generate": "This session may start %d generations a minute.",
}


class TenantAPIView(APIView):
    """Base of every API endpoint: a valid key or the session of an app, and with it a workspace.

    Handlers run inside `enter` unless `in_transaction` is False. Reading needs the scope `read` and everything else
    `changing_scope`; a view that sets `scope` needs that one for both. A session has the scopes of the person's role.
    """

    scope: Scope | None = None
    changing_scope = Scope.GENERATE
    # Members that `?expand=` answers as what they name: {"client": function of this view and the ids}.
    expandable: ClassVar[Mapping[str, conventions.Expander]] = {}
    # Statuses that a method answers with beyond those that each of its kind has: {"POST": (402,)}.
    errors: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    takes_any_query = False  # MeltFlex's programs may send what MeltFlex ignores

    policy = "api key or session"
    in_transaction = True
    organization: Organization
    api_key: ApiKey | None = None
    device: Device | None = None  # the app that the person is signed in with, where there is no key
    person: User  # who acts: the maker of the key, or who is signed in

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rates: list[rates.Rate] = []  # what this request was counted against

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Method first (405 needs no key), then the key or session, then what it may do."""
        if request.method not in self.allowed_methods:
            allowed = ", ".join(method for method in self.allowed_methods if method != "OPTIONS")
            raise MethodNotAllowed(request.method or "", f"Only {allowed} is supported here.")
        now, address = timezone.now(), get_adapter().get_client_ip(request._request)
        try:
            super().initial(request, *args, **kwargs)
        except AuthenticationFailed:
            self.count({"failed": rates.subject_of_address(address)}, now)  # somebody may be guessing
            raise
        self.come_in(request, address, now)

    def come_in(self, request: Request, address: str, now: datetime) -> None:
        """Who acts, and where; counted; then whether they may."""
        who, named = request.auth, request.headers.get("X-Workspace", "")
        if isinstance(who, ApiKey):
            self.api_key, self.organization, self.person = who, who.organization, who.created_by
            scopes: Sequence[Scope] = who.scopes
            if named not in ("", self.organization.public_id):
                raise Http404
        elif isinstance(who, Device):
            self.device, self.person = who, who.user
            membership = self.active_membership(named)
            self.organization, scopes = membership.organization, permitted.OF_ROLE[Role(membership.role)]
        else:
            raise NotAuthenticated(
                "Send an API key: `Authorization: Bearer mf_sk_…`. It is made in the account settings."
                " Apps send the token of their session."
            )
        subjects = {"workspace": self.organization.public_id, "address": rates.subject_of_address(address)}
        self.count(subjects, now)
        logs.note(workspace=self.organization.public_id)
        if self.api_key is not None:
            permitted.check_key(self.api_key, address=address)
        is_read = request.method in ("GET", "HEAD", "OPTIONS")
        needed = self.scope or (Scope.READ if is_read else self.changing_scope)
        permitted.check_scope(needed, scopes=scopes, api_key=self.api_key)

    def active_membership(self, named: str) -> Membership:
        """In the workspace that the app names, or the only one. Http404 where the person is no member."""
        mine = memberships_of(user=self.person)
        found = _of_workspace(mine, named) if named else mine[0] if len(mine) == 1 else None
        if found is None and named:
            raise Http404
        if found is None:
            raise permitted.WorkspaceNeeded(
                workspaces=[{"id": m.organization.public_id, "name": m.organization.name} for m in mine]
            )
        return found

    def count(self, subjects: dict[str, str], now: datetime) -> None:
        """Count this request against the limits per minute; raises RateLimited above one of them."""
        quotas = {"generate": settings.API_REQUESTS_PER_MINUTE, **settings.API_QUOTAS}
        counted = rates.count(subjects=subjects, quotas=quotas, now=now)
        self.rates += counted
        for rate in counted:
            if rate.remaining < 0:
                words = _OF_QUOTA[rate.policy] % rate.quota
                raise rates.refuse(f"{words} Wait until the minute is over.", policy=rate.policy, now=now)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """DRF's, with what is left of the limits."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.rates:
            for name, value in rates.headers(self.rates).items():
                response[name] = value
        if (
            request.method in ("GET", "HEAD")
            and response.status_code == 200
            and isinstance(response, Response)
        ):
            rest.with_etag(request._request, response)
        return response

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's, with the handler kept to the conventions."""
        method = (request.method or "").lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        if handler is not None and method != "options":
            setattr(self, method, partial(self._conventionally, handler))
        return super().dispatch(request, *args, **kwargs)

    def _conventionally(self, handler: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        """What the handler answers, inside the workspace's transaction unless it wants none."""
        if not self.takes_any_query:
            conventions.check_query(self, request.method or "", request.query_params)
        if not self.in_transaction:
            conventions.check_precondition(self, request, *args, **kwargs)
            response = handler(request, *args, **kwargs)
            if not request.query_params.get("expand"):
                return conventions.shape(self, request, response)
            with enter(self.organization):
                return conventions.shape(self, request, response)
        with enter(self.organization):
            conventions.check_precondition(self, request, *args, **kwargs)
            return conventions.shape(self, request, handler(request, *args, **kwargs))
