"""The open beam, found in the scan itself: where nothing stands in the beam, and each detector row's gain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.robust import fill_gaps, running_median
from scantriage.scan.image import BoolImage, FloatImage

FloatLine = NDArray[np.float32]
BoolLine = NDArray[np.bool_]

_BOX = (9, 5)  # columns, rows: averages noise of 1 % down to 0.15 %, and is narrower than any gap worth using
_FEWEST_AIR_PIXELS = 12  # below, a row's gain would be known worse than a third of the noise of its pixels


def empty_columns(signal: FloatImage) -> BoolLine:
    """(C,) True in columns that are brighter than others over their whole height: nothing in the beam.

    signal: (R, C) counts above dark, dead lines bridged. Judged by the mean logarithm over the column, in
    which an empty container's walls, floor and chassis count 0.1 and more, and dose a few hundredths.
    """
    rows = signal[:: max(1, signal.shape[0] // 256)]
    score = np.log(np.maximum(rows, 1)).mean(axis=0)
    return np.asarray(score > np.quantile(score, 0.995) - 0.06)


def rough_gain(signal: FloatImage, empty: BoolLine) -> tuple[FloatLine, BoolLine]:
    """Gain of each row from the empty columns, and where that is open beam.

    Returns (R,) counts above dark and (R,) bool, False in rows that are darker than a detector's gain can
    explain: something stands in the beam along the whole scan. These get the level of the rows around.
    """
    chosen = np.flatnonzero(empty)[:: max(1, int(empty.sum()) // 256)]
    columns = signal[:, chosen]
    gain = np.median(columns / np.maximum(columns.mean(axis=0), 1), axis=1) * columns.mean()
    # 0.7 of the level around: detector elements differ by up to a quarter, a floor or chassis takes more
    envelope = running_median(_running_high(gain, gain.size // 3), gain.size // 10)
    open_beam = gain > 0.7 * envelope
    return np.where(open_beam, gain, envelope * _ripple(gain)).astype(np.float32), open_beam


def _running_high(values: NDArray[np.floating], width: int) -> NDArray[np.floating]:
    """Running maximum of the running median: the level of the brighter rows nearby, one bright row aside."""
    smooth = np.asarray(running_median(values, 9), np.float32).reshape(-1, 1)
    return np.asarray(cv2.dilate(smooth, np.ones((width | 1, 1), np.uint8))).ravel()


def _ripple(gain: NDArray[np.floating]) -> NDArray[np.floating]:
    """How each row stands out from its neighbours, as a factor near 1."""
    return np.clip(gain / np.maximum(running_median(gain, 9), 1e-6), 0.8, 1.25)


def air_mask(transmission: FloatImage, *, tolerance: float) -> BoolImage:
    """(R, C) True where the local mean of transmission is 1 within the tolerance, away from edges."""
    mean = cv2.blur(transmission, _BOX)
    near_one = cv2.inRange(mean, 1 - tolerance, 1 + tolerance)
    return np.asarray(cv2.erode(near_one, np.ones((3, 3), np.uint8))) > 0


def row_gain(signal: FloatImage, *, relative: FloatImage, air: FloatImage, rough: FloatLine) -> FloatLine:
    """(R,) gain of each row: its signal in air over what the pulses gave there.

    signal: (R, C) counts above dark. relative: (R, C) what one unit of gain would show. air: (R, C) 1 where
    open beam, else 0. rough: (R,) kept where a row has no air, on the level of its neighbours.
    """
    known = air.sum(axis=1) >= _FEWEST_AIR_PIXELS
    if not known.any():
        return rough
    measured = _row_sums(signal * air) / np.maximum(_row_sums(relative * air), 1e-6)
    correction = fill_gaps(np.where(known, measured / rough, 1.0), known)
    return np.asarray(np.where(known, measured, rough * correction), np.float32)


def _row_sums(image: FloatImage) -> NDArray[np.float64]:
    return np.asarray(cv2.reduce(image, 1, cv2.REDUCE_SUM, dtype=cv2.CV_64F)).ravel()


def reaches_border(air: BoolImage) -> bool:
    """Whether air is seen along the top or at an end of the scan, as it must be when it is open beam.

    The brightest part of a container that fills the view lies inside its roof and posts.
    """
    edges = np.concatenate([air[1], air[:, 1], air[:, -2]])
    return bool(edges.mean() > 0.05)
