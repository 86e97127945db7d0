"""Sampling a scan on a fine grid of its container."""

import numpy as np
import pytest

from scantriage.register.fine import own_pitch, sample
from scantriage.register.rectify import rectify
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import ContainerGrid, FanGeometry
from scantriage.scan.image import ScanImage
from scantriage.scan.placement import Placement

SIZE = ContainerSize(6.058, 2.591)
ROWS, COLS = 1150, 2000
PITCH_M = 0.005


def placed(layout="plane", *, doors_first=False, tilt_m=0.0, n_rows=ROWS):
    geometry = FanGeometry(layout, 5.4, 1.7, "left", (0.1, 5.2))
    cols = (1900.0, 100.0) if doors_first else (100.0, 1900.0)
    base = np.linspace(1.3 - tilt_m, 1.3 + tilt_m, 5)
    return Placement(geometry, SIZE, n_rows, cols, base)


def grid(pitch_m=PITCH_M):
    return ContainerGrid.around(SIZE.length_m, SIZE.height_m, pitch_m=pitch_m)


def spot(place, x_m, z_m):
    """A scan with a blurred spot at this place of the container."""
    col = float(place.columns(np.array(x_m))) - 0.5
    row = float(place.rows(np.array(z_m), base_m=float(place.base_at(np.array(x_m))))) - 0.5
    rows, cols = np.mgrid[:ROWS, :COLS]
    return np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * 4.0**2)).astype(np.float32)


def seen_at(image, on):
    """Centre of what a picture shows, metres."""
    total = image.sum()
    x_m, z_m = (image.sum(axis=0) * on.x_m()).sum() / total, (image.sum(axis=1) * on.z_m()).sum() / total
    return float(x_m), float(z_m)


@pytest.mark.parametrize("layout", ["plane", "arc"])
@pytest.mark.parametrize("doors_first", [False, True])
@pytest.mark.parametrize("tilt_m", [0.0, 0.05])
@pytest.mark.parametrize("at", [(0.4, 0.3), (5.6, 2.3)])
def test_a_spot_lies_where_it_is(layout, doors_first, tilt_m, at):
    place, on = placed(layout, doors_first=doors_first, tilt_m=tilt_m), grid()
    image = sample(spot(place, *at), place, on, x_m=on.x_m(), outside=0.0)
    # a tenth of a pixel: far below the half that a viewer may be off
    assert seen_at(image, on) == pytest.approx(at, abs=0.1 * PITCH_M)


def test_a_coarser_grid_averages_the_same_place():
    place, on = placed(), grid(0.02)
    image = sample(spot(place, 3.0, 1.5), place, on, x_m=on.x_m(), outside=0.0)
    assert seen_at(image, on) == pytest.approx((3.0, 1.5), abs=0.1 * 0.02)
    noise = np.random.default_rng(0).standard_normal((ROWS, COLS)).astype(np.float32)
    seen = sample(noise, place, on, x_m=on.x_m(), outside=0.0)[60:-60]
    dx_m, dz_m = own_pitch(place)
    # whole pixels to a cell are averaged first; between two such means noise falls further
    assert seen.std() < 1 / np.sqrt((0.02 // dx_m) * (0.02 // dz_m))


def test_a_plane_of_means_shows_the_same_place():
    place, on = placed(), grid(0.02)
    whole = spot(place, 3.0, 1.5)
    means = whole.reshape(ROWS // 2, 2, COLS // 2, 2).mean(axis=(1, 3))
    image = sample(means, place, on, x_m=on.x_m(), outside=0.0, shrunk=2)
    assert seen_at(image, on) == pytest.approx((3.0, 1.5), abs=0.1 * 0.02)


def test_beyond_the_scan_lies_what_is_asked_for():
    place, on = placed(), grid()
    image = sample(np.ones((ROWS, COLS), np.float32), place, on, x_m=on.x_m() + 20, outside=-0.25)
    assert (image == -0.25).all()


def test_it_agrees_with_what_is_compared():
    place, on, coarse = placed("arc", tilt_m=0.03), grid(), grid(0.01)
    smooth = spot(place, 2.0, 1.0)
    nowhere = np.ones(smooth.shape, bool)
    image = ScanImage(smooth, np.ones_like(smooth), nowhere, nowhere, "attenuation")
    compared = rectify(image, place, coarse)
    fine = sample(smooth, place, on, x_m=on.x_m(), outside=0.0)
    assert seen_at(fine, on) == pytest.approx(seen_at(compared.attenuation, coarse), abs=0.5 * PITCH_M)


def test_the_scan_is_left_alone():
    place, on = placed(), grid(0.02)
    before = spot(place, 3.0, 1.5)
    plane = before.copy()
    sample(plane, place, on, x_m=on.x_m(), outside=0.0)
    assert np.array_equal(plane, before)


def test_own_pitch_is_the_distance_of_pixels():
    dx_m, dz_m = own_pitch(placed())
    assert dx_m == pytest.approx(SIZE.length_m / 1800)
    assert dz_m == pytest.approx(5.1 / (ROWS - 1))
