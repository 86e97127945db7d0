"""Place a container in a scan from its outline."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.container import ContainerFrame, ContainerSize
from scantriage.scan.geometry import CONTAINER_WIDTH_M, FanGeometry
from scantriage.scan.placement import Placement

FloatArray = NDArray[np.floating[Any]]

# A scanner nobody described: field.md gives sources 4 to 6 m away and 0.5 to 2.5 m high; a container
# on a chassis stands about 1.25 m above the road.
ASSUMED_DISTANCE_M = 5.5
ASSUMED_HEIGHT_M = 1.6
ASSUMED_BASE_M = 1.25


def place(
    frame: ContainerFrame,
    *,
    n_rows: int,
    size: ContainerSize,
    geometry: FanGeometry | None,
) -> Placement:
    """Place a container of known size from its outline in the scan, front at the end without doors.

    Without a geometry an assumed fan is laid through the outline. Doors of unknown place count as right.
    """
    if geometry is None:
        geometry = _assumed_geometry(frame, n_rows=n_rows, size=size)
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


def _assumed_geometry(frame: ContainerFrame, *, n_rows: int, size: ContainerSize) -> FanGeometry:
    """An ordinary fan whose rows, evenly spaced, see the container's outline where it was found."""
    near = ASSUMED_DISTANCE_M / (ASSUMED_DISTANCE_M - CONTAINER_WIDTH_M / 2)
    top = ASSUMED_HEIGHT_M + (ASSUMED_BASE_M + size.height_m - ASSUMED_HEIGHT_M) * near
    bottom = ASSUMED_HEIGHT_M + (ASSUMED_BASE_M - ASSUMED_HEIGHT_M) * near
    roof_row, floor_row = float(np.mean(frame.roof_rows)) - 0.5, float(np.mean(frame.floor_rows)) - 0.5
    per_row = (top - bottom) / (floor_row - roof_row)
    return FanGeometry(
        layout="plane",
        source_distance_m=ASSUMED_DISTANCE_M,
        source_height_m=ASSUMED_HEIGHT_M,
        source_side="left",
        view_height_m=(top - (n_rows - 1 - roof_row) * per_row, top + roof_row * per_row),
    )
