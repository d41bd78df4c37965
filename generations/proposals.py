"""Verbs of a team about the drafts of its proposals, and the words by which they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django.db.models import Max
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import tenancy
from accounts.converters import id_or_nothing
from accounts.errors import Refusal
from accounts.models import Organization, User
from generations import proposal_sums, reviews
from generations.models import (
    GenerationReference,
    Picture,
    Proposal,
    ProposalLine,
    ProposalPicture,
    ProposalSettings,
)
from generations.models.proposal import proposal_line_id
from generations.proposal_sums import Item, Priced, Sums
from projects import branding
from projects.models import Product, Project

MOST_LINES = 200
MOST_PICTURES = 40
_COPIED = (  # from a version to the next
    "title",
    "introduction",
    "client_name",
    "client_email",
    "language",
    "currency",
    "markup",
    "show_markup",
    "tax_name",
    "tax",
    "terms",
)


class NotADraft(Refusal):
    """This proposal was sent and can't be changed any more. Make a new version of it."""

    code, title, status = "not_a_draft", "Not a draft", 409


class NothingApproved(Refusal):
    """The client has approved no picture of this project yet. A proposal is made from approved pictures only."""

    code, title, status = "nothing_approved", "Nothing approved", 409


class MixedCurrencies(Refusal):
    """A proposal is in one currency. Give the product a price in that currency, or add it as a line of its own."""

    code, title, status = "mixed_currencies", "Mixed currencies", 409


class TooManyLines(Refusal):
    """A proposal has at most 200 lines. Put several things into one line."""

    code, title, status = "too_many_lines", "Too many lines", 409


@dataclass(frozen=True)
class LineChange:
    """What a line shall be; `remove` takes it out."""

    name: str
    details: str
    quantity: Decimal
    unit_price: Decimal
    markup: Decimal | None
    remove: bool = False


# --- Reading: inside the workspace -----------------------------------------------------------------------


def settings_of(organization: Organization) -> ProposalSettings:
    """What a workspace's proposals begin with; not saved where nobody has set anything."""
    found = ProposalSettings.objects.of(organization).first()
    return cast("ProposalSettings | None", found) or ProposalSettings(organization=organization)


def look_of(organization: Organization) -> tuple[str, str]:
    """Colour and logo of its proposals: their own, else those of the workspace's brand where the plan shows one."""
    begin = settings_of(organization)
    accent, logo = begin.accent, begin.logo
    if organization.white_label:
        mine = branding.of(organization)
        is_own = accent != ProposalSettings._meta.get_field("accent").default
        accent, logo = accent if is_own else mine.colour or accent, logo or mine.logo
    return accent, logo


def item_of(line: ProposalLine, proposal: Proposal) -> Item:
    """With the markup that holds for it."""
    general = proposal.markup if line.is_product else Decimal(0)
    return Item(line.quantity, line.unit_price, general if line.markup is None else line.markup)


def priced(proposal: Proposal) -> tuple[list[tuple[ProposalLine, Priced]], Sums]:
    """Its lines in order with their prices, and the sums: of a sent one the same as on the day it was sent."""
    rows = ProposalLine.objects.of(proposal.organization).filter(proposal=proposal)
    lines = list(rows.select_related("product__photo").order_by("position", "pk"))
    prices = [proposal_sums.price(item_of(line, proposal), proposal.currency) for line in lines]
    sums = proposal_sums.add_up(prices, tax=proposal.tax, currency=proposal.currency)
    return list(zip(lines, prices, strict=True)), sums


def pictures_of(proposal: Proposal) -> list[ProposalPicture]:
    """Its pictures in order, with all that showing them needs."""
    rows = ProposalPicture.objects.of(proposal.organization).filter(proposal=proposal)
    related = ("picture__generation__photo", "picture__generation__parent", "picture__generation__room")
    return list(rows.select_related(*related).order_by("position", "pk"))


def furniture_of(*, organization: Organization, pictures: Sequence[Picture]) -> list[Product]:
    """Products of the library that stand in these pictures and were not declined there, in the order of the trays."""
    pieces = GenerationReference.objects.of(organization).filter(
        generation__in={picture.generation_id for picture in pictures}
    )
    wanted = pieces.exclude(pk__in=reviews.declined_pieces(pictures=pictures))
    photos = list(dict.fromkeys(wanted.order_by("generation", "position").values_list("photo", flat=True)))
    kept = Product.objects.of(organization).kept().filter(photo__in=photos)
    by_photo = {product.photo_id: product for product in kept}
    return [by_photo[photo] for photo in photos if photo in by_photo]


# --- Drafts ----------------------------------------------------------------------------------------------


