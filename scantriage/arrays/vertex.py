"""Between samples: where the parabola through three of them has its lowest point."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]


def lowest_between(before: FloatArray, here: FloatArray, after: FloatArray) -> FloatArray:
    """Steps from the middle one of three even samples to the lowest point, -1 to 1; arrays of one shape.

    0 where the three lie on a level line.
    """
    curve = np.maximum(before - 2 * here + after, 1e-9)
    return np.asarray(np.clip((before - after) / (2 * curve), -1, 1))
