"""From rectified scans to rays: masses, weights, what is blind."""

from dataclasses import replace

import numpy as np
import pytest
from made_loads import ENERGY_MV, GRID, HEIGHT_M, LOADED, WALLS, Block, geometry, placement, rectified

from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.section.cells import Cells, rays_of, thickness, views_of

CELLS = Cells(GRID, HEIGHT_M, n_y=8, cell_z=4, slab_x=6)
SAME_SIDE = (placement(), placement(geometry(height_m=1.2, distance_m=4.8)))


def views(first, second):
    rays = [rays_of(s, thickness(s, energy_mv=ENERGY_MV), CELLS, energy_mv=ENERGY_MV) for s in (first, second)]
    return views_of(*rays, CELLS)


def test_cells_reach_from_below_the_floor_to_the_roof_with_an_edge_at_the_floor():
    edges = CELLS.z_edges_m
    np.testing.assert_allclose(np.diff(edges), CELLS.cell_z * GRID.pitch_m)
    assert np.abs(edges).min() < 1e-9
    assert edges[-1] >= HEIGHT_M
    assert CELLS.inside.sum() == (edges[:-1] > -1e-9).sum()
    np.testing.assert_array_equal(CELLS.tied.reshape(8, -1), np.tile(CELLS.inside, (8, 1)))


def test_a_cell_of_one_gram_per_cm2_and_metre_weighs_its_volume_times_10_kg():
    volume = 0.04 * 0.06 * CONTAINER_WIDTH_M / 8
    assert CELLS.cell_mass_kg == pytest.approx(10 * volume)


def test_thickness_is_what_the_beam_met():
    block = Block((2.0, 3.0), (-0.5, 0.5), (0.5, 1.5), 0.4)
    seen = thickness(rectified([block]), energy_mv=ENERGY_MV)
    # a metre of 0.4 g/cm3; the steepest ray falls by a metre (and a bit) on the 5.4 m to the mid plane
    assert 40 * 0.999 < seen.max() < 40 * np.hypot(1, 1.1 / 5.4)
    # the image of a block is magnified like its middle
    assert 10 * seen.sum(dtype=float) * GRID.pitch_m**2 == pytest.approx(block.kg, rel=0.02)


def test_rays_that_a_scan_did_not_measure_have_no_weight_in_it():
    first, second = rectified(LOADED, SAME_SIDE[0]), rectified(LOADED, SAME_SIDE[1])
    valid = second.valid.copy()
    valid[:, 300:400] = False
    one, other = views(first, replace(second, valid=valid, usable=valid))
    assert (one.weight > 0).all()
    slab = slice(300 // CELLS.slab_x + 1, 400 // CELLS.slab_x)
    assert not other.weight[:, slab].any()
    assert (other.weight[:, : slab.start - 1] > 0).all()
    assert not one.at_least.any()
    assert not other.at_least.any()


def test_of_rays_that_let_too_little_through_the_least_is_known():
    first, second = rectified(LOADED, SAME_SIDE[0]), rectified(LOADED, SAME_SIDE[1])
    usable = second.usable.copy()
    usable[:, 300:402] = False
    _, other = views(first, replace(second, usable=usable))
    assert other.at_least[:, 300 // CELLS.slab_x : 402 // CELLS.slab_x].all()
    assert not other.at_least[:, : 300 // CELLS.slab_x].any()
    assert (other.weight > 0).all()


def test_noisier_pixels_weigh_less():
    first, second = rectified(WALLS, SAME_SIDE[0]), rectified(WALLS, SAME_SIDE[1])
    _, quiet = views(first, second)
    _, noisy = views(first, replace(second, variance=100 * second.variance))
    assert (noisy.weight < quiet.weight).all()


def test_thicker_goods_weigh_less():
    middle = CELLS.z_edges_m.size // 2, GRID.shape[1] // CELLS.slab_x // 2  # far from every edge
    weights = []
    for density in (0.02, 0.1, 0.5):
        goods = [Block((0.0, 6.0), (-1.1, 1.1), (0.0, 2.5), density)]
        one, _ = views(rectified(goods, SAME_SIDE[0]), rectified(goods, SAME_SIDE[1]))
        weights.append(one.weight[middle])
    assert (np.diff(weights) < 0).all()


def test_the_scans_are_left_alone():
    first, second = rectified(LOADED, SAME_SIDE[0]), rectified(LOADED, SAME_SIDE[1])
    kept = [(scan.attenuation.copy(), scan.variance.copy(), scan.usable.copy()) for scan in (first, second)]
    views(first, second)
    for scan, arrays in zip((first, second), kept, strict=True):
        for array, before in zip((scan.attenuation, scan.variance, scan.usable), arrays, strict=True):
            np.testing.assert_array_equal(array, before)
