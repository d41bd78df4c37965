"""What the preview engine draws: right direction, right place, nothing outside it, the same every time."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from generations.engines.base import Again, EngineError, EngineRequest, InputImage, Reference
from generations.engines.preview import PreviewEngine, engine, generate
from generations.engines.preview.output import badge_box, working_size
from tests.generations.engines.rooms import Picture, ask, drawn, empty_room, png, reference, seen

SAMPLE = Path(__file__).parents[3] / "static/samples/room.jpg"
ROOM = empty_room()
FLOOR = np.s_[180:225, 112:248]  # of ROOM
WALL = np.s_[90:146, 233:255]
WINDOW = np.s_[85:108, 155:204]
OUTSIDE_BADGE = np.s_[:222, :]

pytestmark = pytest.mark.slow  # seconds of arithmetic each; run them when the preview engine changes


@cache
def sample() -> InputImage:
    """The shipped room at 360 pixels, so that the tests stay quick."""
    picture = cv2.imread(str(SAMPLE))
    assert picture is not None
    return InputImage.of_bytes(
        cv2.imencode(".png", cv2.resize(picture, (360, 240)))[1].tobytes(), "image/png"
    )


@cache
def plain() -> npt.NDArray[np.float32]:
    return drawn("", ROOM)


def warmth(picture: npt.NDArray[np.float32]) -> float:
    return float(picture[..., 0].mean() / picture[..., 2].mean())


def test_the_same_request_gives_the_same_bytes() -> None:
    options: dict[str, Any] = {"references": (reference("sofa", 300, 130),)}
    first = ask("mid-century, sunset, rug", sample(), **options)
    engine._scenes.clear()
    second = ask("mid-century, sunset, rug", sample(), **options)
    assert [picture.png for picture in first.pictures] == [picture.png for picture in second.pictures]


def test_the_engine_can_be_sent_to_a_child_process() -> None:
    request = EngineRequest(prompt="night", source=png(ROOM), resolution="512")
    assert pickle.loads(pickle.dumps(generate))(request).pictures[0].png == generate(request).pictures[0].png
    assert (PreviewEngine.name, PreviewEngine.repeatable) == ("preview", True)


@pytest.mark.parametrize(
    ("size", "resolution", "expected"),
    [
        ((640, 427), "512", (512, 342)),
        ((90, 700), "512", (66, 512)),
    ],
)
def test_the_answer_has_the_aspect_of_the_source_and_is_never_enlarged(
    size: tuple[int, int], resolution: str, expected: tuple[int, int]
) -> None:
    picture = drawn("overcast", empty_room(*size), resolution=resolution)
    assert (picture.shape[1], picture.shape[0]) == expected


def test_each_resolution_bounds_the_longest_side() -> None:
    sizes = [working_size(4032, 3024, resolution) for resolution in ("512", "1K", "", "2K")]
    assert sizes == [(512, 384), (1024, 768), (1024, 768), (2048, 1536)]
    assert working_size(1000, 3000, "2K") == (683, 2048)
    assert working_size(400, 300, "2K") == (400, 300)


def test_the_answer_says_what_made_it() -> None:
    answer = ask("daylight", ROOM).pictures[0]
    assert b"tEXtSoftware\0Roomwright preview engine" in answer.png
    x, y, w, h = badge_box(360, 240)
    badge = seen(answer)[y : y + h, x : x + w]
    assert badge.std() > 3 * seen(answer)[y : y + h, x - w : x].std()
    assert w * h < 0.012 * 360 * 240


def test_without_a_known_wish_the_room_stays_and_the_notes_say_why() -> None:
    answer = ask("please add a unicorn", ROOM).pictures[0]
    assert np.abs(seen(answer)[OUTSIDE_BADGE] - ROOM[OUTSIDE_BADGE]).max() <= 1
    assert answer.notes["ignored"] == ["unicorn"]
    assert answer.notes["left_out"][0]["what"] == "prompt"


def test_sunset_is_warmer_than_daylight_and_cool_is_colder() -> None:
    assert warmth(drawn("sunset", ROOM)) > 1.15 * warmth(plain())
    assert warmth(drawn("cool light", ROOM)) < 0.95 * warmth(plain())
    assert warmth(drawn("warm light", ROOM)) > 1.05 * warmth(plain())


def test_night_is_darker_evening_between_and_daylight_brighter() -> None:
    levels = [drawn(mood, ROOM).mean() for mood in ("night", "evening")]
    levels += [plain().mean(), drawn("bright daylight", ROOM).mean()]
    assert levels == sorted(levels)
    assert levels[0] < 0.75 * levels[2]


def test_a_window_found_shows_the_sky_of_the_mood() -> None:
    night, day = drawn("night", ROOM)[WINDOW], plain()[WINDOW]
    assert night.mean() < 0.3 * day.mean()
    assert "view from the window" not in [
        one["what"] for one in ask("night", ROOM).pictures[0].notes["left_out"]
    ]


def test_a_walnut_floor_is_darker_than_oak_and_oak_is_browner_than_before() -> None:
    before, oak, walnut = (drawn(prompt, ROOM)[FLOOR] for prompt in ("", "oak floor", "walnut floor"))
    assert walnut.mean() < 0.75 * oak.mean()
    assert warmth(oak) > 1.3 * warmth(before)


def test_a_floor_keeps_its_sun_and_shade() -> None:
    sunny = ROOM.copy()
    sunny[188:218, 135:180] = np.clip(sunny[188:218, 135:180] * 1.7, 0, 255)
    oak = drawn("oak floor", sunny)
    assert oak[192:214, 140:175].mean() > 1.15 * oak[192:214, 190:225].mean()


@pytest.mark.slow  # a second or more for each picture
def test_each_floor_looks_different() -> None:
    words = ("oak", "herringbone", "concrete", "terracotta")
    floors = [drawn(f"{word} floor", ROOM, resolution="512")[FLOOR] for word in words]
    for index, one in enumerate(floors):
        for other in floors[index + 1 :]:
            assert np.abs(one - other).mean() > 4


def test_walls_take_the_colour_asked_for_and_the_floor_does_not() -> None:
    picture = drawn("paint the walls sage green", ROOM)
    red, green, blue = picture[WALL].mean((0, 1))
    assert green > red
    assert green > 1.05 * blue
    assert np.abs(picture[FLOOR] - plain()[FLOOR]).mean() < 2


def test_style_words_alone_change_floor_walls_and_light() -> None:
    pictures = {style: drawn(style, ROOM) for style in ("japandi", "industrial", "coastal")}
    for style, picture in pictures.items():
        assert np.abs(picture[FLOOR] - plain()[FLOOR]).mean() > 12, style
        assert np.abs(picture[WALL] - plain()[WALL]).mean() > 6, style
    assert pictures["industrial"].mean() < pictures["japandi"].mean()
    assert warmth(pictures["coastal"][WALL]) < warmth(pictures["japandi"][WALL])


def test_what_the_prompt_keeps_stays() -> None:
    kept = drawn("paint the walls navy blue, keep the floor, don't change the light", ROOM)
    assert np.abs(kept[FLOOR] - plain()[FLOOR]).mean() < 2
    assert kept[WALL].mean() < 0.6 * plain()[WALL].mean()
    bare, covered = drawn("grey carpet, no rug", ROOM), drawn("grey carpet, red rug", ROOM)
    assert warmth(covered[FLOOR]) > 1.1 * warmth(bare[FLOOR])


def test_variations_differ_on_purpose() -> None:
    answer = ask("japandi, walnut floor", ROOM, variations=3, references=(reference("armchair", 160, 170),))
    one, two, three = (seen(picture) for picture in answer.pictures)
    assert min(np.abs(one - two).mean(), np.abs(two - three).mean(), np.abs(one - three).mean()) > 2
    places = {tuple(picture.notes["placed"][0]["box"]) for picture in answer.pictures}
    assert len(places) > 1


def furniture() -> tuple[Reference, ...]:
    return (
        reference("Grey sofa", 320, 140, (90, 110, 140)),
        reference("Oak coffee table", 200, 90),
        reference("Floor lamp", 60, 240, (40, 120, 60)),
        reference("", 150, 160, (170, 50, 40)),
    )


def pixels(box: list[float]) -> tuple[int, int, int, int]:
    """A box of the notes in pixels of ROOM."""
    x, y, w, h = (round(value * side) for value, side in zip(box, (360, 240, 360, 240), strict=True))
    return x, y, w, h


@pytest.mark.parametrize("source", ["drawn", "sample"])
def test_four_pieces_find_their_place_on_the_floor_of_an_empty_room(source: str) -> None:
    room = png(ROOM) if source == "drawn" else sample()
    answer = ask("place these", room, references=furniture()).pictures[0]
    placed = {one["name"]: pixels(one["box"]) for one in answer.notes["placed"]}
    assert set(placed) == {"Grey sofa", "Oak coffee table", "Floor lamp", "item 4"}, answer.notes["left_out"]
    bare = drawn("", room)
    for x, y, w, h in placed.values():
        assert 0.55 * 240 < y + h <= 240  # stands on the floor
        assert x >= -5
        assert x + w <= 365
        assert np.abs(seen(answer) - bare)[max(0, y) : y + h, max(0, x) : x + w].mean() > 8  # and can be seen
    assert placed["Grey sofa"][2] > placed["item 4"][2]
    assert placed["Floor lamp"][3] > placed["Floor lamp"][2]


def test_furniture_has_the_size_that_its_name_says() -> None:
    answer = ask("", ROOM, references=(reference("sofa", 300, 140), reference("stool", 300, 300))).pictures[0]
    widths = {one["name"]: one["box"][2] for one in answer.notes["placed"]}
    assert widths["sofa"] > 2 * widths["stool"]


def test_a_piece_stands_where_a_person_put_it() -> None:
    chair = reference("armchair", 160, 170)
    put = replace(chair, at=(0.4, 0.85))
    bigger = ask("", ROOM, references=(put, replace(chair, at=(0.65, 0.8), scale=1.5))).pictures[0]
    first, second = sorted(bigger.notes["placed"], key=lambda one: one["number"])
    assert first["at"] == [0.4, 0.85]
    assert first["box"][1] + first["box"][3] == pytest.approx(0.85, abs=0.001)
    assert second["box"][2] > 1.2 * first["box"][2]


def test_a_place_that_is_no_floor_is_refused_with_the_reason() -> None:
    lost = replace(reference("armchair", 160, 170), at=(0.4, 0.3))
    notes = ask("", ROOM, references=(lost,)).pictures[0].notes
    assert notes["placed"] == []
    assert notes["left_out"][0] == {"what": "armchair", "why": "the place chosen for it is not on the floor"}


def test_a_reference_that_is_no_product_photo_is_named() -> None:
    noise = np.random.default_rng(2).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    broken = Reference(InputImage.of_bytes(b"not a picture", "image/png"), "ghost")
    answer = ask("", ROOM, references=(Reference(png(noise), "jungle"), broken)).pictures[0]
    assert [one["what"] for one in answer.notes["left_out"]] == ["jungle", "ghost"]


def test_an_alpha_channel_is_the_outline() -> None:
    rgba = np.zeros((200, 300, 4), np.uint8)
    rgba[40:180, 30:270] = (30, 30, 200, 255)
    image = InputImage.of_bytes(cv2.imencode(".png", rgba)[1].tobytes(), "image/png")
    answer = ask("", ROOM, references=(Reference(image, "sofa"),)).pictures[0]
    x, y, w, h = pixels(answer.notes["placed"][0]["box"])
    red = seen(answer)[y + h // 4 : y + h // 2, x + w // 4 : x + 3 * w // 4].mean((0, 1))
    assert red[0] > 2.5 * red[1]


def masked(room: Picture) -> tuple[Picture, npt.NDArray[np.bool_]]:
    """The room with a red ellipse on its back wall, and where that is."""
    region = np.zeros(room.shape[:2], np.uint8)
    cv2.ellipse(region, (240, 120), (16, 22), 0, 0, 360, 1, -1)
    out = room.copy()
    out[region > 0] = (255, 0, 0)
    return out, region > 0


def test_a_painted_region_changes_and_nothing_outside_does() -> None:
    source, region = masked(ROOM)
    picture = drawn("sage green", source, mask=True)
    near = cv2.dilate(region.astype(np.uint8), np.ones((11, 11), np.uint8)) > 0
    untouched = ~near[OUTSIDE_BADGE]
    assert np.abs(picture[OUTSIDE_BADGE] - ROOM[OUTSIDE_BADGE])[untouched].max() == 0
    red, green, blue = picture[region].mean(0)
    assert green > red
    assert green > blue


@pytest.mark.slow  # a second or more for each picture
@pytest.mark.parametrize("prompt", ["remove this", "oak, at night"])
def test_no_red_is_left_of_a_painted_region(prompt: str) -> None:
    source, region = masked(ROOM)
    jpeg = InputImage.of_bytes(cv2.imencode(".jpg", source[..., ::-1])[1].tobytes(), "image/jpeg")
    picture = drawn(prompt, jpeg, mask=True)
    near = cv2.dilate(region.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert (picture[near][:, 0] - picture[near][:, 1:].max(-1)).max() < 60


def test_an_orange_cushion_is_not_taken_for_red_paint() -> None:
    source, _ = masked(ROOM)
    source[190:210, 60:90] = (214, 84, 38)
    picture = drawn("remove this", source, mask=True)
    assert np.abs(picture[190:210, 60:90] - source[190:210, 60:90]).max() == 0


def test_a_mask_without_red_is_turned_away() -> None:
    with pytest.raises(EngineError, match="bad_source"):
        ask("oak", ROOM, mask=True)


def test_clutter_on_the_floor_keeps_its_colours() -> None:
    random = np.random.default_rng(5)
    room = empty_room()
    for _ in range(60):
        x, y = int(random.integers(0, 350)), int(random.integers(128, 232))
        tone = tuple(int(value) for value in random.integers(0, 255, 3))
        cv2.rectangle(
            room, (x, y), (x + int(random.integers(15, 60)), y - int(random.integers(15, 70))), tone, -1
        )
    changed = np.abs(drawn("herringbone floor", room) - room).max(-1) > 14
    floor = np.abs(room.astype(int) - 118).max(-1) < 12
    near = cv2.dilate(floor.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert (changed & ~near)[OUTSIDE_BADGE].mean() < 0.01


ODD: dict[str, Picture] = {
    "black": np.zeros((120, 160, 3), np.uint8),
    "white": np.full((120, 160, 3), 255, np.uint8),
    "grey": np.full((64, 64, 3), 127, np.uint8),
    "noise": np.random.default_rng(3).integers(0, 255, (64, 90, 3), dtype=np.uint8),
    "panorama": empty_room(1000, 70),
    "tiny": empty_room(64, 64),
}


@pytest.mark.slow  # a second or more for each picture
@pytest.mark.parametrize(
    ("name", "mask"), [*((name, False) for name in ODD), ("black", True), ("tiny", True)]
)
def test_any_picture_gets_an_answer(name: str, mask: bool) -> None:
    source = ODD[name].copy()
    if mask:
        height, width = source.shape[:2]
        source[height // 3 : height // 2, width // 3 : width // 2] = (255, 0, 0)
    answer = ask(
        "art deco, brick walls, white ceiling, red rug, sunset", source, mask=mask, references=furniture()[:2]
    ).pictures[0]
    assert seen(answer).shape == source.shape
    json.dumps(answer.notes)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xd8\xff\xe0 not really", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_a_bad_source(content: bytes) -> None:
    with pytest.raises(EngineError) as caught:
        ask("oak", InputImage.of_bytes(content, "image/png"))
    assert (caught.value.code, caught.value.again) == ("bad_source", Again.NO)


def test_a_grey_picture_and_one_with_alpha_are_read() -> None:
    tiny = ODD["tiny"]
    grey = InputImage.of_bytes(cv2.imencode(".png", tiny[..., 1])[1].tobytes(), "image/png")
    clear = InputImage.of_bytes(
        cv2.imencode(".png", np.dstack([tiny, tiny[..., :1]]))[1].tobytes(), "image/png"
    )
    assert drawn("sunset", grey).shape == drawn("sunset", clear).shape == tiny.shape
