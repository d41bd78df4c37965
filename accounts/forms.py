"""Forms check text; they never save."""

from __future__ import annotations

from django import forms


class ApiKeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(
        max_length=60, label="Name", help_text="What will use this key, for example “Website”."
    )
    kind = forms.ChoiceField(
        choices=[("live", "Live: makes real pictures and spends credits"), ("test", "Test: free previews")],
        initial="live",
        widget=forms.RadioSelect,
        label="Kind",
    )
