"""Detector elements and pixels that measured nothing: padding, dead, stuck and noisy rows, hot and dead pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.robust import running_median
from scantriage.scan.image import BoolImage, FloatImage

_NEIGHBOURS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)
_COLUMNS_LOOKED_AT = 512  # enough for a row's quantiles, an eighth of the work on a full scan


@dataclass(frozen=True, slots=True, eq=False)
class DeadLines:
    """Whole lines without a measurement. rows: (R,) bool, dead detector elements. cols: (C,) bool, padding."""

    rows: NDArray[np.bool_]
    cols: NDArray[np.bool_]


def dead_lines(image: FloatImage, *, dark: float) -> DeadLines:
    """Rows and columns that measured nothing at one energy.

    image: (R, C) counts or grey levels. dark: the level without beam, same unit.
    Columns: constant from top to bottom (padding), or dark from top to bottom (a pulse that did not come).
    Rows: dark along the whole scan, stuck at one value, bright also where their neighbours see an object, or
    with ten times the noise of their neighbours.
    """
    cols = image.max(axis=0) == image.min(axis=0)
    sample = image[:: max(1, image.shape[0] // 256)]
    level = np.quantile(sample, 0.98, axis=0)
    cols |= level - dark < 0.02 * (np.max(level) - dark)
    return DeadLines(rows=_dead_rows(image[:, ~cols], dark=dark), cols=cols)


def _dead_rows(image: FloatImage, *, dark: float) -> NDArray[np.bool_]:
    if image.shape[1] < 2:
        return np.ones(image.shape[0], np.bool_)
    step = max(1, image.shape[1] // _COLUMNS_LOOKED_AT)
    sample, beside = image[:, : image.shape[1] - 1 : step], image[:, 1::step]
    low, middle, high = np.quantile(sample, (0.02, 0.5, 0.98), axis=1)
    around = running_median(high, 31)
    spread, usual = high - low, running_median(high - low, 31)
    # 10 times: noise and gain differ between neighbouring elements by tens of per cent, a fault by orders.
    # 16 levels: in air that is clipped white all rows are equal, and none is stuck
    stuck = (spread < 0.1 * usual) & (usual > 16)
    hot = (low - dark > 0.9 * (around - dark)) & (usual > 0.5 * (around - dark))
    unlit = high - dark < 0.01 * (np.median(high) - dark)
    jitter = np.median(np.abs(sample - beside[:, : sample.shape[1]]), axis=1) / np.maximum(middle - dark, 1)
    noisy = jitter > 10 * running_median(jitter, 31) + 0.01
    return np.asarray(stuck | hot | unlit | noisy)


def odd_pixels(image: FloatImage, *, variance_per_count: float, floor_variance: float, dark: float) -> BoolImage:
    """(R, C) True where a single pixel stands out from all its eight neighbours by more than noise: hot or dead.

    The margin is 8 standard deviations of the neighbour it stands out from, and a fifth of its signal:
    steeper than any edge after the detector's own blur. Thin lines have neighbours along them and stay.
    """
    brightest = cv2.dilate(image, _NEIGHBOURS) - dark
    darkest = cv2.erode(image, _NEIGHBOURS) - dark
    signal = image - dark
    hot = signal > brightest + _margin(brightest, variance_per_count, floor_variance)
    dead = signal < darkest - _margin(darkest, variance_per_count, floor_variance)
    return np.asarray(hot | dead)


def _margin(signal: FloatImage, variance_per_count: float, floor_variance: float) -> FloatImage:
    lit = np.maximum(signal, 0)
    noise = cv2.sqrt(lit * np.float32(variance_per_count) + np.float32(floor_variance))
    return np.asarray(np.maximum(8 * noise, 0.2 * lit), np.float32)


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
