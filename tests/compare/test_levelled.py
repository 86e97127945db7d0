"""The front of a container once more and finer: it shows what the whole shows there."""

import numpy as np
import pytest
from made_loads import ENERGY_MV, LOADED, NOISE, Block, geometry, placement, rectified

from scantriage.compare.levelled import FINER, FRONT_M
from scantriage.compare.maps import CHANNELS
from scantriage.compare.pair import compare, front_maps

BAG = Block((0.2, 0.5), (-0.4, 0.2), (1.5, 1.9), 0.5)
FANS = (geometry(), geometry("right", height_m=1.4, distance_m=4.8))


@pytest.fixture(scope="module")
def compared():
    scans = (rectified(load, placement(fan), noise=NOISE, seed=k) for k, (load, fan) in
             enumerate(zip((LOADED, (*LOADED, BAG)), FANS, strict=True)))  # fmt: skip
    return compare(*scans, energies_mv=(ENERGY_MV, ENERGY_MV))


@pytest.fixture(scope="module")
def front(compared):
    return front_maps(compared)


def of(maps, name):
    return maps.channels[CHANNELS.index(name)]


def test_its_cells_are_finer_both_ways_and_begin_where_those_of_the_whole_do(compared, front):
    whole = compared.maps
    assert (whole.circumstances.cell_z_m, whole.circumstances.cell_x_m) == pytest.approx(
        (FINER * front.circumstances.cell_z_m, FINER * front.circumstances.cell_x_m)
    )
    assert front.inside.start == FINER * whole.inside.start
    assert front.channels.shape[2] * front.circumstances.cell_x_m == pytest.approx(FRONT_M)


def test_where_it_lies_is_told_as_of_the_whole(compared, front):
    whole, finer = compared.maps.circumstances, front.circumstances
    for name in ("length_m", "height_m", "reefer", "fans", "known", "likeness"):
        assert getattr(finer, name) == getattr(whole, name)


@pytest.mark.parametrize("name", ["seen_origin", "seen_rescan"])
def test_both_show_the_same_mass_in_each_slab(compared, front, name):
    n_cols = front.channels.shape[2]
    fine, coarse = (of(maps, name)[maps.inside].mean(axis=0) for maps in (front, compared.maps))
    # rows of either are those nearest to the heights asked for
    np.testing.assert_allclose(fine.reshape(-1, FINER).mean(axis=1), coarse[: n_cols // FINER], rtol=0.02, atol=0.1)


def test_what_was_added_to_the_front_lies_there(front):
    pair = front.circumstances
    kg = of(front, "mass_kg")
    rows = slice(*(front.inside.start + round(z / pair.cell_z_m) for z in (1.3, 2.1)))
    cols = slice(*(round(x / pair.cell_x_m) for x in BAG.x))
    assert 0.3 * BAG.kg < kg[rows, cols].sum() < 1.2 * BAG.kg
    elsewhere = np.abs(kg).sum() - np.abs(kg[rows, cols]).sum()
    assert elsewhere < 0.3 * BAG.kg
