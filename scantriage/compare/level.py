"""One scale for two scanners: what the rescan's mass thickness must be multiplied with.

Energy, filters and scatter bend -ln T differently in two machines. `scantriage.arrays.mass` takes out what
physics tells, energy and hardening, and with them the bend; what is left is a factor near one. Pixels cannot
be paired across parallax, and the two distributions are not alike either (matching their quantiles erred by
up to 40 %), so one common load is fitted to both scans on coarse cells, and each scan is regressed on what
that load predicts for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.rectified import Rectified
from scantriage.section.cells import Cells, rays_of, views_of
from scantriage.section.explain import View, explain

FloatArray = NDArray[np.floating[Any]]

N_ITERATIONS = (60, 20, 20, 20)  # of each round; but the first goes on from the common load of the one before
RELAXATION = 1.5  # the common load follows both scans, so a round sees a quarter to a half of what is left
HUBER = 2.0  # sigmas; what changed between the scans must not bend the scale
PRIOR_SHARE = 0.02  # weight of a factor of one, as a share of the data's
MIN_G_CM2 = 3.0  # thinner is walls and air, and tells nothing of the scale


def level(
    origin: Rectified, rescan: Rectified, thickness: tuple[FloatArray, FloatArray], *, energies_mv: tuple[float, float]
) -> float:
    """The factor that brings the rescan to the origin scan's scale, from a common load.

    Both scans on one grid; thickness: their mass thickness in g/cm2, (R, C) each.
    """
    cells = Cells(origin.grid, origin.placement.size.height_m, n_y=4, cell_z=8, slab_x=24)
    likeness = np.where(cells.tied, np.inf, 0.0).astype(np.float32)[:, np.newaxis]
    fixed, loose = (
        rays_of(scan, layer, cells, energy_mv=energy_mv)
        for scan, layer, energy_mv in zip((origin, rescan), thickness, energies_mv, strict=True)
    )
    factor, common = 1.0, None
    for n in N_ITERATIONS:
        scaled = replace(loose, thickness=loose.thickness * np.float32(factor))
        first, second = views_of(fixed, scaled, cells)
        common = explain(first, second, n_y=cells.n_y, likeness=likeness, n_iterations=(n,), start=common)
        ratio = _regress(first, common.origin) / _regress(second, common.rescan)
        factor *= ratio**RELAXATION
    return factor


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
