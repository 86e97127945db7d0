"""Two loads, as alike as the two scans allow: what no common load explains has changed.

Each column of a fan-beam scan is one projection of the container's cross-section (y across, z up). Two
scanners give two projections of it, from other heights or from the other side, and an object's place in the
image depends on its depth, so images cannot simply be subtracted. Instead two cross-sections are sought
for each slab of the container, one per scan,

    minimise  |w1 (P1 rho1 - T1)|^2 / 2 + |w2 (P2 rho2 - T2)|^2 / 2
              + likeness * sum noise * |rho1 - rho2| + evenness * (roughness of rho1 and rho2 across y)

with rho >= 0: the sum of absolute differences keeps the loads equal wherever one load explains both scans,
and lets them differ, in few places, where none does. Below the floor (chassis, road) nothing ties them,
because the chassis is another one. Solved for all slabs at once by accelerated proximal gradient steps
with a diagonal bound of the curvature (Beck and Teboulle 2009, doi:10.1137/080716542; the diagonal as in
simultaneous iterative reconstruction); the proximal map of the fused term is soft thresholding of the
difference (Friedman et al. 2007, doi:10.1214/07-AOAS131).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]

# Weight of the roughness across y in units of the mean density around: what one view cannot tell. A step from
# empty to full costs half of it, so half-filled layers stay possible in light and in heavy cargo.
EVENNESS = 1.0
CONTINUITY = 10.0  # the same along the container: a load has its neighbours' depth
STEP_SHARE = 0.1  # of the density: a step along the container that both scans show costs half
THIN_G_CM2_M = 3.0  # density below which roughness costs no more


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One scan of S slabs, R rays each.

    thickness: (R, S) mass thickness, g/cm2. weight: (R, S) one over its standard deviation, zero where not
    usable. path: (R, N) path length in metres of the rays through N = n_y * Z cells.
    """

    thickness: FloatArray
    weight: FloatArray
    path: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """The two loads, (N, S) each, in g/cm2 per metre (10 kg/m3); cells as in `View.path`."""

    origin: FloatArray
    rescan: FloatArray


def explain(
    origin: View, rescan: View, *, n_y: int, likeness: FloatArray | float, n_rounds: int, n_iterations: int
) -> Explained:
    """Find the two loads that explain the two scans and are as alike as possible.

    likeness: how many standard deviations the data of a cell must pull before the loads differ there; a
    number or (N, 1) or (N, S), 0 where nothing ties the loads, infinite for one common load. A tie shrinks
    what differs; every round but the first adds what was left unexplained to the scans and goes on, which
    gives it back where it is real (Bregman iteration, Osher et al. 2005, doi:10.1137/040605412).
    """
    shape = (origin.path.shape[1], origin.thickness.shape[1])
    loads = Explained(np.zeros(shape, np.float32), np.zeros(shape, np.float32))
    first, second = origin, rescan
    for _ in range(n_rounds):
        loads = _solve(first, second, loads, n_y=n_y, likeness=likeness, n_iterations=n_iterations)
        first, second = _add_residual(first, origin, loads.origin), _add_residual(second, rescan, loads.rescan)
    return loads


def _add_residual(view: View, measured: View, load: FloatArray) -> View:
    return replace(view, thickness=view.thickness + (measured.thickness - measured.path @ load))


def _solve(
    origin: View,
    rescan: View,
    start: Explained,
    *,
    n_y: int,
    likeness: FloatArray | float,
    n_iterations: int,
) -> Explained:
    prior = _prior(origin, rescan, n_y)
    step = 1 / (np.maximum(_curvature(origin), _curvature(rescan)) + prior.curvature)
    noise = np.sqrt((_information(origin) + _information(rescan)) / 2) + np.float32(1e-9)
    free = np.broadcast_to(np.asarray(likeness, dtype=np.float32), start.origin.shape)
    threshold = np.where(free > 0, free * noise * step, np.float32(0))
    current = (start.origin, start.rescan)
    ahead, momentum = current, 1.0
    for _ in range(n_iterations):
        first, second = (
            load - step * (_gradient(view, load) + prior.gradient(load))
            for view, load in zip((origin, rescan), ahead, strict=True)
        )
        following = _fuse(first, second, threshold)
        next_momentum = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        push = np.float32((momentum - 1) / next_momentum)
        ahead = (
            following[0] + push * (following[0] - current[0]),
            following[1] + push * (following[1] - current[1]),
        )
        current, momentum = following, next_momentum
    return Explained(*current)


def _curvature(view: View) -> FloatArray:
    """(N, S) diagonal that bounds the curvature of the data term from above."""
    length = view.path.sum(axis=1, keepdims=True)
    return np.asarray(view.path.T @ (view.weight**2 * length) + np.float32(1e-3), dtype=np.float32)


def _information(view: View) -> FloatArray:
    """(N, S) variance of the data term's gradient in each cell: the noise that it feels."""
    return np.asarray((view.path**2).T @ view.weight**2, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Prior:
    """Quadratic cost of steps between neighbouring cells: across (Z, S) and along the container (Z, S - 1)."""

    n_y: int
    across: FloatArray
    along: FloatArray

    @property
    def curvature(self) -> FloatArray:
        """(N, S) bound of its curvature."""
        along = np.pad(self.along, ((0, 0), (1, 1)))
        return np.tile(4 * self.across + 2 * (along[:, 1:] + along[:, :-1]), (self.n_y, 1))

    def gradient(self, load: FloatArray) -> FloatArray:
        """(N, S) gradient of the cost of a load."""
        cells = load.reshape(self.n_y, *self.across.shape)
        across = np.diff(cells, axis=0) * self.across
        along = np.diff(cells, axis=2) * self.along
        out = np.zeros_like(cells)
        out[1:] += across
        out[:-1] -= across
        out[:, :, 1:] += along
        out[:, :, :-1] -= along
        return out.reshape(load.shape)


def _prior(origin: View, rescan: View, n_y: int) -> _Prior:
    """Costs in units of the mean density that both scans show at a place; steps that both show cost less."""
    density = []
    for view in (origin, rescan):
        length = view.path.sum(axis=1, keepdims=True)
        mean = view.path.T @ (view.thickness / np.maximum(length, np.float32(1e-3)))
        density.append(mean / np.maximum(view.path.sum(axis=0)[:, np.newaxis], np.float32(1e-3)))
    level = ((density[0] + density[1]) / 2).reshape(n_y, -1, origin.thickness.shape[1]).mean(axis=0)
    level = np.maximum(level, np.float32(THIN_G_CM2_M))
    pair = (level[:, 1:] + level[:, :-1]) / 2
    step = np.diff(level, axis=1) / pair
    return _Prior(
        n_y=n_y,
        across=np.asarray(EVENNESS / level**2, dtype=np.float32),
        along=np.asarray(CONTINUITY / (pair**2 * (1 + (step / STEP_SHARE) ** 2)), dtype=np.float32),
    )


def _gradient(view: View, load: FloatArray) -> FloatArray:
    return np.asarray(view.path.T @ (view.weight**2 * (view.path @ load - view.thickness)), dtype=np.float32)


def _fuse(first: FloatArray, second: FloatArray, threshold: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bring the two nearer by the threshold each, at most to their mean; then keep them from below zero."""
    mean, half = (first + second) / 2, (second - first) / 2
    half = np.sign(half) * np.maximum(np.abs(half) - threshold, 0)
    return np.maximum(mean - half, 0), np.maximum(mean + half, 0)
