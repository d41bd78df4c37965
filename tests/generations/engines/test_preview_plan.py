"""What the preview engine reads out of a prompt."""

from __future__ import annotations

import json

import pytest

from generations.engines.preview import read_prompt
from generations.engines.preview.colours import COLOURS
from generations.engines.preview.light import MOODS
from generations.engines.preview.look import choose
from generations.engines.preview.materials import _PAINTERS
from generations.engines.preview.styles import STYLE_ALIASES, STYLES
from generations.engines.preview.vocabulary import FLOORS, WALL_FINISHES
from generations.engines.preview.vocabulary import MOODS as MOOD_WORDS


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("Japandi living room", "japandi"),
        ("a scandi bedroom", "scandinavian"),
        ("Design this room as Italian contemporary", "italian contemporary"),
        ("mid century modern", "mid-century"),
        ("Mid-Century Modern lounge", "mid-century"),
        ("elegant art deco", "art deco"),
        ("modern farmhouse kitchen", "farmhouse"),
        ("wabi-sabi", "wabi-sabi"),
    ],
)
def test_a_style_is_found_by_its_names(prompt: str, style: str) -> None:
    assert read_prompt(prompt).style == style


def test_a_surface_takes_the_colour_and_the_material_beside_it() -> None:
    plan = read_prompt("Sage green walls, a white ceiling and a herringbone floor")
    assert (plan.wall, plan.ceiling, plan.floor) == (COLOURS["sage green"], COLOURS["white"], "herringbone")


def test_a_colour_may_stand_behind_its_surface() -> None:
    plan = read_prompt("paint the walls navy blue and lay dark wood flooring")
    assert (plan.wall, plan.floor) == (COLOURS["navy blue"], "walnut")


def test_a_colour_between_a_floor_and_nothing_belongs_to_the_floor() -> None:
    plan = read_prompt("grey carpet")
    assert (plan.floor, plan.floor_colour) == ("carpet", COLOURS["grey"])


def test_the_material_of_furniture_is_not_laid_on_the_floor() -> None:
    plan = read_prompt("a marble coffee table, an oak desk and a red sofa")
    assert plan.empty
    assert "marble" in plan.ignored


def test_bare_brick_is_a_wall_when_walls_are_meant() -> None:
    plan = read_prompt("loft with exposed brick walls and concrete floor")
    assert (plan.style, plan.wall_finish, plan.floor) == ("industrial", "brick", "concrete")


@pytest.mark.parametrize(
    ("prompt", "mood"),
    [
        ("Transform this room during sunset with warm golden light", "sunset"),
        ("golden hour", "sunset"),
        ("at night", "night"),
        ("a cosy evening", "evening"),
        ("bright and airy", "daylight"),
        ("overcast day", "overcast"),
        ("cool morning", "morning"),
        ("dark wood floor", ""),
        ("warm oak flooring", ""),
    ],
)
def test_the_light_is_told_from_the_shade_of_a_thing(prompt: str, mood: str) -> None:
    assert read_prompt(prompt).mood == mood


@pytest.mark.parametrize(
    ("prompt", "kept"),
    [
        ("keep the floor, paint the walls blue", {"floor"}),
        ("Don’t change the walls or the ceiling. Walnut floor.", {"walls", "ceiling"}),
        ("keep my existing oak floor and the windows", {"floor", "windows"}),
        ("art deco, without changing the light", {"light"}),
    ],
)
def test_what_must_stay_is_kept(prompt: str, kept: set[str]) -> None:
    assert set(read_prompt(prompt).keep) == kept


def test_a_wish_may_follow_on_what_must_stay() -> None:
    plan = read_prompt("don't change the walls, herringbone floor, no rug")
    assert plan.floor == "herringbone"
    assert set(plan.keep) == {"walls", "rug"}


def test_what_must_stay_is_not_drawn_even_if_the_style_implies_it() -> None:
    look = choose(read_prompt("bohemian, keep the floor, keep the walls"), 0)
    assert (look.floor, look.wall, look.rug) == ("", None, None)
    assert look.mood == "warm"


def test_keeping_everything_leaves_only_what_is_named() -> None:
    look = choose(read_prompt("Keep everything, but make it an industrial night"), 0)
    assert (look.floor, look.wall, look.mood) == ("", None, "night")


def test_what_is_ruled_out_is_neither_read_nor_implied() -> None:
    assert choose(read_prompt("no rug, japandi"), 0).rug is None
    assert choose(read_prompt("italian contemporary without marble"), 0).floor == ""
    assert read_prompt("replace the carpet with hardwood").floor == "oak"


def test_words_are_reported_as_understood_or_ignored() -> None:
    plan = read_prompt("Japandi with oak floor, linen drapery and a unicorn")
    assert plan.understood == ("japandi", "oak floor")
    assert plan.ignored == ("linen", "drapery", "unicorn")


def test_a_prompt_without_a_known_word_makes_an_empty_plan() -> None:
    assert read_prompt("").empty
    assert read_prompt("🛋️ ???").empty
    assert not read_prompt("oak").empty


def test_a_plan_is_ready_for_json() -> None:
    plan = read_prompt("Art deco at night, keep the floor")
    assert json.loads(json.dumps(plan.as_dict()))["keep"] == ["floor"]


def test_every_word_leads_to_something_that_can_be_drawn() -> None:
    styles = STYLES.values()
    assert {*FLOORS.values(), *WALL_FINISHES.values(), *(style.floor for style in styles)} <= set(_PAINTERS)
    assert {*MOOD_WORDS.values(), *(style.mood for style in styles)} <= set(MOODS)
    assert set(STYLE_ALIASES.values()) <= set(STYLES)


def test_variations_of_a_wall_have_different_shades() -> None:
    walls = [choose(read_prompt("japandi"), variant).wall for variant in range(3)]
    assert len({float(wall.sum()) for wall in walls if wall is not None}) == 3
