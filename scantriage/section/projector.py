"""What one column of a fan-beam scan integrates: path lengths through the container's cross-section."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.scan.placement import Fan

FloatArray = NDArray[np.floating[Any]]

N_SAMPLES_A_CELL = 4  # along y; the fan's slope crosses at most one cell in height within a quarter cell


def projector(fan: Fan, apparent_z_m: FloatArray, *, n_y: int, z_edges_m: FloatArray) -> FloatArray:
    """(R, n_y * Z) path length in metres of R rays through a grid of n_y by Z cells across the container.

    apparent_z_m: (R,) height at which each ray crosses the mid plane. z_edges_m: (Z + 1,) rising, evenly
    spaced. Cells are ordered y first, from negative to positive y, then z upwards. What lies outside
    z_edges_m is not seen.
    """
    step = CONTAINER_WIDTH_M / (n_y * N_SAMPLES_A_CELL)
    y = -CONTAINER_WIDTH_M / 2 + (np.arange(n_y * N_SAMPLES_A_CELL) + 0.5) * step
    slope = (apparent_z_m - fan.height_m) / fan.distance_m
    z = fan.height_m + slope[:, np.newaxis] * (fan.distance_m - fan.side * y)
    length = np.broadcast_to(step * np.sqrt(1 + slope**2)[:, np.newaxis], z.shape)
    n_z = len(z_edges_m) - 1
    place = (z - z_edges_m[0]) / (z_edges_m[1] - z_edges_m[0]) - 0.5
    below = np.floor(place).astype(np.int64)
    lengths = np.zeros((len(apparent_z_m), n_y, n_z + 2), dtype=np.float64)
    ray = np.broadcast_to(np.arange(len(apparent_z_m))[:, np.newaxis], z.shape)
    cell = np.broadcast_to((np.arange(len(y)) // N_SAMPLES_A_CELL)[np.newaxis], z.shape)
    for offset, share in ((0, 1 - (place - below)), (1, place - below)):
        # one cell of margin at either end takes what leaves the grid
        np.add.at(lengths, (ray, cell, np.clip(below + offset, -1, n_z) + 1), length * share)
    return lengths[:, :, 1:-1].reshape(len(apparent_z_m), n_y * n_z).astype(np.float32)
