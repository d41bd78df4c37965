"""Budgets: what may be used under an opaque key, `member:…` or `client:…`, in a calendar month (UTC) or altogether.

A hold uses them in its own transaction, by one conditional statement that also starts a new month; what comes back
of a hold is given back to the month in which it was taken, or to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import transaction
from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.functions import Greatest
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django import app

from accounts import activity, emails, lifecycle, tenancy
from accounts import services as accounts
from accounts.activity import Kind
from accounts.errors import Refusal
from accounts.models import ApiKey, Membership, Organization, Role, TenantQuerySet, User
from billing import naming
from billing.models import MOST_CAP, Budget

NOTICES = (100, 80)  # percent of the cap at which owners and admins are told; the highest first
MAIL_TASK = "billing.mail_budget_notice"
activity.register("budget.reached", Kind(gettext_lazy("%(percent)s %% of the budget %(budget)s are used")))
_MEMBER, _CLIENT, _API_KEY = "member:", "client:", "api_key:"


class BudgetExceeded(Refusal):
    """This would go over a budget. An owner or admin of the workspace can raise it."""

    code, title, status = "budget_exceeded", "Budget exceeded", 402


class CapOutOfRange(Refusal):
    """A budget is a whole number of credits from 0 to 10,000,000."""

    code, title, status = "cap_out_of_range", "Cap out of range", 400


@dataclass(frozen=True)
class Standing:
    """A budget as it stands now, in this month or altogether (`is_total`); `name` is whose it is."""

    key: str
    name: str
    cap: int
    used: int
    is_total: bool = False

    @property
    def percent(self) -> int:
        """How much of it is used; 100 for a cap of nothing."""
        return 100 * self.used // self.cap if self.cap else 100

    @property
    def left(self) -> int:
        """Credits that still fit."""
        return max(0, self.cap - self.used)


def member_key(user: User) -> str:
    """The key of a member's budget."""
    return f"{_MEMBER}{user.pk}"


def api_key_key(api_key: ApiKey) -> str:
    """The key of the budget of a program's key."""
    return f"{_API_KEY}{api_key.public_id}"


# --- Setting them ----------------------------------------------------------------------------------------


def client_key(public_id: str) -> str:
    """The key of a client's budget."""
    return f"{_CLIENT}{public_id}"


def set_budget(
    *, organization: Organization, key: str, cap: int, by_user: User, now: datetime, is_total: bool = False
) -> None:
    """Cap what the key may use, from now on, in a calendar month or altogether.

    A budget that is there keeps what is used; one that becomes of the other kind is counted afresh. Raises
    CapOutOfRange.
    """
    if not 0 <= cap <= MOST_CAP:
        raise CapOutOfRange
    with tenancy.enter(organization):
        Budget.objects.bulk_create(
            [Budget(organization=organization, key=key, cap=cap, is_total=is_total, counted_from=now)],
            update_conflicts=True,
            unique_fields=["organization", "key"],
            update_fields=["cap"],
        )
        other = Budget.objects.of(organization).filter(key=key, is_total=not is_total)
        other.update(is_total=is_total, used=0, told_percent=0, counted_from=now)
        accounts.record(
            organization=organization,
            by_user=by_user,
            action="budget.set",
            target=key,
            now=now,
            cap=cap,
            is_total=is_total,
        )


def remove_budget(*, organization: Organization, key: str, by_user: User, now: datetime) -> bool:
    """No cap any more; False if there was none."""
    with tenancy.enter(organization):
        removed, _ = Budget.objects.of(organization).filter(key=key).delete()
        if removed:
            accounts.record(
                organization=organization, by_user=by_user, action="budget.removed", target=key, now=now
            )
    return bool(removed)


@lifecycle.api_key_capped.register
def cap_api_key(*, api_key: ApiKey, cap: int | None, by_user: User, now: datetime) -> None:
    """A budget of the key's own; none once it is revoked."""
    organization, key = api_key.organization, api_key_key(api_key)
    if cap is None:
        remove_budget(organization=organization, key=key, by_user=by_user, now=now)
    else:
        set_budget(organization=organization, key=key, cap=cap, by_user=by_user, now=now)


