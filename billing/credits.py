"""The only mover of credits: hold, settle, release, grant, expire, clawback.

Every verb writes exactly one line for each movement and the account beside it, in one transaction of the
workspace. Callers own the surrounding transaction: a hold belongs into the one that accepts the work, its closing
into the one that ends it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection
from django.db.models import Sum

from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import Organization
from billing import budgets as caps
from billing.entries import LOT, expire, is_over, locked, post
from billing.models import CreditAccount, CreditDay, CreditEntry, EntryKind

RELEASED_ALLOWANCE_DAYS = 7  # what comes back after its period ended stays this long


class NotEnoughCredits(Refusal):
    """There are too few credits left for this. Buy credits or choose a larger plan."""

    code, title, status = "insufficient_credits", "Insufficient credits", 402


class InDebt(Refusal):
    """A refunded or disputed purchase had already been spent. The next credits pay it back; then you can go on."""

    code, title, status = "in_debt", "Credits owed", 402


class HoldAlreadyClosed(RuntimeError):
    """A bug: a hold was to be settled or released a second time. Nothing was moved."""


@dataclass(frozen=True)
class Balance:
    """A workspace's credits at a moment; `spendable` is what every page and answer calls the balance."""

    spendable: int
    allowance: int
    purchased: int
    held: int
    debt: int
    allowance_until: datetime | None


def balance(*, organization: Organization, now: datetime) -> Balance:
    """What can be spent now, holds already taken off; expired allowance does not count."""
    with tenancy.enter(organization):
        account = CreditAccount.objects.of(organization).first()
    if account is None:
        return Balance(0, 0, 0, 0, 0, None)
    allowance = 0 if is_over(account, now) else account.allowance
    return Balance(
        allowance + account.purchased,
        allowance,
        account.purchased,
        account.held,
        account.debt,
        account.allowance_until,
    )


@dataclass(frozen=True)
class Totals:
    """Sums over the whole ledger of a workspace, in credits."""

    earned: int
    spent: int


def totals(*, organization: Organization) -> Totals:
    """Everything ever granted, and everything ever settled."""
    with tenancy.enter(organization):
        days = CreditDay.objects.of(organization).filter(key="", value="")
        sums = days.aggregate(granted=Sum("granted", default=0), taken=Sum("taken", default=0))
    return Totals(earned=int(sums["granted"]), spent=int(sums["taken"]))


def lines_of(*, organization: Organization) -> Any:
    """The ledger lines of a workspace, newest first: a QuerySet to slice, inside `tenancy.enter`."""
    return CreditEntry.objects.of(organization).order_by("-number")


@dataclass(frozen=True)
class Wanted:
    """Credits (> 0) to be set aside for one thing, by its unique reference."""

    reference: str
    credits: int
    labels: Mapping[str, str] = field(default_factory=dict)


# One statement for however many (in the database, where its plan is kept: migration 0010), so that two requests can
# never spend the same credit and nobody gets half of what was asked for. It answers how many lines it wrote.
_HOLD = """SELECT credit_hold(%(organization)s, %(references)s::text[], %(credits)s::int[], %(labels)s::text[],
                              %(budgets)s::text[], %(total)s, %(now)s)"""


