"""A scan on the container's own grid: square pixels in metres, front wall at the left."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.resample import area_weights, resample
from scantriage.scan.geometry import ContainerGrid
from scantriage.scan.image import ScanImage
from scantriage.scan.placement import Placement
from scantriage.scan.rectified import Rectified

FloatArray = NDArray[np.floating[Any]]

MIN_COVERED = 0.5  # a grid cell is measured when at least half of it was


def rectify(
    image: ScanImage,
    placement: Placement,
    grid: ContainerGrid,
    *,
    energy: int,
    x_m: FloatArray | None = None,
) -> Rectified:
    """Average one energy of a scan onto a container grid.

    x_m: (C + 1,) where along the container each column edge of the grid lies in this scan; None when the
    vehicle passed evenly. Averages are of attenuation over measured pixels; variances are propagated.
    """
    n_rows, n_cols = grid.shape
    x_edges = np.arange(n_cols + 1) * grid.pitch_m if x_m is None else x_m
    z_edges = grid.top_m - np.arange(n_rows + 1) * grid.pitch_m
    row_weights = area_weights(placement.rows(z_edges, base_m=placement.mean_base_m), image.shape[1])
    col_weights = area_weights(placement.columns(x_edges), image.shape[2])
    valid = image.valid.astype(np.float32)
    usable = image.usable.astype(np.float32)
    covered = resample(valid, row_weights, col_weights)
    readable = resample(usable, row_weights, col_weights)
    share = np.maximum(covered, np.float32(1e-6))
    attenuation = resample(image.pixels[energy] * valid, row_weights, col_weights) / share
    squares = (row_weights.power(2), col_weights.power(2))
    variance = resample(image.variance[energy] * valid, *squares) / share**2
    shift = _lift_rows(placement, grid)
    return Rectified(
        grid=grid,
        placement=placement,
        attenuation=_shift_columns(attenuation, shift),
        variance=_shift_columns(variance, shift),
        valid=_shift_columns(covered, shift) >= MIN_COVERED,
        usable=_shift_columns(readable, shift) >= MIN_COVERED,
    )


def _lift_rows(placement: Placement, grid: ContainerGrid) -> FloatArray:
    """(C,) how many grid rows higher than on average a tilted or bouncing container stands in each column."""
    lift = placement.base_at(grid.x_m()) - placement.mean_base_m
    return np.asarray(lift / grid.pitch_m, dtype=np.float32)


def _shift_columns(image: FloatArray, rows: FloatArray) -> FloatArray:
    """Shift every column down by its own number of rows; what comes in from outside is zero."""
    if float(np.abs(rows).max()) < 0.05:  # a twentieth of a grid row is not worth a second interpolation
        return image
    n_rows, n_cols = image.shape
    map_x = np.broadcast_to(np.arange(n_cols, dtype=np.float32), image.shape)
    map_y = np.arange(n_rows, dtype=np.float32)[:, np.newaxis] - rows[np.newaxis, :]
    shifted = cv2.remap(image, np.ascontiguousarray(map_x), map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(shifted, dtype=np.float32)
