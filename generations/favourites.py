"""Favourites: a star on a picture, for everybody in the workspace."""

from __future__ import annotations

from datetime import datetime

from accounts import tenancy
from generations.models import Picture


def star(*, picture: Picture, starred: bool, now: datetime) -> Picture:
    """Set or take away the star. Said, not toggled: a double click is one. Returns the picture as it is then."""
    organization = picture.organization
    with tenancy.enter(organization):
        rows = Picture.objects.of(organization).filter(pk=picture.pk)
        if starred:
            rows.filter(starred_at=None).update(starred_at=now)
        else:
            rows.update(starred_at=None)
        picture.refresh_from_db(fields=["starred_at"], from_queryset=rows)
    return picture
