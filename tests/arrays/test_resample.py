"""Averages over pixels: means are kept, straight lines stay straight, whatever the scale."""

import numpy as np
import pytest

from scantriage.arrays.resample import area_weights, reduce_mean

N = 60
FLOAT32 = 2e-6  # relative: weights are float32


@pytest.mark.parametrize(
    # a pixel that a cell takes in part f counts with its own middle, not with its part's: f (1 - f) / 2 <= 1 / 8
    ("step", "off"), [(0.37, 0.0), (1.0, 0.0), (2.5, 1 / 8 / 2.5), (7.0, 0.0)],
)  # fmt: skip
def test_a_straight_line_is_averaged_exactly_at_every_scale(step, off):
    edges = np.arange(2.0, N - 2.0, step)
    line = 3.0 + 0.25 * (np.arange(N) + 0.5)  # at the pixels' centres
    averaged = area_weights(edges, N) @ line
    expected = 3.0 + 0.25 * (edges[1:] + edges[:-1]) / 2
    np.testing.assert_allclose(averaged, expected, rtol=FLOAT32, atol=0.25 * off)


@pytest.mark.parametrize("step", [1.0, 1.5, 4.0])
def test_cells_that_tile_the_pixels_keep_their_sum(step):
    values = np.random.default_rng(0).normal(size=N)
    averaged = area_weights(np.arange(0, N + step / 2, step), N) @ values
    assert averaged.sum() * step == pytest.approx(values.sum(), abs=1e-5)


def test_enlarging_and_reducing_by_the_same_factor_changes_a_smooth_image_little():
    x = np.arange(N) + 0.5
    smooth = np.sin(2 * np.pi * x / 30)
    larger = area_weights(np.linspace(0, N, 4 * N + 1), N) @ smooth
    back = area_weights(np.linspace(0, 4 * N, N + 1), 4 * N) @ larger
    # linear interpolation, and then the average, each blur by a second moment of at most 1/6 and 1/12 pixel^2
    bound = (1 / 6 + 1 / 12) / 2 * (2 * np.pi / 30) ** 2
    assert np.abs(back - smooth)[2:-2].max() < bound


def test_falling_edges_turn_the_image_round():
    values = np.arange(N, dtype=float)
    np.testing.assert_allclose(area_weights(np.arange(N, -1, -1.0), N) @ values, values[::-1])


def test_a_cell_partly_outside_counts_for_the_share_inside():
    weights = area_weights(np.array([-3.0, 1.0, 5.0]), N)
    np.testing.assert_allclose(weights.sum(axis=1), [0.25, 1.0])
    assert area_weights(np.array([-9.0, -5.0]), N).sum() == 0
    assert area_weights(np.array([N + 2.0, N + 5.0]), N).sum() == 0


def test_blocks_are_averaged_over_rows_and_columns():
    image = np.add.outer(np.arange(8.0), 10 * np.arange(12.0)).astype(np.float32)
    kept = image.copy()
    np.testing.assert_allclose(
        reduce_mean(image, 2, 3), np.add.outer(np.arange(0.5, 8, 2), 10 * np.arange(1.0, 12, 3)), rtol=FLOAT32
    )
    np.testing.assert_array_equal(image, kept)


def test_what_does_not_fill_a_block_is_left_out():
    assert reduce_mean(np.ones((7, 11), np.float32), 2, 4).shape == (3, 2)
