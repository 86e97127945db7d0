"""Fans, boxes and grids: where things appear."""

import numpy as np
import pytest

from scantriage.scan.geometry import ContainerGrid, FanGeometry, MetreBox, PixelBox


def fan(layout="plane"):
    return FanGeometry(layout, 5.4, 1.7, "left", view_height_m=(0.2, 5.2))


@pytest.mark.parametrize("layout", ["plane", "arc"])
def test_rows_and_heights_are_inverse(layout):
    rows = np.linspace(-20, 620, 65)  # beyond the image too
    heights = fan(layout).heights(rows, n_rows=600)
    np.testing.assert_allclose(fan(layout).rows(heights, n_rows=600), rows, atol=1e-9)
    assert (np.diff(heights) < 0).all()
    np.testing.assert_allclose(fan(layout).heights(np.array([0.0, 599.0]), n_rows=600), [5.2, 0.2])


def test_rows_are_even_in_height_or_in_angle():
    rows = np.arange(600.0)
    assert np.ptp(np.diff(fan("plane").heights(rows, n_rows=600))) < 1e-12
    angles = np.arctan((fan("arc").heights(rows, n_rows=600) - 1.7) / 5.4)
    assert np.ptp(np.diff(angles)) < 1e-12


def test_near_things_appear_larger_and_those_on_the_mid_plane_where_they_are():
    heights = np.array([0.5, 1.7, 4.0])
    np.testing.assert_allclose(fan().on_mid_plane(heights, np.zeros(3)), heights)
    # by similar triangles: 2.7 m from the source, half the way to the mid plane, everything doubles
    np.testing.assert_allclose(fan().on_mid_plane(heights, np.full(3, 2.7)), 1.7 + 2 * (heights - 1.7))


@pytest.mark.parametrize(
    ("distance", "view"), [(1.0, (0.2, 5.2)), (float("nan"), (0.2, 5.2)), (5.4, (5.2, 0.2)), (5.4, (1.0, 1.0))]
)
def test_impossible_fans_are_refused(distance, view):
    with pytest.raises(ValueError, match=r"source must stand outside|must rise"):
        FanGeometry("plane", distance, 1.7, "left", view_height_m=view)


def test_boxes_are_not_empty():
    with pytest.raises(ValueError, match="row0 < row1"):
        PixelBox(5, 5, 0, 3)
    with pytest.raises(ValueError, match="x0 < x1"):
        MetreBox(1.0, 0.5, 0.0, 1.0)
    assert MetreBox(1.0, 3.0, 0.0, 0.5).area_m2 == 1.0


def test_the_grid_begins_at_the_front_and_at_the_top():
    grid = ContainerGrid.around(6.058, 2.591)
    n_rows, n_cols = grid.shape
    assert (len(grid.z_m()), len(grid.x_m())) == (n_rows, n_cols)
    assert grid.x_m()[0] == pytest.approx(grid.pitch_m / 2)
    assert grid.z_m()[0] == pytest.approx(grid.top_m - grid.pitch_m / 2)
    assert grid.z_m()[-1] == pytest.approx(grid.bottom_m, abs=grid.pitch_m)
    box = grid.metre_box(10, 30, 5, 8)
    assert box.x0 < grid.x_m()[5] < grid.x_m()[7] < box.x1
    assert box.z0 < grid.z_m()[29] < grid.z_m()[10] < box.z1
    assert box.area_m2 == pytest.approx(20 * 3 * grid.pitch_m**2)
