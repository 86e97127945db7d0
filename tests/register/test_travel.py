"""Uneven speed is undone, and a container is told from its mirror image."""

import numpy as np
import pytest
from made_loads import GRID, HEIGHT_M, LENGTH_M, LOADED, NOISE, Block, geometry, placement, rectified, scanned

from scantriage.register.rectify import rectify
from scantriage.register.travel import align_travel, band_profiles, details

# within 15 % of the even speed, as drive-through scanners are, at rest at both ends
WARP_M = 0.22


def displaced(x):
    """Displacement at x: where the origin's place lies in a rescan whose scanner looked at the wrong places."""
    return WARP_M * np.sin(np.pi * np.clip(x, 0, LENGTH_M) / LENGTH_M) ** 2


def warped(x_seen):
    """The place that a column looks at which an even speed would put at x_seen: the inverse of x + displaced(x)."""
    x = np.linspace(-1.0, LENGTH_M + 1.0, 7001)
    return np.interp(x_seen, x + displaced(x), x)


def align(origin, rescan):
    seen = origin.valid.any(axis=0) & rescan.valid.any(axis=0)
    first, second = (details(band_profiles(scan), seen, pitch_m=GRID.pitch_m) for scan in (origin, rescan))
    return align_travel(first, second, seen, pitch_m=GRID.pitch_m)


def on_grid(blocks, place, **options):
    return rectify(scanned(blocks, place, **options), place, GRID)


@pytest.mark.parametrize(
    "other",
    [placement(geometry(height_m=1.2, distance_m=4.8)), placement(geometry("right", height_m=1.4))],
    ids=["same side", "opposite sides"],
)
def test_a_known_uneven_speed_is_recovered(other):
    travel = align(on_grid(LOADED, placement(), seed=1), on_grid(LOADED, other, warp=warped, seed=2))
    error = travel.displacement_m - displaced(GRID.x_m())
    assert np.median(np.abs(error)) < 0.015
    assert np.abs(error).max() < 0.06  # where nothing changes along the container, as in the middle of a stack
    assert (np.diff(GRID.x_m() + travel.displacement_m) > 0).all()  # the vehicle never goes back


def test_an_even_speed_stays_even():
    first, second = (rectified(LOADED, noise=NOISE, seed=seed) for seed in (1, 2))
    travel = align(first, second)
    assert np.abs(travel.displacement_m).max() < 0.01
    assert travel.likeness > 0.95


def test_equal_pallets_are_not_mistaken_for_their_neighbours():
    pallets = [Block((x, x + 0.9), (-1.1, 1.1), (0.16, 1.4), 0.1) for x in np.arange(0.3, 5.2, 1.1)]
    first, second = (rectified(pallets, noise=NOISE, seed=seed) for seed in (1, 2))
    assert np.abs(align(first, second).displacement_m).max() < 0.02


def test_a_shift_by_more_than_a_pallet_is_followed_smoothly():
    pallets = [Block((x, x + 0.5), (-1.1, 1.1), (0.16, 1.4), 0.1) for x in np.arange(0.3, 5.2, 0.55)]
    far = 0.6  # ten per cent of the length, as much as a drive-through scanner errs; beyond a pallet of 0.55 m

    def displaced(x):
        return far * np.sin(np.pi * np.clip(x, 0, LENGTH_M) / LENGTH_M) ** 2

    def warped(x_seen):
        x = np.linspace(-1.0, LENGTH_M + 1.0, 7001)
        return np.interp(x_seen, x + displaced(x), x)

    travel = align(on_grid(pallets, placement(), seed=1), on_grid(pallets, placement(), warp=warped, seed=2))
    assert np.median(np.abs(travel.displacement_m - displaced(GRID.x_m()))) < 0.02


@pytest.mark.parametrize("thick_m", [0.15, 0.25, 0.4])
@pytest.mark.parametrize("density", [0.3, 0.9])
@pytest.mark.parametrize("removed", [False, True], ids=["added", "removed"])
def test_a_heavy_load_at_an_end_is_not_pushed_out_of_the_container(thick_m, density, removed):
    # a wall of bags behind the doors: the heaviest loads there are, and nothing like them in the other scan
    wall = Block((LENGTH_M - 0.1 - thick_m, LENGTH_M - 0.1), (-1.1, 1.1), (0.16, 2.2), density)
    with_it, without = (rectified(load, noise=NOISE, seed=k) for k, load in enumerate(([*LOADED, wall], LOADED)))
    scans = (with_it, without) if removed else (without, with_it)
    assert np.abs(align(*scans).displacement_m).max() < 0.05


def test_an_end_that_one_scan_misses_may_lie_anywhere():
    whole = rectified(LOADED, noise=NOISE, seed=1)
    seen = GRID.x_m() < 0.8 * LENGTH_M
    bands = band_profiles(whole)
    late = 0.1
    moved = np.stack([np.interp(GRID.x_m() - late, GRID.x_m(), row) for row in bands]).astype(np.float32)
    first, second = (details(one, seen, pitch_m=GRID.pitch_m) for one in (bands, np.where(seen, moved, 0)))
    travel = align_travel(first, second, seen, pitch_m=GRID.pitch_m)
    inner = seen & (GRID.x_m() > 1.5) & (GRID.x_m() < 0.8 * LENGTH_M - 0.3)
    assert np.abs(travel.displacement_m[inner] - late).max() < 0.03


def test_the_same_load_is_more_alike_than_its_mirror_image():
    scan = rectified(LOADED, noise=NOISE)
    mirrored = rectified([Block((LENGTH_M - b.x[1], LENGTH_M - b.x[0]), b.y, b.z, b.density) for b in LOADED])
    assert align(scan, scan).likeness > align(scan, mirrored).likeness + 0.2


def test_profiles_do_not_depend_on_the_thickness_of_all():
    thin, thick = (rectified([Block((0, LENGTH_M), (-1, 1), (0, HEIGHT_M), d), *LOADED]) for d in (0.0, 0.02))
    everywhere = np.ones(GRID.shape[1], np.bool_)
    first, second = (details(band_profiles(scan), everywhere, pitch_m=GRID.pitch_m) for scan in (thin, thick))
    inner = slice(100, -100)  # the ends of the block are steps of their own
    assert np.corrcoef(first[:, inner].ravel(), second[:, inner].ravel())[0, 1] > 0.98


def test_what_one_scan_does_not_show_is_no_detail_of_the_other():
    bands = band_profiles(rectified(LOADED, noise=NOISE))
    seen = GRID.x_m() < 0.7 * LENGTH_M
    elsewhere = bands + np.where(seen, 0, np.float32(1.5))  # a wall of goods beyond the cut
    first, second = (details(one.astype(np.float32), seen, pitch_m=GRID.pitch_m) for one in (bands, elsewhere))
    np.testing.assert_array_equal(first, second)
    assert not first[:, ~seen].any()
