"""Resampling that keeps area averages right: sums of pixels, never picks of pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import scipy.sparse
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]


def area_weights(edges: FloatArray, n_pixels: int) -> scipy.sparse.csr_array:
    """(K, n_pixels) sparse weights that average pixels over ``[edges[k], edges[k + 1])``.

    edges: (K + 1,) monotone, in pixel-edge coordinates: pixel i covers [i, i + 1). Cells narrower than a
    pixel are widened to one, which makes this linear interpolation when enlarging. A cell that lies
    partly outside is averaged over what lies inside times its share, so rows sum to the part covered.
    """
    first, last = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    centre, half = (first + last) / 2, np.maximum((last - first) / 2, 0.5)
    low, high = centre - half, centre + half
    span = int(np.ceil(2 * half.max())) + 1
    pixel = np.floor(low).astype(np.int64)[:, np.newaxis] + np.arange(span)
    overlap = np.minimum(high[:, np.newaxis], pixel + 1) - np.maximum(low[:, np.newaxis], pixel)
    weight = np.clip(overlap, 0.0, None) / (2 * half[:, np.newaxis])
    cell = np.broadcast_to(np.arange(len(low))[:, np.newaxis], pixel.shape)
    keep = (weight > 0) & (pixel >= 0) & (pixel < n_pixels)
    return scipy.sparse.csr_array(
        (weight[keep].astype(np.float32), (cell[keep], pixel[keep])), shape=(len(low), n_pixels)
    )


def reduce_mean(image: FloatArray, n_rows: int, n_cols: int) -> FloatArray:
    """Means over blocks of n_rows x n_cols pixels; what does not fill a block at the end is left out."""
    rows, cols = image.shape[0] // n_rows, image.shape[1] // n_cols
    whole = np.ascontiguousarray(image[: rows * n_rows, : cols * n_cols], dtype=np.float32)
    return np.asarray(cv2.resize(whole, (cols, rows), interpolation=cv2.INTER_AREA))
