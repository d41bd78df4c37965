"""The first picture of a new workspace: of our own sample room, by our own engine, free, once.

Nothing can be minted with it: the photo is ours, the engine is ours and costs nobody anything, and the database
takes one for each workspace (`generation_one_sample_per_workspace`).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import Organization, User
from generations import services
from generations.ask import Ask
from generations.models import ENDED, Generation, State
from projects.services import IncomingImage

PHOTO = "samples/room.jpg"
# What can be tried: an engine's style, its name for people, and what is asked for.
LOOKS = {
    "Japandi": (
        _("Japandi"),
        "Japandi living room with a light oak floor, a rug, white walls and warm light",
    ),
    "Scandinavian": (_("Scandinavian"), "Scandinavian, white walls, light oak floor, soft daylight"),
    "Mid-century": (_("Mid-century"), "Mid-century modern, walnut floor, sage green walls, soft daylight"),
}


class SampleUsed(Refusal):
    """The free sample of this workspace is used already. Try the studio with a photo of your own."""

    code, title, status = "sample_used", "Sample used", 409


def of_workspace(organization: Organization) -> Generation | None:
    """The sample that is being made or was made; asked inside the workspace. Deleted, it still counts."""
    failed = [state for state in ENDED if state != State.SUCCEEDED]
    rows = Generation.objects.of(organization).filter(is_sample=True).exclude(state__in=failed)
    found: Generation | None = rows.select_related("organization").first()
    return found


def request_sample(*, organization: Organization, look: str, by_user: User, now: datetime) -> Generation:
    """Have it made. Raises SampleUsed. Not inside a transaction."""
    with tenancy.enter(organization):
        if of_workspace(organization) is not None:
            raise SampleUsed
    _name, prompt = LOOKS.get(look, LOOKS["Japandi"])
    ask = Ask(prompt=prompt, style=look if look in LOOKS else "", image=IncomingImage(_photo(), name=PHOTO))
    try:
        generation, _new = services.request_generation(
            organization=organization, ask=ask, by_user=by_user, now=now, is_sample=True
        )
    except IntegrityError as error:
        if "generation_one_sample_per_workspace" in str(error):  # pressed twice in one moment
            raise SampleUsed from error
        raise
    return generation


def _photo() -> bytes:
    """Where it lies in a clone, or where `collectstatic` has put it."""
    found = finders.find(PHOTO)
    if isinstance(found, str):
        return Path(found).read_bytes()
    with staticfiles_storage.open(PHOTO) as kept:
        content: bytes = kept.read()
    return content
