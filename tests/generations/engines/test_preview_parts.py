"""The preview engine's parts by themselves: what stands before what, cut-outs, windows, sizes, what is kept."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from generations.engines.preview import output
from generations.engines.preview.arrays import Bytes, Floats, to_linear
from generations.engines.preview.cutout import cut_out
from generations.engines.preview.kept import Kept
from generations.engines.preview.occlusion import before, contact_rows
from generations.engines.preview.products import product
from generations.engines.preview.windows import panes
from tests.generations.engines.rooms import Picture
from tests.generations.engines.rooms import product as product_photo


def rgba(picture: Picture) -> Bytes:
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


def two_things() -> Floats:
    """A near table in the left half, with legs, and a far cupboard in the right half; (200, 300)."""
    things = np.zeros((200, 300), np.float32)
    things[110:120, 40:120] = 1  # the table's top
    things[120:180, 42:48] = things[120:180, 112:118] = 1  # its legs
    things[60:130, 180:260] = 1
    return things


def test_a_thing_whose_feet_are_lower_in_the_picture_stands_before_a_new_piece() -> None:
    things = two_things()
    contacts = contact_rows(things)
    hidden = before(things, contacts, 0.75)
    assert hidden[115, 44] > 0.9
    assert hidden[100, 200] == 0
    assert before(things, contacts, 0.95).max() == 0


def test_what_the_lower_edge_cuts_off_stands_before_everything() -> None:
    things = np.zeros((200, 300), np.float32)
    things[120:, 100:200] = 1
    assert before(things, contact_rows(things), 0.99)[150, 150] > 0.9


def test_a_white_mattress_on_white_is_part_of_the_bed() -> None:
    bed = np.full((300, 420, 3), 255, np.uint8)
    bed[130:200, 60:360] = 249  # hardly darker than the paper
    bed[200:220, 50:370] = (120, 80, 50)
    bed[100:150, 50:70] = (120, 80, 50)
    cutout = cut_out(rgba(bed))
    assert cutout is not None
    assert cutout.alpha[60, 150] > 0.9


def test_a_shadow_below_a_product_is_no_part_of_it() -> None:
    cutout = cut_out(rgba(product_photo(300, 140, (150, 80, 40))))
    assert cutout is not None
    assert cutout.aspect == pytest.approx(300 / 140, rel=0.06)


def test_a_photo_without_a_plain_background_is_no_product() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    assert cut_out(rgba(noise)) is None
    ramp = np.repeat(np.linspace(40, 220, 300)[None, :, None], 200, 0).repeat(3, 2).astype(np.uint8)
    assert cut_out(rgba(ramp)) is None


def view() -> tuple[Floats, Floats]:
    """A dim wall with a window of a white sky over a meadow, with a dark bar; and the window's mask."""
    picture = np.full((200, 300, 3), 120, np.uint8)
    picture[40:120, 100:200] = (250, 251, 255)
    picture[90:120, 100:200] = (90, 130, 70)
    picture[40:120, 148:152] = 60
    mask = np.zeros((200, 300), np.float32)
    mask[40:120, 100:200] = 1
    return to_linear(picture), mask


def test_the_sky_is_in_the_panes_above_the_garden_and_not_in_the_bars() -> None:
    seen, mask = view()
    glass, sky = panes(seen, mask, 0.2)
    assert glass[60, 120] > 0.9
    assert sky[60, 120] > 0.9
    assert sky[110, 120] < 0.2
    assert glass[60, 150] < 0.3
    assert glass[20, 20] == 0


def test_a_picture_on_the_wall_is_no_window() -> None:
    _, mask = view()
    dim = np.full((200, 300, 3), 0.2, np.float32)
    dim[50:80, 120:160] = 0.05
    assert panes(dim, mask, 0.2)[0].max() == 0


@pytest.mark.parametrize(("pixels", "longest"), [((4000, 3000), 2000), ((900, 600), 900)])
def test_a_large_photo_is_not_decoded_larger_than_needed(pixels: tuple[int, int], longest: int) -> None:
    width, height = pixels
    content = cv2.imencode(".jpg", np.full((height, width, 3), 90, np.uint8))[1].tobytes()
    decoded, size = output.decode_to_work(content, "1K")
    assert max(decoded.shape[:2]) == longest
    assert size == output.working_size(width, height, "1K")


def test_only_the_last_answers_are_kept() -> None:
    kept: Kept[int] = Kept(2)
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    def ask(content: bytes) -> int:
        return kept.get(content, make=make)

    assert [ask(b"a"), ask(b"a"), ask(b"b"), ask(b"a"), ask(b"c")] == [1, 1, 2, 1, 3]
    assert ask(b"b") == 4  # had gone for c


def test_a_table_seen_from_above_is_no_bar() -> None:
    assert product("Dining table", 1.2).tallest < 1.1
    assert product("a pouf", 1.0).measure == "width"
