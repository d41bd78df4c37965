"""The rooms and products that the sheet and the benchmark work on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from generations.engines.base import EnginePicture, EngineRequest, InputImage, Reference
from generations.engines.preview import PreviewEngine

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "static/samples"
TRUTH = ROOT / "tests/generations/engines/data"
VAR = ROOT / "var"
Picture = npt.NDArray[np.uint8]

_LONGEST = 2048  # pixels: a phone's photo is brought to this before anything else is done with it


@dataclass(frozen=True)
class Photo:
    """A room on disk."""

    name: str
    path: Path

    def picture(self) -> Picture:
        """RGB bytes (h, w, 3), oriented, the longest side at most 2048."""
        read = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if read is None:
            raise ValueError(f"{self.path} is no picture")
        scale = min(1.0, _LONGEST / max(read.shape[:2]))
        size = (round(read.shape[1] * scale), round(read.shape[0] * scale))
        small = cv2.resize(read, size, interpolation=cv2.INTER_AREA) if scale < 1 else read
        return np.ascontiguousarray(small[..., ::-1], np.uint8)


def rooms(folder: Path | None = None) -> list[Photo]:
    """Our own rendered rooms, or every picture in a folder."""
    if folder is not None:
        paths = sorted(
            path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")
        )
    else:
        paths = sorted((SAMPLES / "rooms").glob("*.jpg"))
    return [Photo(path.stem, path) for path in paths]


def products() -> dict[str, Path]:
    """Product shots by the name that a customer would give them."""
    paths = sorted((SAMPLES / "products").glob("*.jpg"))
    return {path.stem.replace("-", " ").replace("_", " "): path for path in paths}


def references(names: list[str]) -> tuple[Reference, ...]:
    """The product shots of these names; those that are not there are passed over."""
    known = products()
    return tuple(
        Reference(InputImage.of_bytes(known[name].read_bytes(), "image/jpeg"), name)
        for name in names
        if name in known
    )


def packed(picture: Picture, *, quality: int = 92) -> bytes:
    """A JPEG."""
    made = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return made[1].tobytes()


def as_input(picture: Picture) -> InputImage:
    """The picture as a customer would send it."""
    return InputImage.of_bytes(packed(picture), "image/jpeg")


def drawn(photo: Photo, prompt: str, items: list[str], *, resolution: str) -> Image.Image:
    """What the engine makes of the photo with these words and products."""
    request = EngineRequest(
        prompt=prompt,
        source=as_input(photo.picture()),
        references=references(items),
        resolution=resolution,
    )
    return Image.fromarray(answer(PreviewEngine().generate(request).pictures[0]))


def answer(picture: EnginePicture) -> Picture:
    """What the engine drew, RGB."""
    with picture.open() as file:
        read = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    if read is None:
        raise ValueError("the engine's answer is no picture")
    return np.ascontiguousarray(read[..., ::-1], np.uint8)
