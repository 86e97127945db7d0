"""What is shown of an underside, and what becomes of the answer."""

from dataclasses import replace

import numpy as np
import pytest
from made_scenes import Box, truck

from scantriage.locate.frame import locate
from scantriage.locate.height import floor_row
from scantriage.locate.underside import (
    N_DEPTHS,
    N_INPUTS,
    REACHES,
    WINDOW,
    LowerEdges,
    check,
    inputs_of,
    lower_edges,
    probabilities,
)
from scantriage.scan.container import UPPER_RAIL_M, Landmarks
from scantriage.scan.geometry import CONTAINER_WIDTH_M, FanGeometry

BOX = Box(152.3, 1220.7, 60.4, 350, cargo=2.0)
N_CHANNELS = 3


def weights(*, seed=0):
    """Of a network of few channels that was never trained."""
    rng = np.random.default_rng(seed)
    made = {"mean": np.zeros(N_INPUTS), "spread": np.ones(N_INPUTS)}
    sizes = {"first": (N_CHANNELS, N_INPUTS, 5), "last": (2, N_CHANNELS, 1)}
    sizes |= {f"layers.{k}": (N_CHANNELS, N_CHANNELS, 3) for k in range(len(REACHES))}
    for name, size in sizes.items():
        made |= {f"{name}.weight": rng.normal(0, 0.2, size), f"{name}.bias": rng.normal(0, 0.2, size[0])}
    return {name: values.astype(np.float32) for name, values in made.items()}


class Asked:
    """Answers what it was told to, and keeps what it was shown."""

    def __init__(self, near=0.0, far=0.0, near_sure=0.0, far_sure=0.0):
        self.answer, self.seen = LowerEdges(near, far, near_sure, far_sure), []

    def __call__(self, one):
        self.seen.append(one)
        return self.answer


@pytest.fixture(scope="module")
def seen():
    asked = Asked()
    locate(truck(BOX), edges_of=asked)
    return asked.seen[0]


def test_an_underside_reaches_from_the_cargo_to_below_the_chassis(seen):
    assert seen.below.shape[0] == N_DEPTHS
    floor = BOX.height
    assert seen.depths[0] < 0.8 * floor < floor < 1.2 * floor < seen.depths[-1]
    # the cargo's mass ends where its floor does
    assert seen.below[seen.depths < 0.8 * floor].mean() > 2 * seen.below[seen.depths > 1.02 * floor].mean()


def test_what_the_columns_have_in_common_does_not_depend_on_their_order(seen):
    mirrored = replace(seen, below=seen.below[:, ::-1])
    np.testing.assert_allclose(inputs_of(mirrored), inputs_of(seen), atol=2e-3)


def test_what_lies_deeper_is_told_deeper(seen):
    by = 20
    lower = replace(seen, below=np.roll(seen.below, by, axis=0))
    inner = slice(60, -60)  # what was rolled in is another story
    told, moved = inputs_of(seen)[:-3], inputs_of(lower)[:-3]  # where the scan ends has not moved
    np.testing.assert_allclose(np.roll(moved, -by, axis=1)[:, inner], told[:, inner], atol=1e-4)


def test_answers_are_probabilities(seen):
    told = probabilities(weights(), inputs_of(seen))
    assert told.shape == (2, N_DEPTHS)
    assert told.min() >= 0
    np.testing.assert_allclose(told.sum(axis=1), 1, rtol=1e-5)
    edges = lower_edges(weights(), seen)
    for depth, sure in ((edges.near, edges.near_sure), (edges.far, edges.far_sure)):
        assert seen.depths[0] <= depth <= seen.depths[-1]
        assert 0 < sure <= 1


def test_beyond_the_scan_no_edge_is_found(seen):
    ends = 200
    cut = replace(seen, inside=np.arange(N_DEPTHS) < ends)
    edges = lower_edges(weights(), cut)
    assert max(edges.near, edges.far) < seen.depths[ends]
    nothing = lower_edges(weights(), replace(seen, inside=np.zeros(N_DEPTHS, bool)))
    assert nothing.near_sure == nothing.far_sure == 0