def save_settings(*, organization: Organization, fields: Mapping[str, Any]) -> ProposalSettings:
    """What the workspace's next proposals begin with."""
    with tenancy.enter(organization):
        row, _made = ProposalSettings.objects.of(organization).get_or_create(organization=organization)
        ProposalSettings.objects.of(organization).filter(pk=row.pk).update(**fields)
        row.refresh_from_db()
    return cast(ProposalSettings, row)


def start(*, project: Project, by_user: User, now: datetime) -> tuple[Proposal, list[Product]]:
    """A draft with all approved pictures and their furniture; and the products left out for their currency.

    Raises NothingApproved.
    """
    organization = project.organization
    with tenancy.enter(organization):
        approved = reviews.approved_pictures(project=project).select_related("generation__room")
        pictures = list(approved[:MOST_PICTURES])
        if not pictures:
            raise NothingApproved
        begin = settings_of(organization)
        proposal = Proposal.objects.create(
            organization=organization,
            project=project,
            title=project.name,
            client_name=project.client.shown_name if project.client else "",
            client_email=project.client.email if project.client else "",
            language=(get_language() or "en").partition("-")[0],
            currency=begin.currency,
            markup=begin.markup,
            tax_name=begin.tax_name,
            tax=begin.tax,
            terms=begin.terms,
            valid_until=now.date() + timedelta(days=begin.valid_days),
            created_by=by_user,
        )
        _put_pictures(proposal, pictures)
        left_out = _add_products(proposal, furniture_of(organization=organization, pictures=pictures))
    return proposal, left_out


@contextmanager
def drafting(proposal: Proposal) -> Iterator[Proposal]:
    """Inside the workspace, with the draft locked as it is now. Raises NotADraft."""
    organization = proposal.organization
    with tenancy.enter(organization):
        rows = Proposal.objects.of(organization).filter(pk=proposal.pk, state=Proposal.State.DRAFT)
        locked = (
            rows.select_related("organization", "project__client").select_for_update(of=("self",)).first()
        )
        if locked is None:
            raise NotADraft
        yield locked


def change(*, proposal: Proposal, fields: Mapping[str, Any]) -> None:
    """Its texts, percents, day and currency. Raises NotADraft; MixedCurrencies where products are priced otherwise."""
    with drafting(proposal) as draft:
        currency = fields.get("currency", draft.currency)
        if currency != draft.currency:
            lines = ProposalLine.objects.of(draft.organization).filter(proposal=draft)
            if (
                other := lines.exclude(product__price=None)
                .exclude(product__currency=currency)
                .filter(product__isnull=False)
                .select_related("product")
                .first()
            ):
                raise _mixed(other.product, currency)
        Proposal.objects.of(draft.organization).filter(pk=draft.pk).update(**fields)


def add_product(*, proposal: Proposal, product_id: str) -> bool:
    """A piece of the library as a line; False if there is none of this id. Raises MixedCurrencies, TooManyLines."""
    with drafting(proposal) as draft:
        product = (
            Product.objects.of(draft.organization).kept().filter(public_id=id_or_nothing(product_id)).first()
        )
        if product is None:
            return False
        if _add_products(draft, [product]):
            raise _mixed(product, draft.currency)
    return True


def add_furniture(*, proposal: Proposal) -> list[Product]:
    """The furniture of its pictures that is no line yet. Returns what was left out for its currency."""
    with drafting(proposal) as draft:
        pictures = [row.picture for row in pictures_of(draft)]
        return _add_products(draft, furniture_of(organization=draft.organization, pictures=pictures))


def add_line(*, proposal: Proposal, name: str, details: str, quantity: Decimal, unit_price: Decimal) -> None:
    """Something that is no product: a fee, the delivery. Raises TooManyLines."""
    with drafting(proposal) as draft:
        ProposalLine.objects.create(
            organization=draft.organization,
            proposal=draft,
            is_product=False,
            position=_next_position(draft, 1),
            name=name,
            details=details,
            quantity=quantity,
            unit_price=unit_price,
        )


def change_lines(*, proposal: Proposal, changes: Mapping[int, LineChange]) -> None:
    """Lines by their keys; those of other proposals are passed over."""
    with drafting(proposal) as draft:
        lines = ProposalLine.objects.of(draft.organization).filter(proposal=draft)
        lines.filter(pk__in=[pk for pk, wanted in changes.items() if wanted.remove]).delete()
        for pk, wanted in changes.items():
            lines.filter(pk=pk).update(
                name=wanted.name,
                details=wanted.details,
                quantity=wanted.quantity,
                unit_price=wanted.unit_price,
                markup=wanted.markup,
            )


