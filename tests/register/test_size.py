"""How long and how high a container is, and whether two lengths can be of one."""

import pytest
from made_loads import N_ROWS, geometry, outline, placement

from scantriage.register.size import same_length, size_seen
from scantriage.scan.container import ContainerFrame


@pytest.mark.parametrize(("pitch_mm", "length_m"), [(10.0, 6.058), (20.5, 12.192), (23.0, 13.716)])
def test_the_length_is_the_standard_one_nearest_to_what_was_measured(pitch_mm, length_m):
    frame = outline(placement(cols=(40.0, 640.0)))
    assert size_seen(frame, n_rows=N_ROWS, geometry=None, column_pitch_mm=pitch_mm).length_m == length_m


@pytest.mark.parametrize(("width", "length_m"), [(480, 6.058), (1000, 12.192)])
def test_without_a_pitch_the_shape_tells(width, length_m):
    frame = ContainerFrame((0.0, float(width)), (100.0, 100.0), (300.0, 300.0))
    assert size_seen(frame, n_rows=N_ROWS, geometry=None, column_pitch_mm=None).length_m == length_m


@pytest.mark.parametrize("layout", ["plane", "arc"])
def test_the_height_comes_from_the_fan(layout):
    fan = geometry(layout=layout)
    frame = outline(placement(fan))
    assert size_seen(frame, n_rows=N_ROWS, geometry=fan, column_pitch_mm=10.0).height_m == 2.591
    top = fan.on_mid_plane(1.2 + 2.896, 1.219)
    high = ContainerFrame(frame.cols, (float(fan.rows(top, n_rows=N_ROWS)) + 0.5,) * 2, frame.floor_rows)
    assert size_seen(high, n_rows=N_ROWS, geometry=fan, column_pitch_mm=10.0).height_m == 2.896


def test_uneven_speed_does_not_make_another_container_of_it():
    assert same_length(12.192, 13.716)
    assert same_length(6.058, 6.058 * 1.25)
    assert not same_length(6.058, 12.192)
    assert not same_length(13.716, 6.058)
    assert same_length(None, 6.058)
    assert same_length(6.058, None)
