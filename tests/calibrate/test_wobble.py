import numpy as np
from scipy.ndimage import gaussian_filter1d

from scantriage.calibrate.wobble import heights, wobble

N = 1200
ERROR = 1e-3


def measured(tilt, *, seed=0):
    """Information and score of columns that tell their tilt with a standard deviation of ERROR."""
    told = tilt + np.random.default_rng(seed).normal(size=tilt.size) * ERROR
    information = np.full(tilt.size, ERROR**-2)
    return {"information": information, "score": information * told}


def test_rows_stand_between_minus_one_and_one_from_top_to_bottom():
    np.testing.assert_allclose(heights(5), [-1, -0.5, 0, 0.5, 1])


def test_a_swing_in_time_is_recovered_better_than_columns_tell_it():
    swing = 4e-3 * np.sin(np.arange(N) / 25)
    tilt, variance = wobble(**measured(swing))
    error = tilt - swing
    assert error.std() < 0.5 * ERROR
    assert np.abs(error.mean()) < 5 * ERROR / np.sqrt(N)
    assert variance.mean() < ERROR**2


def test_columns_that_see_nothing_take_the_swing_of_those_around():
    swing = gaussian_filter1d(np.random.default_rng(1).normal(size=N), 12)
    swing *= 4e-3 / swing.std()
    told = measured(swing)
    unseen = slice(600, 606)
    told["information"][unseen] = told["score"][unseen] = 0
    tilt, variance = wobble(**told)
    assert np.abs((tilt - swing) / np.sqrt(variance))[unseen].max() < 4
    assert variance[603] > variance[300]


def test_still_air_has_no_wobble():
    tilt, variance = wobble(**measured(np.zeros(N)))
    assert np.abs(tilt).max() < ERROR
    assert (variance <= ERROR**2).all()


def test_too_few_columns_tell_nothing():
    tilt, variance = wobble(**measured(np.full(9, 0.01)))
    assert not tilt.any()
    assert not variance.any()