def choose_pictures(*, proposal: Proposal, captions: Mapping[str, str]) -> None:
    """Exactly these approved pictures, by their ids and in this order, each with its caption.

    What is not approved is passed over. Raises NothingApproved if none is left.
    """
    with drafting(proposal) as draft:
        approved = reviews.approved_pictures(project=draft.project).select_related("generation__room")
        by_id = {picture.public_id: picture for picture in approved}
        chosen = [by_id[pid] for pid in captions if pid in by_id][:MOST_PICTURES]
        if not chosen:
            raise NothingApproved(_("Choose at least one approved picture."))
        ProposalPicture.objects.of(draft.organization).filter(proposal=draft).delete()
        _put_pictures(draft, chosen, captions)


def delete_draft(*, proposal: Proposal) -> None:
    """It was never sent: nothing of it is left. Raises NotADraft."""
    with drafting(proposal) as draft:
        draft.delete()


def new_version(*, proposal: Proposal, by_user: User, now: datetime) -> Proposal:
    """A draft like it, which replaces it when it is sent; the one that is there already, if there is one."""
    organization = proposal.organization
    with tenancy.enter(organization):
        rows = Proposal.objects.of(organization)
        old = (
            rows.select_for_update(of=("self",), no_key=True)
            .select_related("organization")
            .get(pk=proposal.pk)
        )
        if (there := rows.filter(replaces=old).first()) is not None:
            return there  # type: ignore[no-any-return]
        begin = settings_of(organization)
        new = Proposal.objects.create(
            organization=organization,
            project_id=old.project_id,
            replaces=old,
            valid_until=now.date() + timedelta(days=begin.valid_days),
            created_by=by_user,
            **{name: getattr(old, name) for name in _COPIED},
        )
        for line in ProposalLine.objects.of(organization).filter(proposal=old).order_by("position", "pk"):
            line.pk, line.public_id, line._state.adding = None, proposal_line_id(), True
            line.proposal, line.thumbnail = new, ""
            line.save()
        approved = set(reviews.approved_pictures(project=new.project).values_list("pk", flat=True))
        for row in pictures_of(old):
            if row.picture_id in approved:
                row.pk, row.proposal, row.before, row.after, row._state.adding = None, new, "", "", True
                row.save()
    return new


# --- Hands -----------------------------------------------------------------------------------------------


def _put_pictures(
    proposal: Proposal, pictures: Iterable[Picture], captions: Mapping[str, str] | None = None
) -> None:
    ProposalPicture.objects.bulk_create(
        ProposalPicture(
            organization=proposal.organization,
            proposal=proposal,
            picture=picture,
            position=position,
            caption=(
                captions[picture.public_id]
                if captions is not None
                else picture.generation.room.name
                if picture.generation.room
                else ""
            )[:120],
        )
        for position, picture in enumerate(pictures)
    )


def _add_products(proposal: Proposal, products: Sequence[Product]) -> list[Product]:
    """Those that are no line yet. Returns the ones left out, whose price is in another currency."""
    lines = ProposalLine.objects.of(proposal.organization).filter(proposal=proposal, product__isnull=False)
    there = set(lines.values_list("product", flat=True))
    fresh = [product for product in products if product.pk not in there]
    fitting = [one for one in fresh if one.price is None or one.currency == proposal.currency]
    position = _next_position(proposal, len(fitting))
    ProposalLine.objects.bulk_create(
        ProposalLine(
            organization=proposal.organization,
            proposal=proposal,
            product=product,
            is_product=True,
            position=position + number,
            name=product.name,
            unit_price=product.price or Decimal(0),
        )
        for number, product in enumerate(fitting)
    )
    return [product for product in fresh if product not in fitting]


def _next_position(proposal: Proposal, more: int) -> int:
    lines = ProposalLine.objects.of(proposal.organization).filter(proposal=proposal)
    if lines.count() + more > MOST_LINES:
        raise TooManyLines
    last = lines.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def mixed_words(product: Product, currency: str) -> str:
    """What to do about a product that is priced in another currency than the proposal."""
    return _(
        "“%(name)s” is priced in %(its)s, and this proposal is in %(currency)s. Give it a price in %(currency)s in the"
        " library, or add it as a line of its own with the amount in %(currency)s."
    ) % {"name": product.name, "its": product.currency, "currency": currency}


def _mixed(product: Product, currency: str) -> MixedCurrencies:
    return MixedCurrencies(mixed_words(product, currency))


def is_expired(proposal: Proposal, today: date) -> bool:
    """With the client, and too old to be answered."""
    return proposal.state == Proposal.State.SENT and proposal.valid_until < today
