"""Many pairs at once through torch: the loads that each pair has alone."""

from dataclasses import replace

import numpy as np
import torch
from made_loads import ENERGY_MV, LOADED, NOISE, WALLS, Block, geometry, placement, rectified

from scantriage.section.cells import Cells, rays_of, thickness, views_of
from scantriage.section.explain import explain
from scantriage.section.explain_batch import Pair, explain_batch

CPU = torch.device("cpu")
N_Y = 8
BAG = Block((4.32, 4.72), (-0.4, 0.4), (0.6, 1.0), 0.47)
SETTINGS = {"n_y": N_Y, "n_iterations": (60, 60)}
# float32 sums in another order, carried through 120 steps: a hundred times the rounding of the largest density
TOLERANCE = 100 * np.finfo(np.float32).eps


def pair(first, second, places, *, height_m=2.591, slab_x=12, tie=1.0, most=np.inf):
    scans = rectified(first, places[0], noise=NOISE, seed=1), rectified(second, places[1], noise=NOISE, seed=2)
    scans = [replace(one, usable=one.attenuation < most) for one in scans]
    cells = Cells(scans[0].grid, height_m, n_y=N_Y, cell_z=6, slab_x=slab_x)
    rays = (rays_of(one, thickness(one, energy_mv=ENERGY_MV), cells, energy_mv=ENERGY_MV) for one in scans)
    return Pair(*views_of(*rays, cells), np.where(cells.tied, np.float32(tie), np.float32(0))[:, np.newaxis])


SAME_SIDE = placement(), placement(geometry(height_m=1.2, distance_m=4.8))
OPPOSITE = placement(), placement(geometry("right", height_m=1.4))
PAIRS = [
    pair(LOADED, (*LOADED, BAG), SAME_SIDE),
    pair(LOADED, (*LOADED, BAG), OPPOSITE, height_m=2.4, slab_x=17),  # fewer rays, heights and slabs than the others
    pair(WALLS, LOADED, OPPOSITE, tie=np.inf),
    pair(LOADED, (*LOADED, BAG), OPPOSITE, most=0.5),  # of much only the least is known
]


def test_each_pair_has_the_loads_that_it_has_alone():
    batch = explain_batch(PAIRS, **SETTINGS, on=CPU)
    for one, found in zip(PAIRS, batch, strict=True):
        alone = explain(one.origin, one.rescan, likeness=one.likeness, **SETTINGS)
        most = alone.origin.max()
        np.testing.assert_allclose(found.origin, alone.origin, rtol=0, atol=TOLERANCE * most)
        np.testing.assert_allclose(found.rescan, alone.rescan, rtol=0, atol=TOLERANCE * most)


def test_the_company_makes_no_difference():
    together = explain_batch(PAIRS, **SETTINGS, on=CPU)
    for one, found in zip(PAIRS, together, strict=True):
        (alone,) = explain_batch([one], **SETTINGS, on=CPU)
        assert found.origin.shape == alone.origin.shape
        np.testing.assert_allclose(found.rescan, alone.rescan, rtol=0, atol=TOLERANCE * alone.rescan.max())
