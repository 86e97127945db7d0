"""A scan averaged over some metres of the container each: enough to tell how high it stands and which fan saw it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.resample import reduce_mean
from scantriage.scan.placement import Placement
from scantriage.scan.rectified import Rectified
from scantriage.section.cells import Cells, Rays, rays_of, thickness
from scantriage.section.paths import Paths
from scantriage.section.projector import projector

FloatArray = NDArray[np.floating[Any]]

PIECE_M = 2.0
N_Y = 8
CELL_Z = 3  # cm


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """A scan in K pieces from the front to the doors, and how it was placed.

    thickness: (R, K) mass thickness on the rows of the grid, g/cm2. rays: the same as rays through the cells.
    """

    cells: Cells
    placement: Placement
    thickness: FloatArray
    rays: Rays

    @classmethod
    def of(cls, scan: Rectified, *, energy_mv: float) -> Self:
        """A rectified scan averaged along the container."""
        grid = scan.grid
        n_pieces = max(2, round(grid.length_m / PIECE_M))
        height_m = scan.placement.size.height_m
        cells = Cells(grid, height_m, n_y=N_Y, cell_z=CELL_Z, slab_x=grid.shape[1] // n_pieces)
        layer = thickness(scan, energy_mv=energy_mv)
        rays = rays_of(scan, layer, cells, energy_mv=energy_mv)
        return cls(cells, scan.placement, reduce_mean(layer, 1, cells.slab_x), rays)

    def lowered(self, by_m: float) -> FloatArray:
        """(R', K) what the rays see of the scan shifted down by whole rows of the grid."""
        n_rows = round(by_m / self.cells.grid.pitch_m)
        rows = np.clip(np.arange(len(self.thickness)) - n_rows, 0, len(self.thickness) - 1)
        return self.cells.means(self.thickness[rows], slab_x=1)

    def placed(self, placement: Placement) -> Self:
        """What the same rows of the scan show where another fan saw them, or from the other side.

        What could be read, and how well, is taken from where it was: a few centimetres away.
        """
        grid, z = self.cells.grid, self.cells.grid.z_m()
        rows = placement.geometry.rows(z + placement.mean_base_m, n_rows=placement.n_rows)
        before = self.placement
        lay_m = before.geometry.heights(rows, n_rows=before.n_rows) - before.mean_base_m
        place = np.clip((grid.top_m - lay_m) / grid.pitch_m - 0.5, 0, len(z) - 1)
        upper = np.minimum(place.astype(np.intp), len(z) - 2)
        share = (place - upper).astype(np.float32)[:, np.newaxis]
        moved = self.thickness[upper] * (1 - share) + self.thickness[upper + 1] * share
        lengths = projector(placement.fan, self.cells.apparent_z_m, n_y=N_Y, z_edges_m=self.cells.z_edges_m)
        rays = replace(self.rays, thickness=self.cells.means(moved, slab_x=1), path=Paths.of(lengths))
        return replace(self, placement=placement, thickness=moved, rays=rays)