def hold(
    *,
    organization: Organization,
    credits: int,
    reference: str,
    now: datetime,
    budgets: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> None:
    """Set `credits` (> 0) aside for `reference`, or raise and change nothing.

    Raises NotEnoughCredits (with `required` and `balance`), InDebt, budgets.BudgetExceeded; IntegrityError for a second
    hold of the same reference. `budgets` are keys of Budget rows that must all have room.
    """
    wanted = Wanted(reference, credits, labels or {})
    hold_all(organization=organization, wanted=[wanted], now=now, budgets=budgets)


def hold_all(
    *, organization: Organization, wanted: Sequence[Wanted], now: datetime, budgets: Sequence[str] = ()
) -> None:
    """Set all of it aside, a line each, or raise as `hold` does and change nothing; the sum is what is refused."""
    total = sum(each.credits for each in wanted)
    # Only a budget that is used up has something written before it refuses.
    with tenancy.enter(organization, savepoint=bool(budgets)):
        with connection.cursor() as cursor:
            cursor.execute(
                _HOLD,
                {
                    "organization": organization.pk,
                    "references": [each.reference for each in wanted],
                    "credits": [each.credits for each in wanted],
                    "labels": [json.dumps(dict(each.labels)) for each in wanted],
                    "total": total,
                    "now": now,
                    "budgets": list(budgets),
                },
            )
            (lines,) = cursor.fetchone()
        if lines and budgets:
            caps.use(organization=organization, keys=budgets, credits=total, now=now)
    if not lines:
        _refuse(organization, total, now)


def _refuse(organization: Organization, credits: int, now: datetime) -> None:
    have = balance(organization=organization, now=now)
    if have.debt:
        raise InDebt(required=credits, balance=have.spendable, debt=have.debt)
    raise NotEnoughCredits(
        f"You need {credits} credits and have {have.spendable}. Buy credits or choose a larger plan.",
        required=credits,
        balance=have.spendable,
    )


def settle(*, organization: Organization, reference: str, now: datetime, credits: int | None = None) -> int:
    """Take a hold for good: all of it, or `credits` of it with the rest returned. Returns what was taken.

    Raises HoldAlreadyClosed, ValueError when `credits` is not within the hold. To take nothing, release.
    """
    if (credits is None or credits > 0) and (
        plainly := _close_plainly(organization, reference, credits, now)
    ) is not None:
        return plainly
    with _open_hold(organization, reference) as (account, held):
        taken = held.held if credits is None else credits
        if not 0 < taken <= held.held:
            raise ValueError(f"can't settle {taken} of a hold of {held.held}")
        _close(account, held, EntryKind.SETTLE, taken, now)
    return taken


def release(*, organization: Organization, reference: str, now: datetime) -> int:
    """Give all of a hold back. Returns how much. Raises HoldAlreadyClosed."""
    if (plainly := _close_plainly(organization, reference, 0, now)) is not None:
        return plainly
    with _open_hold(organization, reference) as (account, held):
        _close(account, held, EntryKind.RELEASE, 0, now)
    return held.held


def _close_plainly(
    organization: Organization, reference: str, credits: int | None, now: datetime
) -> int | None:
    """Close a hold in one round trip (migration 0011). Returns what was taken, or with 0 credits what was given back.

    None, and nothing done, where more has to be known: then the statements of `_open_hold` and `_close` see to it.
    """
    with tenancy.enter(organization, savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT credit_close(%s, %s, %s, %s)", [organization.pk, reference, credits, now])
        closed: int | None = cursor.fetchone()[0]
    return closed


@contextmanager
def _open_hold(organization: Organization, reference: str) -> Iterator[tuple[CreditAccount, CreditEntry]]:
    with tenancy.enter(organization):
        account = locked(organization)
        held = CreditEntry.objects.of(organization).get(kind=EntryKind.HOLD, reference=reference)
        # Exact, since the account is locked; a unique constraint stands behind it.
        if held.closings.exists():
            raise HoldAlreadyClosed(reference)
        yield account, held


def _close(account: CreditAccount, held: CreditEntry, kind: EntryKind, taken: int, now: datetime) -> None:
    from_allowance = min(-held.allowance, taken)
    allowance_back = -held.allowance - from_allowance
    purchased_back = -held.purchased - (taken - from_allowance)
    if allowance_back and is_over(account, now):
        # Its period has ended: the left-overs of that period go first, so that only this credit lives on.
        expire(account, now)
        account.allowance_until = now + timedelta(days=RELEASED_ALLOWANCE_DAYS)
    post(
        account,
        kind,
        reference=held.reference,
        now=now,
        allowance=allowance_back,
        purchased=purchased_back,
        held=-held.held,
        hold=held,
        labels=held.labels,
    )
    if held.budgets and held.held > taken:
        caps.give_back(
            organization=held.organization, keys=held.budgets, credits=held.held - taken, held_at=held.at
        )


def grant(
    *,
    organization: Organization,
    fact: str,
    now: datetime,
    purchased: int = 0,
    allowance: int = 0,
    allowance_until: datetime | None = None,
    labels: Mapping[str, str] | None = None,
) -> bool:
    """Give credits for a fact, once: False, and nothing moved, when that fact was granted before.

    Debt is paid first. A new allowance starts a period until `allowance_until`; what was left of the old one
    expires now. `fact` is unique over all workspaces, for example `stripe:pi_…`.
    """
    try:
        with tenancy.enter(organization):
            account = locked(organization, opens=True)
            if allowance:
                expire(account, now)
                account.allowance_until, account.allowance_fact = allowance_until, fact
            repaid = min(account.debt, allowance + purchased)
            from_purchased = min(repaid, purchased)
            post(
                account,
                EntryKind.GRANT,
                reference=fact,
                now=now,
                purchased=purchased - from_purchased,
                allowance=allowance - (repaid - from_purchased),
                debt=-repaid,
                labels=labels,
            )
    except IntegrityError as error:
        if "credit_entry_one_grant_per_fact" in str(error):
            return False
        raise
    return True


def grant_expired(
    *, organization: Organization, fact: str, allowance: int, now: datetime, labels: Mapping[str, str]
) -> bool:
    """Give the allowance of a period that is over for a fact, once: it pays debt, the rest of it expires at once."""
    try:
        with tenancy.enter(organization):
            account = locked(organization, opens=True)
            repaid = min(account.debt, allowance)
            left = allowance - repaid
            post(
                account,
                EntryKind.GRANT,
                reference=fact,
                now=now,
                allowance=left,
                debt=-repaid,
                labels=labels,
            )
            if left:
                gone = {LOT: fact}
                post(
                    account,
                    EntryKind.EXPIRE,
                    reference="end of period",
                    now=now,
                    allowance=-left,
                    labels=gone,
                )
    except IntegrityError as error:
        if "credit_entry_one_grant_per_fact" in str(error):
            return False
        raise
    return True


def clawback(*, organization: Organization, credits: int, fact: str, now: datetime) -> bool:
    """Take purchased credits back for a fact (a refund, a dispute), once; what was already spent becomes debt."""
    try:
        with tenancy.enter(organization):
            account = locked(organization, opens=True)
            taken = min(account.purchased, credits)
            post(account, EntryKind.CLAWBACK, reference=fact, now=now, purchased=-taken, debt=credits - taken)
    except IntegrityError as error:
        if "credit_entry_one_clawback_per_fact" in str(error):
            return False
        raise
    return True


def expire_allowances(*, now: datetime) -> int:
    """Write the expiry line of every allowance whose period is over. Returns how many."""
    with tenancy.system("expiry of allowances"):
        over = list(
            CreditAccount.objects.filter(allowance__gt=0, allowance_until__lte=now).select_related(
                "organization"
            )
        )
    for account in over:
        with tenancy.enter(account.organization):
            own = locked(account.organization)
            if is_over(own, now):
                expire(own, now)
    return len(over)
