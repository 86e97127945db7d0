"""Wobble: the detector's boom swings against the fan beam, and the open beam tilts along the rows with time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.kernel import kernel
from scantriage.arrays.robust import FloatArray

_WIDTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # columns over which the tilt may keep its value; the scan chooses


def heights(n_rows: int) -> NDArray[np.float32]:
    """(R,) position of the rows, -1 at the top row to 1 at the bottom row."""
    return np.linspace(-1, 1, n_rows, dtype=np.float32)


def wobble(*, information: FloatArray, score: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Tilt of each column and its variance, smooth in time as far as the scan's own columns say so.

    information: (C,) one over the variance with which a column tells its tilt, zero where it does not.
    score: (C,) information times the tilt told. Returns two (C,) arrays; all zero where the tilts scatter no
    more than their errors. The smoothing width is the one that predicts each column best from the others.
    """
    nothing = np.zeros(information.shape)
    telling = information > 0.1 * information.max()
    if not telling.sum() >= 16:
        return nothing, nothing
    own = score[telling] / information[telling]
    spread = float(np.average(own**2, weights=information[telling])) - telling.sum() / information[telling].sum()
    if spread <= 0:
        return nothing, nothing
    errors = [_prediction_error(information, score, telling, width, spread) for width in _WIDTHS]
    width = _WIDTHS[int(np.argmin(errors))]
    weight = _smooth(information, width) + 1 / spread
    return _smooth(score, width) / weight, 1 / weight


def _smooth(values: FloatArray, width: float, *, without_own: bool = False) -> FloatArray:
    """Gaussian weighted sum along the columns; the column itself counts 1, or not at all."""
    reach = int(4 * width)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2).astype(np.float32)
    if without_own:
        weights[reach] = 0
    sums = np.zeros(values.size, np.float32)
    _add_weighted(values.astype(np.float32), weights, sums)
    return sums


@kernel
def _add_weighted(values: FloatArray, weights: FloatArray, into: FloatArray) -> None:
    n = into.size
    for place in range(weights.size):
        weight, shift = weights[place], place - weights.size // 2
        here, there = into[max(-shift, 0) : max(n - shift, 0)], values[max(shift, 0) : max(n + shift, 0)]
        for col in range(here.size):
            here[col] += weight * there[col]


def _prediction_error(
    information: FloatArray, score: FloatArray, telling: NDArray[np.bool_], width: float, spread: float
) -> float:
    """Mean square by which the other columns miss a column's own tilt, in units of its error."""
    others = _smooth(information, width, without_own=True) + 1 / spread
    predicted = _smooth(score, width, without_own=True) / others
    return float(np.mean((score / np.maximum(information, 1e-9) - predicted)[telling] ** 2 * information[telling]))
