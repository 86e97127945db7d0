"""Two scanners, one scale."""

import numpy as np
import pytest
from made_loads import ENERGY_MV, LENGTH_M, LOADED, NOISE, WALLS, Block, geometry, placement, rectified

from scantriage.compare.level import level
from scantriage.section.cells import thickness

PLACES = {
    "same side": (placement(), placement(geometry(height_m=1.2, distance_m=4.8))),
    "opposite sides": (placement(), placement(geometry("right", height_m=1.4))),
}
BAG = Block((4.0, 4.4), (-0.3, 0.3), (1.7, 2.1), 0.5)


def factor(first, second):
    layers = tuple(thickness(scan, energy_mv=ENERGY_MV) for scan in (first, second))
    return level(first, second, layers, energies_mv=(ENERGY_MV, ENERGY_MV))


# What is left of a wrong scale: a common load lies half way between two scans at first, and the few rounds go on
# from there. Opposite sides leave it more freedom to follow both.
@pytest.mark.parametrize(("side", "left"), [("same side", 0.1), ("opposite sides", 0.4)])
@pytest.mark.parametrize("scale", [0.9, 1.0, 1.12])
def test_a_scanner_that_shows_everything_thicker_is_brought_back(side, left, scale):
    places = PLACES[side]
    first = rectified(LOADED, places[0], noise=NOISE, seed=1)
    second = rectified(LOADED, places[1], scale=scale, noise=NOISE, seed=2)
    assert abs(np.log(factor(first, second) * scale)) < 0.01 + left * abs(np.log(scale))


def test_what_was_added_does_not_bend_the_scale():
    first, second = (
        rectified(load, place) for load, place in zip((LOADED, (*LOADED, BAG)), PLACES["same side"], strict=True)
    )
    assert factor(first, second) == pytest.approx(1, abs=0.02)


def test_an_empty_container_leaves_the_scale_near_one():
    first, second = (rectified(WALLS, place, noise=NOISE) for place in PLACES["same side"])
    assert factor(first, second) == pytest.approx(1, abs=0.03)


def test_nothing_to_see_is_no_scale_to_change():
    nothing = [Block((0.0, LENGTH_M), (-1.0, 1.0), (0.0, 1.0), 0.0)]
    first, second = (rectified(nothing, place) for place in PLACES["same side"])
    value = factor(first, second)
    assert np.isfinite(value)
    assert value == pytest.approx(1, abs=0.05)
