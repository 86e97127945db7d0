"""A rectified scan cut into slabs and cells, in grams per square centimetre, with honest noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
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
SCATTER_G_CM2 = 60.0  # where scatter, which is not modelled, doubles that share
EDGE_REACH_M = 0.08  # cargo shifts and settles by some centimetres
EDGE_SHARE = 0.08  # of what varies within that reach, when the other scan varies there too
PARALLAX_REACH_M = 0.30  # an edge shows at another height in the other scan


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


def views_of(
    origin: Rectified,
    rescan: Rectified,
    thickness_g_cm2: tuple[FloatArray, FloatArray],
    cells: Cells,
    *,
    energies_mv: tuple[float, float],
) -> tuple[View, View]:
    """Reduce two scans to one ray per cell height and slab, weighted by what each can be trusted.

    thickness_g_cm2: (R, C) each, on one scale. Where either is not usable its rays have no weight.
    """
    rays = [
        _rays(scan, layer, cells, energy_mv=energy_mv)
        for scan, layer, energy_mv in zip((origin, rescan), thickness_g_cm2, energies_mv, strict=True)
    ]
    edges = [_relief(one.thickness, EDGE_REACH_M, cells) for one in rays]
    shared = [np.minimum(edges[k], cv2.dilate(edges[1 - k], _kernel(PARALLAX_REACH_M, 0.0, cells))) for k in (0, 1)]
    first, second = (_weighted(one, edge) for one, edge in zip(rays, shared, strict=True))
    return first, second


@dataclass(frozen=True, slots=True, eq=False)
class _Rays:
    """(R, S) mass thickness, variance of what is not an edge, usable; (R, N) path length in each cell."""

    thickness: FloatArray
    variance: FloatArray
    usable: NDArray[np.bool_]
    path: FloatArray


def _rays(scan: Rectified, thickness_g_cm2: FloatArray, cells: Cells, *, energy_mv: float) -> _Rays:
    grid, size = scan.grid, (cells.cell_z, cells.slab_x)
    blocks = reduce_mean(thickness_g_cm2, *size)
    apparent_z = grid.top_m - (np.arange(len(blocks)) + 0.5) * cells.cell_z * grid.pitch_m
    seen = (apparent_z > -BELOW_M) & (apparent_z < cells.height_m + ABOVE_M)
    per_attenuation = 1 / effective_attenuation(energy_mv)
    photon = reduce_mean(scan.variance, *size) * per_attenuation**2 * CORRELATED / (cells.cell_z * cells.slab_x)
    model = MODEL_SHARE * blocks * (1 + (blocks / SCATTER_G_CM2) ** 2)
    usable = reduce_mean(scan.usable.astype(np.float32), *size) >= MIN_USABLE
    return _Rays(
        thickness=np.ascontiguousarray(blocks[seen]),
        variance=np.ascontiguousarray((photon + FLOOR_G_CM2**2 + model**2)[seen]),
        usable=usable[seen],
        path=projector(scan.placement.fan, apparent_z[seen], n_y=cells.n_y, z_edges_m=cells.z_edges_m),
    )


def _weighted(rays: _Rays, edge: FloatArray) -> View:
    variance = rays.variance + (EDGE_SHARE * edge) ** 2
    weight = np.where(rays.usable, 1 / np.sqrt(variance), 0)
    return View(rays.thickness, np.ascontiguousarray(weight, dtype=np.float32), rays.path)


def _relief(thickness: FloatArray, reach_m: float, cells: Cells) -> FloatArray:
    """How much the thickness varies within a reach of each ray: what a shift by that much could feign."""
    kernel = _kernel(reach_m, reach_m, cells)
    return np.asarray(cv2.dilate(thickness, kernel) - cv2.erode(thickness, kernel))


def _kernel(up_m: float, along_m: float, cells: Cells) -> NDArray[np.uint8]:
    up, along = (round(m / (n * cells.grid.pitch_m)) for m, n in ((up_m, cells.cell_z), (along_m, cells.slab_x)))
    return np.ones((2 * up + 1, 2 * along + 1), np.uint8)
