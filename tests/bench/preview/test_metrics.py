"""The benchmark's own arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from generations.engines.preview.arrays import floats
from tests.bench.preview import metrics


# Pairs of Sharma, Wu and Dalal's published test data.
@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_colours_are_as_far_apart_as_published(
    one: tuple[float, ...], other: tuple[float, ...], apart: float
) -> None:
    assert metrics.ciede2000(np.array(one), np.array(other)) == pytest.approx(apart, abs=1e-4)


def test_white_has_full_lightness_and_no_hue() -> None:
    assert metrics.to_lab(floats([1, 1, 1])) == pytest.approx([100, 0, 0], abs=0.02)


def test_edges_survive_a_change_of_exposure_but_not_a_coat_of_flat_paint() -> None:
    picture = np.full((60, 60, 3), 90, np.uint8)
    picture[:, 30:] = 150
    where = np.ones((60, 60), bool)
    darker = (picture * 0.7).astype(np.uint8)
    assert metrics.edges_kept(picture, darker, where)[2] > 0.95
    assert metrics.edges_kept(picture, np.full_like(picture, 120), where)[1] == 0


def test_overlap_is_counted_where_the_truth_is_known() -> None:
    left, right = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    left[:, :2] = right[:, 1:3] = True
    known = np.ones((4, 4), bool)
    known[:, 2] = False
    assert metrics.overlap(left, right) == pytest.approx(1 / 3)
    assert metrics.overlap(left, right, known) == pytest.approx(1 / 2)
