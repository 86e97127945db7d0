"""A scan looked at closely: sampled on a fine grid of the container, where `rectify` averages for the comparison."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.resample import reduce_mean
from scantriage.scan.geometry import ContainerGrid
from scantriage.scan.placement import Placement

FloatArray = NDArray[np.floating[Any]]

_TINY_M = 1e-3  # over which the slope of rows against height is taken


def own_pitch(placement: Placement) -> tuple[float, float]:
    """Metres of the container's mid plane between neighbouring columns and, at half its height, rows of a scan."""
    middle = placement.size.height_m / 2
    edges = placement.rows(np.array([middle + 0.5, middle - 0.5]), base_m=placement.mean_base_m)
    return placement.size.length_m / abs(placement.cols[1] - placement.cols[0]), 1 / float(edges[1] - edges[0])


def sample(
    plane: FloatArray, placement: Placement, grid: ContainerGrid, *, x_m: FloatArray, outside: float, shrunk: int = 1
) -> NDArray[np.float32]:
    """(R, C) of one plane of a scan at the centres of the grid's pixels, linear between the scan's pixels.

    A scan with two or more pixels to one of the grid is averaged over as many first. plane: float32. x_m: (C,) where
    along the container each column of the grid lies in this scan. outside: the value beyond the scan's edges.
    shrunk: pixels of the scan, each way, of which one of the plane is the mean.
    """
    dx_m, dz_m = own_pitch(placement)
    n_rows, n_cols = (max(1, int(grid.pitch_m / (shrunk * own_m))) for own_m in (dz_m, dx_m))
    if n_rows > 1 or n_cols > 1:
        plane = reduce_mean(plane, n_rows, n_cols)
    rows = _rows(placement, grid, pixels=shrunk * n_rows)
    columns = (placement.columns(x_m) / (shrunk * n_cols) - 0.5).astype(np.float32)
    return np.asarray(
        cv2.remap(
            plane, np.ascontiguousarray(np.broadcast_to(columns, rows.shape)), rows,
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=outside,
        )
    )  # fmt: skip


def _rows(placement: Placement, grid: ContainerGrid, *, pixels: int) -> NDArray[np.float32]:
    """(R, C) fractional rows, of pixel centres, of a plane whose rows are means of so many pixels."""
    base, z = placement.mean_base_m, grid.z_m()
    rows = placement.rows(z, base_m=base)
    # the container stands higher or lower by centimetres, over which rows are even also in a fan beam
    slope = (placement.rows(z, base_m=base + _TINY_M) - rows) / (_TINY_M * pixels)
    lift = placement.base_at(grid.x_m()) - base
    shifted = np.multiply.outer(slope.astype(np.float32), lift.astype(np.float32))
    shifted += (rows / pixels - 0.5).astype(np.float32)[:, np.newaxis]
    return shifted
