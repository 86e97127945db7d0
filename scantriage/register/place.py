"""Place a container in a scan from its outline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.container import ContainerFrame, ContainerSize
from scantriage.scan.geometry import CONTAINER_WIDTH_M, FanGeometry, Layout
from scantriage.scan.placement import Placement

FloatArray = NDArray[np.floating[Any]]

ASSUMED_BASE_M = 1.25  # above the road: a container on a chassis


@dataclass(frozen=True, slots=True)
class Source:
    """Where the source of a scanner that nobody described may stand: to the mid plane, and above the road."""

    distance_m: float = 5.5  # field.md: sources 4 to 6 m away and 0.5 to 2.5 m high
    height_m: float = 1.6
    layout: Layout = "plane"


ORDINARY = Source()


def place(
    frame: ContainerFrame,
    *,
    n_rows: int,
    size: ContainerSize,
    geometry: FanGeometry,
) -> Placement:
    """Place a container of known size from its outline in the scan, front at the end without doors.

    Doors of unknown place count as right.
    """
    roof = geometry.heights(np.asarray(frame.roof_rows) - 0.5, n_rows=n_rows)
    scale = _silhouette_scale(roof - geometry.source_height_m, geometry.source_distance_m)
    base = geometry.source_height_m + (roof - geometry.source_height_m) * scale - size.height_m
    placement = Placement(
        geometry=geometry, size=size, n_rows=n_rows, cols=frame.cols, base_m=np.asarray(base, dtype=np.float64)
    )
    return placement.turned() if frame.doors == "left" else placement


def height_from_outline(frame: ContainerFrame, *, n_rows: int, geometry: FanGeometry) -> float:
    """Outer height of a container from the outline of its roof and floor, metres."""
    roof = geometry.heights(np.array([np.mean(frame.roof_rows) - 0.5]), n_rows=n_rows)[0] - geometry.source_height_m
    floor = geometry.heights(np.array([np.mean(frame.floor_rows) - 0.5]), n_rows=n_rows)[0] - geometry.source_height_m
    scales = _silhouette_scale(np.array([roof, -floor]), geometry.source_distance_m)
    return float(roof * scales[0] - floor * scales[1])


def _silhouette_scale(above_source_m: FloatArray, distance_m: float) -> FloatArray:
    """True over apparent height of the edge that makes the silhouette: the near one when it looks outwards."""
    near = (distance_m - CONTAINER_WIDTH_M / 2) / distance_m
    far = (distance_m + CONTAINER_WIDTH_M / 2) / distance_m
    return np.where(above_source_m > 0, near, far)


def assumed_geometry(frame: ContainerFrame, source: Source, *, n_rows: int, size: ContainerSize) -> FanGeometry:
    """A fan from this source whose rows see the container's outline where it was found."""
    edges = np.array([ASSUMED_BASE_M + size.height_m, ASSUMED_BASE_M]) - source.height_m
    outward = np.array([1.0, -1.0]) * edges
    top, bottom = edges / _silhouette_scale(outward, source.distance_m)
    rows = np.array([np.mean(frame.roof_rows), np.mean(frame.floor_rows)]) - 0.5
    if source.layout == "arc":
        top, bottom = (np.arctan(edge / source.distance_m) for edge in (top, bottom))
    per_row = (top - bottom) / (rows[1] - rows[0])
    view = np.array([top - (n_rows - 1 - rows[0]) * per_row, top + rows[0] * per_row])
    if source.layout == "arc":
        view = source.distance_m * np.tan(view)
    low, high = (float(edge) + source.height_m for edge in view)
    return FanGeometry(
        layout=source.layout,
        source_distance_m=source.distance_m,
        source_height_m=source.height_m,
        source_side="left",
        view_height_m=(low, high),
    )
