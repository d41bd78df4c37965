"""What is taken for a wall and is none: tiles, radiators, lamps before windows; and windows by night."""

from __future__ import annotations

import cv2
import numpy as np

from generations.engines.preview import parser
from generations.engines.preview.arrays import Floats, Mask, floats, to_linear, weighted_median
from generations.engines.preview.bounce import forgiven
from generations.engines.preview.enclosed import Numbers, in_seam, no_wall
from generations.engines.preview.folds import folded
from generations.engines.preview.panels import Panel, night_windows
from generations.engines.preview.windows import panes

HEIGHT, WIDTH = 240, 360


def kinds() -> Numbers:
    """A wall under a ceiling and over a floor."""
    winner = np.full((HEIGHT, WIDTH), parser.WALL, np.int64)
    winner[:60], winner[180:] = parser.CEILING, parser.FLOOR
    return winner


def said(winner: Numbers, wall: float) -> Floats:
    """A parser that says wall so surely where `winner` is, and a thing for the rest."""
    parsed = np.zeros((*winner.shape, 7), np.float32)
    parsed[..., parser.WALL], parsed[..., parser.OTHER] = wall, 1 - wall
    return parsed


def kitchen() -> Numbers:
    """With cupboards above a worktop."""
    winner = kinds()
    winner[80:110, 60:300] = winner[140:180, 60:300] = parser.OTHER
    return winner


def test_tiles_above_a_worktop_are_no_wall_unless_the_parser_says_so() -> None:
    winner, grey = kitchen(), np.full((HEIGHT, WIDTH), 80, np.float32)
    found = no_wall(winner, said(winner, 0.35), grey)
    assert found[112:138, 62:298].all()
    assert not found[:, :58].any()
    assert not no_wall(winner, said(winner, 0.6), grey).any()


def test_what_the_sun_burnt_out_is_what_the_parser_says() -> None:
    winner, light = kinds(), np.full((HEIGHT, WIDTH), 80, np.float32)
    light[150:170, 100:200] = 97
    assert np.array_equal(no_wall(winner, said(winner, 0.3), light), light > 90)
    assert not no_wall(winner, said(winner, 0.6), light).any()


def test_the_lower_half_of_a_lamp_before_a_window_is_no_wall() -> None:
    winner = kinds()
    winner[70:160, 100:300] = parser.WINDOW
    winner[90:100, 150:200] = parser.OTHER
    winner[100:112, 150:200] = parser.WALL
    grey = np.full((HEIGHT, WIDTH), 80, np.float32)
    assert no_wall(winner, said(winner, 0.9), grey)[100:112, 150:200].all()


def test_a_shadow_below_the_ceiling_is_no_thing() -> None:
    winner = kinds()
    winner[60:68, 100:200] = parser.OTHER
    assert in_seam(winner, said(winner, 0.8))[60:68, 100:200].all()
    assert not in_seam(winner, said(winner, 0.5)).any()


def folds(step: int) -> Floats:
    """The lightness of a pale wall under a window, with a radiator whose folds are so many pixels apart."""
    light = np.full((HEIGHT, WIDTH), 75, np.float32)
    light[120:170, 120:240] += 3 * (np.arange(120) % step == 0)
    return light


def test_a_radiator_is_known_by_its_folds() -> None:
    wall: Mask = kinds() == parser.WALL
    window = np.zeros_like(wall)
    window[70:110, 120:240] = True
    found = folded(folds(4), wall & ~window, window)
    assert found[125:165, 130:230].all()
    assert not found[:, :100].any()
    assert not folded(folds(4), wall, np.zeros_like(wall)).any()  # far from a window it is a wall of boards
    assert not folded(folds(40), wall & ~window, window).any()


def test_a_wall_of_boards_beside_a_window_stays_wall() -> None:
    wall: Mask = kinds() == parser.WALL
    window = np.zeros_like(wall)
    window[70:110, 120:240] = True
    light = np.full((HEIGHT, WIDTH), 75, np.float32) + floats(3 * (np.arange(WIDTH) % 4 == 0))
    assert not folded(light, wall & ~window, window).any()


def test_the_wall_under_a_sill_may_have_the_floors_hue() -> None:
    floor, wall = np.zeros((HEIGHT, WIDTH), bool), np.zeros((HEIGHT, WIDTH), bool)
    floor[200:], wall[60:200] = True, True
    hue, light = np.zeros((HEIGHT, WIDTH, 2), np.float32), np.full((HEIGHT, WIDTH), 75, np.float32)
    hue[floor] = (0.1, 0.3)
    hue[185:200, 100:200], light[185:200, 100:200] = (0.05, 0.15), 60
    hue[60:200, 250:270], light[60:200, 250:270] = (0.05, 0.15), 60  # a curtain
    apart = floats(np.linalg.norm(hue, axis=-1))
    made = forgiven(apart, hue, light, wall, floor, limit=0.03)
    assert made[185:200, 100:200].max() < 0.03
    assert np.array_equal(made[:, 250:270], apart[:, 250:270])


def lounge() -> Floats:
    """A window of two leaves with dusk behind them in a wall by lamplight, sRGB bytes."""
    picture = np.full((HEIGHT, WIDTH, 3), (90, 76, 60), np.uint8)
    picture[80:160, 120:240] = (120, 104, 88)
    picture[84:156, 124:178] = picture[84:156, 182:236] = (48, 40, 72)
    return floats(picture)


def leaves() -> list[Panel]:
    return [
        Panel(floats([(left, 80), (left + 60, 80), (left + 60, 160), (left, 160)]), door=False)
        for left in (120, 180)
    ]


def test_two_blue_leaves_in_lamplight_are_a_window() -> None:
    lab = floats(cv2.cvtColor(lounge() / 255, cv2.COLOR_RGB2LAB))
    assert len(night_windows(lab, leaves())) == 2
    assert not night_windows(lab, leaves()[:1])  # one alone may be a picture
    day = floats(cv2.cvtColor(np.minimum(lounge() * 2.4, 255) / 255, cv2.COLOR_RGB2LAB))
    assert not night_windows(day, leaves())


def test_a_window_by_night_gets_its_sky_between_its_bars() -> None:
    window = np.zeros((HEIGHT, WIDTH), np.float32)
    window[80:160, 120:240] = 1
    glass, sky = panes(to_linear(lounge().astype(np.uint8)), window, 0.08)
    assert min(glass[120, 150], glass[120, 210], sky[120, 150]) > 0.9
    assert glass[120, 180] < 0.3
    assert glass[:, :110].max() == 0


def test_a_weighted_median_is_one_of_the_values() -> None:
    random = np.random.default_rng(5)
    values, weights = floats(random.random(999) ** 3), floats(random.random(999))
    order = np.argsort(values)
    total = np.cumsum(weights[order].astype(np.float64))
    assert weighted_median(values, weights) == values[order][np.searchsorted(total, total[-1] / 2)]
    assert weighted_median(floats([2, 2, 2]), floats([1, 1, 1])) == 2
