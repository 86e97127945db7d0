"""Two loads, as alike as the two scans allow: what no common load explains has changed.

Each column of a fan-beam scan is one projection of the container's cross-section (y across, z up). Two
scanners give two projections of it, from other heights or from the other side, and an object's place in the
image depends on its depth, so images cannot simply be subtracted. Instead two cross-sections are sought
for each slab of the container, one per scan,

    minimise  |w1 (P1 rho1 - T1)|^2 / 2 + |w2 (P2 rho2 - T2)|^2 / 2
              + likeness * sum noise * |rho1 - rho2| + evenness * (roughness of rho1 and rho2 across y)

with rho >= 0. Of a ray that let too little through T is the least, so only what falls short of it counts.
The sum of absolute differences keeps the loads equal wherever one load explains both scans, and lets them
differ, in few places, where none does. Below the floor (chassis, road) nothing ties them,
because the chassis is another one. Solved for all slabs at once by accelerated proximal gradient steps
with a diagonal bound of the curvature (Beck and Teboulle 2009, doi:10.1137/080716542; the diagonal as in
simultaneous iterative reconstruction); the proximal map of the fused term is soft thresholding of the
difference (Friedman et al. 2007, doi:10.1214/07-AOAS131).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.section.descent import Costs, Seen, descend
from scantriage.section.paths import Paths

FloatArray = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]

# Weight of the roughness across y in units of the mean density around: what one view cannot tell. A step from
# empty to full costs half of it, so half-filled layers stay possible in light and in heavy cargo.
EVENNESS = 10.0
CONTINUITY = 10.0  # the same along the container: a load has its neighbours' depth
STEP_SHARE = 0.1  # of the density: a step along the container that both scans show costs half
THIN_G_CM2_M = 3.0  # density below which roughness costs no more


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One scan of S slabs, R rays each.

    thickness: (R, S) mass thickness, g/cm2. at_least: (R, S) where that is all that is known of it, as too little came
    through. weight: (R, S) one over its standard deviation, zero where nothing was measured. path: of the rays through
    N = n_y * Z cells.
    """

    thickness: FloatArray
    at_least: BoolArray
    weight: FloatArray
    path: Paths

    def unexplained(self, load: FloatArray) -> FloatArray:
        """(R, S) what an (N, S) load leaves of the thickness, g/cm2; where that is the least, no load is too much."""
        left = self.thickness - self.path.seen(load)
        return np.where(self.at_least, np.maximum(left, 0), left)


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """The two loads, (N, S) each, in g/cm2 per metre (10 kg/m3); cells as in `View.path`."""

    origin: FloatArray
    rescan: FloatArray


def explain(
    origin: View,
    rescan: View,
    *,
    n_y: int,
    likeness: FloatArray | float,
    n_iterations: Sequence[int],
    n_runs: int = 1,
    start: Explained | None = None,
) -> Explained:
    """Find the two loads that explain the two scans and are as alike as possible.

    likeness: how many standard deviations the data of a cell must pull before the loads differ there; a
    number or (N, 1) or (N, S), 0 where nothing ties the loads, infinite for one common load. A tie shrinks
    what differs; every round but the first adds what was left unexplained to the scans and goes on, which
    gives it back where it is real (Bregman iteration, Osher et al. 2005, doi:10.1137/040605412). n_iterations: of each
    round.
    n_runs: of adjoining slabs; the S slabs are that many containers, or variants of one, in a row.
    start: loads to go on from; else from none.
    """
    views = (origin, rescan)
    bounds = _bounds(views, likeness)
    if start is None:
        loads = np.zeros((2, len(origin.path.through_cell), origin.thickness.shape[1]), np.float32)
    else:
        loads = np.stack([start.origin, start.rescan])
    thickness = [view.thickness for view in views]
    for n_rounds, n_steps in enumerate(n_iterations, 1):
        costs = _costs(views, thickness, bounds, n_y=n_y, n_runs=n_runs)
        scans = (_seen(origin, thickness[0]), _seen(rescan, thickness[1]))
        loads = descend(loads, np.zeros_like(loads), scans, costs, n_steps)
        if n_rounds < len(n_iterations):
            thickness = [
                layer + view.unexplained(load) for view, layer, load in zip(views, thickness, loads, strict=True)
            ]
    return Explained(*loads)


def _seen(view: View, thickness: FloatArray) -> Seen:
    return Seen(
        view.path.by_ray,
        view.path.by_cell,
        np.ascontiguousarray(thickness, dtype=np.float32),
        np.ascontiguousarray(view.weight**2, dtype=np.float32),
        np.where(view.at_least, np.float32(0), np.float32(1e30)),  # compiled loops know no infinity
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Bounds:
    """(N, S) diagonal that bounds the curvature of both data terms; (N, S) how much noise a cell's tie bears."""

    curvature: FloatArray
    tie: FloatArray


def _bounds(views: tuple[View, View], likeness: FloatArray | float) -> _Bounds:
    """The noise that a cell feels is that of the data term's gradient."""
    weight2 = [view.weight**2 for view in views]
    curvature = [view.path.carried(square * view.path.of_ray) for view, square in zip(views, weight2, strict=True)]
    noise2 = [view.path.carried_squared(square) for view, square in zip(views, weight2, strict=True)]
    noise = np.sqrt((noise2[0] + noise2[1]) / 2) + np.float32(1e-9)
    # compiled loops know no infinity
    finite = np.minimum(np.asarray(likeness, dtype=np.float32), np.float32(1e30))
    return _Bounds(np.maximum(*curvature) + np.float32(1e-3), finite * noise)


def _costs(views: tuple[View, View], thickness: list[FloatArray], bounds: _Bounds, *, n_y: int, n_runs: int) -> Costs:
    """Costs in units of the mean density that both scans show at a place; steps that both show cost less."""
    density = [
        view.path.carried(layer / np.maximum(view.path.of_ray, np.float32(1e-3)))
        / np.maximum(view.path.through_cell, np.float32(1e-3))
        for view, layer in zip(views, thickness, strict=True)
    ]
    level = ((density[0] + density[1]) / 2).reshape(n_y, -1, density[0].shape[1]).mean(axis=0)
    level = np.maximum(level, np.float32(THIN_G_CM2_M))
    across = np.float32(EVENNESS) / level**2
    along = np.zeros_like(level)
    pair = (level[:, 1:] + level[:, :-1]) / 2
    step = np.diff(level, axis=1) / pair
    along[:, :-1] = CONTINUITY / (pair**2 * (1 + (step / STEP_SHARE) ** 2))
    along[:, level.shape[1] // n_runs - 1 :: level.shape[1] // n_runs] = 0
    along_before = np.roll(along, 1, axis=1)
    curvature = bounds.curvature.reshape(n_y, *level.shape) + (4 * across + 2 * (along + along_before))
    length = 1 / curvature.reshape(bounds.curvature.shape)
    return Costs(length, bounds.tie * length, across, along, along_before)
