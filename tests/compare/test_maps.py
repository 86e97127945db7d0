"""What a comparison knows of each place: masses, thicknesses, depths of two loads whose truth is known."""

import numpy as np
import pytest
from made_loads import ENERGY_MV, LOADED, NOISE, WALLS, Block, geometry, placement, rectified

from scantriage.compare.learned_inputs import inputs_of
from scantriage.compare.maps import ABOVE_M, BELOW_M, CHANNELS
from scantriage.compare.pair import compare
from scantriage.learn.batches import mirrored_across

N_BELOW, N_ABOVE = round(BELOW_M / 0.04), round(ABOVE_M / 0.04)
BAG = Block((2.0, 2.6), (0.2, 0.9), (0.5, 1.1), 0.5)
FANS = (geometry(), geometry("right", height_m=1.4, distance_m=4.8))
OTHER_FANS = (geometry("right"), geometry("left", height_m=1.4, distance_m=4.8))


def mirrored(blocks):
    """The same container with its left where its right was."""
    return [Block(block.x, (-block.y[1], -block.y[0]), block.z, block.density) for block in blocks]


def maps_of_pair(first, second, fans=FANS, **options):
    scans = (rectified(load, placement(fan), noise=NOISE, seed=k) for k, (load, fan) in
             enumerate(zip((first, second), fans, strict=True)))  # fmt: skip
    return compare(*scans, energies_mv=(ENERGY_MV, ENERGY_MV), likeness=0.8, **options).maps


@pytest.fixture(scope="module")
def added():
    return maps_of_pair(LOADED, (*LOADED, BAG), geometry_known=(True, False))


def channel(maps, name):
    return maps.channels[CHANNELS.index(name)]


def test_masses_are_differences_of_thickness_over_a_cell(added):
    cell_m2 = added.circumstances.cell_z_m * added.circumstances.cell_x_m
    kg = (channel(added, "rescan") - channel(added, "origin")) * 10 * cell_m2  # 1 g/cm2 is 10 kg/m2
    # float32 sums of some 100 g/cm2 over the container's width
    np.testing.assert_allclose(channel(added, "mass_kg"), kg, atol=300 * 1e-6 * 10 * cell_m2)


def test_the_two_loads_weigh_what_the_blocks_weigh(added):
    cell_m2 = added.circumstances.cell_z_m * added.circumstances.cell_x_m
    truth = sum(block.kg for block in LOADED)
    for name, kg in (("origin", truth), ("rescan", truth + BAG.kg)):
        assert channel(added, name).sum() * 10 * cell_m2 == pytest.approx(kg, rel=0.1)


def test_what_was_added_lies_at_its_depth(added):
    mass, depth = channel(added, "mass_kg"), channel(added, "depth_m")
    rows = slice(N_BELOW + round(0.6 / 0.04), N_BELOW + round(1.0 / 0.04))
    cols = slice(round(2.1 / 0.06), round(2.5 / 0.06))
    assert mass[rows, cols].sum() > 0.3 * BAG.kg * (0.4 / 0.6) ** 2
    # two views tell the side, hardly more: a bag of 0.7 m whose middle lies at +0.55 m
    assert np.average(depth[rows, cols], weights=np.abs(mass[rows, cols])) > 0.1


def test_circumstances_are_those_of_the_pair(added):
    told = added.circumstances
    assert told.known == (True, False)
    assert told.likeness == 0.8
    assert told.fans == tuple(placement(fan).fan for fan in FANS)
    assert (told.length_m, told.height_m) == (6.058, 2.591)
    assert added.channels.dtype == np.float32
    assert np.isfinite(added.channels).all()


def test_a_container_mirrored_across_gives_the_inputs_that_training_makes_of_it(added):
    """Compared anew, blocks and sources mirrored: nothing but the sign of the depth changes."""
    anew = maps_of_pair(mirrored(LOADED), mirrored((*LOADED, BAG)), OTHER_FANS, geometry_known=(True, False))
    expected, _ = mirrored_across(inputs_of(added), np.zeros(0, np.bool_))
    # the same steps on cells in the other order: rounding of float32 over 120 steps
    np.testing.assert_allclose(inputs_of(anew), expected, atol=0.02)


def test_an_empty_container_shows_its_walls():
    maps = maps_of_pair(WALLS, WALLS)
    seen = channel(maps, "seen_origin")[maps.inside]
    inside = seen[5:-5, 5:-5]
    assert 2 < np.median(inside) < 10  # two walls of 0.6 cm at 3 g/cm3: 3.6 g/cm2, more where a ray is steep


def test_what_lies_under_the_roof_near_a_source_shows_above_it():
    """A source 0.5 m above the floor and 5.4 m away lifts what lies 1 m nearer by a fifth of what it stands higher."""
    near = Block((2.0, 2.6), (0.8, 1.1), (2.2, 2.5), 0.5)
    maps = maps_of_pair(WALLS, (*WALLS, near), (geometry("right"), geometry("right")))
    more = (channel(maps, "seen_rescan") - channel(maps, "seen_origin"))[:, round(2.1 / 0.06) : round(2.5 / 0.06)]
    bottom, top = (round((0.5 + (z - 0.5) * 5.4 / (5.4 - 0.95)) / 0.04) + N_BELOW for z in (2.2, 2.5))
    assert top > maps.inside.stop
    assert more[bottom + 4 : top - 4].min() > 10  # 0.3 m at 0.5 g/cm3
    assert np.abs(more[: bottom - 4]).max() < 2


def test_cells_above_and_below_the_container_hold_what_is_seen_alone(added):
    beyond = np.r_[:N_BELOW, -N_ABOVE:0]
    for name in ("mass_kg", "window_kg", "sd_kg", "origin", "rescan", "depth_m", "spread_m"):
        assert not channel(added, name)[beyond].any()
    assert channel(added, "usable_origin").all()
    assert added.channels.shape[1] == added.inside.stop + N_ABOVE
