"""The upper rail of the far wall, by which a scan tells how steeply its beams look up."""

from dataclasses import replace

import pytest
from made_loads import (
    ENERGY_MV,
    GRID,
    HEIGHT_M,
    LENGTH_M,
    LOADED,
    Block,
    geometry,
    outline,
    placed_by,
    placement,
    scanned,
)

from scantriage.locate.rails import far_rail
from scantriage.register.pair import LocatedScan
from scantriage.register.pieces import Pieces
from scantriage.register.rectify import rectify
from scantriage.register.source import DISTANCES_M, HEIGHTS_M, far_rail_row, likely_source
from scantriage.scan.container import UPPER_RAIL_M, Landmarks

HALF_M = 1.219
_UPPER = (HEIGHT_M - UPPER_RAIL_M, HEIGHT_M)
RAILS = tuple(
    Block((0.1, LENGTH_M - 0.1), across, _UPPER, 1.4)
    for across in ((-HALF_M, UPPER_RAIL_M - HALF_M), (HALF_M - UPPER_RAIL_M, HALF_M))
)
TO_THE_ROOF = Block((0.3, LENGTH_M - 0.3), (-1.1, 1.1), (0.16, HEIGHT_M - 0.1), 0.2)
ROW_CM = 1.05  # of the scans made here

FANS = {
    "low": geometry(height_m=0.6, distance_m=6.4),
    "high": geometry("right", height_m=2.7, distance_m=4.5),
    "rows evenly in angle": geometry(height_m=1.6, distance_m=5.2, layout="arc"),
}


def off_cm(solids, where):
    found = far_rail(scanned(solids, where), outline(where))
    return None if found is None else ROW_CM * abs(found - far_rail_row(where))


@pytest.mark.parametrize("fan", FANS.values(), ids=FANS)
@pytest.mark.parametrize("solids", [LOADED + RAILS, (*LOADED, *RAILS, TO_THE_ROOF)], ids=["stacks", "full"])
def test_the_far_rail_is_seen_where_the_fan_shows_it(fan, solids):
    assert off_cm(solids, placement(fan)) < 2


def test_the_far_rail_of_a_container_that_tilts_rises_less_than_the_near_one():
    where = placement(FANS["low"], base_m=(1.15, 1.25))  # 10 cm over the length: a degree
    assert off_cm(LOADED + RAILS, where) < 2


def test_where_nothing_stands_no_rail_is_seen():
    where = placement()
    assert far_rail(scanned([], where), outline(where)) is None


def test_an_outline_of_a_few_rows_shows_no_rail():
    where = placement()
    image = scanned(LOADED + RAILS, where)
    flat = replace(outline(where), roof_rows=(200.0, 200.0), floor_rows=(206.0, 206.0))
    assert far_rail(image, flat) is None


@pytest.mark.parametrize("fan", FANS.values(), ids=FANS)
def test_a_source_shows_the_far_rail_where_it_was_seen(fan):
    known, where = placement(geometry()), placement(fan)
    fixed, loose = (
        Pieces.of(rectify(scanned(LOADED + RAILS, at), at, GRID), energy_mv=ENERGY_MV) for at in (known, where)
    )
    scan = LocatedScan(scanned(LOADED + RAILS, where), outline(where), None, None, ENERGY_MV)
    rail_row = far_rail(scan.image, scan.frame)
    source = likely_source(fixed, loose, lambda s: placed_by(s, where), Landmarks(rail_row))
    assert far_rail_row(placed_by(source, where)) == pytest.approx(rail_row, abs=1.5)


def test_a_rail_that_no_likely_source_shows_is_left_out_of_account():
    known = placement(geometry())
    pieces = Pieces.of(rectify(scanned(LOADED, known), known, GRID), energy_mv=ENERGY_MV)
    frame = outline(known)
    source = likely_source(pieces, pieces, lambda s: placed_by(s, known), Landmarks(frame.roof_rows[0] + 1))
    assert DISTANCES_M[0] <= source.distance_m <= DISTANCES_M[-1]
    assert HEIGHTS_M[0] <= source.height_m <= HEIGHTS_M[-1]
