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
from scipy.interpolate import CubicSpline

from scantriage.arrays.kernel import kernel
from scantriage.scan.rectified import Rectified

FloatArray = NDArray[np.floating[Any]]

REACH_SHARE = 0.125  # of the container's length: 15 % of speed error over half a container, both ends fitted
STEP_M = 0.01
NODE_M = 0.20
MAX_SLOPE = 9  # steps of 1 cm a node: 45 % of local stretch
WINDOW_M = 0.25  # at another place's stretch a wider window blurs what it compares
HIGH_PASS_M = 2.5
MAX_ATTENUATION = 4.0  # denser is noise and would rule the profile
N_BANDS = 4
OUTLIER = 2.0  # squared difference that counts half: a load that came must not pay for pushing it out of the container
BEND_COST = 0.03  # of a change of the speed by 5 % within a node; a clear profile gains 0.1 to 1 per node
END_COST = 6.0  # where an end lies elsewhere than its outline says, by `END_M` or more; 1.5 t pushed out gain 5
END_M = 0.05
TINY = 1e-3  # of a blurred mask: there nothing was seen for metres
FAR_COST = 0.02  # at the end of the reach: breaks ties between equal pallets towards no displacement


@dataclass(frozen=True, slots=True, eq=False)
class Travel:
    """Displacement along the container.

    displacement_m: (C,) where the column of the origin scan lies in the rescan minus where it lies here.
    likeness: -1 to 1, correlation of the band profiles after alignment.
    """

    displacement_m: FloatArray
    likeness: float


def align_travel(
    first: FloatArray, second: FloatArray, seen: NDArray[np.bool_], *, pitch_m: float, outlier: float = OUTLIER
) -> Travel:
    """Align a rescan along the container with its origin scan; (B, C) `details` of each, on one grid.

    seen: (C,) False where the container lies outside one of the scans: nothing is compared there, and an end
    that was not seen may lie anywhere. outlier: squared difference that counts half.
    """
    n_cols = first.shape[1]
    n_steps = round(REACH_SHARE * n_cols * pitch_m / STEP_M)
    nodes = np.linspace(0, n_cols - 1, max(3, round(n_cols * pitch_m / NODE_M) + 1))
    places = np.round(nodes).astype(np.intp)
    cost = _cost_volume(first, second, n_steps=n_steps, step=STEP_M / pitch_m, pitch=pitch_m, outlier=outlier)
    at_nodes = np.where(seen[places, np.newaxis], cost[:, places].T, np.float32(0))
    away = np.minimum(np.abs(np.arange(-n_steps, n_steps + 1)) * STEP_M / END_M, 1) * END_COST
    at_nodes[[0, -1]] += away.astype(np.float32) * seen[[0, -1], np.newaxis]
    path = _smoothest_path(np.ascontiguousarray(at_nodes), MAX_SLOPE, BEND_COST)
    displacement = CubicSpline(nodes, path, bc_type="natural")(np.arange(n_cols)) * STEP_M
    return Travel(displacement, _likeness(first, second, displacement / pitch_m, seen))


def band_profiles(scan: Rectified) -> FloatArray:
    """(B, C) mean attenuation of B horizontal bands along the container."""
    z = scan.grid.z_m()
    attenuation = np.where(scan.valid, np.minimum(scan.attenuation, MAX_ATTENUATION), 0)
    edges = np.linspace(0.0, scan.placement.size.height_m, N_BANDS + 1)
    bands = [attenuation[(z >= low) & (z < high)].mean(axis=0) for low, high in itertools.pairwise(edges)]
    return np.stack(bands).astype(np.float32)


def details(bands: FloatArray, seen: NDArray[np.bool_], *, pitch_m: float) -> FloatArray:
    """Band profiles high-passed, of unit variance; (C,) seen: which columns there are, zero elsewhere.

    Two scans are alike in the columns that both show, each high-passed within these: a cut edge is no step, and what
    the mean around it lacks it lacks in both.
    """
    there = seen.astype(np.float32)[np.newaxis]
    wide, narrow = HIGH_PASS_M / 2 / pitch_m, 0.01 / pitch_m
    mean = _blurred(bands * there, wide) / np.maximum(_blurred(there, wide), TINY)
    detail = _blurred((bands - mean) * there, narrow) * there
    # 0.02: an empty container's walls; below that a band holds nothing but noise
    return np.asarray(detail / (detail[:, seen].std(axis=1, keepdims=True) + 0.02), dtype=np.float32)


