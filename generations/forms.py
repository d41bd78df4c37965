"""Forms check text; they never save."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms


class PromptForm(forms.Form):
    """What should change. The hidden key makes a double click ask once."""

    prompt = forms.CharField(
        max_length=10_000,
        label="What should it look like?",
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": "Scandinavian style with warm oak flooring and linen curtains"}
        ),
    )
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)


class PhotoForm(forms.Form):
    """A photo of a room."""

    photo = forms.FileField(
        label="A photo of the room",
        help_text="JPEG, PNG, WebP or HEIC, up to 30 MB. The place where it was taken is removed.",
        error_messages={"required": "Choose a photo first."},
        widget=forms.FileInput(attrs={"accept": "image/*,.heic,.heif"}),
    )


class StudioForm(PhotoForm, PromptForm):
    """A photo and a prompt; no photo is needed where one was chosen already."""

    field_order = ("photo", "prompt", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["photo"].required = False


class UpstreamKeyForm(forms.Form):
    """A MeltFlex key of the workspace's own; what was typed never comes back to the page."""

    key = forms.CharField(
        max_length=200,
        label="Your MeltFlex key",
        help_text="From the account settings at MeltFlex. It is stored encrypted and never shown again.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
