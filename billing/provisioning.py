"""Workspaces made by operators' scripts, and the demo's own."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import BaseUserManager
from django.db import connection, transaction

from accounts import services as accounts
from accounts import tenancy
from accounts.models import ApiKey, Organization, User
from billing import credits as ledger
from billing import plans

DEMO_EMAIL = "demo@roomwright.localhost"
DEMO_PASSWORD = "look-around"  # noqa: S105 — printed by `make run`; refused in production
DEMO_WORKSPACE = "Demo studio"
DEMO_CREDITS = 500
PROVISIONED = "Provisioned"  # the name of keys made here


def provision_workspace(
    *, name: str, owner_email: str, plan: str, credits: int, with_key: bool, now: datetime
) -> dict[str, Any]:
    """Make the workspace unless the owner has one of this name; all of it or nothing.

    `credits` is its whole balance, booked as purchased, with no free credits and no allowance added. Returns
    `organization`, `owner`, `balance`, and `api_key` when one was issued now.
    """
    answer: dict[str, Any] = {}
    with transaction.atomic():
        _one_at_a_time(name)
        organization = _named(name)
        if organization is None:
            owner = _person(owner_email)
            organization = accounts.create_organization(name=name, owner=owner, now=now)
            plans.apply_plan(organization=organization, plan=plan)
            if credits:
                fact = f"provision:{organization.public_id}"
                ledger.grant(organization=organization, purchased=credits, fact=fact, now=now)
            if with_key:
                _, answer["api_key"] = accounts.issue_api_key(
                    organization=organization, by_user=owner, name=PROVISIONED, live=True, now=now
                )
    balance = ledger.balance(organization=organization, now=now).spendable
    return {"organization": organization.public_id, "owner": owner_email, "balance": balance, **answer}


def provision_demo(*, new_key: bool, now: datetime) -> dict[str, Any]:
    """The demo workspace with a person who can sign in; its key is in the answer the first time only.

    `new_key` replaces a key that was lost.
    """
    made = provision_workspace(
        name=DEMO_WORKSPACE,
        owner_email=DEMO_EMAIL,
        plan="growth",
        credits=DEMO_CREDITS,
        with_key=True,
        now=now,
    )
    if "api_key" in made:
        person = User.objects.get(email=DEMO_EMAIL)
        person.set_password(DEMO_PASSWORD)
        person.save(update_fields=["password"])
        EmailAddress.objects.get_or_create(
            user=person, email=person.email, defaults={"verified": True, "primary": True}
        )
    elif new_key:
        made["api_key"] = _replace_key(now)
    return made | {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}


def _replace_key(now: datetime) -> str:
    organization = _named(DEMO_WORKSPACE)
    person = User.objects.get(email=DEMO_EMAIL)
    assert organization is not None  # noqa: S101 — provisioned just before
    with transaction.atomic(), tenancy.enter(organization):
        for lost in ApiKey.objects.of(organization).active().filter(name=PROVISIONED):
            accounts.revoke_api_key(organization=organization, by_user=person, key_id=lost.public_id, now=now)
        _, text = accounts.issue_api_key(
            organization=organization, by_user=person, name=PROVISIONED, live=True, now=now
        )
    return text


def _one_at_a_time(name: str) -> None:
    """Two provisionings of one name at the same moment: the second waits, then finds what the first made."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _named(name: str) -> Organization | None:
    with tenancy.system("provisioning by name"):
        return Organization.objects.filter(name=name, deleted_at=None).order_by("pk").first()


def _person(email: str) -> User:
    email = BaseUserManager.normalize_email(email).lower()
    person = User.objects.filter(email=email).first()
    return person or User.objects.create_user(email)
