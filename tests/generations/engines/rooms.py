"""Pictures that the preview engine's tests draw themselves: a box room, and products on white."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from generations.engines.base import EnginePicture, EngineRequest, EngineResult, InputImage, Reference
from generations.engines.preview import PreviewEngine

Picture = npt.NDArray[np.uint8]


def empty_room(width: int = 360, height: int = 240) -> Picture:
    """An empty room seen from the front, RGB: grey floor, pale walls, a window with sky and meadow."""
    picture = np.full((height, width, 3), 0, np.uint8)
    left, right, top, bottom = 0.27 * width, 0.73 * width, 0.28 * height, 0.66 * height

    def area(tone: tuple[int, int, int], *corners: tuple[float, float]) -> None:
        cv2.fillConvexPoly(picture, np.array(corners, np.int32), tone, cv2.LINE_AA)

    area((222, 222, 220), (0, 0), (width, 0), (right, top), (left, top))
    area((120, 118, 116), (0, height), (width, height), (right, bottom), (left, bottom))
    area((186, 188, 190), (0, 0), (left, top), (left, bottom), (0, height))
    area((176, 178, 180), (width, 0), (right, top), (right, bottom), (width, height))
    area((200, 202, 204), (left, top), (right, top), (right, bottom), (left, bottom))
    x, y, w, h = round(0.42 * width), round(0.34 * height), round(0.16 * width), round(0.2 * height)
    cv2.rectangle(picture, (x, y), (x + w, y + h), (250, 252, 255), -1)
    cv2.rectangle(picture, (x, y + h * 2 // 3), (x + w, y + h), (120, 160, 100), -1)
    cv2.rectangle(picture, (x, y), (x + w, y + h), (90, 90, 90), 1)
    noise = np.random.default_rng(1).normal(0, 1.2, picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def product(width: int, height: int, tone: tuple[int, int, int]) -> Picture:
    """A box-shaped piece of furniture on white, with a soft shadow below it."""
    picture = np.full((height + 80, width + 80, 3), 252, np.uint8)
    shadow = np.zeros(picture.shape[:2], np.float32)
    cv2.ellipse(shadow, (40 + width // 2, 38 + height), (width // 2, 12), 0, 0, 360, 1.0, -1)
    dim = 1 - 0.35 * cv2.GaussianBlur(shadow, (0, 0), 8)
    picture = np.asarray(picture * dim[..., None], np.uint8)
    cv2.rectangle(picture, (40, 40), (40 + width, 40 + height), tone, -1)
    cv2.rectangle(picture, (40, 40 + height // 2), (40 + width, 42 + height // 2), (60, 50, 40), -1)
    return picture


def png(picture: Picture) -> InputImage:
    return InputImage.of_bytes(cv2.imencode(".png", picture[..., ::-1])[1].tobytes(), "image/png")


def reference(name: str, width: int, height: int, tone: tuple[int, int, int] = (150, 80, 40)) -> Reference:
    return Reference(png(product(width, height, tone)), name)


def ask(prompt: str, source: Picture | InputImage, **options: object) -> EngineResult:
    image = source if isinstance(source, InputImage) else png(source)
    return PreviewEngine().generate(EngineRequest(prompt=prompt, source=image, **options))  # type: ignore[arg-type]


def seen(picture: EnginePicture) -> npt.NDArray[np.float32]:
    """The picture as RGB numbers, 0 to 255."""
    decoded = cv2.imdecode(np.frombuffer(picture.png, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded[..., ::-1], np.float32)


def drawn(prompt: str, source: Picture | InputImage, **options: object) -> npt.NDArray[np.float32]:
    return seen(ask(prompt, source, **options).pictures[0])
