"""Finding pictures again: filters, words of the prompt, page after page. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import connection
from django.db.models import Prefetch, Q

from accounts.models import Membership, Organization, User
from generations.models import Generation, Picture, PromptWord, State
from generations.models.generation import NOT_ENDED, GenerationQuerySet
from projects.models import Project, Room

PAGE = 24
RARE = 2_000  # pictures: a word with no more of them is rare
MAX_WORDS = 8  # of a search; what is more narrows no further
ROOMS_OFFERED = 300  # newest first; older ones are found through their project
_BEYOND = "\U0010ffff"  # sorts after every word that begins so

# What the state filter offers; several states of the row may be one word to a person.
STATES: dict[str, Q] = {
    "ready": Q(state=State.SUCCEEDED),
    "making": Q(state__in=NOT_ENDED),
    "failed": Q(state=State.FAILED),
    "canceled": Q(state=State.CANCELED),
}

_MADE_AS = {"": Q(), "preview": Q(engine="preview"), "photoreal": ~Q(engine="preview")}
_TESTS = {"": Q(), "only": Q(is_test=True), "without": Q(is_test=False)}


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; every part that is empty narrows nothing."""

    words: str = ""
    state: str = ""  # a key of STATES
    place: str = ""  # public id of a room or a project
    starred: bool = False
    engine: str = ""  # "preview" or "photoreal"
    test: str = ""  # "only" what test keys have made, or all "without" it
    client: str = ""  # public id
    mode: str = ""
    style: str = ""
    person: str = ""  # e-mail
    since: date | None = None
    until: date | None = None  # the last day that counts

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return self != Wanted()


@dataclass(frozen=True)
class Page:
    """Some generations, newest first; `next` is the id after which the next page begins, "" at the end."""

    generations: Sequence[Generation]
    next: str


def for_cards(generations: GenerationQuerySet) -> GenerationQuerySet:
    """With all that parts/picture_card.html shows, in one query for the generations and one for their pictures."""
    pictures = Picture.objects.order_by("position")
    return generations.select_related("photo").prefetch_related(Prefetch("pictures", pictures))


def page_of(*, organization: Organization, wanted: Wanted, after: str = "", size: int = PAGE) -> Page:
    """One page, newest first, beginning after the generation `after`; from the newest for an id that is none.

    A number of queries that does not depend on how many rows there are, and no OFFSET.
    """
    kept = Generation.objects.of(organization).kept()
    border = None
    if after:
        named = Generation.objects.of(organization).filter(public_id=after)
        border = named.values_list("pk", flat=True).first()
    if wanted == Wanted(starred=True):
        rows = kept.filter(pk__in=_newest_starred(organization, border, size + 1))
    else:
        rows = narrowed(kept, organization, wanted)
    if border is not None:
        rows = rows.filter(pk__lt=border)
    found = list(for_cards(rows).order_by("-pk")[: size + 1])
    more = len(found) > size
    return Page(found[:size], found[size - 1].public_id if more else "")


def _newest_starred(organization: Organization, border: int | None, size: int) -> list[int]:
    """Primary keys of the newest generations with a star, before `border`.

    Read in the order of their index: asked for in one, PostgreSQL looks through the whole history for stars.
    """
    stars = Picture.objects.of(organization).kept().starred()
    if border is not None:
        stars = stars.filter(generation__lt=border)
    keys = stars.order_by("-generation_id").values_list("generation_id", flat=True)
    return list(keys.distinct()[:size])


def narrowed(rows: GenerationQuerySet, organization: Organization, wanted: Wanted) -> GenerationQuerySet:
    """Those of the generations that are wanted; asked inside the workspace."""
    for word in _lexemes(wanted.words):
        rows = rows.filter(pk__in=_having(word, organization))
    if wanted.state:
        rows = rows.filter(STATES[wanted.state])
    rows = _in_place(rows, organization, wanted)
    if wanted.starred:
        starred = Picture.objects.of(organization).kept().starred()
        rows = rows.filter(pk__in=starred.values("generation_id"))
    rows = rows.filter(_MADE_AS[wanted.engine], _TESTS[wanted.test])
    chosen = {"mode": wanted.mode, "style": wanted.style}
    rows = rows.filter(**{name: value for name, value in chosen.items() if value})
    if wanted.person:
        person = User.objects.filter(email=wanted.person).values_list("pk", flat=True).first()
        rows = rows.filter(requested_by=person) if person else rows.none()
    if wanted.since:
        rows = rows.filter(created_at__gte=datetime.combine(wanted.since, time.min, UTC))
    if wanted.until:
        rows = rows.filter(created_at__lte=datetime.combine(wanted.until, time.max, UTC))
    return rows


