"""Where pictures come from and what was made of them: the version tree. Reads only.

A tree is loaded whole, in a number of queries that does not depend on its size, and laid out flat: templates walk it
without recursion, however deep it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import connection

from accounts.models import Organization
from generations.gallery import for_cards
from generations.models import Generation, Picture
from generations.models.generation import GenerationQuerySet
from projects.models import Photo, Room

MOST = 500  # generations of one tree; the newest are shown
DEEPEST = 40  # levels of nested lists; what is deeper stands on the last one


@dataclass(frozen=True)
class Step:
    """One thing to write: the beginning or the end of a list of versions, or a version itself."""

    kind: Literal["open", "close", "end", "version"]
    generation: Generation | None = None
    from_picture: int = 0  # which picture of the version before it was made from, if that has several


@dataclass(frozen=True)
class Branch:
    """A photo and everything made from it; no photo: what hangs on nothing that is shown."""

    photo: Photo | None
    steps: Sequence[Step]
    versions: int


@dataclass(frozen=True)
class Tree:
    """The version tree of a room, or of one generation."""

    branches: Sequence[Branch]
    versions: int
    is_cut: bool  # there are more than MOST


# From a generation up to where it began, then down to all that came of the same photo.
_FAMILY = """
    WITH RECURSIVE up (id, parent_id, photo_id, depth) AS (
        SELECT id, parent_id, photo_id, 0 FROM generations_generation
        WHERE organization_id = %(organization)s AND id = %(generation)s
        UNION ALL
        SELECT g.id, g.parent_id, g.photo_id, up.depth + 1
        FROM up
        JOIN generations_picture p ON p.id = up.parent_id AND p.organization_id = %(organization)s
        JOIN generations_generation g ON g.id = p.generation_id AND g.organization_id = %(organization)s
        WHERE up.depth < 1000
    )
"""
_DOWN = """
    , down (id) AS (
        SELECT g.id FROM generations_generation g
        WHERE g.organization_id = %(organization)s AND g.photo_id = (SELECT photo_id FROM up WHERE photo_id IS NOT NULL)
        UNION
        SELECT child.id
        FROM down
        JOIN generations_picture p ON p.generation_id = down.id AND p.organization_id = %(organization)s
        JOIN generations_generation child ON child.parent_id = p.id AND child.organization_id = %(organization)s
    )
    SELECT id FROM down ORDER BY id DESC LIMIT %(most)s
"""
# The same way up for many at once.
_ROOTS = """
    WITH RECURSIVE up (start, parent_id, photo_id, depth) AS (
        SELECT id, parent_id, photo_id, 0 FROM generations_generation
        WHERE organization_id = %(organization)s AND id = ANY(%(generations)s)
        UNION ALL
        SELECT up.start, g.parent_id, g.photo_id, up.depth + 1
        FROM up
        JOIN generations_picture p ON p.id = up.parent_id AND p.organization_id = %(organization)s
        JOIN generations_generation g ON g.id = p.generation_id AND g.organization_id = %(organization)s
        WHERE up.depth < 1000
    )
    SELECT start, photo_id FROM up WHERE photo_id IS NOT NULL
"""
_ROOT = " SELECT photo_id FROM up WHERE photo_id IS NOT NULL"


def tree_of_room(*, room: Room) -> Tree:
    """Photos of the room, what was made of each, and what was made of that."""
    organization = room.organization
    rows = Generation.objects.of(organization).filter(room=room)
    photos = Photo.objects.of(organization).of_rooms().filter(room=room).order_by("-pk")
    return _laid_out(rows, list(photos))


def tree_of(*, generation: Generation) -> Tree:
    """Everything made from the photo that this generation began with."""
    organization = generation.organization
    ids = _ids(_FAMILY + _DOWN, organization, generation, most=MOST + 1)
    return _laid_out(Generation.objects.of(organization).filter(pk__in=ids), [])


def first_photo(*, generation: Generation) -> Photo | None:
    """The photo at the root of its tree, whatever became of it."""
    ids = _ids(_FAMILY + _ROOT, generation.organization, generation)
    found: Photo | None = Photo.objects.of(generation.organization).filter(pk__in=ids).first()
    return found


def first_photos(*, organization: Organization, generations: Sequence[int]) -> dict[int, int]:
    """The photo (its key) at the root of each of these generations (keys), in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_ROOTS, {"organization": organization.pk, "generations": list(generations)})
        return dict(cursor.fetchall())


def _ids(sql: str, organization: Organization, generation: Generation, **more: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"organization": organization.pk, "generation": generation.pk, **more})
        return [row[0] for row in cursor.fetchall()]


def _laid_out(rows: GenerationQuerySet, photos: list[Photo]) -> Tree:
    newest = list(for_cards(rows).order_by("-pk")[: MOST + 1])
    shown = _without_bare_ends(newest[:MOST])
    made_in = {picture.pk: one.pk for one in shown for picture in one.pictures.all()}
    children: dict[int, list[Generation]] = defaultdict(list)
    roots: dict[int | None, list[Generation]] = defaultdict(list)
    for one in reversed(shown):  # oldest first, as they came to be
        if one.parent_id in made_in:
            children[made_in[one.parent_id]].append(one)
        else:
            roots[one.photo_id].append(one)
    known = {photo.pk: photo for photo in photos} | {one.photo_id: one.photo for one in shown if one.photo}
    branches = [_branch(known.get(pk) if pk else None, tops, children) for pk, tops in roots.items()]
    branches += [Branch(photo, (), 0) for photo in photos if photo.pk not in roots]
    return Tree(branches, sum(branch.versions for branch in branches), is_cut=len(newest) > MOST)


def _without_bare_ends(newest_first: list[Generation]) -> list[Generation]:
    """Without deleted ones that nothing living hangs on: children are younger, so they are seen before."""
    needed: set[int] = set()
    kept = []
    for one in newest_first:
        if one.deleted_at is None or any(picture.pk in needed for picture in one.pictures.all()):
            kept.append(one)
            needed.add(one.parent_id or 0)
    return kept


def _branch(photo: Photo | None, tops: list[Generation], children: dict[int, list[Generation]]) -> Branch:
    steps = list(_walk(tops, children))
    return Branch(photo, steps, sum(step.kind == "version" for step in steps))


def _walk(tops: list[Generation], children: dict[int, list[Generation]]) -> Iterator[Step]:
    """Depth first with a stack of our own: a chain of a thousand versions is no recursion of a thousand calls."""
    yield Step("open")
    stack = [_versions(tops, {})]
    while stack:
        if not stack[-1]:
            stack.pop()
            yield Step("close")
            if stack:
                yield Step("end")
            continue
        step = stack[-1].pop()
        yield step
        assert step.generation is not None  # noqa: S101 — all in the stack are versions
        below = _versions(children.get(step.generation.pk, []), _numbers(step.generation))
        if below and len(stack) < DEEPEST:
            yield Step("open")
            stack.append(below)
        else:
            yield Step("end")
            stack[-1] += below


def _versions(generations: list[Generation], numbers: dict[int, int]) -> list[Step]:
    """The last first: they are taken from the end."""
    return [Step("version", one, numbers.get(one.parent_id or 0, 0)) for one in reversed(generations)]


def _numbers(generation: Generation) -> dict[int, int]:
    """Which number each picture has, where there are several to tell apart."""
    pictures: list[Picture] = list(generation.pictures.all())
    return {picture.pk: picture.position + 1 for picture in pictures} if len(pictures) > 1 else {}
