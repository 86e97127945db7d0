"""A box's height in rows: where its floor is seen once its roof is found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.scan.container import UPPER_RAIL_M, ContainerSize
from scantriage.scan.geometry import CONTAINER_WIDTH_M, FanGeometry, FloatArray

# ISO 668 heights of the boxes that travel: standard and high cube
HEIGHTS_M = (2.591, 2.896)
_SEAT_SD_M = 0.035  # how far roof and floor found in a known geometry stray from the box's true height

_DECLARED = 3.0  # log odds for the declared height: manifests are mostly right

# Where no geometry is known: the floor's place in the view. Chassis are 1.1 to 1.5 m high and views reach from
# the road to 5 m, which puts it at 0.8; half of the labelled portal scans have a standard deviation of 0.033.
_USUAL_FLOOR, _USUAL_SD = 0.81, 0.04


@dataclass(frozen=True, slots=True)
class FloorPrior:
    """Rows where the floor may be expected, with a common standard deviation; the first is the likelier."""

    rows: tuple[float, ...]
    sd: float
    doubt: float = 0.0  # log odds that count against all but the first

    def reach(self) -> tuple[float, float]:
        """First and last row worth looking at."""
        return min(self.rows) - 3.5 * self.sd, max(self.rows) + 3.5 * self.sd

    def log(self, rows: FloatArray) -> FloatArray:
        """(N,) log odds of the floor lying at each of ``rows``."""
        doubt = np.where(np.arange(len(self.rows)) > 0, self.doubt, 0.0)
        each = -0.5 * ((rows[:, None] - np.array(self.rows)) / self.sd) ** 2 - doubt
        return np.asarray(each.max(axis=1))


def floor_prior(
    roof_row: float,
    n_rows: int,
    scene_rows: tuple[float, float],
    *,
    size: ContainerSize | None,
    geometry: FanGeometry | None,
) -> FloorPrior:
    """Where to expect the floor of a box whose roof is seen at ``roof_row``.

    scene_rows: first and last row that is not padding. With a geometry: a box's height below the roof, the
    declared size first; without: where chassis usually stand.
    """
    if geometry is None:
        high = scene_rows[1] - scene_rows[0]
        usual = scene_rows[0] + _USUAL_FLOOR * high
        return FloorPrior((max(usual, roof_row + 0.3 * high),), _USUAL_SD * high)
    declared = () if size is None else (size.height_m,)
    heights = declared + tuple(height for height in HEIGHTS_M if height not in declared)
    rows = tuple(floor_row(roof_row, height, n_rows=n_rows, geometry=geometry) for height in heights)
    pitch = (geometry.view_height_m[1] - geometry.view_height_m[0]) / n_rows
    return FloorPrior(rows, _SEAT_SD_M / pitch, doubt=_DECLARED if declared else 0.0)


def floor_row(roof_row: float, height_m: float, *, n_rows: int, geometry: FanGeometry) -> float:
    """Row of the lower edge of a box of this height whose roof's upper edge is seen at ``roof_row``.

    Of each edge the silhouette shows what is seen farthest out: the side near the source when it lies
    away from the source's height, the far side otherwise.
    """
    half = CONTAINER_WIDTH_M / 2
    seen = float(geometry.heights(np.array([roof_row - 0.5]), n_rows=n_rows)[0])
    bottom = _roof_m(seen, geometry) - height_m
    lowest = min(float(geometry.on_mid_plane(np.array(bottom), np.array(side))) for side in (half, -half))
    return float(geometry.rows(np.array([lowest]), n_rows=n_rows)[0]) + 0.5


def far_rail_row(roof_row: float, *, n_rows: int, geometry: FanGeometry) -> float:
    """Row at which the far upper side rail of a box ends whose roof's upper edge is seen at ``roof_row``."""
    half = CONTAINER_WIDTH_M / 2
    seen = float(geometry.heights(np.array([roof_row - 0.5]), n_rows=n_rows)[0])
    roof_m = _roof_m(seen, geometry)
    far_m = geometry.on_mid_plane(np.array([roof_m - UPPER_RAIL_M]), np.array(UPPER_RAIL_M / 2 - half))
    return float(geometry.rows(far_m, n_rows=n_rows)[0]) + 0.5


def _roof_m(seen_m: float, geometry: FanGeometry) -> float:
    """True height of the roof's upper edge that is seen at this one on the mid plane."""
    half, distance, source = CONTAINER_WIDTH_M / 2, geometry.source_distance_m, geometry.source_height_m
    nearness = (distance - half) / distance if seen_m > source else (distance + half) / distance
    return source + (seen_m - source) * nearness


def box_height_m(roof_row: float, bottom_row: float, *, n_rows: int, geometry: FanGeometry) -> float:
    """Height of the box whose silhouette reaches from ``roof_row`` to ``bottom_row``; inverse of `floor_row`."""
    heights = np.linspace(2.0, 3.5, 16)  # between which rows follow heights along a straight line to 1 mm
    rows = [floor_row(roof_row, float(height), n_rows=n_rows, geometry=geometry) for height in heights]
    return float(np.interp(bottom_row, rows, heights))
