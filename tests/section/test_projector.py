"""Rays through the cells of a cross-section, against closed forms."""

import numpy as np
import pytest

from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.scan.placement import Fan
from scantriage.section.projector import projector

N_Y, STEP = 8, 0.05
HIGH_AND_LOW = np.arange(-4.0, 8.0 + STEP / 2, STEP)  # no ray leaves these cells
FANS = [Fan(5.4, 0.5, 1), Fan(4.2, -0.7, -1), Fan(6.5, 1.8, 1)]


def middles(edges):
    return (edges[1:] + edges[:-1]) / 2


@pytest.mark.parametrize("fan", FANS)
def test_a_ray_is_as_long_as_a_slanted_line_through_the_container(fan):
    apparent = np.array([-0.3, 0.4, fan.height_m, 1.9, 3.1])
    paths = projector(fan, apparent, n_y=N_Y, z_edges_m=HIGH_AND_LOW)
    slanted = CONTAINER_WIDTH_M * np.hypot(1, (apparent - fan.height_m) / fan.distance_m)
    np.testing.assert_allclose(paths.sum(axis=1), slanted, rtol=1e-5)
    across = paths.reshape(len(apparent), N_Y, -1).sum(axis=2)
    np.testing.assert_allclose(across, np.broadcast_to(slanted[:, np.newaxis] / N_Y, across.shape), rtol=1e-5)


@pytest.mark.parametrize("fan", FANS)
def test_a_point_load_appears_at_its_apparent_height(fan):
    ray_step = 0.01
    apparent = np.arange(-1.0, 4.0, ray_step)
    edges = np.arange(0.0, 2.6 + STEP / 2, STEP)
    paths = projector(fan, apparent, n_y=N_Y, z_edges_m=edges).reshape(len(apparent), N_Y, -1)
    y = ((np.arange(N_Y) + 0.5) / N_Y - 0.5) * CONTAINER_WIDTH_M
    centroid = np.einsum("r,ryz->yz", apparent, paths) / paths.sum(axis=0)
    expected = fan.apparent_z(middles(edges)[np.newaxis], y[:, np.newaxis])
    np.testing.assert_allclose(centroid, expected, atol=ray_step)


@pytest.mark.parametrize("fan", FANS)
def test_rays_close_together_see_every_cell_at_its_full_area(fan):
    ray_step = 0.002
    apparent = np.arange(-1.5, 4.5, ray_step)
    edges = np.arange(0.0, 2.6 + STEP / 2, STEP)
    paths = projector(fan, apparent, n_y=N_Y, z_edges_m=edges)
    # rays that are ray_step apart on the mid plane are nearer to each other towards the source
    flat = paths / np.hypot(1, (apparent - fan.height_m) / fan.distance_m)[:, np.newaxis]
    y = ((np.arange(N_Y) + 0.5) / N_Y - 0.5) * CONTAINER_WIDTH_M
    nearer = np.repeat((fan.distance_m - fan.side * y) / fan.distance_m, len(edges) - 1)
    np.testing.assert_allclose(flat.sum(axis=0) * ray_step * nearer, STEP * CONTAINER_WIDTH_M / N_Y, rtol=0.02)


def test_a_source_on_the_other_side_sees_the_mirror_image():
    apparent = np.linspace(-0.3, 3.0, 40)
    left, right = (
        projector(Fan(5.0, 0.6, side), apparent, n_y=N_Y, z_edges_m=HIGH_AND_LOW).reshape(40, N_Y, -1)
        for side in (1, -1)
    )
    np.testing.assert_allclose(left, right[:, ::-1], atol=1e-6)


def test_what_lies_outside_the_cells_is_not_seen():
    fan = FANS[0]
    paths = projector(fan, np.array([-3.0, 7.0]), n_y=N_Y, z_edges_m=np.arange(0.0, 2.0, STEP))
    assert not paths.any()
