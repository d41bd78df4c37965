"""Forms check text; they never save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.models import Client


class ClientForm(forms.Form):
    """A new client."""

    name = forms.CharField(max_length=120, label=_("Name"))
    email = forms.EmailField(required=False, label=_("E-mail"))
    notes = forms.CharField(required=False, label=_("Notes"), widget=forms.Textarea(attrs={"rows": 3}))


class ProjectForm(forms.Form):
    """A new project; the clients to choose from are those of the workspace."""

    name = forms.CharField(max_length=120, label=_("Name"))
    client = forms.ModelChoiceField(
        Client.objects.none(),
        required=False,
        to_field_name="public_id",
        label=_("Client"),
        empty_label=_("No client"),
    )
    address = forms.CharField(max_length=240, required=False, label=_("Address"))

    def __init__(self, *args: Any, clients: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]


class RoomForm(forms.Form):
    """A new room."""

    name = forms.CharField(max_length=120, label=_("Room name"))


class NoteForm(forms.Form):
    """A note to the others on a project."""

    text = forms.CharField(
        max_length=4000,
        label=_("A note to the team"),
        widget=forms.Textarea(attrs={"rows": 4, "id": "note-text"}),
    )
    mention = forms.CharField(
        max_length=254,
        required=False,
        label=_("Mention"),
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
    )
