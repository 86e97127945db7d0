"""Where nothing stands in the beam, and each detector row's gain there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.robust import FloatArray, fill_gaps, row_quantiles, running_median
from scantriage.calibrate.blocks import Counts, FloatLine
from scantriage.scan.image import BoolImage, FloatImage

BoolLine = NDArray[np.bool_]

_TOLERANCE = 0.02  # of local transmission about 1: six times the noise of blocks, a quarter of a reefer's two walls
_DRIFT = 0.06  # largest slow change of dose believed, half of what an empty box's walls take away
_RIM = 0.03  # of the rows, along the top: above a container there is air
_REACH = 4  # blocks to either side, beyond the smoothing: some 5 cm
_ROWS_ASKED = 64  # whether they change alike
_SUDDEN = 0.02  # change of a logarithm within that reach, five times its noise in air
_CLEARER = 0.5  # part of it by which rows must change less without it
_QUIETEST = 0.2  # of the rows: along walls and rails little changes but the dose
_WORTH = 0.05  # of the columns: more must be believable by it
_DARK_STRETCH = 0.7  # of the rows around: modules of a detector differ by up to a quarter, a floor takes more
_FEWEST_AIR_PIXELS = 12  # below, a row's gain would be known worse than a third of the noise of its pixels


def empty_columns(counts: Counts, *, dark: float) -> NDArray[np.intp]:
    """Columns that are brighter than others over their whole height: nothing in the beam. At most about 128.

    counts: (R, C), dead lines bridged. Judged by the mean logarithm over the column, in which an empty
    container's walls, floor and chassis count 0.1 and more, and dose a few hundredths.
    """
    rows = counts[:: max(1, counts.shape[0] // 128)].astype(np.float32) - np.float32(dark)
    score = cv2.log(np.maximum(rows, 1)).mean(axis=0)
    found = np.flatnonzero(score > np.quantile(score, 0.995) - _DRIFT)
    return found[:: max(1, found.size // 128)]


def rough_gain(counts: Counts, *, dark: float) -> tuple[FloatLine, BoolLine]:
    """Gain of each row from the empty columns, and where that is open beam.

    Returns (R,) counts above dark and (R,) bool, False in rows that are darker than a detector's gain can
    explain: something stands in the beam along the whole scan. These get the level of the rows around.
    """
    columns = np.take(counts, empty_columns(counts, dark=dark), axis=1).astype(np.float32) - np.float32(dark)
    mean = columns.mean(axis=0)
    gain = np.maximum(row_quantiles(columns / np.maximum(mean, 1), (0.5,))[0] * mean.mean(), 1)
    smooth = running_median(gain, 9)  # a weak element or two are a detector's own, a dark stretch is an object
    envelope = running_median(_running_high(smooth, gain.size // 3), gain.size // 10)
    open_beam = smooth > _DARK_STRETCH * envelope
    ripple = np.clip(gain / smooth, 0.8, 1.25)
    return np.where(open_beam, gain, envelope * ripple).astype(np.float32), open_beam


def _running_high(values: FloatArray, width: int) -> FloatArray:
    """Running maximum over an odd width."""
    column = np.asarray(values, np.float32).reshape(-1, 1)
    return np.asarray(cv2.dilate(column, np.ones((width | 1, 1), np.uint8))).ravel()


def drift(coarse: FloatImage) -> FloatLine:
    """(k,) the dose in a coarse view of transmission, from the brightest of each column: slow drift, sudden changes.

    Where even that cannot be air, the dose of the columns around.
    """
    level, believable = _brightest(coarse)
    if believable.any() and not believable.all():
        followed = _along_rim(coarse)
        followed /= np.median(followed[believable])
        onward, reached = _brightest(coarse / followed)
        if reached.mean() > believable.mean() + _WORTH:
            level, believable = onward * followed, reached
    if not believable.any():
        return np.ones(level.size, np.float32)
    return np.asarray(fill_gaps(level, believable), np.float32)


def _brightest(coarse: FloatImage) -> tuple[FloatArray, BoolLine]:
    """(k,) level of the brightest in each column, and where a slow drift of the dose explains it."""
    level = running_median(row_quantiles(coarse.T, (0.97,))[0], 15)
    return level, np.abs(level - 1) < _DRIFT


def _along_rim(coarse: FloatImage) -> FloatLine:
    """(k,) the dose as far as what is seen along the top follows its sudden changes.

    A change of dose changes all rows alike, and to take it out makes them change less. Where a roof comes into view,
    or leaves it slowly, the others stay as they are, and it is not followed.
    """
    logarithm = cv2.log(np.maximum(coarse, np.float32(1e-3)))
    rim = np.median(logarithm[: max(3, round(_RIM * len(logarithm)))], axis=0)
    some = logarithm[:: max(1, len(logarithm) // _ROWS_ASKED)]
    padded = np.pad(some, ((0, 0), (_REACH, _REACH)), mode="edge")
    change = padded[:, 2 * _REACH :] - padded[:, : -2 * _REACH]
    ends = np.pad(rim, _REACH, mode="edge")
    own = ends[2 * _REACH :] - ends[: -2 * _REACH]
    gained = _of_quietest(change) - _of_quietest(change - own)
    sudden = (np.abs(own) > _SUDDEN) & (gained > _CLEARER * np.abs(own))
    return np.asarray(np.exp(np.cumsum(np.where(sudden, np.diff(rim, prepend=rim[0]), 0))), np.float32)


def _of_quietest(change: FloatImage) -> FloatLine:
    """(k,) the largest change among the rows that change least."""
    return np.asarray(row_quantiles(np.abs(change).T, (_QUIETEST,))[0])


def find_air(coarse: FloatImage) -> BoolImage:
    """(b, k) True where a coarse view of transmission is 1, away from any edge."""
    near_one = cv2.inRange(coarse, 1 - _TOLERANCE, 1 + _TOLERANCE)
    return np.asarray(cv2.erode(near_one, np.ones((3, 3), np.uint8))) > 0


def from_border(air: BoolImage) -> BoolImage:
    """(b, k) the air that hangs together with the border of the scan; all of it where none does.

    Where the roof leaves the view, the walls under it are the brightest that their columns show.
    """
    n_parts, part = cv2.connectedComponents(air.view(np.uint8), connectivity=4)
    reached = np.zeros(n_parts, np.bool_)
    for edge in (part[0], part[-1], part[:, 0], part[:, -1]):
        reached[edge] = True
    reached[0] = False
    return np.asarray(reached[part]) if reached.any() else air


def row_gain(air_sums: FloatArray, expected: FloatArray, *, n_air: FloatArray, rough: FloatLine) -> FloatLine:
    """(R,) gain of each row: its signal in air over what the pulses gave there.

    air_sums: (R,) signal summed over the row's air. expected: (R,) the same sum for a gain of one. n_air: (R,)
    pixels in it. rough: (R,) kept where a row has no air, on the level of the nearest rows that have.
    """
    known = n_air >= _FEWEST_AIR_PIXELS
    if not known.any():
        return rough
    correction = fill_gaps(np.where(known, air_sums / np.maximum(expected * rough, 1e-6), 1.0), known)
    return np.asarray(rough * correction, np.float32)


def reaches_border(air: FloatImage) -> bool:
    """Whether air is seen along the top or at an end of the scan, as it must be when it is open beam.

    The brightest part of a container that fills the view lies inside its roof and posts.
    """
    edges = np.concatenate([air[0], air[:, 0], air[:, -1]])
    return bool(edges.mean() > 0.05)
