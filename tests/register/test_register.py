"""Whole scans onto one grid: turned, cut off, from unknown sources."""

import numpy as np
import pytest
from made_loads import (
    BASE_M,
    ENERGY_MV,
    GRID,
    LENGTH_M,
    LOADED,
    SIZE,
    Block,
    geometry,
    outline,
    placement,
    rectified,
    scanned,
)  # fmt: skip

from scantriage.errors import NotComparable
from scantriage.register.pair import LocatedScan, register
from scantriage.scan.container import ContainerFrame

OTHER = geometry(height_m=1.3, distance_m=4.9)
DOORS_FIRST = (640.0, 40.0)


# something high on either side, so that left and right can be told
LOPSIDED = (*LOADED, Block((1.0, 1.4), (0.6, 1.1), (0.2, 2.2), 0.3), Block((3.0, 3.4), (-1.1, -0.7), (0.2, 2.2), 0.4))


def located(place, *, blocks=LOADED, doors="right", frame=None, told=True, pitch_mm=None, n_cols=680, seed=0):
    image = scanned(blocks, place, n_cols=n_cols, seed=seed)
    return LocatedScan(
        image, frame or outline(place, doors=doors), place.geometry if told else None, pitch_mm, ENERGY_MV
    )


def likeness(scan, place):
    """Correlation with the true scan at its true place, inside the container."""
    inner = (slice(80, -45), slice(8, -8))
    expected = rectified(LOADED, place).attenuation[inner]
    return np.corrcoef(scan.attenuation[inner].ravel(), expected.ravel())[0, 1]


def test_both_scans_lie_on_one_grid_with_the_front_at_the_left():
    places = placement(), placement(OTHER)
    result = register(located(places[0]), located(places[1], seed=1), size=SIZE)
    assert result.origin.grid == result.rescan.grid == GRID
    assert result.likeness > 0.9
    assert not result.opposite
    np.testing.assert_allclose(result.x_m, np.arange(GRID.shape[1] + 1) * GRID.pitch_m, atol=0.03)
    for scan, place in zip((result.origin, result.rescan), places, strict=True):
        assert likeness(scan, place) > 0.97


@pytest.mark.parametrize("doors", ["left", None], ids=["doors seen", "doors not seen"])
def test_a_container_that_passed_doors_first_is_turned(doors):
    other = placement(OTHER, cols=DOORS_FIRST)
    result = register(located(placement()), located(other, doors=doors, seed=1), size=SIZE)
    assert not result.rescan.placement.doors_last
    assert result.opposite  # the source stood on the left of the vehicle both times
    assert likeness(result.rescan, other) > 0.97


def test_the_rescan_can_tell_where_the_doors_are_in_both():
    turned = placement(cols=DOORS_FIRST)
    result = register(located(turned, doors=None), located(placement(OTHER), seed=1), size=SIZE)
    assert not result.origin.placement.doors_last
    assert result.rescan.placement.doors_last
    assert likeness(result.origin, turned) > 0.97


def test_doors_taken_for_the_front_are_seen_by_the_load():
    result = register(located(placement()), located(placement(OTHER), doors="left", seed=1), size=SIZE)
    assert result.rescan.placement.doors_last


@pytest.mark.parametrize("end", ["front", "doors"])
def test_a_scan_cut_off_at_one_end_is_placed(end):
    missing = 90  # columns of 600
    cols = (-float(missing), 510.0) if end == "front" else (40.0, 640.0)
    n_cols = 560 if end == "front" else 640 - missing
    whole = placement(OTHER, cols=cols)
    seen = (0.0, 510.0) if end == "front" else (40.0, float(n_cols))
    frame = outline(whole)
    part = ContainerFrame(
        seen, frame.roof_rows, frame.floor_rows, cut_left=end == "front", cut_right=end == "doors", doors="right"
    )
    result = register(located(placement()), located(whole, frame=part, n_cols=n_cols, seed=1), size=SIZE)
    # 1 % of the length at the end that is not there, and the end that is stays
    expected = np.array(cols)
    np.testing.assert_allclose(result.rescan.placement.cols, expected, atol=0.01 * 600)
    hidden = GRID.x_m() < LENGTH_M * missing / 600 - 0.3  # travel is aligned by what lies on both sides of a place
    hidden = hidden if end == "front" else hidden[::-1]
    assert not result.rescan.valid[:, hidden].any()


@pytest.mark.parametrize("share", [0.5, 0.6, 0.7])
@pytest.mark.parametrize("turned", [False, True])
def test_a_cut_off_scan_whose_doors_nobody_saw_lies_the_way_its_part_fits_the_whole(share, turned):
    cols = (640.0, 40.0) if turned else (40.0, 640.0)
    place, last = placement(OTHER, cols=cols), 40 + round(600 * share)
    frame = outline(place)
    part = ContainerFrame(
        (40.0, float(last)), frame.roof_rows, frame.floor_rows, cut_left=False, cut_right=True, doors=None
    )
    scans = located(placement(), doors=None), located(place, frame=part, n_cols=last, seed=1)
    result = register(*scans, size=SIZE)
    assert result.rescan.placement.doors_last is not turned


