"""One load, two views: no difference but what was added, whatever side the two sources stood on."""

import numpy as np
import pytest

from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.scan.placement import Fan
from scantriage.section.explain import View, explain
from scantriage.section.paths import Paths
from scantriage.section.projector import projector

N_Y, N_S, STEP = 8, 12, 0.06
EDGES = np.arange(0.0, 2.4 + STEP / 2, STEP)
N_Z = len(EDGES) - 1
APPARENT = np.arange(-0.3, 3.3, STEP)
SD = 0.5  # g/cm2
FANS = {
    "the same place": (Fan(5.4, 0.5, 1), Fan(5.4, 0.5, 1)),
    "the same side": (Fan(5.4, 0.5, 1), Fan(4.4, -0.4, 1)),
    "opposite sides": (Fan(5.4, 0.5, 1), Fan(6.0, 0.2, -1)),
}


def cells_of(density, *, y=(-1.3, 1.3), z=(0.0, 2.4), slabs=(0, N_S)):
    """(N, S) load in g/cm2 per metre: a block of this density, g/cm3."""
    load = np.zeros((N_Y, N_Z, N_S))
    at_y = ((np.arange(N_Y) + 0.5) / N_Y - 0.5) * CONTAINER_WIDTH_M
    at_z = (EDGES[1:] + EDGES[:-1]) / 2
    ys, zs = (at_y > y[0]) & (at_y < y[1]), (at_z > z[0]) & (at_z < z[1])
    load[np.ix_(ys, zs, np.arange(*slabs))] = 100 * density
    return load.reshape(-1, N_S)


def view(fan, load, *, sd=SD, blind=None, at_least=None):
    path = projector(fan, APPARENT, n_y=N_Y, z_edges_m=EDGES)
    weight = np.full((len(APPARENT), N_S), 1 / sd, np.float32)
    if blind is not None:
        weight[blind] = 0
    seen = (path @ load).astype(np.float32)
    opaque = np.zeros(seen.shape, bool) if at_least is None else seen > at_least
    return View(np.minimum(seen, at_least or np.inf), opaque, weight, Paths.of(path))


def solve(first, second, *, likeness=1.0, n_iterations=(100, 100)):
    return explain(first, second, n_y=N_Y, likeness=likeness, n_iterations=n_iterations)


GOODS = cells_of(0.1, z=(0.0, 1.5)) + cells_of(0.15, z=(0.0, 0.9), slabs=(3, 8))
BAG = cells_of(0.5, y=(-0.4, 0.4), z=(1.55, 1.85), slabs=(5, 9))


@pytest.mark.parametrize("fans", FANS.values(), ids=FANS)
def test_two_views_of_one_load_leave_next_to_no_difference(fans):
    loads = solve(*(view(fan, GOODS) for fan in fans))
    assert np.abs(loads.rescan - loads.origin).sum() < 0.02 * GOODS.sum()
    # rays below the floor and above the roof count as well: mass is kept to a few per cent
    assert loads.origin.sum() == pytest.approx(GOODS.sum(), rel=0.05)


def test_each_load_explains_its_scan():
    views = [view(fan, GOODS) for fan in FANS["opposite sides"]]
    loads = solve(*views)
    for one, load in zip(views, (loads.origin, loads.rescan), strict=True):
        left = one.path.seen(load) - one.thickness
        assert np.sqrt((left**2).mean()) < 0.05 * one.thickness.max()


@pytest.mark.parametrize("fans", FANS.values(), ids=FANS)
def test_what_was_added_is_in_the_rescan_alone(fans):
    loads = solve(view(fans[0], GOODS), view(fans[1], GOODS + BAG))
    difference = loads.rescan - loads.origin
    added, removed = np.maximum(difference, 0).sum(), np.maximum(-difference, 0).sum()
    # Two views leave depth open, and the pull to be alike uses that: some of the bag counts as goods that lie
    # at another depth, most where the two look from opposite sides.
    assert 0.6 * BAG.sum() < added < 1.05 * BAG.sum()
    assert removed < 0.05 * BAG.sum()
    seen_in = difference.reshape(N_Y, N_Z, N_S).sum(axis=(0, 1))
    assert seen_in[5:9].sum() > 0.95 * np.abs(seen_in).sum()


@pytest.mark.parametrize("sd", [0.5, 1.0, 2.0, 4.0])
def test_noise_takes_little_of_it(sd):
    fan = FANS["the same place"][0]
    loads = solve(view(fan, GOODS, sd=sd), view(fan, GOODS + BAG, sd=sd))
    assert (loads.rescan - loads.origin).sum() == pytest.approx(BAG.sum(), rel=0.2)