@lifecycle.api_key_caps.register
def caps_of_api_keys(*, organization: Organization, now: datetime) -> dict[str, tuple[int, int]]:
    """Cap and use in this month, by the keys' public ids."""
    rows = Budget.objects.of(organization).filter(key__startswith=_API_KEY)
    found = {row.key.removeprefix(_API_KEY): _standing(row, {row.key: ""}, now) for row in rows}
    return {key: (standing.cap, standing.used) for key, standing in found.items()}


# --- Reading them ----------------------------------------------------------------------------------------


def existing(*, organization: Organization, keys: Sequence[str]) -> list[str]:
    """Those of the keys that have a budget: what to pass to `credits.hold`."""
    with tenancy.enter(organization, savepoint=False):
        found = Budget.objects.of(organization).filter(key__in=keys).order_by("key")
        return list(found.values_list("key", flat=True))


def budget_of(*, organization: Organization, key: str, now: datetime) -> Standing | None:
    """One budget, if there is one."""
    with tenancy.enter(organization):
        row = Budget.objects.of(organization).filter(key=key).first()
        return _standing(row, _names(organization, [key]), now) if row else None


def budgets_of(*, organization: Organization, now: datetime) -> list[Standing]:
    """Every budget, fullest first."""
    with tenancy.enter(organization):
        found = standings(organization=organization, rows=list(Budget.objects.of(organization)), now=now)
    return sorted(found, key=lambda each: (-each.percent, each.name))


def rows_of(*, organization: Organization) -> TenantQuerySet:
    """Every budget, for `standings`; asked inside the workspace."""
    return Budget.objects.of(organization)


def standings(*, organization: Organization, rows: Sequence[Budget], now: datetime) -> list[Standing]:
    """How these stand; asked inside the workspace, in as many queries for a hundred as for one."""
    names = _names(organization, [row.key for row in rows])
    return [_standing(row, names, now) for row in rows]


def subjects(*, organization: Organization) -> dict[str, str]:
    """Everybody and everything that can have a budget: key → name, members first."""
    with tenancy.enter(organization):
        members = Membership.objects.of(organization).select_related("user").order_by("pk")
        people = {member_key(each.user): each.user.email for each in members}
        clients = naming.everything(organization=organization, prefix="cli")
        programs = ApiKey.objects.of(organization).active().filter(is_live=True).order_by("pk")
        keys = {api_key_key(each): _("API key %s") % each.name for each in programs}
    return people | {f"{_CLIENT}{key}": named.text for key, named in clients.items()} | keys


def _standing(row: Budget, names: dict[str, str], now: datetime) -> Standing:
    used = row.used if row.is_total or row.counted_from >= _month(now) else 0
    return Standing(row.key, names[row.key], row.cap, used, row.is_total)


def _names(organization: Organization, keys: Sequence[str]) -> dict[str, str]:
    """Whose each budget is; the key itself where that is no more."""
    people = [key.removeprefix(_MEMBER) for key in keys if key.startswith(_MEMBER)]
    emails_of = Membership.objects.of(organization).filter(user__in=filter(str.isdecimal, people))
    names = {f"{_MEMBER}{pk}": email for pk, email in emails_of.values_list("user", "user__email")}
    clients = [key.removeprefix(_CLIENT) for key in keys if key.startswith(_CLIENT)]
    found = naming.names(organization=organization, ids=clients)
    names |= {f"{_CLIENT}{key}": named.text for key, named in found.items()}
    programs = [key.removeprefix(_API_KEY) for key in keys if key.startswith(_API_KEY)]
    if programs:
        rows = ApiKey.objects.of(organization).filter(public_id__in=programs)
        called = dict(rows.values_list("public_id", "name"))
        names |= {f"{_API_KEY}{key}": _("API key %s") % name for key, name in called.items()}
    return {key: names.get(key, key) for key in keys}


# --- Using them: for credits.hold and what ends a hold -----------------------------------------------------


def use(*, organization: Organization, keys: Sequence[str], credits: int, now: datetime) -> None:
    """Count `credits` against every one of the keys, or raise BudgetExceeded and let the caller roll back.

    Inside the transaction of the hold, which has locked the workspace's account: so never two at once.
    """
    try:
        with transaction.atomic():  # so that the words of a refusal are about what is used without this
            if _count(organization, keys, credits, _month(now)) != len(set(keys)):
                raise BudgetExceeded
    except BudgetExceeded as error:
        words = _full_words(organization, keys, credits, now)
        raise BudgetExceeded(words, required=credits) from error
    _tell(organization, keys, now)


