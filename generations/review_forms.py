"""Forms of review rooms check text; they never save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models import Decision
from generations.models.review import MOST_ROUNDS
from generations.review_links import USUAL_DAYS
from generations.review_rooms import Terms

DAYS = (7, 14, 30, 90, 365)
SWITCHES = ("show_prices", "show_budget", "show_product_links", "show_versions", "allow_downloads")


class LinkForm(forms.Form):
    """How long a link works, and to whom it is mailed."""

    days = forms.TypedChoiceField(coerce=int, initial=USUAL_DAYS, label=_("The link works"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days: Any = self.fields["days"]
        days.choices = [(number, gettext("for %(n)d days") % {"n": number}) for number in DAYS]


class SendForm(LinkForm):
    """A link mailed to somebody."""

    to = forms.EmailField(label=_("E-mail"))
    field_order = ("to", "days")


class TermsForm(forms.Form):
    """What a room says and what the client may see."""

    title = forms.CharField(max_length=120, label=_("Title"))
    message = forms.CharField(
        required=False,
        max_length=4000,
        label=_("Message to the client"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    max_rounds = forms.IntegerField(
        min_value=1, max_value=MOST_ROUNDS, initial=2, label=_("Rounds that are agreed")
    )
    pin = forms.CharField(
        required=False,
        min_length=4,
        max_length=12,
        label=_("PIN"),
        help_text=_("4 to 12 digits that open the link. Tell it in another way than the link."),
        validators=[RegexValidator(r"\A[0-9]+\Z", _("Digits only."))],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    show_prices = forms.BooleanField(required=False, label=_("Prices of the furniture"))
    show_budget = forms.BooleanField(required=False, label=_("What the furniture costs in all"))
    show_product_links = forms.BooleanField(required=False, label=_("Links to where the furniture is sold"))
    show_versions = forms.BooleanField(required=False, label=_("Versions of earlier rounds"))
    allow_downloads = forms.BooleanField(required=False, label=_("Downloads of the pictures"))

    @property
    def terms(self) -> Terms:
        """What was entered."""
        fields = ("title", "message", "max_rounds", *SWITCHES)
        return Terms(**{name: self.cleaned_data[name] for name in fields})

    @property
    def texts(self) -> list[forms.BoundField]:
        """The fields above the switches."""
        return [self[name] for name in self.fields if name not in SWITCHES]

    @property
    def switches(self) -> list[forms.BoundField]:
        """What the client may see and do."""
        return [self[name] for name in SWITCHES]


class RoomForm(TermsForm, LinkForm):
    """A new room with its first link."""

    field_order = ("title", "message", "max_rounds", "days", "pin", *SWITCHES)


class SettingsForm(TermsForm):
    """The terms of a room that is there."""

    drops_pin = forms.BooleanField(required=False, label=_("Ask for no PIN any more"))
    field_order = ("title", "message", "max_rounds", "pin", "drops_pin", *SWITCHES)


class AnswerForm(forms.Form):
    """A member's reply."""

    text = forms.CharField(max_length=2000, label=_("Answer"))


class GuestForm(forms.Form):
    """Who a reviewer is; asked once."""

    name = forms.CharField(max_length=120, label=_("Your name"))
    email = forms.EmailField(label=_("Your e-mail"))


class DecisionForm(forms.Form):
    """A decision about a picture, or about the piece at a position in it."""

    outcome = forms.ChoiceField(
        choices=Decision.Outcome.choices,
        error_messages={"required": _("Choose approve, maybe or decline.")},
    )
    reason = forms.CharField(required=False, max_length=1000)
    piece = forms.IntegerField(required=False, min_value=0, max_value=9)


class CommentForm(forms.Form):
    """A comment; `x` and `y` in percent of the picture, both or none."""

    text = forms.CharField(max_length=2000, error_messages={"required": _("Write something first.")})
    x = forms.FloatField(required=False, min_value=0, max_value=100)
    y = forms.FloatField(required=False, min_value=0, max_value=100)
    parent = forms.CharField(required=False, max_length=40)

    @property
    def at(self) -> tuple[float, float] | None:
        """The place, in fractions."""
        x, y = self.cleaned_data["x"], self.cleaned_data["y"]
        return None if x is None or y is None else (x / 100, y / 100)
