"""The level and the noise of the counts without beam, from rows and pixels that no beam reached."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.robust import clipped_mean_sd
from scantriage.scan.image import FloatImage

MOST_NOISE = 0.005  # of the open beam: electronics are ten times quieter, and rows that see a scene vary more


def estimate_dark(counts: NDArray[Any]) -> float:
    """Dark level of a scan in counts: the level of unlit rows, else the darkest pixels, else 0.

    counts: (R, C). The darkest pixels are taken only when they are under 2 % of the brightest: else the scan
    shows nothing opaque, and they say little.
    """
    bright = float(np.quantile(counts[::7, ::7], 0.99))
    middle, high = np.quantile(counts[:, :: max(1, counts.shape[1] // 256)], (0.5, 0.98), axis=1)
    unlit = (high < 0.02 * bright) & (middle > 0)
    if unlit.any():
        return float(np.median(middle[unlit]))
    lit = counts[::3, ::3]
    lit = lit[lit > 0]
    darkest = float(np.quantile(lit, 0.001)) if lit.size else 0.0
    return darkest if darkest < 0.02 * bright else 0.0


def dark_noise(dead_rows: FloatImage, *, dark: float, level: float) -> float | None:
    """Standard deviation of the counts without beam, from the dead rows that lie about the dark level.

    dead_rows: (N, C) counts. level: of the open beam above dark. None when there are none, or when they are stuck.
    Spikes to either end of the scale do not count: one in a row of 400 would make the noise a hundred times larger.
    Nor does a row that is lit after all: its spread is what it shows, not noise.
    """
    if dead_rows.size == 0:
        return None
    spread = np.array([clipped_mean_sd(row)[1] for row in dead_rows])
    unlit = (spread > 0) & (spread < MOST_NOISE * level) & (np.abs(np.median(dead_rows, axis=1) - dark) < 5 * spread)
    return float(np.median(spread[unlit])) if unlit.any() else None