def _count(organization: Organization, keys: Sequence[str], credits: int, month: datetime) -> int:
    used = _unless_older(month, "used")
    roomy = Budget.objects.of(organization).filter(key__in=keys).alias(used_now=used)
    counted: int = roomy.filter(used_now__lte=F("cap") - credits).update(
        used=used + credits,
        told_percent=_unless_older(month, "told_percent"),
        counted_from=Case(
            When(is_total=True, then=F("counted_from")), default=Greatest(F("counted_from"), Value(month))
        ),
    )
    return counted


def give_back(*, organization: Organization, keys: Sequence[str], credits: int, held_at: datetime) -> None:
    """Take off what a hold of `held_at` did not need, from budgets that have counted it.

    Never fails: a budget that was removed and set again, or has begun a new month, has not counted it.
    """
    counting = Budget.objects.of(organization).filter(key__in=keys, counted_from__lte=held_at)
    counting.update(used=Greatest(F("used") - credits, 0))


def _month(now: datetime) -> datetime:
    now = now.astimezone(UTC)
    return datetime(now.year, now.month, 1, tzinfo=UTC)


def _unless_older(month: datetime, column: str) -> Case:
    """The column, or 0 where it is of a month before and counts months."""
    older = When(counted_from__lt=month, is_total=False, then=0)
    return Case(older, default=F(column), output_field=IntegerField())


def _full_words(organization: Organization, keys: Sequence[str], credits: int, now: datetime) -> str:
    rows = list(Budget.objects.of(organization).filter(key__in=keys).order_by("key"))
    names = _names(organization, [row.key for row in rows])
    full = [each for row in rows if (each := _standing(row, names, now)).left < credits]
    if not full:
        return _("A budget was changed at this moment, and nothing was charged. Try once more.")
    first = full[0]
    if first.is_total:
        return _(
            "The budget of %(name)s is %(cap)s credits, %(used)s are used and this needs %(needed)s. An owner or"
            " admin can raise it under Settings, Budgets."
        ) % {"name": first.name, "cap": first.cap, "used": first.used, "needed": credits}
    month = _month(now)
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return _(
        "The budget of %(name)s for %(month)s is %(cap)s credits, %(used)s are used and this needs %(needed)s."
        " An owner or admin can raise it under Settings, Budgets; it starts afresh on %(day)s."
    ) % {
        "name": first.name,
        "month": date_format(month, "F"),
        "cap": first.cap,
        "used": first.used,
        "needed": credits,
        "day": date_format(after, "MONTH_DAY_FORMAT"),
    }


# --- Telling owners and admins ---------------------------------------------------------------------------


def _tell(organization: Organization, keys: Sequence[str], now: datetime) -> None:
    """One mail when 80 % of a budget are reached, and one at 100 %; a leap past both sends the latter."""
    for percent in NOTICES:
        untold = Budget.objects.of(organization).filter(key__in=keys, told_percent__lt=percent, used__gt=0)
        reached = untold.alias(hundredfold=F("used") * 100).filter(hundredfold__gte=F("cap") * percent)
        for budget_id, key, cap, used in list(reached.values_list("pk", "key", "cap", "used")):
            Budget.objects.of(organization).filter(pk=budget_id).update(told_percent=percent)
            app.configure_task(MAIL_TASK, queue=emails.QUEUE, allow_unknown=True).defer(
                organization_id=organization.pk, budget_id=budget_id, percent=percent
            )
            activity.record(
                organization=organization,
                kind="budget.reached",
                subject=key,
                data={"budget": key, "percent": percent, "cap": cap, "used": used},
                now=now,
            )


def mail_notice(*, organization_id: int, budget_id: int, percent: int, now: datetime) -> None:
    """Tell owners and admins how the budget stands now; nobody, if it was removed meanwhile."""
    organization = Organization.objects.get(pk=organization_id)
    with tenancy.enter(organization):
        row = Budget.objects.of(organization).filter(pk=budget_id).first()
        if row is None:
            return
        standing = _standing(row, _names(organization, [row.key]), now)
    emails.send_to_members(
        organization=organization,
        role=Role.ADMIN,
        template="budget_notice",
        context={"budget": standing, "percent": percent, "month": _month(now)},
        wish="mail_budgets",
    )
