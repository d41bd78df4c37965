"""Forms of proposals check text and amounts; they never save."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from generations.forms import CURRENCIES
from generations.models.proposal import MOST_MARKUP

_CURRENCIES = [(each, each) for each in CURRENCIES]


def _text(label: Any, rows: int, *, longest: int = 10_000, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        required=False,
        max_length=longest,
        label=label,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _percent(label: Any, most: int, *, required: bool = True, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        required=required,
        min_value=0,
        max_value=most,
        decimal_places=2,
        label=label,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "decimal"}),
    )


def _quantity() -> forms.DecimalField:
    return forms.DecimalField(
        min_value=Decimal("0.01"), max_value=9999, decimal_places=2, label=_("Quantity"), initial=Decimal(1)
    )


def _unit_price() -> forms.DecimalField:
    return forms.DecimalField(min_value=0, max_value=9_999_999, decimal_places=2, label=_("Unit price"))


class SettingsForm(forms.Form):
    """What a workspace's proposals begin with."""

    business_name = forms.CharField(
        required=False,
        max_length=120,
        label=_("Your name on proposals"),
        help_text=_("Empty: the name of the workspace."),
    )
    business_address = _text(
        _("Your address"),
        4,
        longest=600,
        help_text=_("With tax number and whatever else the law wants there."),
    )
    accent = forms.CharField(
        label=_("Your colour"), max_length=7, widget=forms.TextInput(attrs={"type": "color"})
    )
    logo = forms.FileField(
        required=False,
        label=_("Your logo"),
        help_text=_("PNG or JPEG; it stands on white."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
    )
    remove_logo = forms.BooleanField(required=False, label=_("Remove the logo"))
    currency = forms.ChoiceField(choices=_CURRENCIES, label=_("Currency"))
    markup = _percent(
        _("Markup on products (%)"), MOST_MARKUP, help_text=_("Clients see prices that include it.")
    )
    tax_name = forms.CharField(required=False, max_length=20, label=_("What the tax is called"))
    tax = _percent(_("Tax (%)"), 100)
    valid_days = forms.IntegerField(min_value=1, max_value=365, label=_("Valid for so many days"))
    terms = _text(_("Terms"), 8)

    def clean_accent(self) -> str:
        """As #rrggbb."""
        colour = self.cleaned_data["accent"].lower()
        if not re.fullmatch(r"#[0-9a-f]{6}", colour):
            raise forms.ValidationError(_("A colour is written like #24584a."))
        return str(colour)


class ProposalForm(forms.Form):
    """Texts and amounts of a draft."""

    title = forms.CharField(max_length=120, label=_("Title"))
    client_name = forms.CharField(required=False, max_length=120, label=_("Client"))
    client_email = forms.EmailField(required=False, label=_("The client’s e-mail"))
    introduction = _text(_("Introduction"), 5)
    language = forms.ChoiceField(choices=settings.LANGUAGES, label=_("Language of the proposal"))
    currency = forms.ChoiceField(choices=_CURRENCIES, label=_("Currency"))
    markup = _percent(_("Markup on products (%)"), MOST_MARKUP)
    show_markup = forms.BooleanField(
        required=False,
        label=_("Show the markup to the client"),
        help_text=_("Off: it is part of the prices, and nobody outside the team reads of it."),
    )
    tax_name = forms.CharField(required=False, max_length=20, label=_("What the tax is called"))
    tax = _percent(_("Tax (%)"), 100)
    valid_until = forms.DateField(
        label=_("Valid until"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    terms = _text(_("Terms"), 8)


class FreeLineForm(forms.Form):
    """A line that is no product."""

    name = forms.CharField(
        max_length=160, label=_("What"), widget=forms.TextInput(attrs={"placeholder": _("Design fee")})
    )
    details = forms.CharField(required=False, max_length=300, label=_("Details"))
    quantity = _quantity()
    unit_price = _unit_price()


class LineForm(FreeLineForm):
    """A line that is there."""

    field_order = ("name", "details", "quantity", "unit_price", "markup", "remove")
    markup = _percent(_("Markup (%)"), MOST_MARKUP, required=False)
    remove = forms.BooleanField(required=False, label=_("Take it out"))


class AnswerForm(forms.Form):
    """Who answers."""

    name = forms.CharField(
        max_length=120, label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(label=_("Your e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class AcceptForm(AnswerForm):
    """Yes."""

    agreed = forms.BooleanField(
        label=_("I accept this proposal, its prices and its terms."),
        error_messages={"required": _("Tick this to accept the proposal.")},
    )


class DeclineForm(AnswerForm):
    """No, and why."""

    reason = forms.CharField(
        max_length=1000,
        label=_("What should be different?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a word why, so that a better proposal can be made.")},
    )
