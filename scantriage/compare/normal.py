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
# What as large a share of the windows of unchanged pairs reaches as of a normal variate reaches `LEVELS`: 8,000
# simulated pairs of the scanners to train on, 100 million windows (`python -m benchmarks.normality`). Beyond
# 3.5, where a few pairs would decide, it goes on as it came.
INSIDE = np.array([0.034, 0.206, 0.694, 1.694, 3.392, 6.168, 11.17])
FLOOR = np.array([0.218, 0.686, 1.527, 2.881, 4.887, 7.741, 11.32])
ROOF = np.array([0.158, 0.648, 1.932, 4.207, 6.591, 9.749, 16.90])
ENDS = np.array([0.089, 0.382, 0.983, 2.004, 3.699, 7.085, 15.80])


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
