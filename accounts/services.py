"""Verbs about people, workspaces and keys."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import keys, lifecycle, permitted, rates, tenancy
from accounts.errors import Refusal
from accounts.models import (
    MAX_ACTIVE_KEYS,
    ApiKey,
    ApiKeyQuerySet,
    AuditEntry,
    Membership,
    Organization,
    Role,
    Scope,
    User,
)

MOST_WORKSPACES = 20  # that one person owns


class TooManyKeys(Refusal):
    """A workspace can have at most 5 active API keys. Revoke one first."""

    code, title, status = "too_many_api_keys", "Too many API keys", 409


class NoScope(Refusal):
    """Choose at least one thing that the key may be used for."""

    code, title, status = "no_scope", "No scope", 400


class PastExpiry(Refusal):
    """The key would have expired already. Choose a later time."""

    code, title, status = "past_expiry", "Expiry in the past", 400


class TooManyWorkspaces(Refusal):
    """You own very many workspaces already. Delete one that you no longer use."""

    code, title, status = "too_many_workspaces", "Too many workspaces", 409


def record(
    *,
    organization: Organization,
    by_user: User | None,
    action: str,
    now: datetime,
    target: str = "",
    **details: Any,
) -> None:
    """Write one line of the audit log; inside the transaction of what it tells about."""
    AuditEntry.objects.create(
        organization=organization, actor=by_user, action=action, target=target, details=details, at=now
    )


def create_organization(*, name: str, owner: User, now: datetime) -> Organization:
    """A workspace on the free plan, with its owner."""
    with transaction.atomic():
        organization = Organization.objects.create(name=name)
        with tenancy.enter(organization):
            Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
            record(organization=organization, by_user=owner, action="workspace.created", now=now)
    return organization


def open_workspace(*, name: str, by_user: User, now: datetime) -> Organization:
    """Another workspace of the person's. Raises TooManyWorkspaces. Their first own one brings what is owed to it."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by_user.pk)
        with tenancy.system("the signed-in user's memberships"):
            owned = Organization.objects.owned_by(by_user).count()
        if owned >= MOST_WORKSPACES:
            raise TooManyWorkspaces
        organization = create_organization(name=name, owner=by_user, now=now)
    if not owned and EmailAddress.objects.filter(user=by_user, verified=True).exists():
        confirm_person(user=by_user, now=now)
    return organization


def rename_workspace(*, organization: Organization, by_user: User, name: str, now: datetime) -> None:
    """Call it something else."""
    with tenancy.enter(organization):
        before, organization.name = organization.name, name
        organization.save(update_fields=["name"])
        record(
            organization=organization,
            by_user=by_user,
            action="workspace.renamed",
            now=now,
            before=before,
            after=name,
        )


def home_of(*, user: User, now: datetime) -> Organization:
    """The person's first workspace; made now if they have none."""
    with tenancy.system("the signed-in user's memberships"):
        first = Organization.objects.with_member(user).first()
    return first or create_organization(name=f"{user.get_short_name()}’s rooms", owner=user, now=now)


def workspaces_of(*, user: User) -> list[Organization]:
    """Every workspace that the person belongs to, oldest first."""
    with tenancy.system("the signed-in user's memberships"):
        return list(Organization.objects.with_member(user))


def confirm_person(*, user: User, now: datetime) -> None:
    """The person has proven their address: tell the apps above, once for each call (they are idempotent).

    What they give goes to the first workspace that the person owns, never to one they were invited to: else a
    workspace could collect free credits by inviting addresses. Nothing happens while they own none.
    """
    with tenancy.system("the signed-in user's memberships"):
        first = Organization.objects.owned_by(user).first()
        has_any = first is not None or Organization.objects.with_member(user).exists()
    if first is None and not has_any:
        first = home_of(user=user, now=now)
    if first is not None:
        lifecycle.person_verified.happened(user=user, organization=first, now=now)


