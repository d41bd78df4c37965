"""What a key or the session of an app may do over the API, and the refusals that say what it may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accounts import keys
from accounts.errors import Refusal
from accounts.models import ApiKey, Role, Scope

# What an app may do for a member, in the words of keys.
OF_ROLE: Mapping[Role, Sequence[Scope]] = {
    Role.OWNER: list(Scope),
    Role.ADMIN: list(Scope),
    Role.DESIGNER: [Scope.READ, Scope.GENERATE],
    Role.VIEWER: [Scope.READ],
}


class ApiAccessNeeded(Refusal):
    """Live keys need a plan with API access (Growth or higher). Upgrade the plan, or use a test key."""

    code, title, status = "api_access_needed", "API access not included", 403


class ScopeMissing(Refusal):
    """This API key may not be used for that."""

    code, title, status = "scope_missing", "Scope missing", 403


class RoleNeeded(Refusal):
    """Who this is done for may only look at things in this workspace. It needs a designer, an admin or an owner."""

    code, title, status = "role_needed", "Role needed", 403


class WorkspaceNeeded(Refusal):
    """Say which workspace you mean: send its id in the header X-Workspace."""

    code, title, status = "workspace_needed", "Workspace needed", 400


class AddressNotAllowed(Refusal):
    """This API key may not be used from this address."""

    code, title, status = "address_not_allowed", "Address not allowed", 403


def check_key(api_key: ApiKey, *, address: str) -> None:
    """Raises ApiAccessNeeded for a live key without the entitlement, AddressNotAllowed from elsewhere."""
    if api_key.is_live and not api_key.organization.api_access:
        raise ApiAccessNeeded
    if not keys.lies_within(address, api_key.networks):
        raise AddressNotAllowed(f"This API key may not be used from {address}.")


def check_scope(needed: Scope, *, scopes: Sequence[Scope], api_key: ApiKey | None) -> None:
    """Raises ScopeMissing for a key, RoleNeeded for the session of a person whose role does not reach."""
    if needed in scopes:
        return
    if api_key is None:
        role = next(role for role in reversed(Role) if needed in OF_ROLE[role])
        raise RoleNeeded(f"This needs the role {role.value} in this workspace.", role=role.value)
    raise ScopeMissing(
        f"This needs an API key with the scope {needed.value}. This one has:"
        f" {', '.join(scope.value for scope in scopes)}.",
        scope=needed.value,
    )
