"""The container's upper edge: a straight line through the roof's silhouette."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scantriage.locate.silhouette import Silhouette
from scantriage.scan.geometry import FloatArray
from scantriage.scan.image import FloatImage


@dataclass(frozen=True, slots=True)
class RoofLine:
    """Straight line through the roof's upper edge, rows over columns of the scan, and its scatter in rows."""

    slope: float
    intercept: float
    scatter: float

    def at(self, col: float) -> float:
        """Row of the upper edge at a column."""
        return self.slope * col + self.intercept


def roof_line(attenuation: FloatImage, outline: Silhouette, cols: tuple[float, float]) -> RoofLine:
    """Fit the roof's upper edge between two columns, to a fraction of a row."""
    n_rows, n_cols = attenuation.shape
    inset = 0.02 * (cols[1] - cols[0])
    first, last = max(0.0, cols[0] + inset), min(n_cols - 1.0, cols[1] - inset)
    x = np.unique(np.linspace(first, last, 400).astype(int))
    small_x = np.minimum((x / outline.col_step).astype(int), outline.tops.size - 1)
    coarse = outline.tops[small_x] * outline.row_step
    reach = int(np.ceil(2 * outline.row_step)) + 2
    offsets = np.arange(-reach, 3 * reach + 1)
    start = np.clip(coarse.astype(int), reach, n_rows - 1 - 3 * reach)
    patch = attenuation[start[:, None] + offsets, x[:, None]]
    # the first rail is reached where half of its attenuation is, at most that of 4 mm of steel on either side
    edge = np.clip(patch.max(axis=1) / 2, 0.08, 0.25)
    above = patch > edge[:, None]
    k = np.maximum(above.argmax(axis=1), 1)
    i = np.arange(x.size)
    low, high = patch[i, k - 1], patch[i, k]
    share = np.clip((edge - low) / np.where(high > low, high - low, 1), 0, 1)
    rows = start + offsets[k - 1] + share + 0.5
    return _robust_line(x + 0.5, rows, above.any(axis=1))


def _robust_line(x: FloatArray, y: FloatArray, known: NDArray[np.bool_]) -> RoofLine:
    keep, line, scatter = known.copy(), np.array([0.0, float(np.median(y))]), 0.0
    for _ in range(4):
        if keep.sum() < 8:
            break
        line = np.polyfit(x[keep], y[keep], 1)
        residual = np.abs(y - np.polyval(line, x))
        scatter = 1.4826 * float(np.median(residual[known]))
        keep = known & (residual < max(3 * scatter, 1.0))
    return RoofLine(float(line[0]), float(line[1]), scatter)