def cut_off(end, *, missing, seed, blocks=LOPSIDED, pitch_mm=None):
    """A scan from which so many columns of 600 are missing at one end."""
    cols, n_cols = ((-float(missing), 600.0 - missing), 640) if end == "front" else ((40.0, 640.0), 640 - missing)
    place = placement(cols=cols)
    frame = outline(place)
    seen = (max(cols[0], 0.0), min(cols[1], float(n_cols)))
    part = ContainerFrame(
        seen, frame.roof_rows, frame.floor_rows, cut_left=end == "front", cut_right=end == "doors", doors="right"
    )
    return located(place, blocks=blocks, frame=part, pitch_mm=pitch_mm, n_cols=n_cols, seed=seed)


def test_two_scans_that_miss_the_same_end_alike_are_compared():
    result = register(cut_off("front", missing=90, seed=0), cut_off("front", missing=90, seed=1), size=SIZE)
    assert result.likeness > 0.9


def test_two_scans_that_miss_different_ends_are_not_comparable():
    with pytest.raises(NotComparable, match="Both scans miss an end"):
        register(cut_off("front", missing=150, seed=0), cut_off("doors", missing=150, seed=1), size=SIZE)


PITCH_MM = 1000 * LENGTH_M / 600
ALIKE = [Block((x, x + 0.5), (-1.1, 1.1), (0.16, 1.4), 0.1) for x in np.arange(0.3, 5.2, 0.55)]


@pytest.mark.parametrize("end", ["front", "doors"])
def test_the_way_per_column_tells_how_far_a_cut_off_container_reaches(end):
    part = cut_off(end, missing=127, seed=1, blocks=ALIKE, pitch_mm=PITCH_MM)
    result = register(located(placement(), blocks=ALIKE), part, size=SIZE)
    true = (-127.0, 473.0) if end == "front" else (40.0, 640.0)
    assert result.rescan.placement.cols == pytest.approx(true, abs=1)  # the other scan tells it to 2.5 %, 15 columns


@pytest.mark.parametrize("off", [0.97, 1.03])
@pytest.mark.parametrize("end", ["front", "doors"])
def test_a_way_per_column_that_is_a_little_off_puts_no_pallet_upon_its_neighbour(end, off):
    part = cut_off(end, missing=127, seed=1, blocks=ALIKE, pitch_mm=off * PITCH_MM)
    result = register(located(placement(), blocks=ALIKE), part, size=SIZE)
    true = (-127.0, 473.0) if end == "front" else (40.0, 640.0)
    middle = result.rescan.placement.columns(result.x_m[len(result.x_m) // 2 :][:1])
    assert middle == pytest.approx(np.mean(true), abs=6)  # of 600: the next pallet is 54 away


@pytest.mark.parametrize("off", [0.001, 1.5])
def test_a_way_per_column_that_cannot_be_is_not_heeded(off):
    wrong, untold = (
        register(located(placement()), cut_off("doors", missing=127, seed=1, pitch_mm=pitch_mm), size=SIZE)
        for pitch_mm in (off * PITCH_MM, None)
    )
    assert wrong.rescan.placement.cols == untold.rescan.placement.cols


def test_two_scans_that_miss_different_ends_are_compared_where_the_way_per_column_is_known():
    scans = [cut_off(end, missing=90, seed=k, pitch_mm=PITCH_MM) for k, end in enumerate(("front", "doors"))]
    result = register(*scans, size=SIZE)
    assert result.likeness > 0.9
    assert np.abs(result.x_m - np.linspace(0, LENGTH_M, len(result.x_m)))[150:-150].max() < 0.05


def test_two_scans_that_show_little_in_common_are_not_comparable():
    scans = [cut_off(end, missing=280, seed=k, pitch_mm=PITCH_MM) for k, end in enumerate(("front", "doors"))]
    with pytest.raises(NotComparable, match="Both scans miss an end"):
        register(*scans, size=SIZE)


def test_a_cut_off_scan_of_another_container_is_not_comparable():
    blank = scanned([], placement())
    frame = outline(placement(), doors="right", cut_left=True)
    other = LocatedScan(blank, frame, geometry(), None, ENERGY_MV)
    with pytest.raises(NotComparable, match="lies outside one scan"):
        register(located(placement()), other, size=SIZE)


def test_a_container_that_stands_higher_than_it_looks_is_found():
    true = placement(OTHER, base_m=(BASE_M + 0.04, BASE_M + 0.04))
    frame = outline(placement(OTHER), doors="right")
    result = register(located(placement()), located(true, frame=frame, seed=1), size=SIZE)
    assert result.rescan.placement.mean_base_m == pytest.approx(BASE_M + 0.04, abs=0.015)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_side_of_a_source_that_nobody_told_is_the_one_that_fits(side):
    true = placement(geometry(side, height_m=1.6, distance_m=5.5))
    told, untold = located(placement(), blocks=LOPSIDED), located(true, blocks=LOPSIDED, told=False, seed=1)
    result = register(told, untold, size=SIZE)
    assert result.opposite == (side == "right")


def test_the_scans_are_left_alone():
    scans = located(placement()), located(placement(OTHER), seed=1)
    kept = [(scan.image.pixels.copy(), scan.image.variance.copy(), scan.image.valid.copy()) for scan in scans]
    register(*scans, size=SIZE)
    for scan, arrays in zip(scans, kept, strict=True):
        for array, before in zip((scan.image.pixels, scan.image.variance, scan.image.valid), arrays, strict=True):
            np.testing.assert_array_equal(array, before)
