"""Forms of deliveries and export profiles check text; they never save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.wording import in_words
from generations.drawing import Spec
from generations.models import ExportProfile
from generations.models.delivery import LEAST_SIDE, MOST_SIDE, Place
from generations.profiles import LABEL, Profile

DAYS = (7, 30, 90, 365)


class DeliveryForm(forms.Form):
    """What is handed over, how it looks, and who may open it."""

    title = forms.CharField(max_length=120, label=_("Title"))
    message = forms.CharField(
        required=False,
        max_length=1000,
        label=_("Message on its page"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    profile = forms.ChoiceField(label=_("Export profile"))
    has_link = forms.BooleanField(
        required=False, initial=True, label=_("Make a page with a link, for people without an account")
    )
    pin = forms.CharField(
        required=False,
        min_length=4,
        max_length=8,
        label=_("PIN"),
        help_text=_("4 to 8 digits that open the page. Tell it in another way than the link."),
        validators=[RegexValidator(r"\A[0-9]+\Z", _("Digits only."))],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        coerce=int, required=False, empty_value=None, label=_("The page works"), initial=30
    )
    has_watermark = forms.BooleanField(
        required=False, label=_("Show previews with a watermark, and give no file, until I release it")
    )
    is_confirmed = forms.BooleanField(
        required=False, label=_("Some of these were not approved in a review; deliver them all the same")
    )

    def __init__(self, *args: Any, profiles: list[Profile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["profile"]
        choices.choices = [(profile.key, in_words(profile.name)) for profile in profiles]
        days: Any = self.fields["days"]
        days.choices = [(number, gettext("for %(n)d days") % {"n": number}) for number in DAYS]
        days.choices = [*days.choices, ("", gettext("until I withdraw it"))]


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """A workspace's own profile."""

    label = forms.CharField(
        required=False,
        max_length=60,
        label=_("Label in the picture"),
        initial=LABEL,
        help_text=_("Empty for none."),
    )
    width = forms.IntegerField(
        required=False, min_value=LEAST_SIDE, max_value=MOST_SIDE, label=_("Width in pixels")
    )
    height = forms.IntegerField(
        required=False,
        min_value=LEAST_SIDE,
        max_value=MOST_SIDE,
        label=_("Height in pixels"),
        help_text=_("Leave both empty for the picture’s own size."),
    )

    class Meta:
        model = ExportProfile
        fields = (
            "name",
            "layout",
            "format",
            "width",
            "height",
            "fit",
            "label",
            "label_place",
            "qr",
            "qr_place",
            "caption",
            "with_original",
        )
        labels = {
            "name": _("Name"),
            "layout": _("Layout"),
            "format": _("Format"),
            "fit": _("Where the shape differs"),
            "label_place": _("Corner of the label"),
            "qr": _("QR code to the original in the picture"),
            "qr_place": _("Corner of the QR code"),
            "caption": _("A caption as a text file beside it"),
            "with_original": _("The unaltered photo as a file beside it"),
        }

    def profile(self) -> Profile:
        """What was asked for, once it is valid."""
        data = self.cleaned_data
        spec = Spec(
            layout=data["layout"],
            format=data["format"],
            width=data["width"] or 0,
            height=data["height"] or 0,
            fit=data["fit"],
            label=data["label"],
            label_place=data["label_place"] or Place.BOTTOM_LEFT,
            qr=data["qr"],
            qr_place=data["qr_place"] or Place.BOTTOM_RIGHT,
        )
        return Profile("", data["name"], spec, data["caption"], data["with_original"])

    def _post_clean(self) -> None:
        """The service checks the whole; its refusals name what to do."""
