"""Uneven speed: which place along the rescan's container lies at each place along the origin scan's.

The two scans share one vertical plane per column, whatever side the source stood on: so the profiles of
broad horizontal bands along the container are alike, and one monotone function of x aligns them.
After the idea of one-dimensional disparity for train line scans (Sensors 25(23):7315), solved exactly by
dynamic programming.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.kernel import kernel
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


def align_travel(first: FloatArray, second: FloatArray, *, pitch_m: float) -> Travel:
    """Align a rescan along the container with its origin scan; (B, C) band profiles of each, on one grid."""
    node = round(NODE_M / pitch_m)
    cost = _cost_volume(first, second, n_steps=round(REACH_M / STEP_M), step=STEP_M / pitch_m, pitch=pitch_m)
    path = _cheapest_path(np.ascontiguousarray(cost[:, node // 2 :: node].T))
    n_cols = first.shape[1]
    nodes = np.arange(node // 2, n_cols, node)
    steps = np.interp(np.arange(n_cols), nodes, path).astype(np.float32)
    smooth = cv2.GaussianBlur(steps[np.newaxis], (0, 0), 0.5 * WINDOW_M / pitch_m, borderType=cv2.BORDER_REPLICATE)[0]
    displacement = smooth.astype(np.float64) * STEP_M
    return Travel(displacement, _likeness(first, second, displacement / pitch_m))


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
    volume = np.empty((2 * n_steps + 1, first.shape[1]), dtype=np.float32)
    margin = math.ceil(n_steps * step) + 1
    _fill_cost(volume, first, np.pad(second, ((0, 0), (margin, margin)), mode="edge"), step)
    window = round(WINDOW_M / pitch) | 1
    volume = cv2.blur(volume, (window, 1), borderType=cv2.BORDER_REPLICATE)
    far = (np.abs(np.arange(-n_steps, n_steps + 1)) / n_steps)[:, np.newaxis]
    return np.asarray(volume + FAR_COST * far, dtype=np.float32)


@kernel
def _fill_cost(volume: FloatArray, first: FloatArray, second: FloatArray, step: float) -> None:
    """Mean squared difference of each column of the first and the second, displaced.

    second: with as many columns more at either end as the largest displacement takes.
    """
    n_bands, n_cols = first.shape
    margin = (second.shape[1] - n_cols) // 2
    for index in range(len(volume)):
        shift = margin + (index - len(volume) // 2) * step
        whole = math.floor(shift)
        part = np.float32(shift - whole)
        out = volume[index]
        out[:] = 0
        for band in range(n_bands):
            here, lower, upper = first[band], second[band, whole:], second[band, whole + 1 :]
            for col in range(n_cols):
                out[col] += (here[col] - lower[col] - part * (upper[col] - lower[col])) ** 2
        for col in range(n_cols):
            out[col] /= n_bands


@kernel
def _cheapest_path(cost: FloatArray) -> FloatArray:
    """(N,) signed step per node of the cheapest path through an (N, 2 n_steps + 1) cost, one step up or down a node."""
    n_nodes, n_states = cost.shape
    came_from = np.zeros((n_nodes, n_states), np.int8)
    total, following = cost[0].astype(np.float64), np.empty(n_states, np.float64)
    for node in range(1, n_nodes):
        for state in range(n_states):
            best, change = total[state], 0
            if state > 0 and total[state - 1] + STRETCH_COST <= best:
                best, change = total[state - 1] + STRETCH_COST, -1
            if state + 1 < n_states and total[state + 1] + STRETCH_COST < best:
                best, change = total[state + 1] + STRETCH_COST, 1
            came_from[node, state] = change
            following[state] = best + cost[node, state]
        total, following = following, total
    path = np.empty(n_nodes, np.float64)
    state = int(np.argmin(total))
    for node in range(n_nodes - 1, -1, -1):
        path[node] = state - (n_states - 1) / 2
        state += came_from[node, state]
    return path


def _likeness(first: FloatArray, second: FloatArray, displacement: FloatArray) -> float:
    """Mean correlation of the profiles once the second is displaced (in columns)."""
    columns = np.arange(first.shape[1], dtype=np.float64)
    moved = np.stack([np.interp(columns + displacement, columns, row) for row in second])
    return float(np.corrcoef(first.ravel(), moved.ravel())[0, 1])
