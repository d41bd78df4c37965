"""What the preview engine reads out of a prompt."""

from __future__ import annotations

import json

import pytest

from generations.engines.preview import read_prompt
from generations.engines.preview.colours import COLOURS
from generations.engines.preview.light import MOODS
from generations.engines.preview.look import choose
from generations.engines.preview.materials import _PAINTERS
from generations.engines.preview.modes import BEYOND, CANNOT, MODES, SEASON_WORDS, SEASONS
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
    plan = read_prompt("Japandi with oak floor, drapery and a unicorn")
    assert plan.understood == ("japandi", "oak floor")
    assert plan.ignored == ("unicorn",)
    assert plan.cannot == ("curtains",)


@pytest.mark.parametrize(
    ("prompt", "mode", "cannot"),
    [
        ("Redesign this kitchen as modern farmhouse", "kitchen", {"kitchen"}),
        ("Virtual staging: furnish this empty room", "virtual staging", {"virtual staging"}),
        ("Declutter this room", "declutter", {"declutter"}),
        ("Improve the layout of this bedroom", "layout boost", {"layout boost"}),
        ("Exterior: a modern facade", "exterior", {"exterior"}),
        ("Design the garden behind the house", "garden", {"garden"}),
        ("New oak stairs", "stairs", {"stairs"}),
        ("Paint the doors black", "doors", {"doors"}),
        ("Replace the windows", "windows", {"windows"}),
        ("Bathroom with marble floor", "bathroom", {"bathroom"}),
        ("Turn this 3D render into a photorealistic photo", "photo to render", {"photo to render"}),
        ("Seasonal: christmas", "seasonal", {"decorations"}),
        ("Restyle the floor with walnut", "floor restyle", set()),
        ("Wall texture: exposed brick on the walls", "wall texture", set()),
        ("Redesign this room as japandi", "restyle", set()),
        ("move the sofa to the window", "", {"moving"}),
        ("add a skylight and linen curtains", "", {"structure", "curtains"}),
    ],
)
def test_the_kind_of_work_is_told_and_what_of_it_can_not_be_shown(
    prompt: str, mode: str, cannot: set[str]
) -> None:
    plan = read_prompt(prompt)
    assert plan.mode == mode
    assert set(plan.cannot) == cannot
    assert set(plan.cannot) <= set(CANNOT)


def test_a_kind_of_work_for_one_surface_leaves_the_others() -> None:
    floor = choose(read_prompt("Floor restyle: bohemian with terracotta tiles"), 0)
    assert (floor.floor, floor.wall, floor.rug) == ("terracotta", None, None)
    walls = choose(read_prompt("only change the walls: japandi"), 0)
    assert walls.wall is not None
    assert (walls.floor, walls.mood) == ("", "")


@pytest.mark.parametrize(
    ("prompt", "mood"),
    [("autumn", "sunset"), ("christmas", "evening"), ("cosy winter light", "winter"), ("summer", "daylight")],
)
def test_a_season_is_its_light_and_its_colour(prompt: str, mood: str) -> None:
    look = choose(read_prompt(prompt.replace("cosy ", "")), 0)
    assert look.mood == mood
    assert "decorations" in read_prompt(prompt).cannot or mood == "winter"


def test_a_word_before_a_colour_changes_its_shade() -> None:
    green, deep, pale = (read_prompt(f"{word} green walls").wall for word in ("", "deep", "pale"))
    lightness = [sum(bytes.fromhex(paint)) for paint in (deep, green, pale)]
    assert lightness == sorted(lightness)
    assert len(set(lightness)) == 3


def test_a_shade_without_a_colour_is_a_shade_of_the_surface() -> None:
    plan = read_prompt("dark walls and a light floor")
    assert (plan.wall, plan.floor) == ("4d4a48", "pale oak")


def test_furniture_that_is_spoken_of_is_named() -> None:
    assert read_prompt("a velvet sofa and a lamp").furnishings == ("sofa", "lamp")
    assert read_prompt("no plants, remove the sofa").cannot == ("declutter",)


def test_an_accent_is_no_paint() -> None:
    plan = read_prompt("white walls with gold accents")
    assert (plan.wall, plan.accent) == (COLOURS["white"], COLOURS["gold"])


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
    assert {season.mood for season in SEASONS.values()} <= set(MOODS)
    assert set(SEASON_WORDS.values()) <= set(SEASONS)
    assert set(BEYOND.values()) <= set(CANNOT)
    shown = {"restyle", "wall texture", "floor restyle", "region edit", "seasonal"}
    assert set(MODES.values()) <= set(CANNOT) | shown


def test_variations_of_a_wall_have_different_shades() -> None:
    walls = [choose(read_prompt("japandi"), variant).wall for variant in range(3)]
    assert len({float(wall.sum()) for wall in walls if wall is not None}) == 3
