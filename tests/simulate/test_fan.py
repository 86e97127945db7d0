"""Rays through solids against closed forms, and parallax against the project's own geometry."""

from dataclasses import replace

import numpy as np
import pytest

from scantriage.scan.geometry import FanGeometry
from scantriage.simulate.fan import Fan, packed, project
from scantriage.simulate.inject import bag_thickness
from scantriage.simulate.materials import SHARES
from scantriage.simulate.solids import Solid, Texture, block

PARALLEL = FanGeometry("plane", 1e5, 1.5, "right", (0.0, 3.0))
FAN = FanGeometry("plane", 5.0, 1.2, "right", (0.0, 5.0))
N_ROWS = 601
X = np.arange(0.0025, 3.0, 0.005)


def seen(solids, geometry=PARALLEL, *, side=1, x=X, n_rows=N_ROWS):
    fan = Fan.of(geometry, n_rows=n_rows, source_y_sign=side)
    return project(packed(solids), x, fan, slit_m=float(x[1] - x[0])).sum(axis=0)


def test_a_slab_is_as_thick_as_it_is():
    image = seen([block((1, 2), (-0.5, 0.3), (1, 2), "water", 1.0)])
    assert image[N_ROWS // 2, 300] == pytest.approx(80.0, rel=1e-5)
    assert image[10, 300] == image[N_ROWS // 2, 10] == 0


def test_nothing_shows_nothing():
    assert not seen([]).any()


def test_a_wedge_grows_evenly():
    # twenty steps, 5 cm long and 1 cm deep each
    wedge = [block((1 + 0.05 * i, 1.05 + 0.05 * i), (0, 0.01 * (i + 1)), (1, 2), "water", 1.0) for i in range(20)]
    image = seen(wedge)[N_ROWS // 2]
    middles = [image[round((1.025 + 0.05 * i) / 0.005)] for i in range(20)]
    assert np.allclose(middles, np.arange(1, 21), rtol=1e-4)


@pytest.mark.parametrize("shape", ["upright", "across", "along", "ellipsoid"])
def test_round_solids_have_their_chords_and_their_mass(shape):
    radius, density = 0.4, 0.8
    image = seen([Solid(shape, 1.1, 1.9, -radius, radius, 1.1, 1.9, "water", density)])
    solid = Solid(shape, 1.1, 1.9, -radius, radius, 1.1, 1.9, "water", density)
    # a parallel beam sees every gram: 0.1 kg per g/cm2 and dm2; pixels cut the edge, so 1 %
    mass = image.sum() * 10 * 0.005 * (3.0 / (N_ROWS - 1))
    assert mass == pytest.approx(solid.mass_kg, rel=0.01)
    row, col = N_ROWS // 2, round(1.5 / 0.005)
    assert image[row, col] == pytest.approx(2 * radius * 100 * density, rel=1e-3)
    if shape in ("upright", "ellipsoid"):
        off = 0.2
        chord = 2 * np.sqrt(radius**2 - off**2) * 100 * density
        assert image[row, round((1.5 + off) / 0.005)] == pytest.approx(chord, rel=0.01)


def test_a_hollow_is_taken_away():
    solids = [block((1, 2), (-0.5, 0.5), (1, 2), "iron", 7.85), block((1, 2), (-0.4, 0.4), (1, 2), "iron", -7.85)]
    assert seen(solids)[N_ROWS // 2, 300] == pytest.approx(20 * 7.85, rel=1e-4)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("layout", ["plane", "arc"])
@pytest.mark.parametrize("y", [-1.1, 0.0, 1.1])
def test_a_thing_appears_where_the_geometry_says(side, layout, y):
    geometry = FanGeometry(layout, 5.0, 1.2, "right", (0.0, 5.0))
    small = block((1, 2), (y - 0.005, y + 0.005), (2.9, 3.0), "iron", 7.85)
    image = seen([small], geometry, side=side)[:, 300]
    rows = np.flatnonzero(image > 0.5 * image.max())
    towards = side * y
    expected = geometry.rows(geometry.on_mid_plane(np.array([3.0, 2.9]), np.array(towards)), n_rows=N_ROWS)
    # a row and a half: where the edge falls within its row, and half the thing's depth of 1 cm
    assert abs(rows[0] - expected[0]) < 1.5
    assert abs(rows[-1] - expected[1]) < 1.5


def test_the_fan_follows_a_container_that_stands_higher_and_aside():
    lifted = Fan.of(FAN, n_rows=N_ROWS, source_y_sign=1, raised_m=0.3, aside_m=0.1)
    # a ray that passes the scanner's mid plane 2 m above the road: y = -0.1 and z = 1.7 in the container
    middle = np.argmin(np.abs(FAN.heights(np.arange(N_ROWS) * 1.0, n_rows=N_ROWS) - 2.0))
    ray = slice(4 * middle, 4 * middle + 4)
    heights = lifted.heights[ray] - 0.1 * lifted.slopes[ray]
    assert heights.mean() == pytest.approx(1.7, abs=0.01)
    assert (lifted.source_y_m, lifted.source_z_m) == pytest.approx((4.9, 0.9))


def test_a_texture_changes_the_density_but_not_the_mass_much():
    plain = block((0, 3), (-0.5, 0.5), (0.1, 2.9), "water", 0.4)
    textured = block((0, 3), (-0.5, 0.5), (0.1, 2.9), "water", 0.4, pattern=Texture(0.2, 0.05, 0.05, 7))
    even, uneven = seen([plain])[100:500], seen([textured])[100:500]
    assert uneven.std() / even.mean() == pytest.approx(0.2, rel=0.15)
    assert uneven.mean() == pytest.approx(even.mean(), rel=0.02)


def test_a_floor_beam_edge_on_darkens_its_share_of_the_slit():
    beam = block((1.0, 1.004), (-1.1, 1.1), (1, 2), "iron", 7.85)
    image = seen([beam], x=np.array([0.990, 1.002, 1.014]))
    # 4 mm of a 12 mm slit is black: what comes through is two thirds, whatever the depth
    assert np.exp(-0.045 * image[N_ROWS // 2, 1]) == pytest.approx(2 / 3, rel=0.01)


def test_a_bag_holds_its_packets_and_sums_to_its_mass():
    bag = bag_thickness(32.1, row_pitch_m=0.005, col_pitch_m=0.004, rng=np.random.default_rng(2))
    assert bag.sum() * 10 * 0.005 * 0.004 == pytest.approx(32.1, rel=0.02)
    assert SHARES["cocaine"].scale == pytest.approx(0.955, abs=0.01)


def test_leaning_blocks_rise_along_x():
    image = seen([block((1, 2), (-0.5, 0.5), (1, 2), "water", 1.0, lean=0.1)])
    top = [int(np.flatnonzero(image[:, round(x / 0.005)])[0]) for x in (1.1, 1.9)]
    assert (top[0] - top[1]) * 3.0 / (N_ROWS - 1) == pytest.approx(0.08, abs=0.01)


def test_a_cylinder_that_lies_along_keeps_its_section_where_it_leans():
    lying = Solid("along", 1.1, 1.9, -0.4, 0.4, 1.1, 1.9, "iron", 7.85)
    assert np.array_equal(seen([replace(lying, lean=0.01)]), seen([lying]))
