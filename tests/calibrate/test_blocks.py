import numpy as np
import pytest

from scantriage.calibrate.blocks import Air, block_size, blocks_of, column_sums, n_at, row_sums
from scantriage.calibrate.wobble import heights

DARK = 400.0
# blocks of one pixel, of two with a row and a column left over, of four
SHAPES = [(40, 64), (563, 121), (1150, 90)]


def plane_and_air(shape):
    rng = np.random.default_rng(3)
    counts = rng.integers(500, 60_000, shape).astype(np.uint16)
    gain = rng.uniform(2e4, 4e4, shape[0]).astype(np.float32)
    blocks = blocks_of(counts, dark=DARK, gain=gain)
    air = rng.random((len(blocks.signal), blocks.n_cols.size)) < 0.4
    everywhere = air[np.ix_(blocks.row_of, blocks.col_of)]
    return counts, gain, blocks, Air.of(air, blocks), everywhere


@pytest.mark.parametrize("shape", SHAPES)
def test_every_pixel_belongs_to_one_block(shape):
    _, _, blocks, air, everywhere = plane_and_air(shape)
    assert blocks.n_rows.sum() == shape[0]
    assert blocks.n_cols.sum() == shape[1]
    assert blocks.n_rows.min() >= block_size(shape[0])
    np.testing.assert_array_equal(air.wide[blocks.row_of], everywhere)
    np.testing.assert_allclose((blocks.n_rows @ air.coarse)[blocks.col_of], everywhere.sum(axis=0))


@pytest.mark.parametrize("shape", SHAPES)
def test_sums_over_air_are_those_of_its_pixels(shape):
    counts, gain, blocks, air, everywhere = plane_and_air(shape)
    signal = counts - DARK
    # single precision: sums of some thousand numbers to a few parts in a million
    np.testing.assert_allclose(
        row_sums(counts, dark=DARK, blocks=blocks, air=air), (signal * everywhere).sum(axis=1), rtol=1e-5
    )
    total, _ = column_sums(blocks, air=air, weights=blocks.moments[:2])
    np.testing.assert_allclose(total, (signal / gain[:, None] * everywhere).sum(axis=0), rtol=1e-5)


def test_the_moments_of_a_block_are_those_of_its_rows():
    counts, _, blocks, _, _ = plane_and_air((563, 121))
    height = heights(len(counts))
    for power in range(3):
        np.testing.assert_allclose(blocks.moments[power].sum(), (height.astype(np.float64) ** power).sum(), atol=1e-3)


def test_pixels_at_a_level_are_counted():
    counts = np.full((30, 40), 65_535, np.uint16)
    counts[3:5] = 7
    assert n_at(counts, 7.0) == 80
    assert n_at(counts, 8.0) == 0
