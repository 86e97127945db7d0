"""How much higher the container stands in the rescan than its outline says, along its length.

Outlines give the roof to a pixel or two, and containers tilt and bounce while they pass. Averaged over two
metres of the container, both scans are still projections of one (averaged) cross-section, wherever their
sources stood: so the height that lets one common load explain both best is the right one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.resample import reduce_mean
from scantriage.scan.rectified import Rectified
from scantriage.section.cells import Cells, rays_of, views_of
from scantriage.section.explain import View, explain

FloatArray = NDArray[np.floating[Any]]

PIECE_M = 2.0
REACH_M = 0.10
STEP_M = 0.02
N_ITERATIONS = (40,)
MIN_GAIN = 0.03  # of the misfit, between the best and the worst height: below that a piece tells nothing


@dataclass(frozen=True, slots=True, eq=False)
class HeightFit:
    """Where the rescan's container stands.

    lift_m: (K,) metres by which its placement must be raised, at K places from the front to the doors.
    misfit: mean absolute residual of both scans there, in standard deviations.
    """

    lift_m: FloatArray
    misfit: float


def align_height(
    origin: Rectified, rescan: Rectified, thickness: tuple[FloatArray, FloatArray], *, energies_mv: tuple[float, float]
) -> HeightFit:
    """Find the height of the rescan's placement.

    Both on one grid, aligned along the container; thickness: mass thickness in g/cm2, (R, C) each.
    """
    grid = origin.grid
    n_pieces = max(2, round(grid.length_m / PIECE_M))
    cells = Cells(grid, origin.placement.size.height_m, n_y=8, cell_z=3, slab_x=grid.shape[1] // n_pieces)
    offsets = np.arange(-round(REACH_M / STEP_M), round(REACH_M / STEP_M) + 1) * STEP_M
    likeness = np.where(cells.tied, np.inf, 0.0).astype(np.float32)[:, np.newaxis]
    fixed, loose = (
        rays_of(scan, layer, cells, energy_mv=energy_mv)
        for scan, layer, energy_mv in zip((origin, rescan), thickness, energies_mv, strict=True)
    )
    narrow = reduce_mean(thickness[1], 1, cells.slab_x)
    lowered = [cells.means(_lowered(narrow, round(float(lift) / grid.pitch_m)), slab_x=1) for lift in offsets]
    pairs = [views_of(fixed, replace(loose, thickness=layer), cells) for layer in lowered]
    first, second = (_in_a_row([pair[k] for pair in pairs]) for k in (0, 1))
    common = explain(first, second, n_y=cells.n_y, likeness=likeness, n_iterations=N_ITERATIONS, n_runs=len(offsets))
    misfit = _misfit(first, common.origin) + _misfit(second, common.rescan)
    table = misfit.reshape(len(offsets), -1)
    return HeightFit(_smooth(_lowest(table, offsets)), float(table.min(axis=0).mean()))


def _in_a_row(views: list[View]) -> View:
    """Views of one geometry, their slabs one behind the other."""
    names = ("thickness", "at_least", "weight")
    thickness, at_least, weight = (np.concatenate([getattr(one, name) for one in views], axis=1) for name in names)
    return View(thickness, at_least, weight, views[0].path)


def _lowered(image: FloatArray, n_rows: int) -> FloatArray:
    """The image shifted down by whole rows, its edge rows repeated."""
    rows = np.clip(np.arange(len(image)) - n_rows, 0, len(image) - 1)
    return image[rows]


def _misfit(view: View, load: FloatArray) -> FloatArray:
    """(S,) mean absolute residual of each slab in standard deviations: robust to what changed in it."""
    residual = np.abs(view.weight * view.unexplained(load))
    return np.asarray(residual.sum(axis=0) / np.maximum((view.weight > 0).sum(axis=0), 1), dtype=np.float64)


def _lowest(misfit: FloatArray, offsets: FloatArray) -> FloatArray:
    """(S,) offset of the lowest misfit of each slab, to a fraction of a step; 0 where it tells nothing."""
    best = np.clip(misfit.argmin(axis=0), 1, len(offsets) - 2)
    slab = np.arange(misfit.shape[1])
    before, here, after = (misfit[best + k, slab] for k in (-1, 0, 1))
    curve = np.maximum(before - 2 * here + after, 1e-9)
    fraction = np.clip((before - after) / (2 * curve), -1, 1)
    telling = misfit.max(axis=0) - misfit.min(axis=0) > MIN_GAIN * misfit.min(axis=0)
    return np.where(telling, offsets[best] + fraction * STEP_M, 0.0)


def _smooth(lift: FloatArray) -> FloatArray:
    """Median of three, then a mean with weights 1, 2, 1: a container bends less than a load misleads."""
    padded = np.pad(lift, 1, mode="edge")
    median = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    padded = np.pad(median, 1, mode="edge")
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)
