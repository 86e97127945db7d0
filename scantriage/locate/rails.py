"""Where a scan shows the upper rail of the container's far wall: a landmark that tells how steeply its beams look up.

Both upper rails are equally high and a container's width apart. Where the source stands below the roof, the far one
shows lower, under the band of the roof, which is seen from below; beneath it only the two walls are left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from scantriage.arrays.vertex import lowest_between
from scantriage.scan.container import ContainerFrame
from scantriage.scan.image import ScanImage

FloatArray = NDArray[np.floating[Any]]

_SMOOTH, _REACH = 0.008, 0.008  # of the outline's height, 2 cm: less than a rail shows
_AROUND = 0.02  # 5 cm: what cargo adds rises or falls evenly over as much
_WITHIN = (0.05, 0.58)  # of the outline's height, below the roof: sources 4 to 7 m away and up to 3 m high
_INSET = 0.03  # of the length, from either end: beside posts and headers
_MOST_COLUMNS = 600  # looked at
_FAR = 0.64  # how much larger the near rail shows than the far one, inverted, 5.5 m away: so much less it rises
_CLEAR = 2.5  # spreads by which a rail stands out: of 120 simulated ones the faintest reaches 2.8
_FAINT = 0.01  # attenuation: a spread that noise alone may have
_OPAQUE = 8.0  # attenuation of what lets nothing through: no edge within it


def far_rail(image: ScanImage, frame: ContainerFrame) -> float | None:
    """Row (of edges) at mid length at which the far upper side rail ends; None where none stands out.

    It is the fall of attenuation, beside how it falls or rises around, that most columns share: cargo's edges differ
    from column to column.
    """
    height = float(np.mean(frame.floor_rows) - np.mean(frame.roof_rows))
    first, last = (int(share * height) for share in _WITHIN)
    columns = _columns(image, frame)
    reach, around = max(1, round(_REACH * height)), max(1, round(_AROUND * height))
    if last - first < 4 * reach or not columns.size:
        return None
    margin = around + 2 * reach
    band = _along_roof(image, frame, columns, first - margin, last + margin)
    smooth = uniform_filter1d(band, round(_SMOOTH * height) | 1, axis=0)
    fall = smooth[: -2 * reach] - smooth[2 * reach :]
    fall = (fall - uniform_filter1d(fall, 2 * around + 1, axis=0))[around + reach : -around - reach]
    usual = np.median(fall, axis=1)
    clear = usual / (np.median(np.abs(fall - usual[:, np.newaxis]), axis=1) + _FAINT)
    steepest = int(np.argmax(clear))
    if clear[steepest] < _CLEAR:
        return None
    return float(np.mean(frame.roof_rows)) + first + steepest + _peak(clear, steepest)


def _columns(image: ScanImage, frame: ContainerFrame) -> NDArray[np.intp]:
    first, last = max(frame.cols[0], 0), min(frame.cols[1], image.shape[1])
    inset = _INSET * (last - first)
    return np.unique(np.linspace(first + inset, last - inset - 1, _MOST_COLUMNS).astype(np.intp))


def _along_roof(
    image: ScanImage, frame: ContainerFrame, columns: NDArray[np.intp], first: int, last: int
) -> FloatArray:
    """(last - first, N) attenuation so many rows below the roof's outline, along a far rail where the roof rises."""
    share = (columns + 0.5 - frame.cols[0]) / (frame.cols[1] - frame.cols[0])
    rise = frame.roof_rows[1] - frame.roof_rows[0]
    roof = float(np.mean(frame.roof_rows)) + _FAR * rise * (share - 0.5)
    rows = np.arange(first, last)[:, np.newaxis] + roof - 0.5  # the outline is of edges, not of centres
    upper = np.clip(np.floor(rows).astype(np.intp), 0, image.shape[0] - 2)
    onward = np.clip(rows - upper, 0, 1).astype(np.float32)
    above, below = (
        np.where(image.penetrated[at, columns], image.pixels[at, columns], np.float32(_OPAQUE))
        for at in (upper, upper + 1)
    )
    return np.asarray(above * (1 - onward) + below * onward)


def _peak(values: FloatArray, at: int) -> float:
    """How far beyond a largest value the parabola through it and its neighbours has its top."""
    if not 0 < at < len(values) - 1:
        return 0.0
    return float(lowest_between(*-values[at - 1 : at + 2]))
