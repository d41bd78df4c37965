"""What happens to projects and rooms, as it is called in feeds; imported by `ready()`."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.activity import Kind
from accounts.models import Event


def project_page(event: Event) -> str:
    """Where the project is."""
    return reverse("project", args=[event.organization.public_id, event.project]) if event.project else ""


for _name, _words in (
    ("project.created", _("%(who)s started the project %(name)s")),
    ("project.duplicated", _("%(who)s made the project %(name)s as a copy of %(original)s")),
    ("project.changed", _("%(who)s changed the project %(name)s")),
    ("project.status_changed", _("%(who)s moved %(name)s to “%(status)s”")),
    ("project.archived", _("%(who)s archived the project %(name)s")),
    ("project.restored", _("%(who)s took the project %(name)s out of the archive")),
    ("room.created", _("%(who)s added the room %(name)s")),
    ("room.moved", _("%(who)s moved the room %(name)s to another project")),
    ("room.deleted", _("%(who)s deleted the room %(name)s")),
):
    activity.register(_name, Kind(_words, project_page))
