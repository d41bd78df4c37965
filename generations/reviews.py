"""What clients decided, as others read it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Subquery

from generations.models import Decision, Picture, ReviewItem
from generations.models.picture import PictureQuerySet
from projects.models import Project


def approved_pictures(*, project: Project) -> PictureQuerySet:
    """The pictures of a project that were approved, oldest first; asked inside the workspace.

    What was last said about a picture counts, in whatever room; not what was said in a room where a newer version
    has taken its place. Later ends of the room or its link change nothing; a picture that was removed is left out.
    """
    organization = project.organization
    items = ReviewItem.objects.of(organization).current().filter(room__project=project)
    last = Decision.objects.of(organization).filter(
        item__in=items.filter(picture=OuterRef(OuterRef("pk"))), reference=None
    )
    pictures = Picture.objects.of(organization).kept()
    approved: PictureQuerySet = (
        pictures.filter(Exists(items.filter(picture=OuterRef("pk"))), generation__deleted_at=None)
        .alias(outcome=Subquery(last.order_by("-pk").values("outcome")[:1]))
        .filter(outcome=Decision.Outcome.APPROVED)
        .order_by("pk")
    )
    return approved


def declined_pieces(*, pictures: Iterable[Picture]) -> set[int]:
    """Which pieces of furniture (keys of GenerationReference) in these pictures of one workspace were declined last."""
    some = list(pictures)
    if not some:
        return set()
    rows = Decision.objects.of(some[0].organization).filter(item__picture__in=some, reference__isnull=False)
    last = rows.order_by("reference", "-pk").distinct("reference").values_list("reference", "outcome")
    return {reference for reference, outcome in last if outcome == Decision.Outcome.DECLINED}
