"""Answers to probabilities: known log-odds come back."""

import numpy as np
import pytest

from scantriage.learn.calibration import PLACES_A_CLEAN_PAIR, calibrated, place_threshold

SCALE, SHIFT = 0.6, -1.1


def made_answers(n_clean, n_changed, *, seed=0):
    """Answers whose log-odds at even prior are SCALE * answer + SHIFT.

    Two normal distributions of means -m and m and variance 2 m have log-odds x at x: here m = 1.
    """
    rng = np.random.default_rng(seed)
    changed = np.repeat([False, True], [n_clean, n_changed])
    log_odds = rng.normal(np.where(changed, 1.0, -1.0), np.sqrt(2))
    return (log_odds - SHIFT) / SCALE, changed


@pytest.mark.parametrize(("n_clean", "n_changed"), [(4000, 4000), (9000, 1000)])
def test_known_log_odds_come_back_whatever_the_share_of_changed_pairs(n_clean, n_changed):
    answers, changed = made_answers(n_clean, n_changed)
    scale, shift = calibrated(answers, changed)
    # Standard errors of a logistic regression on as many pairs of each class as the rarer has: 1 / sqrt(information)
    log_odds = SCALE * answers + SHIFT
    information = 2 * min(n_clean, n_changed) * np.mean(1 / (2 + 2 * np.cosh(log_odds)))
    assert abs(shift + scale * -SHIFT / SCALE) < 5 / np.sqrt(information)  # where the log-odds are zero
    assert abs(scale / SCALE - 1) < 5 / np.sqrt(information)  # log-odds spread by more than one


def test_answers_that_tell_all_pairs_apart_are_worth_what_so_few_pairs_can_show():
    answers, changed = np.repeat([-1.0, 1.0], 20), np.repeat([False, True], 20)
    scale, shift = calibrated(answers, changed)
    # none of 20 was mistaken: one in 22 may be
    assert scale == pytest.approx(np.log(21), rel=0.01)
    assert shift == pytest.approx(0, abs=0.01)


def test_answers_that_mean_nothing_are_worth_nothing():
    rng = np.random.default_rng(1)
    changed = rng.random(4000) < 0.3
    answers = rng.normal(0, 1, 4000)
    scale, shift = calibrated(answers, changed)
    n = 4000 * 0.3 * 0.7
    assert abs(scale) < 5 / np.sqrt(n)
    assert abs(shift) < 5 / np.sqrt(n)


def test_one_clean_pair_in_ten_has_a_place_that_counts():
    strongest = np.random.default_rng(0).normal(-3, 2, 1000)
    assert (strongest > place_threshold(strongest)).mean() == pytest.approx(PLACES_A_CLEAN_PAIR, abs=1 / 1000)
