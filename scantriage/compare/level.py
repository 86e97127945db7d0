"""One scale for two scanners: what the rescan's mass thickness must be multiplied with.

Energy, filters and scatter bend -ln T differently in two machines. `scantriage.arrays.mass` takes out what
physics tells, energy and hardening, and with them the bend; what is left is a factor near one. Pixels cannot
be paired across parallax, and the two distributions are not alike either (matching their quantiles erred by
up to 40 %), so one common load is fitted to both scans on coarse cells, and each scan is regressed on what
that load predicts for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.rectified import Rectified
from scantriage.section.cells import Cells, Rays, rays_of, views_of
from scantriage.section.explain import View, explain

FloatArray = NDArray[np.floating[Any]]

N_ITERATIONS = (60, 20, 20, 20)  # of each round; but the first goes on from the common load of the one before
RELAXATION = 1.5  # the common load follows both scans, so a round sees a quarter to a half of what is left
HUBER = 2.0  # sigmas; what changed between the scans must not bend the scale
PRIOR_SHARE = 0.02  # weight of a factor of one, as a share of the data's
MIN_G_CM2 = 3.0  # thinner is walls and air, and tells nothing of the scale


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """Two scans as one load sees them: the views on the first one's scale, the load of each, the factor of the second.

    The loads are alike inside the container and free below it.
    """

    views: tuple[View, View]
    loads: tuple[FloatArray, FloatArray]
    factor: float


def level(
    origin: Rectified, rescan: Rectified, thickness: tuple[FloatArray, FloatArray], *, energies_mv: tuple[float, float]
) -> float:
    """The factor that brings the rescan to the origin scan's scale, from a common load.

    Both scans on one grid; thickness: their mass thickness in g/cm2, (R, C) each.
    """
    cells = coarse_cells(origin)
    first, second = (
        rays_of(scan, layer, cells, energy_mv=energy_mv)
        for scan, layer, energy_mv in zip((origin, rescan), thickness, energies_mv, strict=True)
    )
    return on_one_scale(first, second, cells).factor


def coarse_cells(scan: Rectified) -> Cells:
    """Cells as large as the scale allows: 60 cm across, 8 cm high, 24 cm along."""
    return Cells(scan.grid, scan.placement.size.height_m, n_y=4, cell_z=8, slab_x=24)


def on_one_scale(fixed: Rays, loose: Rays, cells: Cells) -> Scaled:
    """Fit one common load to both scans, and the factor of the second with it."""
    likeness = np.where(cells.tied, np.inf, 0.0).astype(np.float32)[:, np.newaxis]
    factor, common = 1.0, None
    for n in N_ITERATIONS:
        scaled = replace(loose, thickness=loose.thickness * np.float32(factor))
        views = views_of(fixed, scaled, cells)
        common = explain(*views, n_y=cells.n_y, likeness=likeness, n_iterations=(n,), start=common)
        loads = common.origin, common.rescan
        slopes = [_regress(view, load) for view, load in zip(views, loads, strict=True)]
        factor *= (slopes[0] / slopes[1]) ** RELAXATION
    return Scaled(views, loads, factor)


def _regress(view: View, load: FloatArray) -> float:
    """Robust slope of a scan on what a load predicts for it, held near one."""
    predicted = view.path.seen(load)
    use = (view.weight > 0) & ~view.at_least & (predicted > MIN_G_CM2)
    x, y, weight = predicted[use], view.thickness[use], view.weight[use]
    slope = 1.0
    for _ in range(5):
        residual = np.abs(weight * (y - slope * x))
        robust = weight**2 * np.minimum(1, HUBER / np.maximum(residual, 1e-6))
        information = float((robust * x**2).sum())
        if information == 0:
            return 1.0
        prior = PRIOR_SHARE * information
        slope = (float((robust * x * y).sum()) + prior) / (information + prior)
    return slope
