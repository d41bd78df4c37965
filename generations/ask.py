"""What somebody asks for, before it is a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from accounts.errors import Refusal
from billing import pricing
from generations.models import Picture
from projects.models import Photo, Room
from projects.services import IncomingImage

MAX_PIECES = 10
RESOLUTIONS = ("512", "1K", "2K")
SMALLEST, LARGEST = 0.25, 4.0  # of the size that a piece's name suggests


class TooManyPieces(Refusal):
    """At most 10 pieces of furniture go into one picture. Take some out of the tray."""

    code, title, status = "too_many_references", "Too many reference images", 400


class PlaceOutside(Refusal):
    """A piece of furniture can only be placed inside the picture, at 25 to 400 percent of its usual size."""

    code, title, status = "place_outside", "Place outside the picture", 400


@dataclass(frozen=True)
class Piece:
    """One piece of furniture: an incoming image, or a photo of this workspace.

    `at` is where the middle of its foot shall be, in fractions of the picture; None lets the engine choose.
    """

    image: IncomingImage | None = None
    photo: Photo | None = None
    at: tuple[float, float] | None = None
    scale: float = 1.0

    def check(self) -> None:
        """Raises PlaceOutside."""
        inside = self.at is None or all(0 <= part <= 1 for part in self.at)
        if not inside or not SMALLEST <= self.scale <= LARGEST:
            raise PlaceOutside


@dataclass(frozen=True)
class Ask:
    """A request, checked. The source is an incoming image, a photo, or a picture made before.

    `references` are pieces that come as images alone; `paint` shows what to change, in red on black, and goes with
    `mask`. `mode` and `style` only tell how the prompt came to be.
    """

    prompt: str
    image: IncomingImage | None = None
    photo: Photo | None = None
    parent: Picture | None = None
    references: Sequence[IncomingImage] = ()
    pieces: Sequence[Piece] = ()
    paint: IncomingImage | None = None
    painted: Photo | None = None  # the same, as it was sent before
    mode: str = ""
    style: str = ""
    resolution: str = ""
    design_level: str = "quick"
    mask: bool = False
    variations: int = 1
    room: Room | None = None
    # Names of the fields beyond the vendor's documentation that differ from their defaults.
    extensions: Sequence[str] = field(default=())

    @property
    def price(self) -> int:
        """Credits."""
        return pricing.price(design_level=self.design_level, variations=self.variations)

    @property
    def tray(self) -> list[Piece]:
        """All pieces, in order."""
        return [*(Piece(image=image) for image in self.references), *self.pieces]

    def check(self) -> list[IncomingImage]:
        """Everything that can be known without decoding or fetching; returns the images that come along, in order."""
        if len(self.tray) > MAX_PIECES:
            raise TooManyPieces
        for piece in self.tray:
            piece.check()
        every = (self.image, self.paint, *(piece.image for piece in self.tray))
        incoming = [image for image in every if image is not None]
        for image in incoming:
            image.check()
        return incoming
