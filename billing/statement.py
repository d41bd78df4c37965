"""The ledger in words: what each line was for, who caused it, and what was left after it. Read only."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import F, Q, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import gettext_noop

from accounts import tenancy, wording
from accounts.models import Organization
from billing import naming, plans
from billing.models import CreditAccount, CreditDay, CreditEntry, EntryKind, PaidCredits, PaidKind
from billing.naming import Named

LABELS = ("room", "project", "client")  # those besides `by` that a statement is filtered by
MOST_CHOICES = 300
CHUNK = 500  # lines read in one short transaction


@dataclass(frozen=True)
class Filters:
    """Which lines: of a calendar month (UTC), caused by a person (e-mail), with a label (`room:room_…`)."""

    month: date | None = None  # its first day
    by: str = ""
    label: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.month or self.by or self.label)

    @property
    def query(self) -> dict[str, str]:
        """As the address carries them."""
        month = f"{self.month:%Y-%m}" if self.month else ""
        return {
            name: value for name, value in (("month", month), ("by", self.by), ("label", self.label)) if value
        }


@dataclass(frozen=True)
class Line:
    """One line for people. `change` is its effect on what can be spent, `taken` what a picture cost for good."""

    number: int | None  # None: due, not yet written
    at: datetime
    kind: str
    what: str
    detail: str
    about: Named
    reference: str
    by: str
    labels: dict[str, Named]
    label_ids: dict[str, str]
    change: int
    taken: int
    held: int
    debt: int
    balance_after: int
    held_after: int
    debt_after: int


def start_of_month(day: date, *, months: int = 0) -> date:
    """The first day of the month of `day`, or of the month so many after (or, below 0, before) it."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def midnight(day: date) -> datetime:
    """When the day begins, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def select(*, organization: Organization, filters: Filters | None = None) -> Any:
    """The ledger lines that pass, newest first: a QuerySet to page, inside `tenancy.enter`."""
    filters = filters or Filters()
    lines = CreditEntry.objects.of(organization).order_by("-pk")  # as its numbers go, by an index
    if filters.month:
        after = start_of_month(filters.month, months=1)
        lines = lines.filter(at__gte=midnight(filters.month), at__lt=midnight(after)).order_by("-at", "-pk")
    labels = {"by": filters.by} if filters.by else {}
    if filters.label:
        key, _, value = filters.label.partition(":")
        labels[key] = value
    return lines.filter(labels__contains=labels) if labels else lines


@dataclass(frozen=True)
class Page:
    """Lines, newest first, and the numbers beyond which more are: `after` newer ones, `before` older ones."""

    lines: list[CreditEntry]
    newer: int | None
    older: int | None


def page_of(
    *,
    organization: Organization,
    filters: Filters,
    size: int,
    before: int | None = None,
    after: int | None = None,
) -> Page:
    """The newest lines that pass, or those next to the line of this number, older (`before`) or newer (`after`).

    A number of rows that does not depend on how many there are; inside `tenancy.enter`. A number that is none of this
    workspace's counts as not given.
    """
    lines = select(organization=organization, filters=filters)
    border = _entry_of(organization, before if after is None else after)
    if border is None:
        found = list(lines[: size + 1])
        return Page(found[:size], None, found[size - 1].number if len(found) > size else None)
    if after is None:
        found = list(_beyond(lines, border, filters, older=True)[: size + 1])
        newer = found[0].number if found else None
        return Page(found[:size], newer, found[size - 1].number if len(found) > size else None)
    found = list(_beyond(lines, border, filters, older=False).reverse()[: size + 1])
    shown = found[:size][::-1]
    if not shown:
        return page_of(organization=organization, filters=filters, size=size)
    return Page(shown, shown[0].number if len(found) > size else None, shown[-1].number)


def _entry_of(organization: Organization, number: int | None) -> CreditEntry | None:
    if number is None:
        return None
    # By way of the account, since that is what the index of numbers is made of.
    own = CreditEntry.objects.of(organization).filter(account__organization=organization, number=number)
    return own.first()


def _beyond(lines: Any, border: CreditEntry, filters: Filters, *, older: bool) -> Any:
    """Those of `lines` that are older, or newer, than `border`."""
    way = "lt" if older else "gt"
    if not filters.month:
        return lines.filter(**{f"pk__{way}": border.pk})
    same = Q(at=border.at, **{f"pk__{way}": border.pk})
    return lines.filter(**{f"at__{way}e": border.at}).filter(Q(**{f"at__{way}": border.at}) | same)


def lines_for(*, organization: Organization, reference: str) -> list[Line]:
    """Every line about one thing (a generation), oldest first: its hold, and how that was closed."""
    with tenancy.enter(organization):
        # By way of the account and the kind, since that is what the index of references is made of.
        holds = CreditEntry.objects.of(organization).filter(
            account__organization=organization, kind=EntryKind.HOLD, reference=reference
        )
        entries = list(holds.prefetch_related("closings"))
        closings = chain.from_iterable(entry.closings.all() for entry in entries)
        return in_words(organization=organization, entries=[*entries, *closings])


def in_words(*, organization: Organization, entries: Iterable[CreditEntry]) -> list[Line]:
    """The same lines for people, in the same order; one query for each kind of thing among them."""
    entries = list(entries)
    ids = {entry.reference for entry in entries}
    ids |= {str(entry.labels[key]) for entry in entries for key in LABELS if key in entry.labels}
    names = naming.names(organization=organization, ids=ids) | _paid(organization, ids)
    return [_line(entry, names) for entry in entries]


def _paid(organization: Organization, references: Iterable[str]) -> dict[str, Named]:
    """What was paid for, by the reference of its grant."""
    # A refund's or dispute's lines have a number after the fact.
    facts = {each: each[7:].partition("/")[0] for each in references if each.startswith("stripe:")}
    if not facts:
        return {}
    page = reverse("buy-credits", kwargs={"workspace": organization.public_id})
    names = {}
    for paid in PaidCredits.objects.of(organization).filter(fact__in=set(facts.values())):
        plan = plans.PLANS[paid.plan].name if paid.plan in plans.PLANS else paid.plan
        pack = Named(_("Pack of %(credits)s credits") % {"credits": paid.credits}, page)
        names[paid.fact] = (
            pack if paid.kind == PaidKind.PACK else Named(f"{plan}, {wording.in_words(paid.kind)}")
        )
    return {each: names[fact] for each, fact in facts.items() if fact in names}


def _line(entry: CreditEntry, names: dict[str, Named]) -> Line:
    change = entry.allowance + entry.purchased
    taken = -change - entry.held if entry.kind == EntryKind.SETTLE else 0
    labels = {key: str(entry.labels[key]) for key in LABELS if key in entry.labels}
    return Line(
        number=entry.number,
        at=entry.at,
        kind=entry.kind,
        what=_what(entry),
        detail=_detail(entry, taken),
        about=names.get(entry.reference) or Named(_reason(entry.reference)),
        reference=entry.reference,
        by=str(entry.labels.get("by", "")),
        labels={key: names.get(value) or Named(value) for key, value in labels.items()},
        label_ids=labels,
        change=change,
        taken=taken,
        held=entry.held,
        debt=entry.debt,
        balance_after=entry.allowance_after + entry.purchased_after,
        held_after=entry.held_after,
        debt_after=entry.debt_after,
    )


_WHAT = {
    EntryKind.HOLD: _lazy("Set aside"),
    EntryKind.SETTLE: _lazy("Picture paid"),
    EntryKind.RELEASE: _lazy("Given back"),
    EntryKind.EXPIRE: _lazy("Allowance ended"),
    EntryKind.CLAWBACK: _lazy("Taken back"),
    EntryKind.RETURN: _lazy("Returned"),
}


def _what(entry: CreditEntry) -> str:
    if entry.kind == EntryKind.GRANT:
        return _("Monthly allowance") if entry.allowance else _("Credits added")
    return str(_WHAT.get(EntryKind(entry.kind), entry.kind))


def _detail(entry: CreditEntry, taken: int) -> str:
    """What the number alone does not say."""
    if entry.kind == EntryKind.HOLD:
        return _("%(credits)s held until the picture is there") % {"credits": entry.held}
    if entry.kind == EntryKind.SETTLE:
        back = -entry.held - taken
        numbers = {"taken": taken, "held": -entry.held, "back": back}
        if back:
            return _("%(taken)s of the %(held)s set aside, %(back)s given back") % numbers
        return _("%(taken)s of the %(held)s set aside") % numbers
    if entry.debt > 0:
        return _("%(credits)s had been spent and are owed now") % {"credits": entry.debt}
    if entry.debt < 0:
        return _("%(credits)s more paid back what was owed") % {"credits": -entry.debt}
    return ""


# The beginning of a fact → what a person calls it. What comes from Stripe adds its own (`explain`).
_REASONS = {
    "free:": gettext_noop("Confirmed e-mail"),
    "provision:": gettext_noop("Opening balance"),
    "end of period": gettext_noop("End of the period"),
}


def explain(prefix: str, words: str) -> None:
    """From now on, a line whose fact begins with `prefix` is told as `words`."""
    _REASONS[prefix] = words


def _reason(reference: str) -> str:
    fitting = [prefix for prefix in _REASONS if reference.startswith(prefix)]
    return wording.in_words(_REASONS[max(fitting, key=len)]) if fitting else reference


# --- What there is to choose from, and the chart ---------------------------------------------------------


@dataclass(frozen=True)
class Choices:
    """What the filters offer."""

    months: list[date]
    people: list[str]
    labels: dict[str, list[tuple[str, str]]]  # room, project, client → (`room:room_…`, name)


def choices(*, organization: Organization, now: datetime) -> Choices:
    """Every month since the first line, newest first; people and labels of the last twelve months."""
    since = start_of_month(now.date(), months=-12)
    with tenancy.enter(organization):
        days = CreditDay.objects.of(organization)
        first = days.filter(key="", value="").order_by("day").values_list("day", flat=True).first()
        labelled = days.filter(key__in=("by", *LABELS), day__gte=since).order_by("key", "value")
        pairs = list(labelled.values_list("key", "value").distinct()[:MOST_CHOICES])
        names = naming.names(organization=organization, ids={value for key, value in pairs if key != "by"})
    labels: dict[str, list[tuple[str, str]]] = {key: [] for key in LABELS}
    for key, value in pairs:
        if key != "by":
            labels[key].append((f"{key}:{value}", names[value].text if value in names else value))
    return Choices(
        months=list(_months_down_from(now.date(), first)) if first else [],
        people=[value for key, value in pairs if key == "by"],
        labels={
            key: sorted(found, key=lambda pair: pair[1].lower()) for key, found in labels.items() if found
        },
    )


def _months_down_from(last: date, first: date) -> Iterator[date]:
    month = start_of_month(last)
    while month >= start_of_month(first):
        yield month
        month = start_of_month(month, months=-1)


def usage(*, organization: Organization, filters: Filters, now: datetime) -> list[tuple[date, int]]:
    """Credits taken for good, by day of the filtered month, else by month of the last twelve; oldest first."""
    month = filters.month
    if month:
        count = calendar.monthrange(month.year, month.month)[1]
        steps = [month + timedelta(days=day) for day in range(count)]
    else:
        steps = [start_of_month(now.date(), months=back) for back in range(-11, 1)]
    days = (
        _taken_by_label(organization, filters)
        if filters.by and filters.label
        else _taken(organization, filters)
    )
    with tenancy.enter(organization):
        taken: dict[date, int] = {}
        for day, credits in days.filter(day__gte=steps[0]).values_list("day", "taken"):
            step = day if month else start_of_month(day)
            taken[step] = taken.get(step, 0) + int(credits)
    return [(each, taken.get(each, 0)) for each in steps]


def _taken(organization: Organization, filters: Filters) -> Any:
    """Days and what was taken on them, of everybody or under one label."""
    key, _, value = f"by:{filters.by}".partition(":") if filters.by else filters.label.partition(":")
    return CreditDay.objects.of(organization).filter(key=key, value=value)


def _taken_by_label(organization: Organization, filters: Filters) -> Any:
    """The same of a person under a label, of which there are no sums: line by line."""
    lines = select(organization=organization, filters=Filters(by=filters.by, label=filters.label))
    settled = lines.filter(kind=EntryKind.SETTLE).order_by().annotate(day=TruncDate("at", tzinfo=UTC))
    return settled.values("day").annotate(taken=-Sum(F("allowance") + F("purchased") + F("held")))


# --- All of it, for a spreadsheet -------------------------------------------------------------------------


def due_expiry(*, account: CreditAccount, now: datetime) -> Line | None:
    """The line that an ended period is still owed; what can be spent no longer counts that allowance."""
    until = account.allowance_until
    if not account.allowance or until is None or until > now:
        return None
    return Line(
        number=None,
        at=until,
        kind=EntryKind.EXPIRE,
        what=str(_WHAT[EntryKind.EXPIRE]),
        detail="",
        about=Named(_reason("end of period")),
        reference="end of period",
        by="",
        labels={},
        label_ids={},
        change=-account.allowance,
        taken=0,
        held=0,
        debt=0,
        balance_after=account.purchased,
        held_after=account.held,
        debt_after=account.debt,
    )


def every_line(*, organization: Organization, filters: Filters, now: datetime) -> Iterator[Line]:
    """Every line that passes as of now, oldest first, read in short transactions of its own.

    Unfiltered, their `change` sums to `credits.balance(now=now).spendable`, exactly.
    """
    with tenancy.enter(organization):
        account = CreditAccount.objects.of(organization).first()
    if account is None:
        return
    after = 0
    while True:
        with tenancy.enter(organization):
            rows = (
                select(organization=organization, filters=filters).filter(account=account).order_by("number")
            )
            chunk = list(rows.filter(number__gt=after, number__lte=account.lines)[:CHUNK])
            lines = in_words(organization=organization, entries=chunk)
        yield from lines
        if len(chunk) < CHUNK:
            break
        after = chunk[-1].number
    due = due_expiry(account=account, now=now)
    if due and not (filters.by or filters.label) and filters.month in (None, start_of_month(due.at.date())):
        yield due