def _blurred(bands: FloatArray, sigma: float) -> FloatArray:
    return np.asarray(cv2.GaussianBlur(bands, (0, 0), sigmaX=sigma, sigmaY=0.01))


def _cost_volume(
    first: FloatArray, second: FloatArray, *, n_steps: int, step: float, pitch: float, outlier: float
) -> FloatArray:
    """(2 n_steps + 1, C) windowed mean difference of the profiles for each displacement."""
    volume = np.empty((2 * n_steps + 1, first.shape[1]), dtype=np.float32)
    margin = math.ceil(n_steps * step) + 1
    _fill_cost(volume, first, np.pad(second, ((0, 0), (margin, margin)), mode="edge"), step, np.float32(outlier))
    window = round(WINDOW_M / pitch) | 1
    volume = cv2.blur(volume, (window, 1), borderType=cv2.BORDER_REPLICATE)
    far = (np.abs(np.arange(-n_steps, n_steps + 1)) / n_steps)[:, np.newaxis]
    return np.asarray(volume + FAR_COST * far, dtype=np.float32)


@kernel
def _fill_cost(volume: FloatArray, first: FloatArray, second: FloatArray, step: float, outlier: np.float32) -> None:
    """Mean over the bands of the squared difference of each column of the first and the second, displaced.

    Bounded as Geman and McClure do (1987). second: with as many columns more at either end as the largest
    displacement takes.
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
                square = (here[col] - lower[col] - part * (upper[col] - lower[col])) ** 2
                out[col] += square / (np.float32(1) + square / outlier)
        for col in range(n_cols):
            out[col] /= n_bands


@kernel
def _smoothest_path(cost: FloatArray, max_slope: int, bend_cost: float) -> FloatArray:
    """(N,) signed step per node of the cheapest path through an (N, 2 n_steps + 1) cost.

    Its slope is part of the state: a path pays for bending, not for going up or down, as a vehicle keeps its
    speed. The slope changes by one step a node at most.
    """
    n_nodes, n_states = cost.shape
    n_slopes = 2 * max_slope + 1
    came_from = np.zeros((n_nodes, n_states, n_slopes), np.int8)
    total = np.empty((n_states, n_slopes), np.float32)
    following = np.empty((n_states, n_slopes), np.float32)
    for state in range(n_states):
        total[state, :] = cost[0, state]
    for node in range(1, n_nodes):
        for state in range(n_states):
            for slope in range(n_slopes):
                before = state - (slope - max_slope)
                best, change = np.float32(1e30), 0
                if 0 <= before < n_states:
                    best = total[before, slope]
                    if slope > 0 and total[before, slope - 1] + bend_cost < best:
                        best, change = total[before, slope - 1] + bend_cost, -1
                    if slope + 1 < n_slopes and total[before, slope + 1] + bend_cost < best:
                        best, change = total[before, slope + 1] + bend_cost, 1
                came_from[node, state, slope] = change
                following[state, slope] = best + cost[node, state]
        total, following = following, total
    path = np.empty(n_nodes, np.float64)
    state, slope = 0, 0
    for one in range(n_states):
        for other in range(n_slopes):
            if total[one, other] < total[state, slope]:
                state, slope = one, other
    for node in range(n_nodes - 1, -1, -1):
        path[node] = state - (n_states - 1) / 2
        change = came_from[node, state, slope]
        state -= slope - max_slope
        slope += change
    return path


def _likeness(first: FloatArray, second: FloatArray, displacement: FloatArray, seen: NDArray[np.bool_]) -> float:
    """Mean correlation of the profiles where both were seen, once the second is displaced (in columns)."""
    columns = np.arange(first.shape[1], dtype=np.float64)
    moved = np.stack([np.interp(columns + displacement, columns, row) for row in second])
    return float(np.corrcoef(first[:, seen].ravel(), moved[:, seen].ravel())[0, 1])
