"""A container that stands higher than its outline says."""

import numpy as np
import pytest
from made_loads import ENERGY_MV, GRID, LENGTH_M, LOADED, NOISE, geometry, placement, rectified, scanned

from scantriage.register.height import STEP_M, align_height
from scantriage.register.pieces import Pieces
from scantriage.register.rectify import rectify

OTHERS = {"same side": geometry(height_m=1.2, distance_m=4.8), "opposite sides": geometry("right", height_m=1.4)}


def lift_of(first, second):
    return align_height(*(Pieces.of(scan, energy_mv=ENERGY_MV) for scan in (first, second))).lift_m


@pytest.mark.parametrize("fan", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("lift_m", [-0.05, 0.0, 0.06])
def test_a_known_lift_is_recovered(fan, lift_m):
    believed = placement(fan)
    image = scanned(LOADED, placement(fan, base_m=believed.base_m + lift_m))
    second = rectify(image, believed, GRID)
    lift = lift_of(rectified(LOADED, noise=NOISE), second)
    assert np.abs(lift - lift_m).max() < STEP_M
    assert abs(lift.mean() - lift_m) < 0.016


def test_a_tilt_is_recovered_along_the_container():
    believed = placement(OTHERS["same side"])
    tilt = np.array([-0.04, 0.04])
    image = scanned(LOADED, placement(OTHERS["same side"], base_m=believed.base_m + tilt))
    lift = lift_of(rectified(LOADED, noise=NOISE), rectify(image, believed, GRID))
    middles = (np.arange(len(lift)) + 0.5) / len(lift) * LENGTH_M
    expected = np.interp(middles, [0, LENGTH_M], tilt)
    # smoothing over neighbouring pieces flattens the ends by less than half the step between two of them
    assert np.abs(lift - expected).max() < STEP_M + np.ptp(tilt) / len(lift) / 2


def test_a_flat_image_tells_nothing_and_nothing_is_lifted():
    first, second = rectified([]), rectified([], placement(OTHERS["same side"]))
    np.testing.assert_array_equal(lift_of(first, second), 0)