def issue_api_key(
    *,
    organization: Organization,
    by_user: User,
    name: str,
    live: bool,
    now: datetime,
    scopes: Collection[Scope] = (Scope.READ, Scope.GENERATE),
    expires_at: datetime | None = None,
    networks: str = "",
    credit_cap: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is never to be had again.

    `scopes`: what it may be used for; `networks`: from where, as `keys.read_networks` gives them; `credit_cap`: credits
    a calendar month. Raises ApiAccessNeeded for a live key without the entitlement, TooManyKeys at the sixth active
    one, NoScope, PastExpiry, and what a cap out of range raises.
    """
    if live and not organization.api_access:
        raise permitted.ApiAccessNeeded
    if not scopes:
        raise NoScope
    if expires_at is not None and expires_at <= now:
        raise PastExpiry
    new = keys.generate(live=live)
    with tenancy.enter(organization):
        # One whose time is over makes room.
        ApiKey.objects.of(organization).active().filter(expires_at__lte=now).update(revoked_at=now)
        taken = set(ApiKey.objects.of(organization).active().values_list("slot", flat=True))
        free = [slot for slot in range(1, MAX_ACTIVE_KEYS + 1) if slot not in taken]
        if not free:
            raise TooManyKeys
        try:
            with transaction.atomic():
                key = ApiKey.objects.create(
                    organization=organization,
                    created_by=by_user,
                    name=name or ("Live key" if live else "Test key"),
                    is_live=live,
                    prefix=new.prefix,
                    sha256=new.sha256,
                    slot=free[0],
                    expires_at=expires_at,
                    networks=networks,
                    **{f"may_{scope.value}": scope in scopes for scope in Scope},
                )
        except IntegrityError as error:  # somebody took the slot in this moment
            raise TooManyKeys("Another key was made at the same moment. Try once more.") from error
        record(
            organization=organization, by_user=by_user, action="api_key.issued", target=key.public_id, now=now
        )
        if credit_cap is not None:
            lifecycle.api_key_capped.happened(api_key=key, cap=credit_cap, by_user=by_user, now=now)
    return key, new.text


def revoke_api_key(*, organization: Organization, by_user: User, key_id: str, now: datetime) -> bool:
    """End a key at once; False if there is no such active key in this workspace."""
    with tenancy.enter(organization):
        revoked = ApiKey.objects.of(organization).active().filter(public_id=key_id).update(revoked_at=now)
        if revoked:
            record(
                organization=organization, by_user=by_user, action="api_key.revoked", target=key_id, now=now
            )
            gone = ApiKey.objects.of(organization).select_related("organization").get(public_id=key_id)
            lifecycle.api_key_capped.happened(api_key=gone, cap=None, by_user=by_user, now=now)
    return bool(revoked)


def caps_of_api_keys(*, organization: Organization, now: datetime) -> dict[str, tuple[int, int]]:
    """What keys may use in this month and have used, by their public ids; asked inside the workspace."""
    found = lifecycle.api_key_caps.gathered(organization=organization, now=now)
    return {key: cap for caps in found if isinstance(caps, dict) for key, cap in caps.items()}


def find_api_key(text: str) -> ApiKey | None:
    """The key of this text that was not revoked, with its workspace, maker and their role; its time may be over."""
    if not keys.is_well_formed(text):
        return None
    with tenancy.system("an exact key hash"):
        return next(iter(_keys_in_use().filter(sha256=keys.fingerprint(text))), None)


@cache
def _keys_in_use() -> ApiKeyQuerySet:
    """Put together once: every request of a program begins with it."""
    rows = ApiKey.objects.active().with_makers_role().select_related("organization", "created_by")
    return rows.filter(organization__deleted_at=None)


def count_request(*, api_key: ApiKey, now: datetime) -> rates.Rate:
    """Count one spending request against the key's limit per minute; raises RateLimited above it."""
    limit = settings.API_REQUESTS_PER_MINUTE
    (rate,) = rates.count(subjects={"generate": api_key.public_id}, quotas={"generate": limit}, now=now)
    if rate.remaining < 0:
        words = f"This key may start {limit} generations a minute. Wait until the minute is over."
        raise rates.refuse(words, policy="generate", now=now)
    return rate


def touch_api_key(*, api_key: ApiKey, now: datetime) -> None:
    """Note that the key was used, at most once a minute so that reads stay cheap."""
    if api_key.last_used_at is None or (now - api_key.last_used_at).total_seconds() > 60:
        with tenancy.enter(api_key.organization):
            ApiKey.objects.of(api_key.organization).filter(pk=api_key.pk).update(last_used_at=now)
