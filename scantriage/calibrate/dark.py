"""The level of the counts without beam, where it was not delivered."""

from __future__ import annotations

import numpy as np

from scantriage.scan.image import FloatImage


def estimate_dark(counts: FloatImage) -> float:
    """Dark level of a scan in counts: the level of unlit rows, else the darkest pixels, else 0.

    counts: (R, C). The darkest pixels are taken only when they are under 2 % of the brightest: else the scan
    shows nothing opaque, and they say little.
    """
    bright = float(np.quantile(counts[::7, ::7], 0.99))
    rows = np.quantile(counts[:, :: max(1, counts.shape[1] // 256)], (0.5, 0.98), axis=1)
    unlit = (rows[1] < 0.02 * bright) & (rows[0] > 0)
    if unlit.any():
        return float(np.median(rows[0][unlit]))
    lit = counts[counts > 0]
    darkest = float(np.quantile(lit[::17], 0.001)) if lit.size else 0.0
    return darkest if darkest < 0.02 * bright else 0.0
