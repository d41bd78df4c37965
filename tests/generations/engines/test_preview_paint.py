"""What is of another hue than the wall or the floor that it was taken for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from generations.engines.preview import parser
from generations.engines.preview.arrays import Bytes, Floats, Mask, floats
from generations.engines.preview.camera import BACK
from generations.engines.preview.matting import matted
from generations.engines.preview.paint import without_things

HEIGHT, WIDTH = 240, 360
WALL = np.array((150, 175, 165))  # sRGB, as the next ones
OAK = np.array((180, 140, 95))


def scene() -> Floats:
    """A pale green wall over an oak floor, sRGB 0 to 255: the light falls off to the right, and grows warmer."""
    picture = np.empty((HEIGHT, WIDTH, 3))
    picture[:150], picture[150:] = WALL, OAK
    fall = np.linspace(1.15, 0.75, WIDTH)[None, :, None]
    return floats(picture * fall * np.linspace((1, 1, 1), (1.05, 1, 0.93), WIDTH))


def taken(picture: Floats) -> Bytes:
    """The likeliest class of each pixel, for a parser that took all above row 150 for wall and all below for floor."""
    lab = floats(cv2.cvtColor(floats(np.clip(picture, 0, 255) / 255), cv2.COLOR_RGB2LAB))
    beliefs = np.full((HEIGHT, WIDTH, 7), 0.02, np.float32)
    beliefs[:150, :, parser.WALL] = beliefs[150:, :, parser.FLOOR] = 0.88
    planes: Bytes = np.full((HEIGHT, WIDTH), BACK, np.uint8)
    made, changed = without_things(beliefs, lab, beliefs, planes)
    assert np.allclose(made.sum(-1), 1, atol=1e-5)
    assert changed.any() == bool((made != beliefs).any())
    return np.asarray(made.argmax(-1), np.uint8)


def share(classes: Bytes, where: tuple[slice, slice], kind: int) -> float:
    return float((classes[where] == kind).mean())


def test_light_that_changes_little_by_little_makes_no_things() -> None:
    classes = taken(scene())
    assert (classes[:148] == parser.WALL).all()
    assert (classes[152:] == parser.FLOOR).all()


def test_a_vase_before_the_wall_is_a_thing() -> None:
    picture = scene()
    picture[90:140, 200:230] = (205, 190, 165)
    classes = taken(picture)
    assert share(classes, np.s_[93:137, 203:227], parser.OTHER) > 0.95
    assert share(classes, np.s_[20:80, 20:180], parser.WALL) == 1


def test_a_pale_carpet_on_oak_is_a_rug() -> None:
    picture = scene()
    picture[180:225, 90:240] = (190, 186, 180)
    classes = taken(picture)
    assert share(classes, np.s_[184:221, 95:235], parser.RUG) > 0.95
    assert share(classes, np.s_[155:175, 20:340], parser.FLOOR) == 1


@pytest.mark.parametrize("darker", [0.6, 0.75])
def test_a_shadow_stays_wall(darker: float) -> None:
    picture = scene()
    picture[40:120, 60:160] *= darker
    assert (taken(picture)[:148] == parser.WALL).all()


def test_a_patch_of_sun_stays_floor() -> None:
    picture = scene()
    picture[180:225, 90:240] = (255, 236, 200)
    assert (taken(picture)[152:] == parser.FLOOR).all()


def test_a_dark_frame_at_the_rim_of_a_wall_stays_unpainted() -> None:
    linear = np.full((200, 200, 3), 0.5, np.float32)
    linear[60:140, 60:140] = 0.04  # a frame
    linear[66:134, 66:134] = 0.85  # around white paper
    mask: Floats = np.ones((200, 200), np.float32)
    mask[62:138, 62:138] = 0  # drawn a little too small
    made = matted(mask, linear)
    frame: Mask = (linear[..., 0] < 0.1) & (mask > 0)
    assert float(made[frame].mean()) < 0.5
    assert float(made[:50].min()) == 1
