"""A review room as it is read: its pictures with what was decided and said about each. Reads only.

Loaded whole, in a number of queries that depends neither on its pictures nor on its comments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from generations.models import Comment, Decision, GenerationReference, ReviewItem, ReviewRoom
from projects.models import Product


@dataclass(frozen=True)
class Thread:
    """A comment with its answers; `number` is its pin's."""

    number: int
    comment: Comment
    replies: Sequence[Comment]

    @property
    def place(self) -> tuple[str, str] | None:
        """Where the pin is, in percent from the left and the top, as SVG wants it."""
        if self.comment.x is None or self.comment.y is None:
            return None
        return f"{100 * self.comment.x:.2f}%", f"{100 * self.comment.y:.2f}%"


@dataclass(frozen=True)
class Piece:
    """A piece of furniture in a picture."""

    position: int
    name: str
    thumbnail: str  # storage name; "" where there is none
    product: Product | None
    decision: Decision | None

    @property
    def file(self) -> str:
        """What its picture is called in addresses."""
        return f"piece_{self.position}"


@dataclass
class Shown:
    """A picture of the room."""

    item: ReviewItem
    number: int  # 1, 2, … of those that are to be decided; of an older version, that of the newest
    name: str  # the room in it
    decision: Decision | None
    history: Sequence[Decision]  # about the picture itself, newest first
    threads: Sequence[Thread]
    pieces: Sequence[Piece]
    versions: list[Shown] = field(default_factory=list)  # older ones, newest first

    @property
    def is_there(self) -> bool:
        """Whether its file is."""
        return self.item.picture.removed_at is None

    @property
    def is_approved(self) -> bool:
        """By the last word about it."""
        return self.decision is not None and self.decision.outcome == Decision.Outcome.APPROVED

    @property
    def open_threads(self) -> int:
        """Comments that nobody has settled."""
        return sum(thread.comment.resolved_at is None for thread in self.threads)

    @property
    def undecided_pieces(self) -> int:
        """Pieces without a word about them."""
        return sum(piece.decision is None for piece in self.pieces)


@dataclass(frozen=True)
class Total:
    """What furniture costs in one currency: all of it, and what was not declined."""

    currency: str
    all: Decimal
    wanted: Decimal


@dataclass(frozen=True)
class RoomShown:
    """The room."""

    room: ReviewRoom
    pictures: Sequence[Shown]  # to be decided, in their order
    older: Sequence[Shown]  # whose place a newer version has taken

    @property
    def decided(self) -> int:
        """How many pictures somebody has said something about."""
        return sum(shown.decision is not None for shown in self.pictures)

    @property
    def totals(self) -> list[Total]:
        """Of the furniture in the pictures to be decided, a line for each currency; a product counts once."""
        return _totals(self.pictures)

    def find(self, item_id: str, *, with_older: bool) -> Shown | None:
        """The picture of this outward id; an older version only on request."""
        among = [*self.pictures, *(self.older if with_older else ())]
        return next((shown for shown in among if shown.item.public_id == item_id), None)

    def neighbours(self, shown: Shown) -> tuple[Shown | None, Shown | None]:
        """The pictures before and after it."""
        place = next((i for i, one in enumerate(self.pictures) if one is shown), None)
        if place is None:
            return None, None
        before = self.pictures[place - 1] if place else None
        return before, self.pictures[place + 1] if place + 1 < len(self.pictures) else None


def show(*, room: ReviewRoom) -> RoomShown:
    """All of the room; asked inside the workspace."""
    items = ReviewItem.objects.of(room.organization).filter(room=room).order_by("position", "pk")
    rows = list(items.select_related("before", "picture__generation__room", "replaces"))
    decisions: dict[tuple[int, int | None], list[Decision]] = defaultdict(list)
    for decision in Decision.objects.of(room.organization).filter(room=room).order_by("-number"):
        decisions[decision.item_id, decision.reference_id].append(decision)
    threads = _threads(room)
    pieces = _pieces(room, rows)
    replaced = {row.replaces_id for row in rows}
    shown: dict[int, Shown] = {}
    for row in rows:
        history = decisions[row.pk, None]
        place = row.picture.generation.room
        mine = pieces[row.picture.generation_id]
        shown[row.pk] = Shown(
            item=row,
            number=0,
            name=place.name if place else "",
            decision=history[0] if history else None,
            history=history,
            threads=threads[row.pk],
            pieces=[_piece(one, decisions[row.pk, one.pk]) for one in mine],
        )
    current = [shown[row.pk] for row in rows if row.pk not in replaced]
    for number, one in enumerate(current, 1):
        one.number = number
        older = one.item.replaces_id
        while older is not None:
            shown[older].number = number
            one.versions.append(shown[older])
            older = shown[older].item.replaces_id
    return RoomShown(room, current, [shown[row.pk] for row in rows if row.pk in replaced])


def _threads(room: ReviewRoom) -> dict[int, list[Thread]]:
    replies: dict[int, list[Comment]] = defaultdict(list)
    tops = []
    for comment in Comment.objects.of(room.organization).filter(room=room).order_by("pk"):
        if comment.parent_id is None:
            tops.append(comment)
        else:
            replies[comment.parent_id].append(comment)
    threads: dict[int, list[Thread]] = defaultdict(list)
    for comment in tops:
        mine = threads[comment.item_id]
        mine.append(Thread(len(mine) + 1, comment, replies[comment.pk]))
    return threads


def _pieces(room: ReviewRoom, rows: Iterable[ReviewItem]) -> dict[int, list[GenerationReference]]:
    made_in = [row.picture.generation_id for row in rows]
    references = GenerationReference.objects.of(room.organization).filter(generation__in=made_in)
    pieces: dict[int, list[GenerationReference]] = defaultdict(list)
    for one in references.select_related("photo__product").order_by("position"):
        pieces[one.generation_id].append(one)
    return pieces


def _piece(reference: GenerationReference, decisions: Sequence[Decision]) -> Piece:
    photo = reference.photo
    product: Product | None = getattr(photo, "product", None)
    return Piece(
        position=reference.position,
        name=product.name if product else photo.name,
        thumbnail=photo.thumbnail or photo.image,
        product=product,
        decision=decisions[0] if decisions else None,
    )


def _totals(pictures: Iterable[Shown]) -> list[Total]:
    """A product that stands in two pictures is bought once, and wanted if it is in one of them."""
    prices: dict[int, tuple[str, Decimal]] = {}
    wanted: set[int] = set()
    for shown in pictures:
        for piece in shown.pieces:
            product = piece.product
            if product is None or product.price is None:
                continue
            prices[product.pk] = (product.currency, product.price)
            declined = Decision.Outcome.DECLINED
            if not any(one and one.outcome == declined for one in (piece.decision, shown.decision)):
                wanted.add(product.pk)
    found: dict[str, list[Decimal]] = {}
    for key, (currency, price) in sorted(prices.items()):
        sums = found.setdefault(currency, [Decimal(0), Decimal(0)])
        sums[0] += price
        sums[1] += price if key in wanted else 0
    return [Total(currency, *sums) for currency, sums in found.items()]
