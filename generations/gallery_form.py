"""The filters of the gallery: whatever is wrong in an address narrows nothing and is said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.converters import id_or_nothing
from generations.gallery import Choices, Wanted

_STATES = [
    ("", _("All")),
    ("ready", _("Ready")),
    ("making", _("Being made")),
    ("failed", _("Failed")),
    ("canceled", _("Canceled")),
]
_TESTS = [("", _("Shown")), ("without", _("Left out")), ("only", _("Test data only"))]
_ENGINES = [("", _("Both")), ("photoreal", _("Photorealistic")), ("preview", _("Preview sketch"))]


class GalleryForm(forms.Form):
    """Read from the query string."""

    q = forms.CharField(
        label=_("Words of the prompt"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"type": "search"}),
    )
    starred = forms.BooleanField(label=_("Favourites only"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False, choices=_STATES)
    place = forms.ChoiceField(label=_("Room or project"), required=False)
    engine = forms.ChoiceField(label=_("Made as"), required=False, choices=_ENGINES)
    test = forms.ChoiceField(label=_("Test data"), required=False, choices=_TESTS)
    person = forms.ChoiceField(label=_("Asked for by"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, choices: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # An older room than are offered, or a person who left, may stand in an address: it is kept as it is.
        place, person = id_or_nothing(self.data.get("place")), self.data.get("person", "").replace("\0", "")
        rooms = [(room.public_id, f"{room.name} · {room.project.name}") for room in choices.rooms]
        projects = [(project.public_id, project.name) for project in choices.projects]
        known = {key for key, _name in (*rooms, *projects)}
        self.fields["place"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            (_("Rooms"), rooms),
            (_("Projects"), projects),
            *([(place, place)] if place and place not in known else []),
        ]
        people = [*choices.people, *([person] if person and person not in choices.people else [])]
        self.fields["person"].choices = [("", _("Everybody")), *((one, one) for one in people)]  # type: ignore[attr-defined]

    def wanted(self) -> Wanted:
        """What is left of it without what is wrong."""
        self.is_valid()
        clean = self.cleaned_data
        return Wanted(
            words=clean.get("q", ""),
            state=clean.get("state", ""),
            place=clean.get("place", ""),
            starred=clean.get("starred", False),
            engine=clean.get("engine", ""),
            test=clean.get("test", ""),
            person=clean.get("person", ""),
            since=clean.get("since"),
            until=clean.get("until"),
        )

    def query(self) -> dict[str, str]:
        """What an address needs to say the same, in short."""
        self.is_valid()
        return {name: str(value) for name, value in self.cleaned_data.items() if value}