def _having(word: str, organization: Organization) -> Any:
    """Primary keys of generations with a word that begins so: of a rare one themselves, else the query for them.

    PostgreSQL knows how many rows all words have on average, and not how many this one has: it would walk through a
    whole history to find the twenty-five pictures of a rare word.
    """
    words = PromptWord.objects.of(organization).filter(word__gte=word, word__lt=word + _BEYOND)
    query = words.order_by().values_list("generation_id", flat=True)
    found = list(query[: RARE + 1])
    return found if len(found) <= RARE else query


def _in_place(rows: GenerationQuerySet, organization: Organization, wanted: Wanted) -> GenerationQuerySet:
    """Of a room, a project, a client.

    Rooms are looked up first: with their keys written out, PostgreSQL knows how much of the history is theirs.
    """
    rooms = Room.objects.of(organization)
    if wanted.place.startswith("room_"):
        rooms = rooms.filter(public_id=wanted.place)
    elif wanted.place:
        rooms = rooms.filter(project__public_id=wanted.place)
    if wanted.client:
        rooms = rooms.filter(project__client__public_id=wanted.client)
    if wanted.place or wanted.client:
        keys = list(rooms.order_by("pk").values_list("pk", flat=True))
        rows = rows.filter(room=keys[0]) if len(keys) == 1 else rows.filter(room__in=keys)
    return rows


def _lexemes(text: str) -> list[str]:
    """The words of a search as the trigger writes those of a prompt."""
    if not text.strip():
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(to_tsvector('simple', %s))", [text[:400]])
        (words,) = cursor.fetchone()
    # Signs alone hold no word: nothing has them.
    return words[:MAX_WORDS] or [_BEYOND]


@dataclass(frozen=True)
class Choices:
    """What the filters offer."""

    rooms: Sequence[Room]
    projects: Sequence[Project]
    people: Sequence[str]


def choices_of(*, organization: Organization) -> Choices:
    """Rooms and projects of the workspace, and its members' addresses."""
    rooms = Room.objects.of(organization).select_related("project").order_by("-pk")[:ROOMS_OFFERED]
    projects = Project.objects.of(organization).order_by("-pk")[:ROOMS_OFFERED]
    people = Membership.objects.of(organization).order_by("user__email").values_list("user__email", flat=True)
    return Choices(list(rooms), list(projects), list(people))


def pictures_to_choose(
    *, organization: Organization, beside: Picture, wanted: Wanted, size: int = PAGE
) -> list[Picture]:
    """Pictures to compare `beside` with: of its room or its photo first, then the newest that are wanted."""
    rows = Picture.objects.of(organization).kept().exclude(pk=beside.pk)
    rows = rows.filter(generation__deleted_at=None).select_related("generation")
    made = beside.generation
    near = Q(generation=made) | Q(pk=made.parent_id) | Q(generation__parent=beside)
    if made.room_id:
        near |= Q(generation__room=made.room_id)
    if made.photo_id:
        near |= Q(generation__photo=made.photo_id)
    if wanted.is_narrow:
        some = narrowed(Generation.objects.of(organization).kept(), organization, wanted)
        return list(rows.filter(generation__in=some).order_by("-pk")[:size])
    first = list(rows.filter(near).order_by("-pk")[:size])
    others = rows.exclude(pk__in=[picture.pk for picture in first]).order_by("-pk")
    return first + list(others[: size - len(first)])


def has_any(*, organization: Organization) -> bool:
    """Whether the workspace has ever asked for a picture that it has not deleted."""
    return Generation.objects.of(organization).kept().exists()
