"""The two hands that write the ledger: an account locked, and a line beside it. For the modules that move credits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import Organization
from billing.models import CreditAccount, CreditEntry, EntryKind

LOT = "grant"  # the label that names the grant whose credits a line takes or gives back


def is_over(account: CreditAccount, now: datetime) -> bool:
    """Whether the period of its allowance has ended."""
    return account.allowance_until is not None and account.allowance_until <= now


def locked(organization: Organization, *, opens: bool = False) -> CreditAccount:
    """The workspace's account, locked for this transaction; made on first use when `opens`."""
    if opens:
        CreditAccount.objects.bulk_create([CreditAccount(organization=organization)], ignore_conflicts=True)
    account: CreditAccount = CreditAccount.objects.of(organization).select_for_update().get()
    return account


def expire(account: CreditAccount, now: datetime) -> None:
    """What is left of the allowance ends; the line says of which grant it was. The account must be locked."""
    if account.allowance:
        post(
            account,
            EntryKind.EXPIRE,
            reference="end of period",
            now=now,
            allowance=-account.allowance,
            labels={LOT: account.allowance_fact} if account.allowance_fact else None,
        )


def post(
    account: CreditAccount,
    kind: EntryKind,
    *,
    reference: str,
    now: datetime,
    allowance: int = 0,
    purchased: int = 0,
    held: int = 0,
    debt: int = 0,
    hold: CreditEntry | None = None,
    labels: Mapping[str, str] | None = None,
) -> None:
    """One line, and the account moved by the same amounts. The account must be locked."""
    account.allowance += allowance
    account.purchased += purchased
    account.held += held
    account.debt += debt
    account.lines += 1
    with transaction.atomic():
        CreditEntry.objects.create(
            organization_id=account.organization_id,
            account=account,
            number=account.lines,
            kind=kind,
            allowance=allowance,
            purchased=purchased,
            held=held,
            debt=debt,
            allowance_after=account.allowance,
            purchased_after=account.purchased,
            held_after=account.held,
            debt_after=account.debt,
            reference=reference,
            hold=hold,
            labels=dict(labels or {}),
            at=now,
        )
        account.save()
