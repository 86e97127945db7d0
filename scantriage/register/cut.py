"""A container cut off by the edge of its scan: how far it reaches beyond, told by the other scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.errors import NotComparable
from scantriage.register.travel import align_travel, band_profiles
from scantriage.scan.rectified import Rectified

FloatArray = NDArray[np.floating[Any]]

MIN_SEEN = 0.35  # of the container: less has too few landmarks
STEP = 0.025
MIN_LIKENESS = 0.5  # unlike containers reach 0.3


def seen_share(whole: Rectified, part: Rectified, *, front_cut: bool) -> float:
    """Share of the container's length that a cut-off scan shows.

    whole: the other scan. part: the cut-off scan, rectified as if what it shows were all. Raises
    NotComparable when no share brings the two together.
    """
    first, second = band_profiles(whole), band_profiles(part)
    shares = np.arange(MIN_SEEN, 1.0 + STEP / 2, STEP)
    likeness = [
        _likeness(first, second, float(share), front_cut=front_cut, pitch_m=whole.grid.pitch_m) for share in shares
    ]
    best = int(np.argmax(likeness))
    if likeness[best] < MIN_LIKENESS:
        raise NotComparable(
            "An end of the container lies outside one scan, and the rest does not fit the other scan.",
            likeness=likeness[best],
            required=MIN_LIKENESS,
        )
    return float(shares[best])


def _likeness(first: FloatArray, second: FloatArray, share: float, *, front_cut: bool, pitch_m: float) -> float:
    """How well the part fits the whole as this share of it, however unevenly either passed."""
    n_cols = first.shape[1]
    start = (1 - share) * n_cols if front_cut else 0.0
    columns = np.arange(n_cols)
    there = (columns - start) / share
    moved = np.stack([np.interp(there, columns, row) for row in second]).astype(np.float32)
    return align_travel(first, moved, (there >= 0) & (there <= n_cols - 1), pitch_m=pitch_m).likeness
