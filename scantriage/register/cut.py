"""A container cut off by the edge of its scan: how far it reaches beyond, told by the other scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.register.travel import align_travel, details

FloatArray = NDArray[np.floating[Any]]

MIN_SEEN = 0.35  # of the container: less has too few landmarks
STEP = 0.025


def seen_share(whole: FloatArray, part: FloatArray, *, front_cut: bool, pitch_m: float) -> float:
    """Share of the container's length that a cut-off scan shows: the one that makes it most like the other scan.

    whole, part: (B, C) band profiles; of the cut-off scan rectified as if what it shows were all.
    """
    shares = np.arange(MIN_SEEN, 1.0 + STEP / 2, STEP).tolist()
    return float(max(shares, key=lambda share: _likeness(whole, part, share, front_cut=front_cut, pitch_m=pitch_m)))


def _likeness(whole: FloatArray, part: FloatArray, share: float, *, front_cut: bool, pitch_m: float) -> float:
    """How well the part fits the whole as this share of it, however unevenly either passed."""
    n_cols = whole.shape[1]
    start = (1 - share) * n_cols if front_cut else 0.0
    columns = np.arange(n_cols)
    there = (columns - start) / share
    seen = (there >= 0) & (there <= n_cols - 1)
    moved = np.stack([np.interp(there, columns, row) for row in part]).astype(np.float32)
    first, second = (details(bands, seen, pitch_m=pitch_m) for bands in (whole, moved))
    return align_travel(first, second, seen, pitch_m=pitch_m).likeness
