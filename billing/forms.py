"""Forms check text; they never save."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from billing.models import MOST_CAP
from billing.statement import LABELS, Filters

_MONTH = RegexValidator(r"^20\d\d-(0[1-9]|1[0-2])\Z", "A month is written like 2026-11.")
_LABEL = RegexValidator(
    rf"^({'|'.join(LABELS)}):[A-Za-z0-9_]{{1,100}}\Z",
    "A label is written like room:room_… (or project:…, client:…).",
)


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
    cap = forms.IntegerField(required=False, min_value=0, max_value=MOST_CAP, label="Credits a month")
