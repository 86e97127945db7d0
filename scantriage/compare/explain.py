"""Two loads, as alike as the two scans allow: what no common load explains has changed.

Each column of a fan-beam scan is one projection of the container's cross-section (y across, z up). Two
scanners give two projections of it, from other heights or from the other side, and an object's place in the
image depends on its depth, so images cannot simply be subtracted. Instead two cross-sections are sought
for each slab of the container, one per scan,

    minimise  |w1 (P1 rho1 - A1)|^2 / 2 + |w2 (P2 rho2 - A2)|^2 / 2
              + alike * sum |rho1 - rho2| * scale + even * (roughness of rho1 and rho2 across y)

with rho >= 0: the sum of absolute differences keeps the loads equal wherever one load explains both scans,
and lets them differ, in few places, where none does. Below the floor (chassis, road) nothing ties them,
because the chassis is another one. Solved for all slabs at once by accelerated proximal gradient steps
with a diagonal bound of the curvature (Beck and Teboulle 2009, doi:10.1137/080716542; the diagonal as in
simultaneous iterative reconstruction); the proximal map of the fused term is soft thresholding of the
difference (Friedman et al. 2007, doi:10.1214/07-AOAS131).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

N_ITERATIONS = 120
EVENNESS = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One scan of S slabs, R rays each.

    attenuation, weight: (R, S); weight is one over the standard deviation, zero where not usable.
    path: (R, N) path length in metres of the rays through N = n_y * Z cells.
    """

    attenuation: FloatArray
    weight: FloatArray
    path: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """The two loads: (n_y, Z, S) attenuation per metre, z rising; misfit: rms residual of each scan in sigmas."""

    origin: FloatArray
    rescan: FloatArray
    misfit: tuple[float, float]


def explain(origin: View, rescan: View, *, n_y: int, tied: NDArray[np.bool_], likeness: float) -> Explained:
    """Find the two loads that explain the two scans and are as alike as possible.

    tied: (N,) True for cells of the container, False for those below it. likeness: how many standard
    deviations the data of one cell must pull before the loads differ there.
    """
    n_cells, n_slabs = origin.path.shape[1], origin.attenuation.shape[1]
    curvature = np.maximum(_curvature(origin), _curvature(rescan)) + 4 * EVENNESS
    step = 1 / curvature
    pull = np.sqrt(np.minimum(_information(origin), _information(rescan)))
    threshold = np.where(tied[:, np.newaxis], likeness * pull * step, 0).astype(np.float32)
    current = (np.zeros((n_cells, n_slabs), np.float32), np.zeros((n_cells, n_slabs), np.float32))
    ahead, momentum = current, 1.0
    for _ in range(N_ITERATIONS):
        moved = tuple(
            load - step * (_gradient(view, load) + EVENNESS * _roughness(load, n_y))
            for view, load in zip((origin, rescan), ahead, strict=True)
        )
        following = _fuse(moved[0], moved[1], threshold)
        next_momentum = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        push = np.float32((momentum - 1) / next_momentum)
        ahead = tuple(new + push * (new - old) for new, old in zip(following, current, strict=True))
        current, momentum = following, next_momentum
    shape = (n_y, n_cells // n_y, n_slabs)
    misfit = (_misfit(origin, current[0]), _misfit(rescan, current[1]))
    return Explained(current[0].reshape(shape), current[1].reshape(shape), misfit)


def _curvature(view: View) -> FloatArray:
    """(N, S) diagonal that bounds the curvature of the data term from above."""
    length = view.path.sum(axis=1, keepdims=True)
    return np.asarray(view.path.T @ (view.weight**2 * length) + np.float32(1e-3), dtype=np.float32)


def _information(view: View) -> FloatArray:
    """(N, S) variance of the data term's gradient in each cell: the noise that it feels."""
    return np.asarray((view.path**2).T @ view.weight**2, dtype=np.float32)


def _gradient(view: View, load: FloatArray) -> FloatArray:
    return np.asarray(view.path.T @ (view.weight**2 * (view.path @ load - view.attenuation)), dtype=np.float32)


def _roughness(load: FloatArray, n_y: int) -> FloatArray:
    """Gradient of half the squared differences between neighbours across y."""
    planes = load.reshape(n_y, -1)
    step = np.diff(planes, axis=0)
    out = np.zeros_like(planes)
    out[1:] += step
    out[:-1] -= step
    return out.reshape(load.shape)


def _fuse(first: FloatArray, second: FloatArray, threshold: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bring the two nearer by the threshold each, at most to their mean; then keep them from below zero."""
    mean, half = (first + second) / 2, (second - first) / 2
    half = np.sign(half) * np.maximum(np.abs(half) - threshold, 0)
    return np.maximum(mean - half, 0), np.maximum(mean + half, 0)


def _misfit(view: View, load: FloatArray) -> float:
    residual = view.weight * (view.path @ load - view.attenuation)
    return float(np.sqrt((residual**2).sum() / max((view.weight > 0).sum(), 1)))
