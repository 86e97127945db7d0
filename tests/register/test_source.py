"""A scanner that told nobody where its source stands."""

from dataclasses import replace

import numpy as np
import pytest
from made_loads import ENERGY_MV, GRID, HEIGHT_M, LOADED, SIZE, geometry, outline, placed_by, placement, scanned

from scantriage.register.pair import LocatedScan, register
from scantriage.register.pieces import Pieces
from scantriage.register.rectify import rectify
from scantriage.register.source import far_rail_row, likely_source, lower_edge_rows, place_seen
from scantriage.scan.container import Landmarks

KNOWN = geometry(height_m=1.7, distance_m=5.4)
UNTOLD = {
    "high and near": geometry(height_m=2.7, distance_m=4.5),
    "low and far": geometry("right", height_m=0.6, distance_m=6.4),
    "rows evenly in angle": geometry(height_m=2.2, distance_m=4.6, layout="arc"),
}


def located(fan, *, told=True, seed=0):
    where = placement(fan)
    return LocatedScan(scanned(LOADED, where, seed=seed), outline(where), fan if told else None, None, ENERGY_MV)


def apart_cm(found, true):
    """How far heights on the mid plane are off, of what stands anywhere in the container, all alike put right."""
    z, y = np.meshgrid(np.linspace(0.1, HEIGHT_M - 0.1, 9), np.linspace(-1.1, 1.1, 7))
    rows = true.rows(true.fan.apparent_z(z, y), base_m=true.mean_base_m) - 0.5
    believed = found.geometry.heights(rows, n_rows=found.n_rows) - found.mean_base_m
    off = believed - found.fan.apparent_z(z, y * found.fan.side * true.fan.side)  # the side is another question
    return 100 * float(off.std())


def ordinary(fan):
    return place_seen(outline(placement(fan)), n_rows=placement(fan).n_rows, size=SIZE, geometry=None)


@pytest.mark.parametrize("fan", UNTOLD.values(), ids=UNTOLD)
@pytest.mark.parametrize("told_first", [True, False])
def test_a_source_that_nobody_told_of_is_found_from_the_other_scan(fan, told_first):
    scans = [located(KNOWN), located(fan, told=False, seed=1)]
    result = register(*(scans if told_first else scans[::-1]), size=SIZE)
    found = result.rescan if told_first else result.origin
    apart = apart_cm(found.placement, placement(fan))
    # sources are half a metre and a metre apart; a row of bricks is 5 cm high
    assert apart < 5
    assert apart < 0.6 * apart_cm(ordinary(fan), placement(fan))


def test_what_is_told_is_left_alone():
    told = register(located(KNOWN), located(UNTOLD["high and near"], seed=1), size=SIZE)
    assert [scan.placement.geometry for scan in (told.origin, told.rescan)] == [KNOWN, UNTOLD["high and near"]]


def test_a_scan_seen_by_its_own_fan_is_as_it_was():
    where = placement(KNOWN)
    pieces = Pieces.of(rectify(scanned(LOADED, where), where, GRID), energy_mv=ENERGY_MV)
    again = pieces.placed(where)
    np.testing.assert_allclose(again.thickness, pieces.thickness, atol=1e-3)
    np.testing.assert_allclose(again.rays.thickness, pieces.rays.thickness, atol=1e-3)


@pytest.mark.parametrize("fan", UNTOLD.values(), ids=UNTOLD)
def test_how_far_apart_the_lower_edges_show_tells_the_distance(fan):
    where = placement(fan)
    rail, edges = far_rail_row(where), lower_edge_rows(where)
    empty = Pieces.of(rectify(scanned([], where), where, GRID), energy_mv=ENERGY_MV)  # the load tells nothing
    found, blind = (
        likely_source(empty, empty, lambda s: placed_by(s, where), Landmarks(rail, told)) for told in (edges, None)
    )
    off, off_blind = (abs(source.distance_m - fan.source_distance_m) for source in (found, blind))
    assert off < 0.6  # as far as sources are apart
    assert off < off_blind


@pytest.mark.parametrize("fan", UNTOLD.values(), ids=UNTOLD)
def test_landmarks_alone_place_a_scan_nearer_to_the_truth_than_an_ordinary_source(fan):
    where = placement(fan)
    frame = replace(outline(where), landmarks=Landmarks(far_rail_row(where), lower_edge_rows(where)))
    seen = place_seen(frame, n_rows=where.n_rows, size=SIZE, geometry=None)
    assert apart_cm(seen, where) < 0.6 * apart_cm(ordinary(fan), where)
    assert place_seen(frame, n_rows=where.n_rows, size=SIZE, geometry=fan).geometry == fan


def test_two_scans_of_nothing_leave_the_source_among_those_that_there_are():
    where = placement(KNOWN)
    empty = Pieces.of(rectify(scanned([], where), where, GRID), energy_mv=ENERGY_MV)

    source = likely_source(empty, empty, lambda s: placed_by(s, where), Landmarks())
    assert 4.4 <= source.distance_m <= 6.6
    assert 0.4 <= source.height_m <= 2.9
