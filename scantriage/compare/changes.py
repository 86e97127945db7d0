"""From two loads to the regions in which they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.compare.normal import normal_significance
from scantriage.scan.geometry import CONTAINER_WIDTH_M, MetreBox
from scantriage.section.cells import Cells
from scantriage.section.explain import Explained, View

FloatArray = NDArray[np.floating[Any]]

WINDOW_M = 0.30  # a sports bag
DETECT_SIGMA = 2.6  # of a window; one in a hundred is beyond on unchanged pairs, and some hundred are in a container
GROW_SHARE = 0.3  # of a region's peak: where it ends
MIN_KG = 1.0  # a packet of cocaine weighs 1.07 kg
# Errors of registration, scatter and depth run over several cells, so window sums scatter wider than
# independent cells would.
SPREAD = 2.0
END_M = 0.09  # posts, door leaves and locking bars: dense, sharp, and no room for a load
END_TRUST = 0.2  # of what differs there, in the sum over a window
BLIND_G_CM2 = 30.0  # standard deviation of what was not seen: as of the densest load
SHORT_SIGMA = 3.0  # by which a load falls short of the least that the other scan shows, before that tells anything
# An assumed fan widens what unchanged pairs leave, most of all where floor and roof are seen edge-on.
GUESSED_SPREAD = 1.8
GUESSED_TRUST = 0.3
EDGE_ON_M = 0.3
# Ties and windows keep part of a load: of 27 that stood free on a simulated day, by scanners to train on, half gave
# more than this share of their mass.
RECOVERED = 0.72


@dataclass(frozen=True, slots=True, eq=False)
class ChangeMap:
    """What differs between two loads, seen from the side: (Z, S), z rising.

    mass_kg: of each cell, rescan minus origin. window_kg, sd_kg: sum over a window of `WINDOW_M` around it, and the
    standard deviation that photons and models explain. significance: of that sum, in standard deviations of what
    unchanged containers show there; positive where the rescan holds more.
    """

    mass_kg: FloatArray
    window_kg: FloatArray
    sd_kg: FloatArray
    significance: FloatArray


def _at_floor_or_roof(cells: Cells) -> NDArray[np.bool_]:
    """(Z,) True for the cells of the container within `EDGE_ON_M` of its floor or roof."""
    edges = cells.z_edges_m
    z = ((edges[1:] + edges[:-1]) / 2)[cells.inside]
    return np.asarray((z < EDGE_ON_M) | (z > cells.height_m - EDGE_ON_M))


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One region that differs. mass_kg is signed; y_m: its depth, towards +y; cells: (Z, S) bool."""

    box: MetreBox
    mass_kg: float
    sd_kg: float
    significance: float
    y_m: float
    cells: NDArray[np.bool_]


def change_map(loads: Explained, origin: View, rescan: View, cells: Cells, *, guessed: bool) -> ChangeMap:
    """Sum the difference of two loads across the container, with its noise.

    guessed: the fan had to be assumed for one of the scans.
    """
    difference = (loads.rescan - loads.origin).reshape(cells.n_y, -1, loads.origin.shape[1])
    mass = difference.sum(axis=0)[cells.inside] * np.float32(cells.cell_mass_kg)
    window = _window(cells)
    variance = _cell_variance(origin, loads.rescan, cells) + _cell_variance(rescan, loads.origin, cells)
    doubt = GUESSED_SPREAD if guessed else 1.0
    trust = np.where(_at_end(cells, mass.shape[1]), np.float32(END_TRUST), np.float32(1))
    if guessed:
        trust = trust * np.where(_at_floor_or_roof(cells), np.float32(GUESSED_TRUST), np.float32(1))[:, np.newaxis]
    window_kg = _box_sum(mass * trust, window)
    sd_kg = doubt * SPREAD * np.sqrt(_box_sum(variance, window))
    edges = cells.z_edges_m
    significance = normal_significance(
        window_kg / np.maximum(sd_kg, np.float32(1e-6)),
        z_m=((edges[1:] + edges[:-1]) / 2)[cells.inside],
        x_m=(np.arange(mass.shape[1]) + 0.5) * cells.slab_x * cells.grid.pitch_m,
        size_m=(cells.height_m, cells.grid.length_m),
    )
    return ChangeMap(np.ascontiguousarray(mass), window_kg, sd_kg, significance)


def _at_end(cells: Cells, n_slabs: int) -> NDArray[np.bool_]:
    """(S,) True for the slabs that hold the container's own ends."""
    x = (np.arange(n_slabs) + 0.5) * cells.slab_x * cells.grid.pitch_m
    return np.asarray(np.minimum(x, cells.grid.length_m - x) < END_M)


