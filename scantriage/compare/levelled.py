"""Two scans on one scale, cut into cells: the whole container, and its front once more and finer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.level import level
from scantriage.compare.maps import Layer
from scantriage.scan.rectified import Rectified
from scantriage.section.cells import Cells, rays_of, thickness, views_of
from scantriage.section.explain import Explained, View, explain

FloatArray = NDArray[np.floating[Any]]

N_Y = 16  # 15 cm: with 30 cm compact steel in machinery did not fit both views, and errors were 2 times larger
CELL_Z = 4  # cm: a layer of bricks is 5
SLAB_X = 6  # cm: what is left of the travel error is 1 to 2 cm
LIKENESS = 1.0  # 3 lost a 20 kg load in reefer machinery, 0.3 doubled what unchanged loads leave
# A second round doubles the mass of a weak load, a third adds nothing. 300 steps a round put half of what differs into
# other cells, and find no more loads; 20 more in the second change a window by 0.07 standard deviations.
N_ITERATIONS = (60, 40)
# The front wall, a reefer's machinery and what stands next to them. They do not move at sea, so what is finer than
# cargo's shifts still tells something there, and parts of machinery are smaller than a bag.
FRONT_M = 0.84
FINER = 2  # times, up and along


@dataclass(frozen=True, slots=True, eq=False)
class Levelled:
    """Two scans on one scale: on the grid, and as rays through the cells of the comparison."""

    scans: tuple[Rectified, Rectified]
    energies_mv: tuple[float, float]
    layers: tuple[Layer, Layer]
    cells: Cells
    views: tuple[View, View]

    @classmethod
    def of(
        cls,
        scans: tuple[Rectified, Rectified],
        layers: tuple[Layer, Layer],
        *,
        energies_mv: tuple[float, float],
        cell_z: int,
        slab_x: int,
    ) -> Self:
        """Cut scans on one scale into cells of so many rows and columns of their grid."""
        cells = Cells(scans[0].grid, scans[0].placement.size.height_m, n_y=N_Y, cell_z=cell_z, slab_x=slab_x)
        origin, rescan = (
            rays_of(scan, layer.thickness, cells, energy_mv=mv)
            for scan, layer, mv in zip(scans, layers, energies_mv, strict=True)
        )
        return cls(scans, energies_mv, layers, cells, views_of(origin, rescan, cells))

    @property
    def ties(self) -> FloatArray:
        """(N, 1) what ties the two loads in each cell; below the floor nothing does."""
        return np.where(self.cells.tied, np.float32(LIKENESS), np.float32(0))[:, np.newaxis]

    def loads(self) -> Explained:
        """The two loads that explain the two scans."""
        return explain(*self.views, n_y=N_Y, likeness=self.ties, n_iterations=N_ITERATIONS)

    def front(self) -> Self:
        """The first `FRONT_M` of both, on finer cells."""
        grid = replace(self.scans[0].grid, length_m=FRONT_M)
        cols = slice(grid.shape[1])
        origin, rescan = (
            replace(
                scan, grid=grid, attenuation=scan.attenuation[:, cols], variance=scan.variance[:, cols],
                valid=scan.valid[:, cols], usable=scan.usable[:, cols],
            )
            for scan in self.scans
        )  # fmt: skip
        first, second = (Layer(layer.thickness[:, cols], layer.usable[:, cols]) for layer in self.layers)
        return self.of(
            (origin, rescan), (first, second), energies_mv=self.energies_mv,
            cell_z=CELL_Z // FINER, slab_x=SLAB_X // FINER,
        )  # fmt: skip


def levelled_views(origin: Rectified, rescan: Rectified, *, energies_mv: tuple[float, float]) -> Levelled:
    """Bring two scans to one scale and cut them into the cells of the comparison."""
    first, second = (thickness(scan, energy_mv=mv) for scan, mv in zip((origin, rescan), energies_mv, strict=True))
    second = second * np.float32(level(origin, rescan, (first, second), energies_mv=energies_mv))
    layers = (Layer(first, origin.usable), Layer(second, rescan.usable))
    return Levelled.of((origin, rescan), layers, energies_mv=energies_mv, cell_z=CELL_Z, slab_x=SLAB_X)
