import numpy as np
import pytest

from scantriage.arrays.robust import (
    clipped_mean_sd,
    fill_gaps,
    robust_sd,
    row_medians,
    row_quantiles,
    running_median,
    true_runs,
)

NORMAL = np.random.default_rng(0).normal(5.0, 2.0, 40_000)
# relative standard errors over the root of n: 1.17 for the median absolute deviation, 0.71 for the deviation
N_ROOT = np.sqrt(NORMAL.size)


def test_the_spread_of_normal_values_is_their_standard_deviation():
    assert robust_sd(NORMAL) == pytest.approx(2, rel=5 * 1.17 / N_ROOT)
    mean, sd = clipped_mean_sd(NORMAL)
    assert abs(mean - 5) < 5 * 2 / N_ROOT
    assert sd == pytest.approx(2, rel=5 * 0.71 / N_ROOT)


def test_one_wild_value_in_a_hundred_moves_neither():
    wild = NORMAL.copy()
    wild[::100] = 1e6
    assert robust_sd(wild) == pytest.approx(2, rel=0.03)
    mean, sd = clipped_mean_sd(wild)
    assert mean == pytest.approx(5, abs=0.06)
    assert sd == pytest.approx(2, rel=0.02)


def test_nothing_has_no_spread():
    assert np.isnan(robust_sd(np.array([])))
    assert np.isnan(clipped_mean_sd(np.array([]))).all()


def test_equal_values_have_spread_zero():
    assert robust_sd(np.full(9, 3.0)) == 0
    assert clipped_mean_sd(np.full(9, 3.0)) == (3.0, 0.0)


def test_row_quantiles_are_values_of_the_rows():
    rows = NORMAL[:400].reshape(2, 200)
    low, middle = row_quantiles(rows, (0.0, 0.5))
    np.testing.assert_array_equal(low, rows.min(axis=1))
    np.testing.assert_allclose(middle, np.median(rows, axis=1), atol=0.05)
    assert np.isin(middle, rows).all()


@pytest.mark.parametrize("n", [200, 201])
def test_row_medians_are_the_medians_of_the_rows(n):
    rows = NORMAL[: 3 * n].reshape(3, n)
    np.testing.assert_allclose(row_medians(rows), np.median(rows, axis=1))


def test_a_running_median_drops_a_spike_and_keeps_a_step():
    values = np.r_[np.zeros(20), np.ones(20)]
    values[5] = 9
    np.testing.assert_array_equal(running_median(values, 5), np.r_[np.zeros(20), np.ones(20)])
    assert running_median(values, 4).shape == values.shape


def test_gaps_are_filled_by_straight_lines_and_the_ends_carried_on():
    values = np.array([9.0, 1.0, 0.0, 0.0, 4.0, 7.0])
    known = np.array([False, True, False, False, True, False])
    np.testing.assert_allclose(fill_gaps(values, known), [1, 1, 2, 3, 4, 4])


def test_gaps_cannot_be_filled_from_nothing():
    with pytest.raises(ValueError, match="nothing is known"):
        fill_gaps(np.ones(3), np.zeros(3, bool))


@pytest.mark.parametrize(("mask", "runs"), [
    ([], []), ([0, 0], []), ([1], [(0, 1)]), ([1, 1, 0, 1], [(0, 2), (3, 4)]), ([0, 1, 0], [(1, 2)]),
])  # fmt: skip
def test_runs_of_true_reach_from_end_to_end(mask, runs):
    assert true_runs(np.array(mask, np.bool_)) == runs
