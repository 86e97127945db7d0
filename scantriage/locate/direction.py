"""Which end has the doors: bars and hinges stand out beyond the door end, machinery fills a reefer's front."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scantriage.scan.geometry import FloatArray
from scantriage.scan.image import FloatImage


def door_end(
    attenuation: FloatImage,
    cols: tuple[float, float],
    *,
    roof: tuple[float, float],
    height: float,
    cut: tuple[bool, bool],
) -> Literal["left", "right"] | None:
    """The end with the doors, None where it cannot be seen."""
    left, right = (_protrusion(attenuation, cols, roof[side], height, side) for side in (0, 1))
    if any(cut):
        return None
    return "left" if left > right else "right"


def _protrusion(attenuation: FloatImage, cols: tuple[float, float], roof: float, height: float, side: int) -> float:
    length = cols[1] - cols[0]
    reach = 0.015 * length
    n_rows, n_cols = attenuation.shape
    rows = slice(int(max(0, roof + 0.15 * height)), int(min(n_rows, roof + 0.75 * height)))
    first, last = (cols[0] - reach, cols[0]) if side == 0 else (cols[1], cols[1] + reach)
    beyond = attenuation[rows, int(max(0, round(first))) : int(min(n_cols, round(last)))]
    if beyond.size == 0:
        return 0.0
    return float(np.mean(np.minimum(np.median(beyond, axis=0), 0.5)))
