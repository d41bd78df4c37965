"""Forms check text; they never save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.models import Client, Project, Room, Status


class ClientForm(forms.Form):
    """A new client."""

    name = forms.CharField(max_length=120, label=_("Name"))
    email = forms.EmailField(required=False, label=_("E-mail"))
    phone = forms.CharField(max_length=40, required=False, label=_("Phone"))
    address = forms.CharField(max_length=240, required=False, label=_("Address"))
    notes = forms.CharField(
        required=False, max_length=10_000, label=_("Notes"), widget=forms.Textarea(attrs={"rows": 3})
    )


class ClientChangeForm(ClientForm):
    """All about a client, their brand too."""

    brand_name = forms.CharField(
        max_length=120,
        required=False,
        label=_("Name on what they see"),
        help_text=_("Left empty, it is the name above."),
    )
    accent = forms.CharField(
        max_length=7,
        required=False,
        label=_("Colour"),
        help_text=_("Like #24584a. It has to be dark enough to be read on white."),
        widget=forms.TextInput(attrs={"placeholder": "#24584a", "spellcheck": "false"}),
    )
    logo = forms.FileField(
        required=False,
        label=_("Logo"),
        help_text=_("A PNG with nothing behind it looks best."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    remove_logo = forms.BooleanField(required=False, label=_("Without a logo"))


class BrandForm(forms.Form):
    """How a workspace looks to its clients."""

    colour = forms.CharField(
        max_length=7,
        required=False,
        label=_("Colour"),
        help_text=_("Like #24584a. It has to be dark enough to be read on white."),
        widget=forms.TextInput(attrs={"placeholder": "#24584a", "spellcheck": "false"}),
    )
    logo = forms.FileField(
        required=False,
        label=_("Logo"),
        help_text=_("A PNG with nothing behind it looks best."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    remove_logo = forms.BooleanField(required=False, label=_("Without a logo"))
    sender_name = forms.CharField(
        max_length=120,
        required=False,
        label=_("Name on mails"),
        help_text=_("Left empty, it is the name of the workspace."),
    )
    reply_to = forms.EmailField(
        required=False,
        label=_("Answers go to"),
        help_text=_("Left empty, they go to whoever of you sent the mail."),
    )


class DomainForm(forms.Form):
    """A host name of one's own."""

    host = forms.CharField(
        max_length=300,
        label=_("Host name"),
        widget=forms.TextInput(
            attrs={"placeholder": "rooms.example.com", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )


class _OfClientForm(forms.Form):
    """The clients to choose from are those of the workspace."""

    client = forms.ModelChoiceField(
        Client.objects.none(),
        required=False,
        to_field_name="public_id",
        label=_("Client"),
        empty_label=_("No client"),
    )

    def __init__(self, *args: Any, clients: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]


class ProjectForm(_OfClientForm):
    """A project."""

    field_order = ("name", "client", "address", "deadline")
    name = forms.CharField(max_length=120, label=_("Name"))
    address = forms.CharField(max_length=240, required=False, label=_("Address"))
    deadline = forms.DateField(
        required=False,
        label=_("Deadline"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class CopyForm(forms.Form):
    """A project once more."""

    name = forms.CharField(max_length=120, label=_("Name of the copy"))
    with_photos = forms.BooleanField(required=False, initial=True, label=_("With the photos of its rooms"))


class StatusForm(forms.Form):
    """How far a project is."""

    status = forms.ChoiceField(choices=Status, label=_("Status"))


SORTS = {
    "new": (_("Newest first"), ("-pk",)),
    "name": (_("Name"), ("name", "pk")),
    "deadline": (_("Deadline"), ("deadline", "pk")),
    "client": (_("Whom they are for"), ("client__name", "name", "pk")),
}


class ProjectFilterForm(_OfClientForm):
    """Which projects are shown, and how."""

    q = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=[("", _("Any")), *Status.choices])
    sort = forms.ChoiceField(required=False, choices=[(key, words) for key, (words, _) in SORTS.items()])
    archived = forms.BooleanField(required=False)


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


class RoomChangeForm(RoomForm):
    """A room, which may go to another project."""

    project = forms.ModelChoiceField(
        Project.objects.none(), to_field_name="public_id", label=_("Project"), empty_label=None
    )

    def __init__(self, *args: Any, projects: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]


class _RoomChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs alone
    def label_from_instance(self, obj: Room) -> str:
        """With its project."""
        return f"{obj.project.name} · {obj.name}"


class PhotoChangeForm(forms.Form):
    """A photo, which may go to another room."""

    name = forms.CharField(max_length=120, required=False, label=_("What it shows"))
    room = _RoomChoice(Room.objects.none(), to_field_name="public_id", label=_("Room"), empty_label=None)

    def __init__(self, *args: Any, rooms: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["room"].queryset = rooms  # type: ignore[attr-defined]


class PlaceForm(forms.Form):
    """Where something shall stand among its like: before another one, at the end (""), or so many places further."""

    before = forms.CharField(required=False, max_length=40)
    by = forms.IntegerField(required=False, min_value=-1000, max_value=1000)
