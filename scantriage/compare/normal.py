"""Significance that is what it says: normal on containers to which nothing was done.

Cargo shifts, settles and leans, and a sparse comparison is zero in most places: the window sums of unchanged pairs,
over the standard deviation that photons and models explain, have a narrow core and heavy tails. Their measured
distribution tells how often an unchanged place shows as much, and that share is given as the standard deviations of
a normal variate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]

EDGE_M = 0.30  # from floor, roof and ends: seen edge-on, and dense
LEVELS = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5])
# What as large a share of the windows of unchanged pairs reaches as of a normal variate reaches `LEVELS`: 1,594
# simulated pairs of the scanners to train on, 19 million windows (`python -m benchmarks.normality`). Beyond
# 3.5, where a few pairs would decide, it goes on as it came.
INSIDE = np.array([0.039, 0.234, 0.778, 1.845, 3.442, 6.095, 11.15])
FLOOR = np.array([0.263, 0.745, 1.516, 2.711, 4.487, 6.864, 9.50])
ROOF = np.array([0.188, 0.738, 1.949, 4.067, 6.300, 8.986, 13.15])
ENDS = np.array([0.102, 0.408, 0.997, 1.955, 3.566, 6.514, 16.67])


def normal_significance(
    ratio: FloatArray, *, z_m: FloatArray, x_m: FloatArray, size_m: tuple[float, float]
) -> FloatArray:
    """(Z, S) normal variate that is exceeded as rarely as the ratio is on unchanged pairs, with its sign.

    ratio: (Z, S) of window sum and standard deviation. z_m, x_m: (Z,), (S,) middles of the cells. size_m: height
    and length of the container.
    """
    height_m, length_m = size_m
    tables = {"inside": INSIDE, "floor": FLOOR, "roof": ROOF}
    rows = np.where(z_m < EDGE_M, "floor", np.where(z_m > height_m - EDGE_M, "roof", "inside"))
    scores = np.empty(ratio.shape, np.float32)
    for name, table in tables.items():
        scores[rows == name] = _scores(ratio[rows == name], table)
    ends = np.minimum(x_m, length_m - x_m) < EDGE_M
    scores[:, ends] = _scores(ratio[:, ends], ENDS)
    return scores


def _scores(ratio: FloatArray, table: FloatArray) -> FloatArray:
    """Linear to the first level, then in the logarithm, which goes on beyond the last."""
    size = np.abs(ratio)
    logs = np.log(table)
    steepness = (LEVELS[-1] - LEVELS[-2]) / (logs[-1] - logs[-2])
    beyond = np.log(np.maximum(size, table[-1])) - logs[-1]
    score = np.interp(np.log(np.maximum(size, table[0])), logs, LEVELS) + steepness * beyond
    return np.asarray(np.sign(ratio) * np.where(size < table[0], size / table[0] * LEVELS[0], score), dtype=np.float32)
