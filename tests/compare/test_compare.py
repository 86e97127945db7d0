"""Two rectified scans to changes: what was added is found, weighed and placed; what was not is not."""

from dataclasses import replace

import numpy as np
import pytest
from made_loads import ENERGY_MV, LOADED, NOISE, WALLS, Block, geometry, placement, rectified

from scantriage.compare.pair import compare

PLACES = {
    "same side": (placement(), placement(geometry(height_m=1.2, distance_m=4.8))),
    "opposite sides": (placement(), placement(geometry("right", height_m=1.4))),
}
# 60 kg of packets between two stacks, not on a floor beam and not at a wall
BAG = Block((4.32, 4.72), (-0.4, 0.4), (0.6, 1.0), 0.47)
EMPTY_BAG = Block((2.0, 2.4), (-0.4, 0.4), (0.6, 1.0), 0.47)


def run(first, second):
    return compare(first, second, energies_mv=(ENERGY_MV, ENERGY_MV))


def scans(places, first, second):
    return rectified(first, places[0], noise=NOISE, seed=1), rectified(second, places[1], noise=NOISE, seed=2)


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("load", [WALLS, LOADED], ids=["empty", "loaded"])
def test_an_unchanged_container_shows_no_change(places, load):
    result = run(*scans(places, load, load))
    assert result.changes == []
    assert result.agreement > 0.95
    assert max(result.changed_kg) < 0.03 * result.origin_kg


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_a_bag_in_an_empty_container_is_found_weighed_and_placed(places):
    result = run(*scans(places, WALLS, (*WALLS, EMPTY_BAG)))
    change = result.changes[0]
    assert change.significance > 0
    assert abs(change.mass_kg - EMPTY_BAG.kg) < 3 * change.sd_kg
    assert change.sd_kg < 0.3 * EMPTY_BAG.kg
    box = change.box
    assert min(box.x1, EMPTY_BAG.x[1]) - max(box.x0, EMPTY_BAG.x[0]) > 0.5 * 0.4
    assert min(box.z1, EMPTY_BAG.z[1]) - max(box.z0, EMPTY_BAG.z[0]) > 0.5 * 0.4
    assert (box.x1 - box.x0) * (box.z1 - box.z0) < 3 * 0.4 * 0.4
    assert all(abs(other.significance) < change.significance for other in result.changes[1:])


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_swapping_the_scans_flips_the_sign(places):
    first, second = scans(places, WALLS, (*WALLS, EMPTY_BAG))
    added, removed = run(first, second), run(second, first)
    assert added.changes[0].significance > 0 > removed.changes[0].significance
    # the scale follows the origin scan, which is the other one now: a per cent of the mass thickness at most
    assert removed.changes[0].mass_kg == pytest.approx(-added.changes[0].mass_kg, rel=0.1)
    assert removed.changed_kg[1] == pytest.approx(added.changed_kg[0], rel=0.1)


def test_a_bag_between_stacks_is_found():
    result = run(*scans(PLACES["same side"], LOADED, (*LOADED, BAG)))
    change = result.changes[0]
    assert change.significance > 0
    assert min(change.box.x1, BAG.x[1]) > max(change.box.x0, BAG.x[0])
    assert min(change.box.z1, BAG.z[1]) > max(change.box.z0, BAG.z[0])


def test_nothing_is_found_where_one_scan_is_blind():
    first, second = scans(PLACES["same side"], WALLS, (*WALLS, EMPTY_BAG))
    valid = second.valid.copy()
    valid[:, 180:260] = False
    result = run(first, replace(second, valid=valid, usable=valid))
    assert [change for change in result.changes if change.box.x0 < 2.5 and change.box.x1 > 1.9] == []


def not_through(scan, *, most):
    """The scan of a machine that sees through no more than this attenuation."""
    return replace(scan, attenuation=np.minimum(scan.attenuation, most), usable=scan.attenuation < most)


SAFE = Block((2.0, 2.6), (-0.4, 0.4), (0.6, 1.2), 7.8)


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_what_lets_nothing_through_any_longer_is_found_and_its_mass_is_the_least(places):
    first, second = (not_through(scan, most=3.0) for scan in scans(places, WALLS, (*WALLS, SAFE)))
    for change, sign in ((run(first, second).changes[0], 1), (run(second, first).changes[0], -1)):
        assert sign * change.significance > 2.9
        assert 50 < sign * change.mass_kg < SAFE.kg
        box = change.box
        assert min(box.x1, SAFE.x[1]) - max(box.x0, SAFE.x[0]) > 0.5 * 0.6
        assert min(box.z1, SAFE.z[1]) - max(box.z0, SAFE.z[0]) > 0.5 * 0.6


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_nothing_is_found_in_what_lets_nothing_through_for_both(places):
    load = (*WALLS, SAFE)
    first, second = scans(places, load, load)
    assert run(not_through(first, most=3.0), not_through(second, most=4.0)).changes == []
    more = not_through(scans(places, load, (*load, replace(SAFE, y=(-1.0, -0.5))))[1], most=4.0)
    found = run(not_through(first, most=3.0), more)
    inside = [change for change in found.changes if change.box.z0 > SAFE.z[0] and change.box.z1 < SAFE.z[1]]
    assert inside == []


def test_a_container_stands_for_itself_whatever_is_below_it():
    chassis = [Block((0.5, 5.5), (-0.6, 0.6), (-0.39, -0.1), 0.5)]
    result = run(*scans(PLACES["same side"], WALLS, (*WALLS, *chassis)))
    assert all(change.box.z0 < 0.2 for change in result.changes)  # rays cross the floor near the source
    assert sum(abs(change.mass_kg) for change in result.changes) < 0.1 * chassis[0].kg


def test_the_scans_are_left_alone():
    first, second = scans(PLACES["same side"], WALLS, (*WALLS, EMPTY_BAG))
    kept = [(scan.attenuation.copy(), scan.variance.copy(), scan.usable.copy()) for scan in (first, second)]
    run(first, second)
    for scan, arrays in zip((first, second), kept, strict=True):
        for array, before in zip((scan.attenuation, scan.variance, scan.usable), arrays, strict=True):
            np.testing.assert_array_equal(array, before)
