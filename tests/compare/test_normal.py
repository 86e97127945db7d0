"""Significance: rising, with its sign, and as rare as a normal variate."""

import numpy as np
import pytest

from scantriage.compare.normal import ENDS, FLOOR, INSIDE, LEVELS, ROOF, normal_significance

Z_M = np.array([0.1, 1.3, 2.5])  # at the floor, inside, at the roof
X_M = np.array([0.1, 3.0, 5.9])
SIZE_M = (2.591, 6.058)


def scored(ratio):
    return normal_significance(np.full((3, 3), ratio), z_m=Z_M, x_m=X_M, size_m=SIZE_M)


@pytest.mark.parametrize("table", [INSIDE, FLOOR, ROOF, ENDS])
def test_tables_rise(table):
    assert (np.diff(table) > 0).all()


@pytest.mark.parametrize(("row", "table"), [(0, FLOOR), (1, INSIDE), (2, ROOF)])
def test_each_place_has_its_own_table_and_the_ends_theirs(row, table):
    for ratio, level in zip(table, LEVELS, strict=True):
        assert scored(ratio)[row, 1] == pytest.approx(level, abs=1e-5)
    for ratio, level in zip(ENDS, LEVELS, strict=True):
        assert scored(ratio)[row, 0] == pytest.approx(level, abs=1e-5)


def test_it_rises_beyond_the_last_level_and_keeps_the_sign():
    ratios = np.concatenate([[0.0], np.geomspace(1e-3, 500, 200)])
    inside = np.array([scored(ratio)[1, 1] for ratio in ratios])
    assert inside[0] == 0
    assert (np.diff(inside) > 0).all()
    assert inside[-1] > LEVELS[-1]
    np.testing.assert_array_equal(scored(-7.0), -scored(7.0))
