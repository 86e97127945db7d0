"""Uneven speed: which place along the rescan's container lies at each place along the origin scan's.

The two scans share one vertical plane per column, whatever side the source stood on: so the profiles of
broad horizontal bands along the container are alike, and one monotone function of x aligns them.
After the idea of one-dimensional disparity for train line scans (Sensors 25(23):7315), solved exactly by
dynamic programming.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.scan.rectified import Rectified

FloatArray = NDArray[np.floating[Any]]

REACH_M = 0.80  # 15 % of speed error over a third of a 12 m box leaves 0.6 m after fitting both ends
STEP_M = 0.01
NODE_M = 0.04  # one step of 1 cm per node of 4 cm allows 25 % of local stretch
WINDOW_M = 0.60  # half a pallet: shorter windows lock on single cartons, longer ones miss jerks
HIGH_PASS_M = 2.5
MAX_ATTENUATION = 4.0  # denser is noise and would rule the profile
N_BANDS = 4
STRETCH_COST = 0.02  # per step; a clear profile gains 0.1 to 1 per node for the right step
FAR_COST = 0.02  # at the end of the reach: breaks ties between equal pallets towards no displacement


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """Displacement along the container.

    displacement_m: (C,) where the column of the origin scan lies in the rescan minus where it lies here.
    likeness: -1 to 1, correlation of the band profiles after alignment.
    """

    displacement_m: FloatArray
    likeness: float


def align_travel(origin: Rectified, rescan: Rectified) -> Travel:
    """Align the rescan along the container by its band profiles; both on one grid."""
    pitch = origin.grid.pitch_m
    first, second = band_profiles(origin), band_profiles(rescan)
    node = round(NODE_M / pitch)
    cost = _cost_volume(first, second, n_steps=round(REACH_M / STEP_M), step=STEP_M / pitch, pitch=pitch)
    path = _cheapest_path(cost[:, node // 2 :: node])
    n_cols = first.shape[1]
    nodes = np.arange(node // 2, n_cols, node)
    steps = np.interp(np.arange(n_cols), nodes, path).astype(np.float32)
    smooth = cv2.GaussianBlur(steps[np.newaxis], (0, 0), 0.5 * WINDOW_M / pitch, borderType=cv2.BORDER_REPLICATE)[0]
    displacement = smooth.astype(np.float64) * STEP_M
    return Travel(displacement, _likeness(first, second, displacement / pitch))


def band_profiles(scan: Rectified) -> FloatArray:
    """(B, C) mean attenuation of B horizontal bands along the container, high-passed, of unit variance."""
    grid = scan.grid
    z = grid.z_m()
    height = scan.placement.size.height_m
    attenuation = np.where(scan.valid, np.minimum(scan.attenuation, MAX_ATTENUATION), 0)
    edges = np.linspace(0.0, height, N_BANDS + 1)
    bands = [attenuation[(z >= low) & (z < high)].mean(axis=0) for low, high in itertools.pairwise(edges)]
    profiles = np.stack(bands).astype(np.float32)
    blur = cv2.GaussianBlur(profiles, (0, 0), sigmaX=HIGH_PASS_M / 2 / grid.pitch_m, sigmaY=0.01)
    detail = cv2.GaussianBlur(profiles - blur, (0, 0), sigmaX=0.01 / grid.pitch_m, sigmaY=0.01)
    # 0.02: an empty container's walls; below that a band holds nothing but noise
    return np.asarray(detail / (detail.std(axis=1, keepdims=True) + 0.02), dtype=np.float32)


def _cost_volume(first: FloatArray, second: FloatArray, *, n_steps: int, step: float, pitch: float) -> FloatArray:
    """(2 n_steps + 1, C) windowed mean squared difference of the profiles for each displacement."""
    n_cols = first.shape[1]
    columns = np.arange(n_cols, dtype=np.float32)
    rows = np.zeros_like(columns)
    volume = np.empty((2 * n_steps + 1, n_cols), dtype=np.float32)
    for index in range(2 * n_steps + 1):
        there = np.clip(columns + (index - n_steps) * step, 0, n_cols - 1)
        moved = cv2.remap(
            second, there[np.newaxis].repeat(len(second), 0), _row_map(rows, len(second)), cv2.INTER_LINEAR
        )
        volume[index] = ((first - moved) ** 2).mean(axis=0)
    window = round(WINDOW_M / pitch) | 1
    volume = cv2.blur(volume, (window, 1), borderType=cv2.BORDER_REPLICATE)
    far = (np.abs(np.arange(-n_steps, n_steps + 1)) / n_steps)[:, np.newaxis]
    return np.asarray(volume + FAR_COST * far, dtype=np.float32)


def _row_map(rows: FloatArray, n_rows: int) -> FloatArray:
    return np.asarray(rows[np.newaxis] + np.arange(n_rows, dtype=np.float32)[:, np.newaxis], dtype=np.float32)


def _cheapest_path(cost: FloatArray) -> FloatArray:
    """(N,) signed step per node of the cheapest path through a (2 n_steps + 1, N) cost, one step up or down a node."""
    n_states, n_nodes = cost.shape
    came_from = np.zeros((n_nodes, n_states), dtype=np.int8)
    total = cost[:, 0].astype(np.float64)
    for node in range(1, n_nodes):
        choices = np.full((3, n_states), np.inf)
        choices[0, 1:] = total[:-1] + STRETCH_COST
        choices[1] = total
        choices[2, :-1] = total[1:] + STRETCH_COST
        best = choices.argmin(axis=0)
        came_from[node] = best - 1
        total = choices.min(axis=0) + cost[:, node]
    path = np.empty(n_nodes, dtype=np.int64)
    path[-1] = int(total.argmin())
    for node in range(n_nodes - 1, 0, -1):
        path[node - 1] = path[node] + came_from[node, path[node]]
    return np.asarray(path - (n_states - 1) / 2, dtype=np.float64)


def _likeness(first: FloatArray, second: FloatArray, displacement: FloatArray) -> float:
    """Mean correlation of the profiles once the second is displaced (in columns)."""
    columns = np.arange(first.shape[1], dtype=np.float64)
    moved = np.stack([np.interp(columns + displacement, columns, row) for row in second])
    return float(np.corrcoef(first.ravel(), moved.ravel())[0, 1])
