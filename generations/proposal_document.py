"""A proposal as its client reads it, in its own language: the one place that decides what a client sees of prices.

Nothing else reaches the public page or the paper, so what is not in here (costs, markups) can't be on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils import formats
from django.utils.translation import gettext as _

from generations import proposal_paper, proposals
from generations.models import Proposal, ProposalLine, ProposalPicture
from generations.proposal_sums import WHOLE, Priced, Sums

_BEFORE = {"$", "£", "€"}  # in English; elsewhere the sign stands after the amount
_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
NARROW = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Row:
    """A line; amounts in words."""

    line: ProposalLine
    quantity: str
    unit: str
    total: str


@dataclass(frozen=True)
class Document:
    """Everything that is shown; make and use it inside `translation.override(proposal.language)`."""

    proposal: Proposal
    pictures: list[ProposalPicture]
    rows: list[Row]
    sums: list[tuple[str, str]]  # the last one is the total
    facts: list[tuple[str, str]]


def money(amount: Decimal, currency: str, language: str) -> str:
    """For example €1,290.00, or 1.290,00 € in German."""
    places = 0 if currency in WHOLE else 2
    number = formats.number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)
    sign = _SIGNS.get(currency, currency)
    return f"{sign}{number}" if language == "en" and sign in _BEFORE else f"{number}{NARROW}{sign}"


def percent(amount: Decimal) -> str:
    """19 %, 7.7 %: without zeros that say nothing."""
    plain = amount.normalize()
    places = max(0, -int(plain.as_tuple().exponent))
    return f"{formats.number_format(plain, decimal_pos=places)}{NARROW}%"


def document_of(proposal: Proposal) -> Document:
    """Asked inside the workspace."""
    lines, sums = proposals.priced(proposal)
    return Document(
        proposal=proposal,
        pictures=proposals.pictures_of(proposal),
        rows=[_row(proposal, line, price) for line, price in lines],
        sums=_sums(proposal, sums),
        facts=_facts(proposal),
    )


def _row(proposal: Proposal, line: ProposalLine, price: Priced) -> Row:
    unit, total = (price.bare, price.cost) if proposal.show_markup else (price.unit, price.total)
    quantity = line.quantity.normalize()
    places = max(0, -int(quantity.as_tuple().exponent))
    return Row(
        line=line,
        quantity=formats.number_format(line.quantity, decimal_pos=places, use_l10n=True),
        unit=money(unit, proposal.currency, proposal.language),
        total=money(total, proposal.currency, proposal.language),
    )


def _sums(proposal: Proposal, sums: Sums) -> list[tuple[str, str]]:
    found: list[tuple[str, Decimal]] = []
    if proposal.show_markup and sums.markup:
        found += [(_("Sum"), sums.cost), (_("Handling"), sums.markup)]
    if proposal.tax:
        found += [(_("Before tax"), sums.net)]
        found += [(f"{proposal.tax_name or _('Tax')} {percent(proposal.tax)}", sums.tax)]
    found.append((_("Total"), sums.total))
    return [(label, money(amount, proposal.currency, proposal.language)) for label, amount in found]


def _facts(proposal: Proposal) -> list[tuple[str, str]]:
    facts = {
        _("Number"): proposal.label or _("Draft"),
        _("Date"): _day(proposal.sent_at.date() if proposal.sent_at else None),
        _("Project"): proposal.project.name if proposal.project.name != proposal.title else "",
        _("Valid until"): _day(proposal.valid_until),
        _("Address"): proposal.project.address,
    }
    return [(label, value) for label, value in facts.items() if value]


def _day(day: Any) -> str:
    return formats.date_format(day, "DATE_FORMAT") if day else ""


def stylesheet(accent: str, client_accent: str) -> HttpResponse:
    """The sender's colour for a page, with letters that can be read on it; its edge is in the client's colour."""
    ink = "#ffffff" if proposal_paper.is_dark(accent) else "#211e1a"
    rule = f".proposal-band {{ background: {accent}; color: {ink}; }}\n"
    if client_accent:
        rule += f".proposal-band {{ border-bottom: 0.4rem solid {client_accent}; }}\n"
    return HttpResponse(rule, content_type="text/css; charset=utf-8")


def words(proposal: Proposal) -> Mapping[str, str]:
    """What is printed beside the proposal's own texts."""
    return {
        "page": _("Page %(number)d of %(pages)d"),
        "for": _("For %(client)s"),
        "before": _("Before"),
        "after": _("After"),
        "item": _("What"),
        "quantity": _("Quantity"),
        "unit": _("Unit price"),
        "total": _("Amount"),
        "list": _("Your list"),
        "terms": _("Terms"),
        "accept": _(
            "You can accept this proposal online until %(day)s: open the link that you were sent, and enter your name."
        )
        % {"day": _day(proposal.valid_until)},
    }