@pytest.mark.parametrize("fans", FANS.values(), ids=FANS)
def test_swapping_the_scans_swaps_the_loads(fans):
    first, second = view(fans[0], GOODS), view(fans[1], GOODS + BAG)
    loads, swapped = solve(first, second, n_iterations=(60, 60)), solve(second, first, n_iterations=(60, 60))
    np.testing.assert_allclose(swapped.origin, loads.rescan, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(swapped.rescan, loads.origin, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("fans", FANS.values(), ids=FANS)
def test_blind_rays_make_no_difference(fans):
    path = projector(fans[1], APPARENT, n_y=N_Y, z_edges_m=EDGES)
    blind = path @ BAG > 0
    loads = solve(view(fans[0], GOODS), view(fans[1], GOODS + BAG, blind=blind))
    assert np.abs(loads.rescan - loads.origin).sum() < 0.02 * BAG.sum()


HUB = cells_of(4.0, y=(-0.3, 0.3), z=(1.55, 1.85), slabs=(5, 9))  # of iron: 240 g/cm2
MOST = 80.0  # g/cm2 that a scan could see through


@pytest.mark.parametrize("fans", FANS.values(), ids=FANS)
def test_what_lets_nothing_through_for_either_scan_differs_in_neither(fans):
    dense = GOODS + cells_of(0.5, z=(0.0, 1.2), slabs=(3, 8))
    views = [view(fan, dense, at_least=most) for fan, most in zip(fans, (MOST, 1.5 * MOST), strict=True)]
    assert all(one.at_least.any() for one in views)
    loads = solve(*views)
    assert np.abs(loads.rescan - loads.origin).sum() < 0.001 * dense.sum()
    for one, load in zip(views, (loads.origin, loads.rescan), strict=True):
        assert np.sqrt((one.unexplained(load) ** 2).mean()) < 0.05 * one.thickness.max()


@pytest.mark.parametrize("fans", FANS.values(), ids=FANS)
def test_of_what_lets_nothing_through_any_longer_the_least_is_added(fans):
    first, second = view(fans[0], GOODS), view(fans[1], GOODS + HUB, at_least=MOST)
    loads, known = solve(first, second), solve(first, view(fans[1], GOODS + HUB))
    added, whole = (np.maximum(one.rescan - one.origin, 0).sum() for one in (loads, known))
    least = (second.thickness - view(fans[1], GOODS).thickness).sum() / view(fans[1], HUB).thickness.sum()
    assert 0.7 * least * HUB.sum() < added < whole


def test_of_a_least_mass_no_load_is_too_much():
    one = view(FANS["the same place"][0], GOODS, at_least=30.0)
    assert 0 < one.at_least.mean() < 1
    np.testing.assert_allclose(one.unexplained(GOODS), 0, atol=1e-3)
    left, exact = one.unexplained(2 * GOODS), ~one.at_least
    assert not left[one.at_least].any()
    np.testing.assert_allclose(left[exact], -one.thickness[exact], atol=1e-3)


def test_one_common_load_where_likeness_is_infinite_and_two_where_nothing_ties_them():
    first, second = (view(fan, load) for fan, load in zip(FANS["the same side"], (GOODS, GOODS + BAG), strict=True))
    common = solve(first, second, likeness=np.inf)
    np.testing.assert_array_equal(common.origin, common.rescan)
    free = solve(first, second, likeness=0.0, n_iterations=(300, 300))
    assert (free.rescan - free.origin).sum() == pytest.approx(BAG.sum(), rel=0.1)


def test_loads_are_never_negative_and_the_scans_left_alone():
    first, second = view(FANS["opposite sides"][0], GOODS + BAG), view(FANS["opposite sides"][1], GOODS)
    kept = [(one.thickness.copy(), one.weight.copy(), one.path.by_ray.share.copy()) for one in (first, second)]
    loads = solve(first, second, n_iterations=(30, 30))
    assert min(loads.origin.min(), loads.rescan.min()) >= 0
    for one, arrays in zip((first, second), kept, strict=True):
        for array, before in zip((one.thickness, one.weight, one.path.by_ray.share), arrays, strict=True):
            np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("likeness", [1.0, np.inf])
def test_slabs_in_separate_runs_are_solved_as_if_alone(likeness):
    fans = FANS["opposite sides"]
    pairs = [(view(fans[0], GOODS), view(fans[1], load)) for load in (GOODS, GOODS + BAG, BAG)]
    alone = [solve(*pair, likeness=likeness) for pair in pairs]
    row = [
        View(
            np.hstack([one.thickness for one in views]),
            np.hstack([one.at_least for one in views]),
            np.hstack([one.weight for one in views]),
            views[0].path,
        )
        for views in zip(*pairs, strict=True)
    ]
    together = explain(*row, n_y=N_Y, likeness=likeness, n_iterations=(100, 100), n_runs=len(pairs))
    # the same sums in another order
    np.testing.assert_allclose(together.origin, np.hstack([one.origin for one in alone]), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(together.rescan, np.hstack([one.rescan for one in alone]), rtol=1e-4, atol=1e-3)
