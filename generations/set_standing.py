"""How far a room set is. Reads only, inside the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch

from billing import pricing
from generations.models import Generation, Picture, RoomSet, State
from projects.models import Photo, Project


@dataclass(frozen=True)
class Standing:
    """How far a set is: the last generation of each photo, in the order of rooms and photos."""

    room_set: RoomSet
    generations: Sequence[Generation]

    def _in(self, *states: State) -> list[Generation]:
        return [each for each in self.generations if each.state in states]

    @property
    def done(self) -> int:
        """Photos with a picture."""
        return len(self._in(State.SUCCEEDED))

    @property
    def failed(self) -> list[Generation]:
        """What can be repeated: failed or cancelled, and its photo is there still."""
        ended = self._in(State.FAILED, State.CANCELED)
        return [
            each
            for each in ended
            if each.deleted_at is None and each.photo and each.photo.state != Photo.State.GONE
        ]

    @property
    def cancelable(self) -> list[Generation]:
        """What no engine works on yet."""
        return [each for each in self.generations if each.is_cancelable]

    @property
    def repeat_price(self) -> int:
        """Credits, of all that failed."""
        return sum(_price_of(each) for each in self.failed)

    @property
    def is_over(self) -> bool:
        """Nothing of it is to come."""
        return all(each.has_ended for each in self.generations)


def _price_of(generation: Generation) -> int:
    return pricing.price(design_level=generation.design_level, variations=generation.variations)


def standing(*, room_set: RoomSet) -> Standing:
    """Asked inside the workspace; three queries, however many photos."""
    rows = (
        Generation.objects.of(room_set.organization)
        .filter(room_set=room_set)
        .select_related("photo", "room", "organization")
        .prefetch_related(Prefetch("pictures", Picture.objects.order_by("position")))
        .order_by("room__position", "room", "photo__position", "photo", "set_round")
    )
    last: dict[int | None, Generation] = {row.photo_id: row for row in rows}
    return Standing(room_set, list(last.values()))


def sets_of(*, project: Project, most: int = 6) -> list[RoomSet]:
    """The newest of a project; asked inside the workspace."""
    rows = RoomSet.objects.of(project.organization).filter(project=project).select_related("requested_by")
    return list(rows.order_by("-pk")[:most])
