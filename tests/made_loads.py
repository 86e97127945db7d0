"""Containers of known load, and what a fan beam sees of them in closed form.

A block is homogeneous and upright, so a ray's path through it has a closed form: what the tests compare with
does not come from the rays that the project itself traces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scantriage.arrays.mass import mass_thickness
from scantriage.register.place import Source, assumed_geometry, place
from scantriage.scan.container import ContainerFrame, ContainerSize
from scantriage.scan.geometry import ContainerGrid, FanGeometry
from scantriage.scan.image import ScanImage
from scantriage.scan.placement import Fan, Placement
from scantriage.scan.rectified import Rectified

SIZE = ContainerSize(6.058, 2.591)
LENGTH_M, HEIGHT_M = SIZE.length_m, SIZE.height_m
GRID = ContainerGrid.around(LENGTH_M, HEIGHT_M)
ENERGY_MV = 6.0
NOISE = 0.01  # of the attenuation of a pixel in air: 10,000 quanta
BASE_M = 1.2
N_ROWS = 480


@dataclass(frozen=True)
class Block:
    """Goods of one density, g/cm3, between x (from the front), y (from the mid plane) and z (from the bottom), m."""

    x: tuple[float, float]
    y: tuple[float, float]
    z: tuple[float, float]
    density: float

    @property
    def kg(self) -> float:
        return float(np.prod([high - low for low, high in (self.x, self.y, self.z)])) * self.density * 1000

    def moved(self, dx: float) -> Block:
        return replace(self, x=(self.x[0] + dx, self.x[1] + dx))


def geometry(side="left", height_m=1.7, distance_m=5.4, layout="plane") -> FanGeometry:
    return FanGeometry(layout, distance_m, height_m, side, view_height_m=(0.2, 5.2))


def placement(geometry=None, *, cols=(40.0, 640.0), base_m=(BASE_M, BASE_M)) -> Placement:
    return Placement(geometry or globals()["geometry"](), SIZE, N_ROWS, cols, np.asarray(base_m, dtype=float))


WALLS = (
    Block((0.0, LENGTH_M), (-1.219, -1.213), (0.0, HEIGHT_M), 3.0),
    Block((0.0, LENGTH_M), (1.213, 1.219), (0.0, HEIGHT_M), 3.0),
    Block((0.0, LENGTH_M), (-1.219, 1.219), (HEIGHT_M - 0.04, HEIGHT_M), 0.3),
    Block((0.0, LENGTH_M), (-1.219, 1.219), (0.0, 0.15), 0.25),
    Block((0.0, 0.16), (-1.2, 1.2), (0.0, HEIGHT_M), 0.06),
    Block((LENGTH_M - 0.1, LENGTH_M), (-1.2, 1.2), (0.0, HEIGHT_M), 0.12),
)
# five stacks, no two alike: the ends of a container can be told, and so can every place along it
CARGO = tuple(
    Block((x, x + 0.9), (-1.1, 1.1), (0.16, top), density)
    for x, top, density in ((0.3, 1.2, 0.12), (1.35, 1.9, 0.06), (2.5, 0.9, 0.18), (3.45, 1.6, 0.1), (4.75, 1.35, 0.15))
)
LOADED = WALLS + CARGO


def seen_thickness(blocks, *, distance_m, source_z_m, side, apparent_z_m, x_edges_m):
    """(R, C) g/cm2 along rays that cross the mid plane at apparent_z_m, (R, 1) or (R, C), in columns (C + 1,)."""
    x0, x1 = np.minimum(x_edges_m[:-1], x_edges_m[1:]), np.maximum(x_edges_m[:-1], x_edges_m[1:])
    slope = (apparent_z_m - source_z_m) / distance_m
    rise = np.where(np.abs(slope) < 1e-9, 1e-9, -slope * side)  # of the ray per metre towards +y
    total = np.zeros((len(apparent_z_m), len(x0)))
    for block in blocks:
        at = [(z - apparent_z_m) / rise for z in block.z]
        enter, leave = np.maximum(np.minimum(*at), block.y[0]), np.minimum(np.maximum(*at), block.y[1])
        path_cm = 100 * np.clip(leave - enter, 0, None) * np.hypot(1, slope)
        cover = np.clip(np.minimum(x1, block.x[1]) - np.maximum(x0, block.x[0]), 0, None) / (x1 - x0)
        total = total + block.density * path_cm * cover
    return total


def attenuation_of(thickness_g_cm2, energy_mv=ENERGY_MV):
    """The attenuation that stands for these mass thicknesses."""
    attenuation = np.linspace(0, 20, 4001)
    known = mass_thickness(attenuation, energy_mv=energy_mv)
    return np.interp(thickness_g_cm2, known, attenuation).astype(np.float32)


def rectified(blocks, place=None, *, scale=1.0, noise=0.0, seed=0) -> Rectified:
    """What a scanner sees of the blocks, on the container's grid; ``scale`` times as thick as it is."""
    place = place or placement()
    fan: Fan = place.fan
    edges = np.arange(GRID.shape[1] + 1) * GRID.pitch_m
    layer = seen_thickness(
        blocks, distance_m=fan.distance_m, source_z_m=fan.height_m, side=fan.side,
        apparent_z_m=GRID.z_m()[:, np.newaxis], x_edges_m=edges,
    )  # fmt: skip
    attenuation = attenuation_of(scale * layer)
    attenuation += np.random.default_rng(seed).normal(0, 1, GRID.shape).astype(np.float32) * np.float32(noise)
    everywhere = np.ones(GRID.shape, dtype=bool)
    variance = np.full(GRID.shape, NOISE**2, dtype=np.float32)
    return Rectified(GRID, place, attenuation, variance, everywhere, everywhere)


