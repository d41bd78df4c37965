"""How proposals look outside. Amounts are decimals as text, with the currency beside them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils import timezone
from rest_framework import serializers

from generations import files, proposals
from generations.forms import CURRENCIES
from generations.models import Proposal, ProposalAnswer, ProposalLine, ProposalLink
from generations.models.proposal import MOST_MARKUP
from generations.proposal_sums import Priced, Sums
from generations.proposals import MOST_PICTURES

_LANGUAGES = [code for code, _name in settings.LANGUAGES]
_COLOUR = RegexValidator(r"\A#[0-9a-f]{6}\Z", "A colour is written like #24584a.")


def _percent(most: int, **options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        min_value=Decimal(0), max_value=Decimal(most), max_digits=6, decimal_places=2, **options
    )


def _amount(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=14, decimal_places=2, **options)


class ProposalInput(serializers.Serializer):
    """A new draft: all approved pictures of the project, and the furniture in them."""

    project = serializers.CharField(max_length=40)


class ProposalChange(serializers.Serializer):
    """What shall be different in a draft."""

    title = serializers.CharField(max_length=120, required=False)
    client_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    client_email = serializers.EmailField(required=False, allow_blank=True)
    introduction = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    language = serializers.ChoiceField(_LANGUAGES, required=False)
    currency = serializers.ChoiceField(CURRENCIES, required=False)
    markup = _percent(MOST_MARKUP, required=False, help_text="Percent, on products without one of their own.")
    show_markup = serializers.BooleanField(
        required=False, help_text="To the client; else it is in the prices."
    )
    tax_name = serializers.CharField(max_length=20, required=False, allow_blank=True)
    tax = _percent(100, required=False, help_text="Percent.")
    valid_until = serializers.DateField(required=False)
    terms = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class LineInput(serializers.Serializer):
    """A new line: a product of the library by its id, or anything else by its name and price."""

    product = serializers.CharField(max_length=40, required=False)
    name = serializers.CharField(max_length=160, required=False)
    details = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    quantity = serializers.DecimalField(
        min_value=Decimal("0.01"),
        max_value=Decimal(9999),
        max_digits=8,
        decimal_places=2,
        required=False,
        default=Decimal(1),
    )
    unit_price = serializers.DecimalField(
        min_value=Decimal(0), max_value=Decimal(9_999_999), max_digits=12, decimal_places=2, required=False
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One or the other."""
        if "product" not in attrs:
            missing = [name for name in ("name", "unit_price") if name not in attrs]
            if missing:
                raise serializers.ValidationError(dict.fromkeys(missing, "Needed without `product`."))
        return attrs


class LineChange(serializers.Serializer):
    """What shall be different in a line; a `markup` of null takes the proposal's own."""

    name = serializers.CharField(max_length=160, required=False)
    details = serializers.CharField(max_length=300, required=False, allow_blank=True)
    quantity = serializers.DecimalField(
        min_value=Decimal("0.01"), max_value=Decimal(9999), max_digits=8, decimal_places=2, required=False
    )
    unit_price = serializers.DecimalField(
        min_value=Decimal(0), max_value=Decimal(9_999_999), max_digits=12, decimal_places=2, required=False
    )
    markup = _percent(MOST_MARKUP, required=False, allow_null=True)


class ChosenPicture(serializers.Serializer):
    """An approved picture and what stands below it."""

    picture = serializers.CharField(max_length=40)
    caption = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class PicturesInput(serializers.Serializer):
    """Exactly these approved pictures, in this order."""

    pictures = serializers.ListField(child=ChosenPicture(), min_length=1, max_length=MOST_PICTURES)


class SendInput(serializers.Serializer):
    """With `mail_client` the client gets a link of their own by mail."""

    mail_client = serializers.BooleanField(required=False, default=False)


class LineData(serializers.Serializer):
    """A line; `unit_price` and `cost` are before markup, `price` and `total` with it."""

    id = serializers.CharField()
    product = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    details = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=8, decimal_places=2)
    unit_price = _amount()
    markup = _percent(MOST_MARKUP, allow_null=True)
    price = _amount()
    cost = _amount()
    total = _amount()


class AnswerData(serializers.Serializer):
    """What the client said, for good."""

    accepted = serializers.BooleanField()
    name = serializers.CharField()
    email = serializers.CharField()
    reason = serializers.CharField()
    total = _amount(help_text="What stood there when they said it.")
    at = serializers.DateTimeField()