def test_the_lowest_edge_is_the_outlines():
    edges = LowerEdges(near=300.0, far=320.0, near_sure=0.9, far_sure=0.4)
    assert edges.lowest == (320.0, 0.4)


@pytest.mark.parametrize("damage", ["missing", "wide", "inputs"])
def test_weights_of_another_network_are_refused(damage):
    made = weights()
    check(made)
    if damage == "missing":
        made.pop("layers.3.weight")
    elif damage == "wide":
        made["last.weight"] = np.zeros((2, N_CHANNELS + 1, 1), np.float32)
    else:
        made["mean"] = np.zeros(N_INPUTS + 1, np.float32)
    with pytest.raises(ValueError, match="of another network"):
        check(made)


def test_an_edge_that_is_sure_is_the_floor():
    asked = Asked(near=330.0, far=310.0, near_sure=0.9, far_sure=0.8)
    (frame,) = locate(truck(BOX), edges_of=asked).frames
    roof = np.mean(frame.roof_rows)
    assert np.mean(frame.floor_rows) == pytest.approx(roof + 330, abs=0.1)
    assert frame.landmarks.lower_edges == pytest.approx((roof + 330, roof + 310), abs=0.1)


def test_where_only_one_edge_is_sure_nothing_is_told_of_the_other():
    (frame,) = locate(truck(BOX), edges_of=Asked(330.0, 310.0, 0.9, 0.1)).frames
    assert np.mean(frame.floor_rows) == pytest.approx(np.mean(frame.roof_rows) + 330, abs=0.1)
    assert frame.landmarks.lower_edges is None


def test_what_is_unsure_leaves_the_outline_as_it_is_sought():
    (frame,), (without,) = (locate(truck(BOX), edges_of=of).frames for of in (Asked(330.0, 310.0, 0.1, 0.9), None))
    assert frame == without


def test_in_a_known_geometry_the_far_rail_is_where_it_must_be_and_no_landmark_is_sought():
    asked = Asked(415.0, 395.0, 0.9, 0.9)
    fan = FanGeometry("plane", 5.4, 1.7, "left", (0.2, 4.4))
    (frame,) = locate(truck(BOX), geometry=fan, edges_of=asked).frames
    assert np.mean(frame.floor_rows) == pytest.approx(np.mean(frame.roof_rows) + 415, abs=0.1)
    assert frame.landmarks == Landmarks()
    # by hand: the near upper edge is seen; the far one is as high, and further from the source by a container's width
    half, per_m = CONTAINER_WIDTH_M / 2, 519 / 4.2
    seen_m = 4.4 - (np.mean(frame.roof_rows) - 0.5) / per_m
    roof_m = 1.7 + (seen_m - 1.7) * (5.4 - half) / 5.4
    far_m = 1.7 + (roof_m - UPPER_RAIL_M - 1.7) * 5.4 / (5.4 + half - UPPER_RAIL_M / 2)
    usual = asked.seen[0].depths[0] / WINDOW[0]
    assert asked.seen[0].rail * usual == pytest.approx((seen_m - far_m) * per_m, abs=0.1)


@pytest.mark.parametrize("height_m", [2.591, 2.896])
def test_in_a_known_geometry_an_edge_where_no_box_ends_is_the_chassis(height_m):
    fan = FanGeometry("plane", 5.4, 1.7, "left", (0.2, 4.4))
    (sought,) = locate(truck(BOX), geometry=fan).frames
    roof = np.mean(sought.roof_rows)
    ends = [floor_row(roof, ends_m, n_rows=520, geometry=fan) - roof for ends_m in (height_m, height_m + 0.5)]
    box, chassis = (
        locate(truck(BOX), geometry=fan, edges_of=Asked(depth, depth, 0.9, 0.9)).frames[0] for depth in ends
    )
    assert np.mean(box.floor_rows) == pytest.approx(roof + ends[0], abs=0.1)
    assert chassis == sought