def scanned(blocks, place=None, *, n_cols=680, warp=None, seed=0) -> ScanImage:
    """The calibrated scan of a container that stands at ``place``.

    warp: where along the container a column looks, given where it would look at an even speed, metres.
    """
    place = place or placement()
    even = (np.arange(n_cols + 1) - place.cols[0]) / (place.cols[1] - place.cols[0]) * LENGTH_M
    edges = even if warp is None else warp(even)
    base = place.base_at((edges[1:] + edges[:-1]) / 2)
    heights = place.geometry.heights(np.arange(N_ROWS, dtype=float), n_rows=N_ROWS)
    layer = seen_thickness(
        blocks, distance_m=place.geometry.source_distance_m, source_z_m=place.geometry.source_height_m - base,
        side=place.fan.side, apparent_z_m=heights[:, np.newaxis] - base, x_edges_m=edges,
    )  # fmt: skip
    pixels = attenuation_of(layer) + np.random.default_rng(seed).normal(0, NOISE, layer.shape).astype(np.float32)
    everywhere = np.ones(layer.shape, dtype=bool)
    return ScanImage(pixels, np.full(layer.shape, NOISE**2, np.float32), everywhere, everywhere, "attenuation")


def outline(place: Placement, *, doors=None, **cut) -> ContainerFrame:
    """The silhouette of the container at ``place``: its nearest and its farthest edges."""
    geometry, half = place.geometry, np.array([-1.219, 1.219])
    left_to_right = place.base_m if place.doors_last else place.base_m[::-1]
    ends = [left_to_right[0], left_to_right[-1]]
    roof = [geometry.on_mid_plane(np.full(2, base + HEIGHT_M), half).max() for base in ends]
    floor = [geometry.on_mid_plane(np.full(2, base), half).min() for base in ends]
    rows = [geometry.rows(np.array(edge), n_rows=N_ROWS) + 0.5 for edge in (roof, floor)]
    return ContainerFrame(tuple(sorted(place.cols)), tuple(rows[0]), tuple(rows[1]), doors=doors, **cut)


def placed_by(source: Source, where: Placement) -> Placement:
    """The container of ``where``, placed by its outline as if this source had scanned it."""
    frame = outline(where)
    fan = assumed_geometry(frame, source, n_rows=N_ROWS, size=SIZE)
    return place(frame, n_rows=N_ROWS, size=SIZE, geometry=fan)
