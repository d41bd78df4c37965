"""Forms check text; they never save."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as now_translated
from django.utils.translation import gettext_lazy as _

from billing import plans
from billing.models import MOST_CAP
from billing.plans import money
from billing.statement import LABELS, Filters

_MONTH = RegexValidator(r"^20\d\d-(0[1-9]|1[0-2])\Z", _("A month is written like 2026-11."))
_LABEL = RegexValidator(
    rf"^({'|'.join(LABELS)}):[A-Za-z0-9_]{{1,100}}\Z",
    _("A label is written like room:room_… (or project:…, client:…)."),
)


def _packs() -> list[tuple[str, str]]:
    offers = [
        (
            pack.key,
            now_translated("%(credits)s credits for %(price)s")
            % {"credits": pack.credits, "price": money(pack.price)},
        )
        for pack in plans.PACKS.values()
    ]
    return [("", now_translated("Nothing")), *offers]


class FilterForm(forms.Form):
    """Which lines of a statement."""

    month = forms.CharField(required=False, validators=[_MONTH])
    by = forms.CharField(required=False, max_length=254)
    label = forms.CharField(required=False, validators=[_LABEL])

    def clean_month(self) -> date | None:
        """Its first day."""
        text = self.cleaned_data["month"]
        try:
            return date(int(text[:4]), int(text[5:]), 1) if text else None
        except ValueError as error:  # pragma: no cover — the pattern lets none through
            raise ValidationError(str(_MONTH.message)) from error

    @property
    def filters(self) -> Filters:
        """After `is_valid`."""
        data: dict[str, Any] = self.cleaned_data
        return Filters(month=data["month"], by=data["by"], label=data["label"])


class BudgetForm(forms.Form):
    """A budget for one key; an empty cap removes it."""

    key = forms.CharField(max_length=120)
    cap = forms.IntegerField(required=False, min_value=0, max_value=MOST_CAP, label=_("Credits"))
    kind = forms.ChoiceField(
        required=False, label=_("Counted"), choices=[("month", _("a month")), ("total", _("altogether"))]
    )


class TopupForm(forms.Form):
    """When to tell that credits run low, and whether to buy some then. Money is asked for in whole units."""

    low_below = forms.IntegerField(
        min_value=0,
        max_value=1_000_000,
        label=_("Tell us below"),
        help_text=_("A mail when there are fewer credits; 0 for none."),
    )
    topup_pack = forms.ChoiceField(
        required=False,
        label=_("Buy automatically"),
        choices=_packs,
    )
    topup_below = forms.IntegerField(
        min_value=0, max_value=1_000_000, required=False, label=_("when there are fewer credits than")
    )
    topup_monthly_cap = forms.IntegerField(
        min_value=0,
        max_value=1_000_000,
        required=False,
        label=_("but for at most so many dollars a month"),
    )

    @property
    def wishes(self) -> dict[str, Any]:
        """After `is_valid`: what `topups.save_settings` takes."""
        data = self.cleaned_data
        return {
            "low_below": data["low_below"],
            "topup_pack": data["topup_pack"],
            "topup_below": data["topup_below"] or 0,
            "topup_monthly_cap": 100 * (data["topup_monthly_cap"] or 0),
        }
