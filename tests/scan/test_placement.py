"""How a container stands in a scan: sides, ends, and the way from metres to pixels and back."""

import itertools

import numpy as np
import pytest
from made_loads import BASE_M, HEIGHT_M, LENGTH_M, N_ROWS, geometry, placement

from scantriage.scan.geometry import MetreBox

FRONT_FIRST, DOORS_FIRST = (40.0, 640.0), (640.0, 40.0)


def test_left_with_the_front_first_is_right_with_the_doors_first():
    side = {
        (source, cols): placement(geometry(source), cols=cols).fan.side
        for source, cols in itertools.product(("left", "right"), (FRONT_FIRST, DOORS_FIRST))
    }
    assert side["left", FRONT_FIRST] == side["right", DOORS_FIRST] == -side["right", FRONT_FIRST]
    assert side["left", FRONT_FIRST] == -side["left", DOORS_FIRST]
    # +y is to the right of someone who looks towards the front: front first, the left source is at -y
    assert side["left", FRONT_FIRST] == -1


@pytest.mark.parametrize("source", ["left", "right"])
@pytest.mark.parametrize("cols", [FRONT_FIRST, DOORS_FIRST])
def test_things_appear_where_the_geometry_says(source, cols):
    place = placement(geometry(source), cols=cols)
    z, y = (grid.ravel() for grid in np.meshgrid([0.0, 0.8, 2.5], [-1.1, 0.0, 0.7]))
    by_road = place.geometry.on_mid_plane(z + BASE_M, place.fan.side * y) - BASE_M
    np.testing.assert_allclose(place.fan.apparent_z(z, y), by_road, atol=1e-12)


@pytest.mark.parametrize("layout", ["plane", "arc"])
@pytest.mark.parametrize("cols", [FRONT_FIRST, DOORS_FIRST])
@pytest.mark.parametrize("y_m", [-1.0, 0.0, 1.0])
def test_a_box_in_pixels_leads_back_to_its_metres(layout, cols, y_m):
    place = placement(geometry(layout=layout), cols=cols)
    box = MetreBox(1.5, 2.5, 0.3, 1.1)
    pixels = place.pixel_box(box, y_m=y_m, n_cols=700)
    x = (np.array([pixels.col0, pixels.col1]) - cols[0]) / (cols[1] - cols[0]) * LENGTH_M
    heights = place.geometry.heights(np.array([pixels.row1, pixels.row0]) - 0.5, n_rows=N_ROWS) - BASE_M
    scale = place.geometry.source_distance_m / (place.geometry.source_distance_m - place.fan.side * y_m)
    z = place.fan.height_m + (heights - place.fan.height_m) / scale
    pixel_x, pixel_z = LENGTH_M / 600, np.abs(np.diff(place.geometry.heights(np.arange(2.0), n_rows=N_ROWS)))[0] * 1.5
    assert np.sort(x) == pytest.approx([box.x0, box.x1], abs=pixel_x)
    assert z == pytest.approx([box.z0, box.z1], abs=pixel_z)
    # rounded outwards, never inwards
    assert np.sort(x)[0] <= box.x0 + 1e-9
    assert np.sort(x)[1] >= box.x1 - 1e-9


def test_a_box_is_cut_at_the_edge_of_the_scan_and_none_beyond():
    place = placement(cols=(-100.0, 500.0))
    cut = place.pixel_box(MetreBox(0.0, 2.0, 0.0, 1.0), y_m=0.0, n_cols=480)
    assert cut.col0 == 0
    assert place.pixel_box(MetreBox(0.0, 0.9, 0.0, 1.0), y_m=0.0, n_cols=480) is None
    assert place.pixel_box(MetreBox(5.9, 6.0, 0.0, 1.0), y_m=0.0, n_cols=480) is None


def test_pixels_count_edges_and_geometry_counts_centres():
    place = placement()
    top = place.geometry.heights(np.array([0.0]), n_rows=N_ROWS) - BASE_M
    assert place.rows(top, base_m=BASE_M) == pytest.approx(0.5)


def test_turning_twice_changes_nothing_and_once_exchanges_the_ends():
    place = placement(base_m=(1.1, 1.3))
    turned = place.turned()
    assert turned.columns(np.array([0.0])) == place.columns(np.array([LENGTH_M]))
    assert turned.base_at(np.array([0.0])) == place.base_at(np.array([LENGTH_M]))
    assert turned.fan.side == -place.fan.side
    assert turned.turned().cols == place.cols
    np.testing.assert_array_equal(turned.turned().base_m, place.base_m)


def test_raising_adds_along_the_container_and_leaves_the_original():
    place = placement(base_m=(1.1, 1.3))
    raised = place.raised(np.array([0.0, 0.1, 0.0]))
    at = np.array([0.0, LENGTH_M / 2, LENGTH_M])
    np.testing.assert_allclose(raised.base_at(at) - place.base_at(at), [0.0, 0.1, 0.0], atol=1e-12)
    np.testing.assert_array_equal(place.base_m, [1.1, 1.3])
    assert raised.fan.height_m == pytest.approx(place.fan.height_m - 0.1 / 3)


def test_the_sides_of_the_roof_appear_at_different_heights():
    place = placement()
    near, far = place.fan.apparent_z(np.full(2, HEIGHT_M), 1.2 * place.fan.side * np.array([1, -1]))
    assert far < HEIGHT_M < near
