"""Forms check text; they never save."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as now_translated
from django.utils.translation import gettext_lazy as _

from billing import pricing
from billing.pricing import LEVELS, MAX_VARIATIONS
from generations.ask import RESOLUTIONS
from generations.engines.preview.styles import STYLES
from generations.modes import MODES, USUAL, compose

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "DKK", "NOK", "PLN", "CAD", "AUD")
_LEVEL_NAMES = {"lite": _("Lite"), "quick": _("Quick"), "pro": _("Pro")}


def _levels() -> list[tuple[str, str]]:
    """Each with its price."""
    each = now_translated("%(name)s, %(credits)s credits a picture")
    return [
        (level, each % {"name": _LEVEL_NAMES[level], "credits": pricing.price(design_level=level)})
        for level in LEVELS
    ]


class KeyForm(forms.Form):
    """The hidden key makes a double click ask once; `agreed` is the price that stood on the button."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    agreed = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)


class PromptForm(KeyForm):
    """What should change."""

    prompt = forms.CharField(
        max_length=10_000,
        label=_("What should it look like?"),
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "placeholder": _("Scandinavian style with warm oak flooring and linen curtains"),
            }
        ),
    )


class PhotoForm(forms.Form):
    """A photo of a room."""

    photo = forms.FileField(
        label=_("A photo of the room"),
        help_text=_("JPEG, PNG, WebP or HEIC, up to 30 MB. The place where it was taken is removed."),
        error_messages={"required": _("Choose a photo first.")},
        widget=forms.FileInput(attrs={"accept": "image/*,.heic,.heif"}),
    )


class StudioForm(PhotoForm, PromptForm):
    """All that is chosen in the studio. No photo is needed where one was chosen before.

    `final` is the whole prompt where the person has edited it; else it is composed of mode, style and words.
    """

    field_order = ("photo", "prompt", "key")
    mode = forms.ChoiceField(required=False, choices=[(mode.key, mode.name) for mode in MODES.values()])
    style = forms.ChoiceField(
        required=False, choices=[("", _("No style")), *((style, style.capitalize()) for style in STYLES)]
    )
    keep_structure = forms.BooleanField(
        required=False,
        label=_("Keep walls, windows and doors"),
        help_text=_("The prompt asks the engine for it. The preview engine never moves them."),
    )
    final = forms.CharField(
        required=False,
        max_length=10_000,
        label=_("The prompt as it is sent"),
        help_text=_("It is made of what you chose above. Edit it if you want other words."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    resolution = forms.ChoiceField(
        required=False,
        label=_("Size"),
        choices=[("", _("As it comes")), *((each, each) for each in RESOLUTIONS)],
    )
    design_level = forms.ChoiceField(required=False, label=_("Level"), choices=_levels)
    variations = forms.ChoiceField(
        required=False,
        label=_("Variations"),
        choices=[(str(number), str(number)) for number in range(1, MAX_VARIATIONS + 1)],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["photo"].required = self.fields["prompt"].required = False
        for name, usual in (("keep_structure", True), ("design_level", "quick"), ("mode", USUAL)):
            self.initial.setdefault(name, usual)

    def clean(self) -> dict[str, Any]:
        """Something has to be asked for; the whole prompt is `prompt` in the end, the own words `words`."""
        data = super().clean() or {}
        chosen = {"mode": data.get("mode", ""), "style": data.get("style", "")}
        words = data.get("prompt", "")
        says_nothing = not (
            words or data.get("final") or chosen["style"] or chosen["mode"] not in ("", USUAL)
        )
        if says_nothing and "prompt" not in self.errors:
            self.add_error("prompt", _("Say how the room shall look, or choose a style."))
        keeps = bool(data.get("keep_structure"))
        data["words"] = words
        data["prompt"] = data.get("final") or compose(words=words, keep_structure=keeps, **chosen)
        data["design_level"] = data.get("design_level") or "quick"
        data["variations"] = int(data.get("variations") or 1)
        return data


class PlaceForm(forms.Form):
    """Where a person put one piece of furniture: fractions of the picture, and a size in percent of the usual."""

    x = forms.FloatField(min_value=0, max_value=1, required=False)
    y = forms.FloatField(min_value=0, max_value=1, required=False)
    scale = forms.IntegerField(min_value=25, max_value=400, required=False)


class ProductChangeForm(forms.Form):
    """Facts about a piece of furniture of the library."""

    name = forms.CharField(
        max_length=120, label=_("What it is"), widget=forms.TextInput(attrs={"placeholder": _("Sofa")})
    )
    price = forms.DecimalField(required=False, min_value=0, max_digits=10, decimal_places=2, label=_("Price"))
    currency = forms.ChoiceField(
        required=False, label=_("Currency"), choices=[(each, each) for each in CURRENCIES]
    )
    link = forms.URLField(required=False, max_length=2048, label=_("Where it is sold"), assume_scheme="https")

    def clean_currency(self) -> str:
        """The first where nothing was chosen."""
        return self.cleaned_data["currency"] or CURRENCIES[0]


class ProductForm(ProductChangeForm):
    """A new piece, with its photo."""

    field_order = ("photo",)
    photo = forms.FileField(
        label=_("A photo of it"),
        help_text=_("On a plain background it is lifted out best."),
        widget=forms.FileInput(attrs={"accept": "image/*,.heic,.heif"}),
    )


class RecipeForm(forms.Form):
    """The name of a look to be kept."""

    recipe_name = forms.CharField(max_length=120, label=_("Name of the recipe"))


class UpstreamKeyForm(forms.Form):
    """A MeltFlex key of the workspace's own; what was typed never comes back to the page."""

    key = forms.CharField(
        max_length=200,
        label=_("Your MeltFlex key"),
        help_text=_("From the account settings at MeltFlex. It is stored encrypted and never shown again."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
