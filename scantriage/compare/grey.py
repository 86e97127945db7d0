"""The grey curves of display exports, found by how well one load explains both scans.

A viewer shows transmission T, or its logarithm, between a black and a white level that nobody wrote down. Beside a
scale, which `scantriage.compare.level` finds, one number tells what attenuation a grey of g stands for, 1 being white:
``-ln(1 - bend (1 - g)) / bend``. With a bend of 1 black is T = 0; below, it is T = 1 - bend; and towards 0 the curve is
that of a viewer of logarithms, 1 - g. Nobody knows the load, but both scans show the same one, but for little.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.level import coarse_cells, on_one_scale
from scantriage.scan.rectified import Rectified
from scantriage.section.cells import Cells, Rays, rays_of, thickness

FloatArray = NDArray[np.floating[Any]]

BENDS = (1.0, 0.98, 0.95, 0.9, 0.8, 0.6, 0.3, 0.01)  # black from nothing at all to the viewer of logarithms
N_ROUNDS = 3  # of choosing the one scan's bend, then the other's


def straightened(
    scans: tuple[Rectified, Rectified], *, calibrated: tuple[bool, bool], energies_mv: tuple[float, float]
) -> tuple[Rectified, Rectified]:
    """The two scans of a pair, on one grid; attenuation of those not calibrated by the grey curve that fits best.

    Only one curve against the other is sure: of two exports both may come out too bent or too straight.
    """
    if all(calibrated):
        return scans
    cells = coarse_cells(scans[0])
    tried = [
        [_bent(scan, bend, cells, energy_mv=energy_mv) for bend in (BENDS[:1] if known else BENDS)]
        for scan, known, energy_mv in zip(scans, calibrated, energies_mv, strict=True)
    ]

    @cache
    def misfit(one: int, other: int) -> float:
        return _misfit(tried[0][one], tried[1][other], cells)

    one = other = 0
    for _ in range(N_ROUNDS):
        one = min(range(len(tried[0])), key=lambda n: misfit(n, other))
        other = min(range(len(tried[1])), key=lambda n: misfit(one, n))
    return tried[0][one].scan, tried[1][other].scan


@dataclass(frozen=True, slots=True, eq=False)
class _Bent:
    """A scan by one curve; slope: (R, S) of the curve, by which it stretches what differs there."""

    scan: Rectified
    rays: Rays
    slope: FloatArray


def _bent(scan: Rectified, bend: float, cells: Cells, *, energy_mv: float) -> _Bent:
    grey = np.exp(-scan.attenuation)
    through = np.float32(1 - bend) + np.float32(bend) * grey
    slope = grey / through
    scan = replace(scan, attenuation=-np.log(through) / np.float32(bend), variance=scan.variance * slope**2)
    rays = rays_of(scan, thickness(scan, energy_mv=energy_mv), cells, energy_mv=energy_mv)
    return _Bent(scan, rays, cells.means(slope))


def _misfit(origin: _Bent, rescan: _Bent, cells: Cells) -> float:
    """How unlikely the grey levels are by these curves, as a mean logarithm per ray.

    By how much one load misses them, in standard deviations; and as a curve that flattens everything leaves little to
    miss, the likelihood is that of the grey levels, not of what the curve makes of them (Box and Cox, An analysis of
    transformations, 1964).
    """
    scaled = on_one_scale(origin.rays, rescan.rays, cells)
    missed, stretched = [], []
    for view, load, slope in zip(scaled.views, scaled.loads, (origin.slope, rescan.slope * scaled.factor), strict=True):
        use = (view.weight > 0) & ~view.at_least
        weight = view.weight[use]
        missed.append(np.abs(view.path.seen(load)[use] - view.thickness[use]) * weight)
        stretched.append(np.log(slope[use] * weight))
    left = np.concatenate(missed)
    if not left.any():
        return 0.0  # nothing that could be missed
    return float(np.log(left.mean()) - np.concatenate(stretched).mean())
