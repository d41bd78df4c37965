"""Credits that money paid for: granted once for each fact, taken back and returned as refunds and disputes go.

A grant is a lot. Packs never expire. Of allowances the one of the newest period counts; what arrives for an older one
is granted and expires at once, so that the order in which we hear of payments changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, Sum

from accounts import tenancy
from accounts.models import Organization
from billing import credits
from billing.entries import LOT, expire, is_over, locked, post
from billing.models import CreditAccount, CreditEntry, EntryKind, PaidCredits, PaidKind


def fact_of(paid: PaidCredits) -> str:
    """The reference of its grant in the ledger."""
    return f"stripe:{paid.fact}"


def grant(*, organization: Organization, paid: PaidCredits, now: datetime) -> None:
    """Give what was paid for. The row must be new: its unique fact is what makes this happen once."""
    fact, labels = fact_of(paid), {"payment": paid.payment_intent or paid.fact}
    if paid.purchase and paid.purchase.by_user:
        labels["by"] = paid.purchase.by_user.email
    if paid.kind == PaidKind.PACK:
        given = credits.grant(
            organization=organization, purchased=paid.credits, fact=fact, now=now, labels=labels
        )
    elif _is_superseded(organization, paid):
        given = credits.grant_expired(
            organization=organization, allowance=paid.credits, fact=fact, now=now, labels=labels
        )
    else:
        given = credits.grant(
            organization=organization,
            allowance=paid.credits,
            allowance_until=paid.until,
            fact=fact,
            now=now,
            labels=labels,
        )
    if not given:
        raise RuntimeError(f"{fact} was granted without its row")


def _is_superseded(organization: Organization, paid: PaidCredits) -> bool:
    """Whether a newer period's allowance was granted; of two that start together the larger one counts."""
    newer = (
        Q(starts__gt=paid.starts)
        | Q(starts=paid.starts, credits__gt=paid.credits)
        | Q(starts=paid.starts, credits=paid.credits, fact__gt=paid.fact)
    )
    others = PaidCredits.objects.of(organization).exclude(pk=paid.pk).exclude(kind=PaidKind.PACK)
    return bool(others.filter(newer).exists())


def take(
    *, organization: Organization, paid: PaidCredits, target: int, reference: str, now: datetime
) -> None:
    """Bring what is taken back of a lot to `target` credits, more or less than before.

    Of an allowance what is unused goes first, and what has expired unused counts as taken: nobody owes what he never
    had. What was spent comes off the purchased credits, else it is debt.
    """
    with tenancy.enter(organization):
        account = locked(organization)
        if is_over(account, now):
            expire(account, now)
        lot = fact_of(paid)
        taken = _taken(account, lot)
        rest, from_allowance = target, taken.allowance
        if paid.kind != PaidKind.PACK:
            if account.allowance_fact == lot and not is_over(account, now):
                from_allowance = min(max(target - taken.expired, 0), account.allowance + taken.allowance)
            rest = max(0, target - taken.expired - from_allowance)
        more, more_allowance = rest - taken.other, from_allowance - taken.allowance
        _claw(account, lot, max(more_allowance, 0), max(more, 0), reference, now)
        _return(account, lot, max(-more_allowance, 0), max(-more, 0), reference, now)


class _Taken:
    """What refunds and disputes have taken of a lot so far, and what of it has expired; in credits."""

    def __init__(self, allowance: int, other: int, expired: int) -> None:
        self.allowance, self.other, self.expired = allowance, other, expired


def _taken(account: CreditAccount, lot: str) -> _Taken:
    lines = CreditEntry.objects.filter(account=account, **{f"labels__{LOT}": lot})
    moved = lines.filter(kind__in=(EntryKind.CLAWBACK, EntryKind.RETURN)).aggregate(
        from_allowance=Sum(-F("allowance"), default=0), other=Sum(F("debt") - F("purchased"), default=0)
    )
    expired = lines.filter(kind=EntryKind.EXPIRE).aggregate(credits=Sum(-F("allowance"), default=0))
    return _Taken(moved["from_allowance"], moved["other"], expired["credits"])


def _claw(
    account: CreditAccount, lot: str, allowance: int, other: int, reference: str, now: datetime
) -> None:
    if not allowance and not other:
        return
    from_purchased = min(account.purchased, other)
    post(
        account,
        EntryKind.CLAWBACK,
        reference=reference,
        now=now,
        allowance=-allowance,
        purchased=-from_purchased,
        debt=other - from_purchased,
        labels={LOT: lot},
    )


def _return(
    account: CreditAccount, lot: str, allowance: int, other: int, reference: str, now: datetime
) -> None:
    if not allowance and not other:
        return
    repaid = min(account.debt, other)
    post(
        account,
        EntryKind.RETURN,
        reference=reference,
        now=now,
        allowance=allowance,
        purchased=other - repaid,
        debt=-repaid,
        labels={LOT: lot},
    )
