"""What a comparison shows: maps on the container's grid for the picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.compare.pair import Compared
from scantriage.pipeline.fine_views import cell_maps, single_fine_views
from scantriage.pipeline.prepare import PreparedScan
from scantriage.register.pair import Registered
from scantriage.register.rectify import rectify
from scantriage.register.source import place_seen
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import ContainerGrid
from scantriage.scan.views import PairViews

FloatArray = NDArray[np.floating[Any]]


def pair_views(registered: Registered, compared: Compared, *, energy_mv: float) -> PairViews:
    """Maps on the registration grid; the difference as attenuation of the origin scan's energy."""
    origin, rescan = registered.origin, registered.rescan
    difference, significance = cell_maps(compared, energy_mv=energy_mv)
    return PairViews(
        grid=origin.grid,
        origin=origin.attenuation,
        rescan=rescan.attenuation,
        difference=_on_grid(difference, compared, origin.grid),
        significance=_on_grid(significance, compared, origin.grid),
        usable=origin.usable & rescan.usable,
    )


def _on_grid(values: FloatArray, compared: Compared, grid: ContainerGrid) -> FloatArray:
    """(R, C) map of (Z, S) cell values, the upper row first, zero outside the container."""
    cells = compared.cells
    fine = cv2.resize(
        values,
        (values.shape[1] * cells.slab_x, values.shape[0] * cells.cell_z),
        interpolation=cv2.INTER_LINEAR,
    )
    out = np.zeros(grid.shape, dtype=np.float32)
    top = round((grid.top_m - float(cells.z_edges_m[-1])) / grid.pitch_m)
    rows, cols = min(len(fine), grid.shape[0] - top), min(fine.shape[1], grid.shape[1])
    out[top : top + rows, :cols] = fine[:rows, :cols]
    return out


def single_views(prepared: PreparedScan, size: ContainerSize) -> PairViews:
    """The one scan on the container's grid."""
    n_rows = prepared.image.shape[0]
    placement = place_seen(prepared.frame, n_rows=n_rows, size=size, geometry=prepared.record.geometry)
    seen = rectify(prepared.image, placement, ContainerGrid.around(size.length_m, size.height_m))
    is_origin = prepared.record.role == "origin"
    return PairViews(
        grid=seen.grid,
        origin=seen.attenuation if is_origin else None,
        rescan=None if is_origin else seen.attenuation,
        difference=None,
        significance=None,
        usable=seen.usable,
        fine=single_fine_views(prepared, seen),
    )
