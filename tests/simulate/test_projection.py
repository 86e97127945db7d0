"""Loads projected for training: where they show, what they weigh, and how they are hidden."""

from collections import Counter

import numpy as np
import pytest

from scantriage.arrays.mass import effective_attenuation
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import ContainerGrid, FanGeometry, MetreBox
from scantriage.scan.placement import Placement
from scantriage.scan.rectified import Rectified
from scantriage.simulate.concealment import Hidden
from scantriage.simulate.projection import draw_threat, share_added, thickness_in_scan
from scantriage.simulate.solids import block

REEFER = ContainerSize(12.192, 2.896, reefer=True)
N_ROWS, N_COLS = 600, 1400


def placed(*, cols=(60.5, 1260.5), side="left", layout="plane", size=REEFER):
    geometry = FanGeometry(layout, 5.4, 1.7, side, (0.1, 5.2))
    return Placement(geometry, size, N_ROWS, cols, np.array([1.3, 1.3]))


def seen_as(goods_g_cm3, *, size=REEFER):
    """A container evenly full of goods up to half its height."""
    grid = ContainerGrid.around(size.length_m, size.height_m)
    filled = (grid.z_m() > 0.2) & (grid.z_m() < 1.6)
    attenuation = np.where(filled[:, np.newaxis], goods_g_cm3 * 243.8 * effective_attenuation(6.0), 0.05)
    attenuation = np.broadcast_to(attenuation, grid.shape).astype(np.float32)
    everywhere = np.ones(grid.shape, bool)
    return Rectified(grid, placed(size=size), attenuation, attenuation * 0, everywhere, everywhere)


@pytest.mark.parametrize("cols", [(60.5, 1260.5), (1300.0, 100.0)], ids=["front first", "doors first"])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("layout", ["plane", "arc"])
def test_a_load_shows_where_the_program_looks_for_it(cols, side, layout):
    placement = placed(cols=cols, side=side, layout=layout)
    packet = block((5.0, 5.4), (0.3, 0.7), (1.0, 1.4), "cocaine", 1.1)
    thickness = thickness_in_scan([packet], placement, n_cols=N_COLS)
    rows, cols = np.nonzero(thickness > 0.5 * thickness.max())
    shown = placement.pixel_box(MetreBox(5.0, 5.4, 1.0, 1.4), y_m=0.5, n_cols=N_COLS)
    assert thickness.shape == (N_ROWS, N_COLS)
    found = [rows.min(), rows.max() + 1, cols.min(), cols.max() + 1]
    assert np.abs(np.subtract(found, shown.as_list())).max() <= 4  # the box's depth of 40 cm moves its edges by 3 rows
    assert thickness.max() == pytest.approx(0.4 * 100 * 1.1, rel=0.05)  # 40 cm of it, and 3 % more on a slant


def test_a_load_outside_the_scan_does_not_show():
    packet = block((11.5, 11.9), (0.3, 0.7), (1.0, 1.4), "cocaine", 1.1)
    assert thickness_in_scan([packet], placed(cols=(60.5, 1600.0)), n_cols=N_COLS).max() == 0


def test_among_goods_a_load_takes_their_place():
    packets = (block((5.0, 5.4), (-0.2, 0.2), (0.5, 0.9), "cocaine", 1.1),)
    inside, roof = Hidden("in_cargo", packets, ()), Hidden("roof", packets, ())
    assert share_added(inside, seen_as(0.4), energy_mv=6.0) == pytest.approx(1 - 0.4 / 1.1, abs=0.12)
    assert share_added(inside, seen_as(0.0), energy_mv=6.0) == pytest.approx(1, abs=0.02)
    assert share_added(inside, seen_as(2.0), energy_mv=6.0) == pytest.approx(0.1)
    assert share_added(roof, seen_as(0.4), energy_mv=6.0) == 1


def test_loads_are_hidden_as_they_are_found():
    rng = np.random.default_rng(5)
    threats = [draw_threat(seen_as(0.3), energy_mv=6.0, rng=rng) for _ in range(300)]
    zones = Counter(threat.zone for threat in threats)
    assert set(zones) == {"door_end", "cargo", "floor", "roof", "side_wall", "front_wall", "reefer_unit"}
    assert zones.most_common(1)[0][0] == "door_end"
    assert all(1 <= threat.mass_kg <= 203 for threat in threats)  # to whole packets; less where no more goes in
    assert np.median([threat.mass_kg for threat in threats]) < 100


def test_there_is_no_cargo_to_hide_in_where_none_is_seen_and_no_machinery_in_a_dry_box():
    rng = np.random.default_rng(6)
    dry = ContainerSize(12.192, 2.591)
    zones = {draw_threat(seen_as(0.0, size=dry), energy_mv=6.0, rng=rng).zone for _ in range(200)}
    assert not zones & {"cargo", "reefer_unit"}


def test_the_same_seed_hides_the_same_load():
    first, second = (draw_threat(seen_as(0.3), energy_mv=6.0, rng=np.random.default_rng(9)) for _ in range(2))
    assert first == second
