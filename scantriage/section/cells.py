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
from scantriage.section.paths import Paths
from scantriage.section.projector import projector

FloatArray = NDArray[np.floating[Any]]

BELOW_M = 0.25  # how far below the floor rays are still used: they cross the floor near the source
ABOVE_M = 0.45
ROOF_M = 0.06  # above the roof: its place is known to some centimetres
MIN_USABLE = 0.75  # of a cell's pixels

CORRELATED = 2.5  # neighbouring columns share noise (0.63 at lag 1 on a real scan): means fall slower than 1/sqrt(n)
FLOOR_G_CM2 = 0.25  # air level, scatter and texture below a cell
MODEL_SHARE = 0.02  # of the mass thickness: hardening, scatter, cells too large
SCATTER_G_CM2 = 60.0  # where what is left of scatter doubles that share
EDGE_REACH_M = 0.08  # cargo shifts and settles by some centimetres
EDGE_SHARE = 0.12  # of what varies within that reach, when the other scan varies there too
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
    def apparent_z_m(self) -> FloatArray:
        """(R,) heights on the mid plane at which the rays cross it, falling, from above the roof to below the floor."""
        z = self.grid.top_m - (np.arange(self.grid.shape[0] // self.cell_z) + 0.5) * self.cell_z * self.grid.pitch_m
        return np.asarray(z[(z > -BELOW_M) & (z < self.height_m + ABOVE_M)])

    def means(self, image: FloatArray, *, slab_x: int | None = None) -> FloatArray:
        """(R, S) means of an image of the grid over what each ray sees of each slab.

        slab_x: columns of the image to a slab, where that is not the grid's.
        """
        blocks = reduce_mean(image, self.cell_z, slab_x or self.slab_x)
        first = round((self.grid.top_m - float(self.apparent_z_m[0])) / (self.cell_z * self.grid.pitch_m) - 0.5)
        return blocks[first : first + len(self.apparent_z_m)]

    def means_at(self, image: FloatArray, z_m: FloatArray) -> FloatArray:
        """(K, S) means of an image of the grid over what the rays that cross the mid plane nearest to z_m see."""
        blocks = reduce_mean(image, self.cell_z, self.slab_x)
        rows = np.round((self.grid.top_m - z_m) / (self.cell_z * self.grid.pitch_m) - 0.5).astype(np.int64)
        return blocks[np.clip(rows, 0, len(blocks) - 1)]

    @property
    def cell_mass_kg(self) -> float:
        """Mass of one cell at a density of 1 g/cm2 per metre (10 kg/m3), kg."""
        step_z, step_x = self.cell_z * self.grid.pitch_m, self.slab_x * self.grid.pitch_m
        return 10.0 * step_z * step_x * CONTAINER_WIDTH_M / self.n_y


def thickness(scan: Rectified, *, energy_mv: float) -> FloatArray:
    """(R, C) mass thickness of a rectified scan as if all were organic, g/cm2."""
    return np.asarray(mass_thickness(scan.attenuation, energy_mv=energy_mv), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """A scan as R rays through S slabs: (R, S) mass thickness, its variance from photons; the rays' paths.

    measured: (R, S) at all. usable: (R, S) and penetrated; of the other measured ones the thickness is the least.
    """

    thickness: FloatArray
    photon_variance: FloatArray
    measured: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    path: Paths


def rays_of(scan: Rectified, thickness_g_cm2: FloatArray, cells: Cells, *, energy_mv: float) -> Rays:
    """Reduce a scan to one ray per cell height and slab. thickness_g_cm2: (R, C) of the grid."""
    per_attenuation = np.float32(1 / effective_attenuation(energy_mv))
    correlated = np.float32(CORRELATED / (cells.cell_z * cells.slab_x))
    lengths = projector(scan.placement.fan, cells.apparent_z_m, n_y=cells.n_y, z_edges_m=cells.z_edges_m)
    return Rays(
        thickness=cells.means(thickness_g_cm2),
        photon_variance=cells.means(scan.variance) * (per_attenuation**2 * correlated),
        measured=cells.means(scan.valid.astype(np.float32)) >= MIN_USABLE,
        usable=cells.means(scan.usable.astype(np.float32)) >= MIN_USABLE,
        path=Paths.of(lengths),
    )


def views_of(origin: Rays, rescan: Rays, cells: Cells) -> tuple[View, View]:
    """Weight the rays of two scans by what each can be trusted; what was not measured has no weight.

    Both on one scale.
    """
    rays = (origin, rescan)
    edges = [_relief(one.thickness, EDGE_REACH_M, cells) for one in rays]
    shared = [np.minimum(edges[k], cv2.dilate(edges[1 - k], _kernel(PARALLAX_REACH_M, 0.0, cells))) for k in (0, 1)]
    first, second = (_weighted(one, edge) for one, edge in zip(rays, shared, strict=True))
    return first, second


def _weighted(rays: Rays, edge: FloatArray) -> View:
    thickness = rays.thickness
    model = MODEL_SHARE * thickness * (1 + (thickness / SCATTER_G_CM2) ** 2)
    variance = rays.photon_variance + FLOOR_G_CM2**2 + model**2 + (EDGE_SHARE * edge) ** 2
    weight = np.where(rays.measured, 1 / np.sqrt(variance), 0)
    at_least = rays.measured & ~rays.usable
    return View(thickness, at_least, np.ascontiguousarray(weight, dtype=np.float32), rays.path)


def _relief(thickness: FloatArray, reach_m: float, cells: Cells) -> FloatArray:
    """How much the thickness varies within a reach of each ray: what a shift by that much could feign."""
    kernel = _kernel(reach_m, reach_m, cells)
    return np.asarray(cv2.dilate(thickness, kernel) - cv2.erode(thickness, kernel))


def _kernel(up_m: float, along_m: float, cells: Cells) -> NDArray[np.uint8]:
    up, along = (round(m / (n * cells.grid.pitch_m)) for m, n in ((up_m, cells.cell_z), (along_m, cells.slab_x)))
    return np.ones((2 * up + 1, 2 * along + 1), np.uint8)
