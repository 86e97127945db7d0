from dataclasses import replace

import numpy as np
import pytest

from benchmarks.failures import truth_on_grid, worst
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import FanGeometry, MetreBox, PixelBox
from scantriage.scan.placement import Placement
from scantriage.simulate.case import Truth

TRUTH = Truth("HLBU1527916", "added", "coffee", "22G1", mass_kg=50.0, net_kg=50.0)


def row(label, priority, *, net_kg=None, outcome="compared"):
    return {"label": label, "priority": priority, "net kg": net_kg, "outcome": outcome}


def test_clean_containers_that_rank_high_come_first_and_then_heavy_loads_that_rank_low():
    rows = [row("clean", p) for p in (0.1, 0.5, 0.3, 0.2, 0.4)]
    rows += [row("added", p, net_kg=50.0) for p in (0.6, 0.2, 0.1)]
    chosen = [(one["label"], one["priority"]) for one in worst(rows)]
    assert chosen == [*(("clean", p) for p in (0.5, 0.4, 0.3, 0.2)), *(("added", p) for p in (0.1, 0.2, 0.6))]


def test_light_loads_and_what_was_not_compared_are_not_shown():
    rows = [row("added", 0.1, net_kg=39.0), row("clean", 0.9, outcome="not_comparable"), row("swapped", 0.1)]
    assert worst(rows) == []


@pytest.mark.parametrize(("cols", "x"), [((100.0, 700.0), (1.0, 2.0)), ((700.0, 100.0), (4.0, 5.0))])
def test_the_load_is_boxed_where_it_lies_in_the_scan_also_when_front_and_doors_were_exchanged(cols, x):
    geometry = FanGeometry("plane", 5.0, 1.7, "left", (0.1, 5.2))
    placed = Placement(geometry, ContainerSize(6.0, 2.6), 400, cols, np.full(2, 1.2))
    truth = replace(TRUTH, container_box=MetreBox(1.0, 2.0, 0.5, 0.9), origin_box=PixelBox(10, 20, 200, 300))
    box = truth_on_grid(truth, placed)
    assert (box.x0, box.x1) == pytest.approx(x)
    assert (box.z0, box.z1) == (0.5, 0.9)
    moved = truth_on_grid(replace(truth, moved_from=MetreBox(3.0, 4.0, 1.5, 1.9)), placed)
    assert (moved.z0, moved.z1) == (1.5, 1.9)


def test_a_clean_container_has_nothing_to_box():
    geometry = FanGeometry("plane", 5.0, 1.7, "left", (0.1, 5.2))
    assert truth_on_grid(TRUTH, Placement(geometry, ContainerSize(6.0, 2.6), 400, (0.0, 600.0), np.zeros(2))) is None