class ProposalRow(serializers.Serializer):
    """A proposal in a list; sums are null while it is a draft."""

    id = serializers.CharField(source="public_id")
    number = serializers.SerializerMethodField()
    project = serializers.CharField(source="project.public_id")
    state = serializers.ChoiceField(Proposal.State.choices)
    expired = serializers.SerializerMethodField()
    title = serializers.CharField()
    client_name = serializers.CharField()
    currency = serializers.CharField()
    net = _amount(allow_null=True)
    tax_amount = _amount(allow_null=True)
    total = _amount(allow_null=True)
    valid_until = serializers.DateField()
    replaces = serializers.CharField(source="replaces.public_id", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    first_opened_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_number(self, row: Proposal) -> str | None:
        """As people write it: P-0012; null for a draft."""
        return row.label or None

    def get_expired(self, row: Proposal) -> bool:
        """With the client, and too old to be answered."""
        return proposals.is_expired(row, timezone.now().date())


class ProposalPictureData(serializers.Serializer):
    """A picture in it."""

    picture = serializers.CharField()
    caption = serializers.CharField()


class ProposalWhole(ProposalRow):
    """All of it, with sums as they are now; `cost` is without markups and `net` with them, before tax."""

    client_email = serializers.CharField()
    introduction = serializers.CharField()
    language = serializers.ChoiceField(_LANGUAGES)
    markup = _percent(MOST_MARKUP)
    show_markup = serializers.BooleanField()
    tax_name = serializers.CharField()
    tax = _percent(100)
    terms = serializers.CharField()
    cost = _amount()
    pictures = ProposalPictureData(many=True)
    lines = LineData(many=True)
    answer = AnswerData(allow_null=True)
    pdf_ready = serializers.BooleanField()


class LeftOut(serializers.Serializer):
    """A product that became no line, and why."""

    product = serializers.CharField()
    why = serializers.CharField()


class NewProposal(ProposalWhole):
    """With what was left out for its currency."""

    left_out = LeftOut(many=True)


class ProposalPdf(serializers.Serializer):
    """Where the paper is; `url` needs no key and works until `expires_at`."""

    url = serializers.URLField()
    filename = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ProposalLinkData(serializers.Serializer):
    """A link without its address, which is told once."""

    id = serializers.CharField(source="public_id")
    sent_to = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_sent_to(self, row: ProposalLink) -> str | None:
        """An e-mail address; null for one that was copied."""
        return row.sent_to or None


class NewProposalLink(ProposalLinkData):
    """With its address, which is told this once."""

    url = serializers.URLField()


class ProposalSettingsData(serializers.Serializer):
    """What a workspace's proposals begin with, and how it presents itself in them."""

    business_name = serializers.CharField()
    business_address = serializers.CharField()
    accent = serializers.CharField()
    logo_url = serializers.SerializerMethodField()
    currency = serializers.ChoiceField(CURRENCIES)
    markup = _percent(MOST_MARKUP)
    tax_name = serializers.CharField()
    tax = _percent(100)
    valid_days = serializers.IntegerField()
    terms = serializers.CharField()

    def get_logo_url(self, row: Any) -> str | None:
        """Signed; null without a logo."""
        return files.url(self.context["request"], row.logo) if row.logo else None


class ProposalSettingsChange(serializers.Serializer):
    """What shall be different; proposals that were sent stay as they are."""

    business_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    business_address = serializers.CharField(max_length=600, required=False, allow_blank=True)
    accent = serializers.CharField(max_length=7, required=False, validators=[_COLOUR])
    currency = serializers.ChoiceField(CURRENCIES, required=False)
    markup = _percent(MOST_MARKUP, required=False)
    tax_name = serializers.CharField(max_length=20, required=False, allow_blank=True)
    tax = _percent(100, required=False)
    valid_days = serializers.IntegerField(min_value=1, max_value=365, required=False)
    terms = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


# --- Values ----------------------------------------------------------------------------------------------


def line_data(line: ProposalLine, priced: Priced) -> dict[str, Any]:
    """A line with its prices."""
    row = {
        "id": line.public_id,
        "product": line.product.public_id if line.product else None,
        "name": line.name,
        "details": line.details,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "markup": line.markup,
        "price": priced.unit,
        "cost": priced.cost,
        "total": priced.total,
    }
    return dict(LineData(row).data)


def proposal_whole(proposal: Proposal) -> dict[str, Any]:
    """All of it; asked inside the workspace."""
    lines, sums = proposals.priced(proposal)
    answer: ProposalAnswer | None = getattr(proposal, "answer", None)
    data = dict(ProposalRow(proposal).data) | _sums(sums)
    for name in ("client_email", "introduction", "language", "show_markup", "tax_name", "terms"):
        data[name] = getattr(proposal, name)
    return data | {
        "markup": f"{proposal.markup:.2f}",
        "tax": f"{proposal.tax:.2f}",
        "pictures": [
            {"picture": row.picture.public_id, "caption": row.caption}
            for row in proposals.pictures_of(proposal)
        ],
        "lines": [line_data(line, priced) for line, priced in lines],
        "answer": AnswerData(answer).data if answer else None,
        "pdf_ready": bool(proposal.pdf),
    }


def _sums(sums: Sums) -> dict[str, str]:
    amounts = {"cost": sums.cost, "net": sums.net, "tax_amount": sums.tax, "total": sums.total}
    return {name: f"{amount:.2f}" for name, amount in amounts.items()}


def pdf_data(proposal: Proposal, request: HttpRequest) -> dict[str, Any]:
    """Its paper, which is there."""
    filename = f"{proposal.label}.pdf"
    return {
        "url": files.url(request, proposal.pdf, filename=filename),
        "filename": filename,
        "expires_at": files.expires_at(),
    }
