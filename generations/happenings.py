"""What happens to pictures, as it is called in feeds; imported by `ready()`."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.activity import Kind
from accounts.models import Event


def room_set_page(event: Event) -> str:
    """Where the set is."""
    return reverse("room-set", args=[event.organization.public_id, event.subject])


for _name, _words in (
    ("room_set.started", _("%(who)s started “%(name)s” over %(photos)s photos")),
    ("room_set.finished", _("“%(name)s” is finished: %(done)s of %(photos)s photos have their pictures")),
):
    activity.register(_name, Kind(_words, room_set_page))
