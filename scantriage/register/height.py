"""How much higher the container stands in the rescan than its outline says, along its length.

Outlines give the roof to a pixel or two, and containers tilt and bounce while they pass. Averaged over two
metres of the container, both scans are still projections of one (averaged) cross-section, wherever their
sources stood: so the height that lets one common load explain both best is the right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.vertex import lowest_between
from scantriage.register.pieces import Pieces
from scantriage.section.cells import views_of
from scantriage.section.explain import View, explain

FloatArray = NDArray[np.floating[Any]]

REACH_M = 0.10
STEP_M = 0.02
N_ITERATIONS = 40
MIN_GAIN = 0.03  # of the misfit, between the best and the worst height: below that a piece tells nothing


@dataclass(frozen=True, slots=True, eq=False)
class HeightFit:
    """Where the rescan's container stands.

    lift_m: (K,) metres by which its placement must be raised, at K places from the front to the doors.
    misfit: mean absolute residual of both scans there, in standard deviations.
    """

    lift_m: FloatArray
    misfit: float


def align_height(origin: Pieces, rescan: Pieces) -> HeightFit:
    """Find the height of the rescan's placement. Both on one grid, aligned along the container."""
    offsets = np.arange(-round(REACH_M / STEP_M), round(REACH_M / STEP_M) + 1) * STEP_M
    table = misfits(origin, rescan, offsets, n_iterations=N_ITERATIONS)
    return HeightFit(_smooth(_lowest(table, offsets)), float(table.min(axis=0).mean()))


def misfits(origin: Pieces, rescan: Pieces, lifts_m: Sequence[float] | FloatArray, *, n_iterations: int) -> FloatArray:
    """(H, K) mean absolute residual of both scans, in standard deviations, with the rescan's placement raised so much.

    One common load explains both scans, each piece at each height for itself.
    """
    cells = origin.cells
    likeness = np.where(cells.tied, np.inf, 0.0).astype(np.float32)[:, np.newaxis]
    lowered = [rescan.lowered(float(lift)) for lift in lifts_m]
    pairs = [views_of(origin.rays, replace(rescan.rays, thickness=layer), cells) for layer in lowered]
    first, second = (_in_a_row([pair[k] for pair in pairs]) for k in (0, 1))
    common = explain(first, second, n_y=cells.n_y, likeness=likeness, n_iterations=(n_iterations,), n_runs=len(lowered))
    misfit = _misfit(first, common.origin) + _misfit(second, common.rescan)
    return misfit.reshape(len(lowered), -1)


def _in_a_row(views: list[View]) -> View:
    """Views of one geometry, their slabs one behind the other."""
    names = ("thickness", "at_least", "weight")
    thickness, at_least, weight = (np.concatenate([getattr(one, name) for one in views], axis=1) for name in names)
    return View(thickness, at_least, weight, views[0].path)


def _misfit(view: View, load: FloatArray) -> FloatArray:
    """(S,) mean absolute residual of each slab in standard deviations: robust to what changed in it."""
    residual = np.abs(view.weight * view.unexplained(load))
    return np.asarray(residual.sum(axis=0) / np.maximum((view.weight > 0).sum(axis=0), 1), dtype=np.float64)


def _lowest(misfit: FloatArray, offsets: FloatArray) -> FloatArray:
    """(S,) offset of the lowest misfit of each slab, to a fraction of a step; 0 where it tells nothing."""
    best = np.clip(misfit.argmin(axis=0), 1, len(offsets) - 2)
    slab = np.arange(misfit.shape[1])
    fraction = lowest_between(*(misfit[best + k, slab] for k in (-1, 0, 1)))
    telling = misfit.max(axis=0) - misfit.min(axis=0) > MIN_GAIN * misfit.min(axis=0)
    return np.where(telling, offsets[best] + fraction * STEP_M, 0.0)


def _smooth(lift: FloatArray) -> FloatArray:
    """Median of three, then a mean with weights 1, 2, 1: a container bends less than a load misleads."""
    padded = np.pad(lift, 1, mode="edge")
    median = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    padded = np.pad(median, 1, mode="edge")
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)
