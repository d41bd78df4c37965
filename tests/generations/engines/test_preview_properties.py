"""Any picture and any words: the preview engine answers with a picture of the right size, or refuses cleanly."""

from __future__ import annotations

import json
import time
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generations.engines.base import Again, EngineError, EngineRequest, EngineResult, InputImage, Reference
from generations.engines.preview import PreviewEngine, read_prompt
from generations.engines.preview.colours import COLOURS
from generations.engines.preview.modes import BEYOND, MODES, SEASON_WORDS
from generations.engines.preview.output import working_size
from generations.engines.preview.styles import STYLES
from generations.engines.preview.vocabulary import FLOORS, KEEPING, MOODS, REFUSING, SURFACES, WALL_FINISHES
from tests.generations.engines.rooms import empty_room, product, seen

SECONDS = 20.0  # for one small picture on a machine that does other things, too

WORDS = [*STYLES, *FLOORS, *WALL_FINISHES, *MOODS, *COLOURS, *SURFACES, *KEEPING, *REFUSING, *MODES, *BEYOND]
WORDS += [*SEASON_WORDS, "rug", "sofa", "and", ",", ".", "with", "only"]
prompts = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    st.text(max_size=60),
)
sides = st.one_of(st.integers(1, 96), st.sampled_from([1, 2, 3, 5, 8, 300]))


def encoded(picture: Any, kind: str) -> bytes:
    return cv2.imencode(kind, picture)[1].tobytes()


@st.composite
def pictures(draw: st.DrawFn) -> tuple[int, int, bytes]:
    """Width, height and the bytes of a picture: grey or coloured, with alpha, 8 or 16 bits, flat, noise or a room."""
    width, height = draw(sides), draw(sides)
    what = draw(st.sampled_from(["flat", "noise", "gradient", "room"]))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    if what == "flat":
        picture = np.full((height, width, 3), draw(st.integers(0, 255)), np.uint8)
    elif what == "noise":
        picture = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    elif what == "gradient":
        ramp = np.linspace(0, 255, width * height).reshape(height, width, 1)
        picture = np.asarray(np.repeat(ramp, 3, 2), np.uint8)
    else:
        picture = empty_room(max(width, 16), max(height, 16))
        height, width = picture.shape[:2]
    kind = draw(st.sampled_from(["jpg", "png", "grey", "alpha", "deep"]))
    if kind == "jpg":
        return width, height, encoded(picture, ".jpg")
    if kind == "grey":
        picture = picture[..., :1]
    elif kind == "alpha":
        picture = np.dstack([picture, random.integers(0, 256, (height, width, 1), dtype=np.uint8)])
    elif kind == "deep":
        return width, height, encoded(picture.astype(np.uint16) * 257, ".png")
    return width, height, encoded(picture, ".png")


def generate(content: bytes, prompt: str, **options: Any) -> EngineResult | EngineError:
    """The answer or the refusal, within the time."""
    begun = time.monotonic()
    request = EngineRequest(prompt=prompt, source=InputImage.of_bytes(content, ""), **options)
    try:
        return PreviewEngine().generate(request)
    except EngineError as refusal:
        return refusal
    finally:
        assert time.monotonic() - begun < SECONDS


@pytest.mark.slow  # a hundred pictures
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(picture=pictures(), prompt=prompts, mask=st.booleans(), resolution=st.sampled_from(["", "512"]))
def test_any_picture_and_any_prompt_give_a_picture_of_the_right_size_or_a_clean_refusal(
    picture: tuple[int, int, bytes], prompt: str, mask: bool, resolution: str
) -> None:
    width, height, content = picture
    answer = generate(content, prompt, mask=mask, resolution=resolution)
    if isinstance(answer, EngineError):
        assert (answer.code, answer.again) == ("bad_source", Again.NO)
        assert mask or min(width, height) < 2
        return
    made = seen(answer.pictures[0])
    assert (made.shape[1], made.shape[0]) == working_size(width, height, resolution)
    json.dumps(answer.pictures[0].notes)


@pytest.mark.slow  # thirty pictures
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    things=st.lists(
        st.tuples(
            st.sampled_from(["sofa", "rug", "", "mirror", "pendant lamp", "🛋️", "a very long name " * 9]),
            st.sampled_from(["product", "noise", "broken", "dot", "clear"]),
            st.one_of(st.none(), st.tuples(st.floats(-1, 2), st.floats(-1, 2))),
            st.floats(0, 50),
        ),
        max_size=10,
    )
)
def test_any_products_are_placed_or_left_out_by_name(things: list[tuple[str, str, Any, float]]) -> None:
    images = {
        "product": encoded(product(90, 60, (60, 90, 150))[..., ::-1], ".png"),
        "noise": encoded(np.random.default_rng(4).integers(0, 255, (80, 60, 3), dtype=np.uint8), ".png"),
        "broken": b"\x89PNG nothing",
        "dot": encoded(np.full((2, 2, 3), 9, np.uint8), ".png"),
        "clear": encoded(np.zeros((40, 40, 4), np.uint8), ".png"),
    }
    references = tuple(
        Reference(InputImage.of_bytes(images[kind], ""), name, at, scale) for name, kind, at, scale in things
    )
    room = encoded(empty_room(180, 120)[..., ::-1], ".png")
    answer = generate(room, "", references=references)
    assert isinstance(answer, EngineResult)
    notes = answer.pictures[0].notes
    placed = {one["number"] for one in notes["placed"]}
    assert len(notes["placed"]) == len(placed)
    left_out = [one for one in notes["left_out"] if one["what"] != "prompt"]
    assert len(placed) + len(left_out) == len(things)
    assert all(one["why"] for one in left_out)
    json.dumps(notes)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.one_of(prompts, st.text(max_size=5000)))
def test_any_words_make_a_plan(prompt: str) -> None:
    json.dumps(read_prompt(prompt).as_dict())
