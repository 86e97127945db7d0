"""Scans on the container's own grid: upright, in metres, front at the left."""

from dataclasses import replace

import numpy as np
import pytest
from made_loads import BASE_M, GRID, LOADED, NOISE, Block, geometry, outline, placement, rectified, scanned

from scantriage.register.place import height_from_outline, place
from scantriage.register.rectify import rectify
from scantriage.register.source import place_seen

FRONT_FIRST, DOORS_FIRST = (40.0, 640.0), (640.0, 40.0)
PLACES = {
    "front first": placement(),
    "doors first": placement(cols=DOORS_FIRST),
    "source low and near": placement(geometry(height_m=0.6, distance_m=4.4)),
    "rows even in angle": placement(geometry(layout="arc")),
    "tilted": placement(base_m=(1.16, 1.24)),
    "tilted, doors first": placement(base_m=(1.25, 1.17), cols=DOORS_FIRST),
}


@pytest.mark.parametrize("where", PLACES.values(), ids=PLACES)
def test_a_scan_of_the_container_is_what_the_grid_shows(where):
    seen = rectify(scanned(LOADED, where), where, GRID)
    expected = rectified(LOADED, where)
    off = np.abs(seen.attenuation - expected.attenuation)
    # edges lie within a pixel of 1 cm; away from them only noise is left
    assert np.quantile(off, 0.8) < 3 * NOISE
    assert np.quantile(off, 0.97) < 0.15
    middle = slice(120, -120)
    shift = np.corrcoef(seen.attenuation[middle].ravel(), expected.attenuation[middle].ravel())[0, 1]
    assert shift > 0.985


@pytest.mark.parametrize("where", [PLACES["tilted"], PLACES["tilted, doors first"]], ids=["front first", "doors first"])
def test_a_tilted_floor_becomes_level(where):
    board = [Block((0.0, 6.058), (-0.01, 0.01), (1.0, 1.1), 5.0)]  # on the mid plane, where heights are true
    seen = rectify(scanned(board, where), where, GRID).attenuation
    z = GRID.z_m()
    inner = (z > 0.8) & (z < 1.3)
    heights = (seen[inner] * z[inner, np.newaxis]).sum(axis=0) / seen[inner].sum(axis=0)
    np.testing.assert_allclose(heights[5:-5], 1.05, atol=0.01)


def test_uneven_travel_is_undone_when_it_is_known():
    where = placement()
    x_m = np.arange(GRID.shape[1] + 1) * GRID.pitch_m
    displaced = 0.2 * np.sin(np.pi * x_m / x_m[-1]) ** 2
    image = scanned(LOADED, where, warp=lambda even: even - np.interp(even, x_m + displaced, displaced))
    seen = rectify(image, where, GRID, x_m=x_m + displaced)
    inner = slice(20, -20)
    off = np.abs(seen.attenuation - rectified(LOADED, where).attenuation)[:, inner]
    assert np.quantile(off, 0.8) < 3 * NOISE
    assert np.quantile(off, 0.97) < 0.2


def test_averaging_keeps_the_noise_honest():
    where = placement(cols=(40.0, 2440.0))  # four columns to a cell of the grid
    image = scanned([], where, n_cols=2480)
    seen = rectify(image, where, GRID)
    inner = seen.attenuation[20:-20, 5:-5]
    assert np.median(seen.variance) < 0.5 * NOISE**2
    # linear interpolation between rows makes the variance of a cell depend on where it falls
    assert inner.std() == pytest.approx(np.sqrt(seen.variance[20:-20, 5:-5].mean()), rel=0.05)


def test_what_was_not_measured_is_not_valid_and_does_not_bleed():
    where = placement()
    image = scanned(LOADED, where)
    valid = image.valid.copy()
    valid[:, 200:260] = False
    pixels = image.pixels.copy()
    pixels[:, 200:260] = 50.0
    seen = rectify(replace(image, valid=valid, pixels=pixels), where, GRID)
    first, last = (round((col - 40) / 600 * GRID.shape[1]) for col in (200, 260))
    inside_rows = slice(30, -30)
    assert not seen.valid[inside_rows, first + 2 : last - 2].any()
    assert seen.valid[inside_rows, : first - 2].all()
    assert seen.attenuation[:, : first - 2].max() < 20
    assert (seen.usable <= seen.valid).all()


@pytest.mark.parametrize("fan", [geometry(), geometry(height_m=0.6, distance_m=4.4), geometry(layout="arc")])
@pytest.mark.parametrize("base_m", [(1.2, 1.2), (1.12, 1.3)])
def test_the_outline_tells_where_the_container_stands(fan, base_m):
    where = placement(fan, base_m=base_m)
    found = place(outline(where), n_rows=where.n_rows, size=where.size, geometry=fan)
    np.testing.assert_allclose(found.base_m, base_m, atol=1e-6)
    assert found.cols == where.cols
    assert height_from_outline(outline(where), n_rows=where.n_rows, geometry=fan) == pytest.approx(
        where.size.height_m,
        abs=2e-3,  # the mean of two rows of a tilted roof is not the row of its mean height
    )


def test_the_end_with_the_doors_is_the_far_one():
    right, left = (
        place(outline(placement(), doors=doors), n_rows=480, size=placement().size, geometry=geometry())
        for doors in ("right", "left")
    )
    assert right.doors_last
    assert not left.doors_last


def test_an_unknown_scanner_still_puts_the_roof_and_the_floor_where_they_belong():
    where = placement()
    assumed = place_seen(outline(where), n_rows=where.n_rows, size=where.size, geometry=None)
    seen = rectify(scanned(LOADED, where), assumed, GRID)
    known = rectified(LOADED, where)
    assert assumed.base_m.mean() == pytest.approx(BASE_M, abs=0.15)
    middle = slice(100, -80)
    assert np.corrcoef(seen.attenuation[middle].ravel(), known.attenuation[middle].ravel())[0, 1] > 0.9