def find_changes(found: ChangeMap, loads: Explained, cells: Cells) -> list[Change]:
    """The regions that stand out, strongest first."""
    significance = found.significance
    changes = []
    for sign in (1, -1):
        strong = (sign * significance > DETECT_SIGMA) & (sign * found.window_kg > MIN_KG)
        n_regions, regions = cv2.connectedComponents(strong.astype(np.uint8), connectivity=8)
        changes += [change_at(regions == index, sign, found, loads, cells) for index in range(1, n_regions)]
    return sorted(changes, key=lambda change: -abs(change.significance))


def change_at(region: NDArray[np.bool_], sign: int, found: ChangeMap, loads: Explained, cells: Cells) -> Change:
    """Measure a region: grown to the cells that belong to it, boxed, weighed. region: (Z, S) bool, not empty."""
    window = _window(cells)
    near = cv2.dilate(region.astype(np.uint8), np.ones(window, np.uint8)).astype(bool)
    peak = np.unravel_index(np.argmax(np.where(region, sign * found.significance, 0)), region.shape)
    at_end = _at_end(cells, region.shape[1])
    # what changed beside a post must not take the post's own mass with it
    near &= at_end == at_end[peak[1]]
    mass = np.where(near, np.maximum(sign * found.mass_kg, 0), 0)
    own = mass > GROW_SHARE * np.quantile(mass[mass > 0], 0.9) if mass.any() else region
    total = sign * float(mass.sum()) / RECOVERED
    sd = float(found.sd_kg[peak]) * max(1.0, float(np.sqrt(own.sum() / np.prod(window))))
    return Change(
        box=box_of(own, cells),
        mass_kg=total,
        sd_kg=float(np.hypot(sd, MASS_SHARE_SD * total)),
        significance=float(found.significance[peak]),
        y_m=_depth(own, loads, cells),
        cells=own,
    )


MASS_SHARE_SD = 0.15  # of a mass: effective attenuation is known to 10 %, and some of a load is explained away


def box_of(region: NDArray[np.bool_], cells: Cells) -> MetreBox:
    """The box around a region of the container's cells; region: (Z, S) bool, not empty."""
    heights, slabs = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    edges = cells.z_edges_m[np.flatnonzero(cells.inside)[0] :]
    step_x = cells.slab_x * cells.grid.pitch_m
    return MetreBox(
        float(slabs[0] * step_x),
        float((slabs[-1] + 1) * step_x),
        float(edges[heights[0]]),
        float(edges[heights[-1] + 1]),
    )


def _depth(own: NDArray[np.bool_], loads: Explained, cells: Cells) -> float:
    """Mean y of what changed in a region, metres."""
    difference = (loads.rescan - loads.origin).reshape(cells.n_y, -1, loads.origin.shape[1])[:, cells.inside]
    weight = np.abs(difference[:, own]).sum(axis=1)
    y = ((np.arange(cells.n_y) + 0.5) / cells.n_y - 0.5) * CONTAINER_WIDTH_M
    return float((weight * y).sum() / max(float(weight.sum()), 1e-9))


def _window(cells: Cells) -> tuple[int, int]:
    """Window in cells, (heights, slabs), odd."""
    pitch = cells.grid.pitch_m
    return round(WINDOW_M / (cells.cell_z * pitch)) | 1, round(WINDOW_M / (cells.slab_x * pitch)) | 1


def _box_sum(values: FloatArray, window: tuple[int, int]) -> FloatArray:
    summed = cv2.boxFilter(values, cv2.CV_32F, window[::-1], normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(summed, dtype=np.float32)


def _cell_variance(view: View, other: FloatArray, cells: Cells) -> FloatArray:
    """(Z, S) variance of the mass that a scan sees in each cell as seen from the side, kg squared.

    other: (N, S) the load of the other scan. Rays are carried back to the cells that they cross; where none tells
    anything the variance is that of the densest load, so that nothing is found where nothing was seen. A ray that shows
    only a least mass tells something where the other load falls short of it.
    """
    short = view.weight * (view.thickness - view.path.seen(other)) > SHORT_SIGMA
    tells = (view.weight > 0) & (short | ~view.at_least)
    variance = np.where(tells, 1 / np.maximum(view.weight, np.float32(1e-6)) ** 2, BLIND_G_CM2**2)
    carried = view.path.carried(variance) / np.maximum(view.path.through_cell, np.float32(1e-6))
    mean = carried.reshape(cells.n_y, -1, carried.shape[1]).mean(axis=0)[cells.inside]
    area = cells.cell_mass_kg * cells.n_y / CONTAINER_WIDTH_M  # kg of one cell area per g/cm2
    return np.asarray(mean * np.float32(area**2), dtype=np.float32)
