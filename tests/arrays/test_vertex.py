"""The lowest point of a parabola through three samples."""

import numpy as np
import pytest

from scantriage.arrays.vertex import lowest_between


@pytest.mark.parametrize("lowest", [-0.5, -0.2, 0.0, 0.3])
def test_the_lowest_point_of_a_parabola_is_found_between_its_samples(lowest):
    before, here, after = (np.array([3.0 * (k - lowest) ** 2 + 1]) for k in (-1, 0, 1))
    assert lowest_between(before, here, after) == pytest.approx(lowest)


def test_a_level_line_has_its_lowest_point_in_the_middle():
    assert lowest_between(np.ones(2), np.ones(2), np.ones(2)).tolist() == [0, 0]
