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
LEVELS = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
# What as large a share of the windows of unchanged pairs reaches as of a normal variate reaches `LEVELS`: 9,194
# simulated pairs of the scanners to train on, 114 million windows (`python -m benchmarks.normality`). Beyond 4,
# which one pair in 60 reaches, it goes on as it came.
INSIDE = np.array([0.034, 0.203, 0.687, 1.682, 3.374, 6.142, 11.10, 26.53])
FLOOR = np.array([0.215, 0.678, 1.517, 2.866, 4.860, 7.703, 11.24, 15.23])
ROOF = np.array([0.158, 0.646, 1.942, 4.216, 6.568, 9.622, 16.22, 36.11])
ENDS = np.array([0.089, 0.381, 0.980, 1.993, 3.662, 6.989, 15.48, 37.98])


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
