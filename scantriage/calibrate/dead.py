"""Detector elements and pixels that measured nothing: padding, dead, stuck and noisy rows, hot and dead pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.kernel import kernel
from scantriage.arrays.robust import row_quantiles, running_median, true_runs
from scantriage.calibrate.blocks import Counts
from scantriage.calibrate.noise import CountNoise

_ROWS_LOOKED_AT, _COLUMNS_LOOKED_AT = 64, 256  # enough for the quantiles of a column, of a row
_Number = TypeVar("_Number", bound=np.generic)

_MOST_LOST = 2  # pulses in a row, a centimetre of the way: what lies there shows in those beside as well
_BESIDE = 6  # rows away: beyond the smear of a fault in a resampled export
_LIFT = 0.02  # of the air


@dataclass(frozen=True, slots=True, eq=False)
class DeadLines:
    """Whole lines without a measurement. rows: (R,) bool, dead detector elements. cols: (C,) bool, padding."""

    rows: NDArray[np.bool_]
    cols: NDArray[np.bool_]


def dead_lines(image: NDArray[Any], *, dark: float) -> DeadLines:
    """Rows and columns that measured nothing at one energy.

    image: (R, C) counts or grey levels. dark: the level without beam, same unit.
    Columns: constant from top to bottom (padding), or dark from top to bottom (a pulse that did not come).
    Rows: dark along the whole scan, stuck at one value, lit also where their neighbours see an object, or
    with ten times the noise of their neighbours.
    """
    cols = np.asarray(image.max(axis=0) == image.min(axis=0))
    level = row_quantiles(image[:: max(1, image.shape[0] // _ROWS_LOOKED_AT)].T, (0.98,))[0].astype(np.float32)
    cols |= level - dark < 0.02 * (np.max(level) - dark)
    return DeadLines(rows=_dead_rows(image, ~cols, dark=dark), cols=cols)


def _dead_rows(image: NDArray[Any], living_cols: NDArray[np.bool_], *, dark: float) -> NDArray[np.bool_]:
    if living_cols.sum() < 2:
        return np.ones(image.shape[0], np.bool_)
    chosen = np.flatnonzero(living_cols)[:-1]
    chosen = chosen[:: max(1, chosen.size // _COLUMNS_LOOKED_AT)]
    sample, beside = np.take(image, chosen, axis=1), np.take(image, chosen + 1, axis=1)
    low, quarter, middle, high = row_quantiles(sample, (0.02, 0.25, 0.5, 0.98)).astype(np.float32)
    spread, usual = high - low, _usual(high - low)
    # 10 times: noise and gain differ between neighbouring elements by tens of per cent, a fault by orders.
    # 16 levels: in air that is clipped white all rows are equal, and none is stuck
    stuck = (spread < 0.1 * usual) & (usual > 16 * _level(image))
    unlit = high - dark < 0.01 * (np.median(high) - dark)
    # photon noise grows with the root of the signal: what is left tells a faulty element from a bright row
    change = cv2.absdiff(sample, beside).mean(axis=1, dtype=np.float32)
    jitter = change / np.sqrt(np.maximum(middle - dark, 0.01 * (np.max(high) - dark)))
    unrest = jitter / np.maximum(_usual(jitter), 1e-9)
    lifted = _lifted(np.stack([low, quarter, middle]) - dark, high - dark)
    return np.asarray(stuck | unlit | (unrest > 10) | (lifted & (unrest > 1.5)))


def _usual(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(R,) median of 31 rows around each; beyond the ends that of the last five, or a last row were its own usual."""
    return running_median(np.pad(values, 15, mode="median", stat_length=5), 31)[15:-15]


