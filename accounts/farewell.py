"""The end of a person's account: what it means, and what becomes of the rows that name them.

The row of the person stays, nameless: audit lines, keys and purchases point at it and can't change (decision 0015).
What must never happen, and what forbids it: a deleted person who still has a name or may sign in (check
`user_deleted_is_nameless`), who belongs to a workspace (trigger `membership_of_the_living`), who was a workspace's only
owner (trigger `membership_keeps_an_owner`), who comes back for free credits (`FormerAddress`).
"""

from __future__ import annotations

import logging
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import emails, exports, services, tenancy
from accounts.errors import Refusal
from accounts.ids import random_base62
from accounts.models import (
    NOBODY,
    FormerAddress,
    Invitation,
    Membership,
    NewsCopy,
    Notification,
    Organization,
    Role,
    User,
)

logger = logging.getLogger(__name__)


class WrongAddress(Refusal):
    """That is not the address of this account. Nothing was deleted."""

    code, title, status = "wrong_address", "Wrong address", 422


class OnlyOwner(Refusal):
    """You are the only owner of a workspace. Hand it over or delete it first."""

    code, title, status = "only_owner", "Only owner", 409


def explain(*, user: User) -> list[str]:
    """What deleting the account would mean, in sentences."""
    workspaces = services.workspaces_of(user=user)
    sentences = [
        _(
            "You are signed out everywhere and can't sign in again; passkeys and your authenticator app are removed."
        ),
        _(
            "Your name, addresses and settings are removed. Where you did something, it says “Deleted account”."
        ),
    ]
    if workspaces:
        names = ", ".join(str(each) for each in workspaces)
        sentences += [
            _("You leave these workspaces: %s.") % names,
            _(
                "Pictures, photos, projects and API keys that you made there stay with them, and so do their credits."
            ),
        ]
    return [
        *sentences,
        _(
            "Lines of statements and audit logs can't be changed: one that names your address goes on naming it."
        ),
        _("If you come back with the same address, the free credits are not given a second time."),
    ]


def only_owner_of(*, user: User) -> list[Organization]:
    """The workspaces that would be left without an owner."""
    with tenancy.system("the end of a person's account"):
        return _only_owner_of(user)


def close_account(*, user: User, typed: str, now: datetime) -> None:
    """End it: out of every workspace, every session and factor gone, the row nameless; told by a mail.

    `typed` must be the account's address. Raises WrongAddress, OnlyOwner. Not inside a transaction.
    """
    if typed.strip().lower() != user.email:
        raise WrongAddress
    with transaction.atomic():
        # FOR UPDATE: a membership that is being made points at this row and waits, then meets the trigger.
        person = User.objects.select_for_update().get(pk=user.pk)
        if person.deleted_at is not None:
            return
        address, language = person.email, person.language
        with tenancy.system("the end of a person's account"):
            _leave_everything(person, now)
            files = exports.forget_person(user=person)
        _remember(person, now)
        _make_nameless(person, now)
    for file in files:
        exports.remove_file(file)
    try:
        emails.send(to=[address], template="account_deleted", context={}, language=language)
    except OSError:
        logger.exception("An account was deleted, and the mail about it could not be sent.")


def has_come_back(*, user: User) -> bool:
    """Whether one of the person's proven addresses had an account before that was deleted."""
    proven = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return FormerAddress.objects.filter(fingerprint__in=[_fingerprint(each) for each in proven]).exists()


def _only_owner_of(user: User) -> list[Organization]:
    owned = Organization.objects.owned_by(user)
    shared = Membership.objects.filter(role=Role.OWNER, organization__in=owned).exclude(user=user)
    return list(owned.exclude(pk__in=shared.values("organization")))


def _leave_everything(person: User, now: datetime) -> None:
    """Each workspace locked, in the order of their keys, as `members` does for one."""
    mine = Membership.objects.filter(user=person, organization__deleted_at=None)
    ids = sorted(mine.values_list("organization", flat=True))
    workspaces = list(Organization.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    if alone := _only_owner_of(person):
        names = ", ".join(str(each) for each in alone)
        raise OnlyOwner(_("You are the only owner of %s. Hand it over or delete it first.") % names)
    for workspace in workspaces:
        services.record(organization=workspace, by_user=person, action="member.left", now=now)
    Membership.objects.filter(user=person).delete()
    Notification.objects.filter(user=person).delete()
    Invitation.objects.filter(accepted_by=person).update(email=f"{random_base62(12).lower()}{NOBODY}")


def _remember(person: User, now: datetime) -> None:
    """That the free credits of these addresses were given."""
    proven = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    FormerAddress.objects.bulk_create(
        [FormerAddress(fingerprint=_fingerprint(address), since=now) for address in proven],
        ignore_conflicts=True,
    )


def _make_nameless(person: User, now: datetime) -> None:
    for session in UserSession.objects.filter(user=person):
        session.end()
    for rows in (EmailAddress, Authenticator, SocialAccount, UserSession):
        rows.objects.filter(user=person).delete()
    NewsCopy.objects.filter(user=person).delete()
    person.groups.clear()
    person.user_permissions.clear()
    person.set_unusable_password()  # and with it every session that nobody listed
    person.email, person.name, person.language = f"{random_base62(20).lower()}{NOBODY}", "", ""
    person.is_active = person.is_staff = person.is_superuser = person.wants_news = False
    person.last_login, person.deleted_at = None, now
    person.save()


def _fingerprint(address: str) -> bytes:
    """Of an address; with this instance's secret, so that nobody can try addresses against it."""
    return salted_hmac("accounts.farewell", address.lower(), algorithm="sha256").digest()
