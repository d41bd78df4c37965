"""Forms check text; they never save."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Role, User


class ApiKeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(
        max_length=60, label=_("Name"), help_text=_("What will use this key, for example “Website”.")
    )
    kind = forms.ChoiceField(
        choices=[
            ("live", _("Live: makes real pictures and spends credits")),
            ("test", _("Test: free previews")),
        ],
        initial="live",
        widget=forms.RadioSelect,
        label=_("Kind"),
    )


ROLE_WORDS = {
    Role.OWNER: _("Everything, and decides over the workspace itself"),
    Role.ADMIN: _("Everything but owners and the end of the workspace: members, keys, budgets, plan"),
    Role.DESIGNER: _("Makes pictures, works on clients and projects"),
    Role.VIEWER: _("Looks at everything and spends nothing"),
}


class InviteForm(forms.Form):
    """Whom to ask in."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(
        choices=[(role.value, role.label) for role in Role if role != Role.OWNER],
        initial=Role.DESIGNER.value,
        label=_("Role"),
    )


class RoleForm(forms.Form):
    """What a member shall be."""

    role = forms.ChoiceField(choices=Role.choices, label=_("Role"))


class WorkspaceForm(forms.Form):
    """What a workspace is called."""

    name = forms.CharField(max_length=120, label=_("Name"))


class JoinForm(forms.Form):
    """A new person's account; the address is known."""

    name = forms.CharField(
        max_length=120,
        required=False,
        label=_("Your name"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters, and nothing that everybody uses."),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean_password(self) -> str:
        """By the rules of sign-up."""
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self._email))
        return password


class ProfileForm(forms.Form):
    """Who a person is."""

    name = forms.CharField(
        max_length=120,
        required=False,
        label=_("Your name"),
        help_text=_("The others in your workspaces see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        choices=[("", _("As the browser says")), *settings.LANGUAGES], required=False, label=_("Language")
    )
    wants_news = forms.BooleanField(required=False, label=_("Mail me news about Roomwright, now and then"))


class WishesForm(forms.Form):
    """What a member wants to be told by mail."""

    mail_mentions = forms.BooleanField(
        required=False, label=_("Somebody mentions me"), help_text=_("At once, with the note.")
    )
    mail_assigned = forms.BooleanField(
        required=False, label=_("I am put on a project"), help_text=_("At once.")
    )
    mail_proposals = forms.BooleanField(
        required=False,
        label=_("A client accepts or declines a proposal"),
        help_text=_("At once: of projects that you are on, and proposals that you sent."),
    )
    mail_ready = forms.BooleanField(
        required=False,
        label=_("A picture is ready"),
        help_text=_("Only when you have left its page, a minute after it was done."),
    )
    mail_failed = forms.BooleanField(
        required=False,
        label=_("A picture failed"),
        help_text=_("Only when you have left its page. Its credits are back by then."),
    )
    mail_weekly = forms.BooleanField(
        required=False,
        label=_("The week in this workspace"),
        help_text=_(
            "On Mondays: pictures, projects, what waits for a client. Nothing when nothing happened."
        ),
    )
    mail_budgets = forms.BooleanField(
        required=False,
        label=_("Budgets and a balance that runs low"),
        help_text=_("Goes to owners and admins."),
    )
    mail_reviews = forms.BooleanField(
        required=False,
        label=_("What clients do in review rooms"),
        help_text=_("Goes to designers, admins and owners, and to who made the room."),
    )


class DeleteForm(forms.Form):
    """The end of a workspace, by its name."""

    name = forms.CharField(
        max_length=200,
        label=_("Type the name of the workspace"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CloseForm(forms.Form):
    """The end of an account, by its address."""

    email = forms.CharField(
        max_length=254,
        label=_("Type the e-mail address of this account"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class AuditForm(forms.Form):
    """What of the audit log is wanted."""

    who = forms.ChoiceField(required=False, label=_("Person"))
    kind = forms.ChoiceField(
        required=False, label=_("What"), choices=[("", _("Everything")), *audit.KINDS.items()]
    )
    first = forms.DateField(
        required=False, label=_("From"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last = forms.DateField(
        required=False, label=_("Until"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who: Any = self.fields["who"]
        who.choices = [("", _("Everybody")), *((str(person.pk), person.email) for person in people)]