def _lifted(quantiles: NDArray[np.floating[Any]], high: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """(R,) True in rows with light added all along: all their (3, R) quantiles stand out over both sides.

    Relative to the row's own air, so that its gain does not count. What is really bright along the scan, as
    a gap between layers of cargo, is dark where a post or a wheel crosses it. A fault may be smeared over five
    rows of an export.
    """
    shown = quantiles / np.maximum(high, 1e-6)
    padded = np.pad(shown, ((0, 0), (_BESIDE, _BESIDE)), mode="edge")
    lift = shown - np.maximum(padded[:, : -2 * _BESIDE], padded[:, 2 * _BESIDE :])
    return np.asarray(lift.min(axis=0) > _LIFT)


def _level(image: NDArray[Any]) -> float:
    """One level of the scale: 1 for counts; a 255th for grey between 0 and 1."""
    return 1 / 255 if image.dtype.kind == "f" and image.max() <= 1 else 1.0


def odd_pixels(counts: Counts, *, dark: float, noise: CountNoise) -> NDArray[np.intp]:
    """Flat indices of single pixels that stand out from all their eight neighbours by more than noise.

    counts: (R, C). dark: counts without beam. The margin is 8 standard deviations of the neighbour that is nearest
    to it, and a fifth of that one's signal: steeper than any edge after the detector's own blur. Thin lines have
    neighbours along them and stay.
    """
    if min(counts.shape) < 3:
        return np.empty(0, np.intp)
    odd = np.empty(counts.size // 8, np.intp)
    n_odd = _find_odd(counts, np.float32(dark), np.float32(64 * noise.per_count), np.float32(64 * noise.floor), odd)
    return odd[:n_odd]


@kernel
def _find_odd(counts: Counts, dark: np.float32, per_count: np.float32, floor: np.float32, into: NDArray[Any]) -> int:
    """Write flat indices into an array, as many as it takes, and return how many; noise of 8 standard deviations."""
    n_rows, n_cols = counts.shape
    high, low = np.empty(n_cols, counts.dtype), np.empty(n_cols, counts.dtype)  # of the neighbours above and below
    highest, lowest = np.empty(n_cols + 2, counts.dtype), np.empty(n_cols + 2, counts.dtype)  # and of the line itself
    stands_out = np.empty(n_cols, np.bool_)
    n_odd, zero, fifth = 0, np.float32(0), np.float32(0.2)
    for row in range(n_rows):
        # beyond the border the neighbours of the other side count twice
        above, line, below = counts[abs(row - 1)], counts[row], counts[row + 1 if row + 1 < n_rows else row - 1]
        for col in range(n_cols):
            high[col], low[col] = max(above[col], below[col]), min(above[col], below[col])
            highest[col + 1], lowest[col + 1] = max(high[col], line[col]), min(low[col], line[col])
        highest[0], highest[-1] = highest[2], highest[-3]
        lowest[0], lowest[-1] = lowest[2], lowest[-3]
        n_here = 0
        for col in range(n_cols):
            value = np.float32(line[col]) - dark
            most = np.float32(max(high[col], max(highest[col], highest[col + 2]))) - dark
            least = np.float32(min(low[col], min(lowest[col], lowest[col + 2]))) - dark
            over, under = value - most, least - value
            bright = (over > max(fifth * most, zero)) & (over * over > per_count * max(most, zero) + floor)
            dim = (under > max(fifth * least, zero)) & (under * under > per_count * max(least, zero) + floor)
            stands_out[col] = bright | dim
            n_here += stands_out[col]
        for col in range(n_cols if n_here else 0):
            if stands_out[col] and n_odd < into.size:
                into[n_odd] = row * n_cols + col
                n_odd += 1
    return n_odd


def mend_pixels(image: NDArray[_Number], odd: NDArray[np.intp]) -> None:
    """Replace the pixels at the flat indices, in the image itself, by the median of the pixels around them."""
    rows, cols = np.unravel_index(odd, image.shape)
    near = np.arange(-1, 2)
    around_rows = np.clip(rows[:, None, None] + near[:, None], 0, image.shape[0] - 1)
    around_cols = np.clip(cols[:, None, None] + near, 0, image.shape[1] - 1)
    image[rows, cols] = np.median(image[around_rows, around_cols].reshape(rows.size, 9), axis=1)


def lost_pulses(cols: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(C,) True for the dead columns that stand alone or in pairs between living ones: pulses that did not come."""
    lost = np.zeros_like(cols)
    for first, last in true_runs(cols):
        if last - first <= _MOST_LOST and first > 0 and last < cols.size:
            lost[first:last] = True
    return lost


def bridge_columns(image: NDArray[_Number], lost: NDArray[np.bool_]) -> None:
    """Put straight lines between the columns beside them in place of lost ones, in the image itself.

    image: (R, C). lost: (C,) as `lost_pulses` finds them.
    """
    if lost.any():
        image[:] = bridge_rows(image.T, lost).T


def bridge_rows(image: NDArray[_Number], dead: NDArray[np.bool_]) -> NDArray[_Number]:
    """A copy with dead rows replaced by straight lines between the living rows above and below.

    image: (R, C). dead: (R,) bool, not all True. For the eye and for filters; such rows stay invalid.
    """
    bridged = image.copy()
    living = np.flatnonzero(~dead)
    for row in np.flatnonzero(dead):
        after = min(int(np.searchsorted(living, row)), living.size - 1)
        above, below = living[max(after - 1, 0)], living[after]
        share = 0.0 if below == above else float(np.clip((row - above) / (below - above), 0, 1))
        between = (1 - share) * image[above] + share * image[below]
        bridged[row] = np.rint(between) if image.dtype.kind == "u" else between
    return bridged
