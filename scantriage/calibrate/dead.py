"""Detector elements and pixels that measured nothing: padding, dead, stuck and noisy rows, hot and dead pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.robust import running_median
from scantriage.calibrate.noise import CountNoise
from scantriage.scan.image import FloatImage

_NEIGHBOURS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)
_COLUMNS_LOOKED_AT = 256  # enough for a row's quantiles, a sixteenth of the work on a full scan


@dataclass(frozen=True, slots=True, eq=False)
class DeadLines:
    """Whole lines without a measurement. rows: (R,) bool, dead detector elements. cols: (C,) bool, padding."""

    rows: NDArray[np.bool_]
    cols: NDArray[np.bool_]


def dead_lines(image: NDArray[Any], *, dark: float) -> DeadLines:
    """Rows and columns that measured nothing at one energy.

    image: (R, C) counts or grey levels. dark: the level without beam, same unit.
    Columns: constant from top to bottom (padding), or dark from top to bottom (a pulse that did not come).
    Rows: dark along the whole scan, stuck at one value, bright also where their neighbours see an object, or
    with ten times the noise of their neighbours.
    """
    cols = np.asarray(image.max(axis=0) == image.min(axis=0))
    level = np.quantile(image[:: max(1, image.shape[0] // 128)], 0.98, axis=0)
    cols |= level - dark < 0.02 * (np.max(level) - dark)
    return DeadLines(rows=_dead_rows(image, ~cols, dark=dark), cols=cols)


def _dead_rows(image: NDArray[Any], living_cols: NDArray[np.bool_], *, dark: float) -> NDArray[np.bool_]:
    if living_cols.sum() < 2:
        return np.ones(image.shape[0], np.bool_)
    chosen = np.flatnonzero(living_cols)[:-1]
    chosen = chosen[:: max(1, chosen.size // _COLUMNS_LOOKED_AT)]
    sample, beside = image[:, chosen].astype(np.float32), image[:, chosen + 1].astype(np.float32)
    low, middle, high = np.quantile(sample, (0.02, 0.5, 0.98), axis=1)
    around = running_median(high, 31)
    spread, usual = high - low, running_median(high - low, 31)
    # 10 times: noise and gain differ between neighbouring elements by tens of per cent, a fault by orders.
    # 16 levels: in air that is clipped white all rows are equal, and none is stuck
    stuck = (spread < 0.1 * usual) & (usual > 16)
    hot = (low - dark > 0.9 * (around - dark)) & (usual > 0.5 * (around - dark))
    unlit = high - dark < 0.01 * (np.median(high) - dark)
    jitter = np.median(np.abs(sample - beside), axis=1) / np.maximum(middle - dark, 1)
    noisy = jitter > 10 * running_median(jitter, 31) + 0.01
    return np.asarray(stuck | hot | unlit | noisy)


def odd_pixels(signal: FloatImage, *, noise: CountNoise) -> NDArray[np.intp]:
    """Flat indices of single pixels that stand out from all their eight neighbours by more than noise.

    signal: (R, C) counts above dark. The margin is 8 standard deviations of the neighbour that is nearest to
    it, and a fifth of that one's signal: steeper than any edge after the detector's own blur. Thin lines have
    neighbours along them and stay.
    """
    brightest, darkest = cv2.dilate(signal, _NEIGHBOURS), cv2.erode(signal, _NEIGHBOURS)
    least = np.float32(8 * np.sqrt(noise.floor))
    found = []
    for excess, neighbour in ((signal - brightest, brightest), (darkest - signal, darkest)):
        candidates = np.flatnonzero(excess > least)
        lit = np.maximum(neighbour.ravel()[candidates], 0)
        margin = np.maximum(8 * np.sqrt(noise.per_count * lit + noise.floor), 0.2 * lit)
        found.append(candidates[excess.ravel()[candidates] > margin])
    return np.concatenate(found)


def mend_pixels(image: FloatImage, odd: NDArray[np.intp]) -> FloatImage:
    """A copy with the pixels at the flat indices replaced by the median of the pixels around them."""
    mended = image.copy()
    rows, cols = np.unravel_index(odd, image.shape)
    near = np.arange(-1, 2)
    around_rows = np.clip(rows[:, None, None] + near[:, None], 0, image.shape[0] - 1)
    around_cols = np.clip(cols[:, None, None] + near, 0, image.shape[1] - 1)
    mended[rows, cols] = np.median(image[around_rows, around_cols].reshape(rows.size, 9), axis=1)
    return mended


def bridge_rows(image: FloatImage, dead: NDArray[np.bool_]) -> FloatImage:
    """A copy with dead rows replaced by straight lines between the living rows above and below.

    image: (R, C). dead: (R,) bool, not all True. For the eye and for filters; such rows stay invalid.
    """
    bridged = image.copy()
    living = np.flatnonzero(~dead)
    for row in np.flatnonzero(dead):
        after = min(int(np.searchsorted(living, row)), living.size - 1)
        above, below = living[max(after - 1, 0)], living[after]
        share = 0.0 if below == above else float(np.clip((row - above) / (below - above), 0, 1))
        bridged[row] = (1 - share) * image[above] + share * image[below]
    return bridged
