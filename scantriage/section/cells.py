"""A rectified scan cut into slabs and cells, in grams per square centimetre, with honest noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.mass import effective_attenuation, mass_thickness
from scantriage.arrays.resample import reduce_mean
from scantriage.scan.geometry import CONTAINER_WIDTH_M, ContainerGrid
from scantriage.scan.rectified import Rectified
from scantriage.section.explain import View
from scantriage.section.projector import projector

FloatArray = NDArray[np.floating[Any]]

BELOW_M = 0.25  # how far below the floor rays are still used: they cross the floor near the source
ABOVE_M = 0.45
ROOF_M = 0.06  # above the roof: its place is known to some centimetres
MIN_USABLE = 0.75  # of a cell's pixels

CORRELATED = 2.5  # neighbouring columns share noise (0.63 at lag 1 on a real scan): means fall slower than 1/sqrt(n)
FLOOR_G_CM2 = 0.25  # air level, scatter and texture below a cell
MODEL_SHARE = 0.02  # of the mass thickness: hardening, scatter, cells too large
TRAVEL_SD_M = 0.012  # left after aligning
HEIGHT_SD_M = 0.015


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a comparison: n_y across, Z in height from below the floor to the roof, S slabs along.

    cell_z, slab_x: size in rows and columns of the grid. height_m: of the container.
    """

    grid: ContainerGrid
    height_m: float
    n_y: int
    cell_z: int
    slab_x: int

    @property
    def z_edges_m(self) -> FloatArray:
        """(Z + 1,) rising."""
        step = self.cell_z * self.grid.pitch_m
        below = -round(-self.grid.bottom_m / step) * step
        return np.asarray(below + np.arange(round((self.height_m + ROOF_M - below) / step) + 1) * step)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """(Z,) True for cells of the container, False below it."""
        edges = self.z_edges_m
        return np.asarray((edges[1:] + edges[:-1]) / 2 > 0)

    @property
    def tied(self) -> NDArray[np.bool_]:
        """(n_y * Z,) `inside` for every cell across."""
        return np.tile(self.inside, self.n_y)

    @property
    def cell_mass_kg(self) -> float:
        """Mass of one cell at a density of 1 g/cm2 per metre (10 kg/m3), kg."""
        step_z, step_x = self.cell_z * self.grid.pitch_m, self.slab_x * self.grid.pitch_m
        return 10.0 * step_z * step_x * CONTAINER_WIDTH_M / self.n_y


def thickness(scan: Rectified, *, energy_mv: float) -> FloatArray:
    """(R, C) mass thickness of a rectified scan as if all were organic, g/cm2."""
    return np.asarray(mass_thickness(scan.attenuation, energy_mv=energy_mv), dtype=np.float32)


def view_of(scan: Rectified, thickness_g_cm2: FloatArray, cells: Cells, *, energy_mv: float) -> View:
    """Reduce a scan to one ray per cell height and slab.

    thickness_g_cm2: (R, C), levelled to the other scan. The weights carry photon noise, what registration
    leaves along and up the container, a share of the thickness, and a floor.
    """
    grid, size = scan.grid, (cells.cell_z, cells.slab_x)
    blocks = reduce_mean(thickness_g_cm2, *size)
    apparent_z = grid.top_m - (np.arange(len(blocks)) + 0.5) * cells.cell_z * grid.pitch_m
    seen = (apparent_z > -BELOW_M) & (apparent_z < cells.height_m + ABOVE_M)
    per_attenuation = 1 / effective_attenuation(energy_mv)
    photon = reduce_mean(scan.variance, *size) * per_attenuation**2 * CORRELATED / (cells.cell_z * cells.slab_x)
    slope_z, slope_x = np.gradient(blocks, cells.cell_z * grid.pitch_m, cells.slab_x * grid.pitch_m)
    variance = (
        photon
        + FLOOR_G_CM2**2
        + (MODEL_SHARE * blocks) ** 2
        + (TRAVEL_SD_M * slope_x) ** 2
        + (HEIGHT_SD_M * slope_z) ** 2
    )
    usable = reduce_mean(scan.usable.astype(np.float32), *size) >= MIN_USABLE
    weight = np.where(usable, 1 / np.sqrt(variance), 0)
    return View(
        thickness=np.ascontiguousarray(blocks[seen]),
        weight=np.ascontiguousarray(weight[seen], dtype=np.float32),
        path=projector(scan.placement.fan, apparent_z[seen], n_y=cells.n_y, z_edges_m=cells.z_edges_m),
    )
