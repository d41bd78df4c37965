"""What the preview engine says about its own pictures: done, left out with the reason, and how variations differ."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from generations.engines.preview.modes import CANNOT
from tests.generations.engines.rooms import ask, empty_room, reference, seen

ROOM = empty_room()

pytestmark = pytest.mark.slow  # a picture or more each


def notes(prompt: str, **options: Any) -> dict[str, Any]:
    return json.loads(json.dumps(ask(prompt, ROOM, **options).pictures[0].notes))  # type: ignore[no-any-return]


def reasons(said: dict[str, Any]) -> dict[str, str]:
    return {one["what"]: one["why"] for one in said["left_out"]}


@pytest.mark.parametrize(
    ("prompt", "what"),
    [
        ("Declutter this room", "declutter"),
        ("Exterior: black facade", "exterior"),
        ("Design a garden", "garden"),
        ("New stairs in oak", "stairs"),
        ("Black doors", "doors"),
        ("Rearrange the furniture", "layout boost"),
    ],
)
def test_what_can_not_be_shown_is_said_and_the_picture_is_not_passed_off_as_it(
    prompt: str, what: str
) -> None:
    said = notes(prompt)
    assert CANNOT[what] in reasons(said)[what]
    assert said["unchanged"] is True


def test_staging_without_products_asks_for_them_and_with_them_places_them() -> None:
    assert "virtual staging" in reasons(notes("Virtual staging, Scandinavian"))
    staged = notes("Virtual staging", references=(reference("armchair", 160, 170),))
    assert "virtual staging" not in reasons(staged)
    assert staged["placed"]


def test_furniture_that_was_spoken_of_and_not_given_is_named() -> None:
    said = notes("a leather sofa and an oak desk", references=(reference("Grey sofa", 300, 130),))
    assert "desk" in reasons(said)
    assert "sofa" not in reasons(said)


def test_an_unchanged_picture_is_called_so() -> None:
    assert notes("")["unchanged"] is True
    assert notes("walnut floor")["unchanged"] is False


def test_how_sure_the_engine_is_of_each_surface_is_told() -> None:
    confidence = notes("oak floor")["confidence"]
    assert set(confidence) == {"floor", "walls", "ceiling"}
    assert all(0 <= value <= 1 for value in confidence.values())


def test_each_variation_says_how_it_differs() -> None:
    answer = ask("japandi", ROOM, variations=3)
    said = [picture.notes["variation"] for picture in answer.pictures]
    assert said[0] == ""
    assert "warmer" in said[1]
    assert "cooler" in said[2]
    assert "batch" in said[1]


def test_variations_of_an_empty_prompt_differ_in_their_light() -> None:
    one, two, three = (seen(picture) for picture in ask("", ROOM, variations=3).pictures)
    warmth = [float(picture[..., 0].mean() / picture[..., 2].mean()) for picture in (three, one, two)]
    assert warmth == sorted(warmth)
    assert warmth[0] < warmth[1] < warmth[2]


def test_the_outside_of_a_house_is_not_painted_like_a_room() -> None:
    house = np.zeros((240, 360, 3), np.uint8)
    house[:140] = (70, 140, 230)  # a blue sky
    house[140:] = (90, 120, 60)
    house[90:180, 60:300] = (160, 90, 70)
    answer = ask("oak floor, blue walls", house, references=(reference("sofa", 300, 130),)).pictures[0]
    if not answer.notes[
        "unchanged"
    ]:  # the net may see a room in anything; then nothing may be placed in the sky
        assert all(one["at"][1] > 0.5 for one in answer.notes["placed"])
    else:
        assert answer.notes["placed"] == []


def test_a_place_and_a_scale_are_told_with_each_piece() -> None:
    placed = notes("", references=(reference("armchair", 160, 170),))["placed"][0]
    assert (placed["number"], placed["name"], placed["guessed_size"]) == (0, "armchair", False)
    x, y, w, h = placed["box"]
    assert placed["at"] == pytest.approx([x + w / 2, y + h], abs=0.001)
    again = notes("", references=(reference("armchair", 160, 170),))["placed"][0]
    assert again == placed
