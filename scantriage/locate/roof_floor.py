"""The container's upper and lower edge: roof line, and where the bottom rail ends and the chassis begins."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.locate.silhouette import Silhouette
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import CONTAINER_WIDTH_M, FanGeometry, FloatArray
from scantriage.scan.image import FloatImage

# ISO 668 heights of the boxes that travel: standard and high cube
HEIGHTS_M = (2.591, 2.896)
_SEAT_SD_M = 0.06  # how far roof and floor found in a known geometry stray from the box's true height

# Where no geometry is known: the floor's place in the view. Chassis are 1.1 to 1.5 m high and views reach from
# the road to 5 m, which puts it at 0.80; half of the labelled portal scans have a standard deviation of 0.033.
_USUAL_FLOOR, _USUAL_SD = 0.80, 0.04

_DEPTHS, _COLS = 640, 480  # samples of the straightened image: 4 mm down, 1 to 3 cm along
_OPEN = 0.06  # attenuation of open beam at most


@dataclass(frozen=True, slots=True)
class RoofLine:
    """Straight line through the roof's upper edge, rows over columns of the scan, and its scatter in rows."""

    slope: float
    intercept: float
    scatter: float

    def at(self, col: float) -> float:
        """Row of the upper edge at a column."""
        return self.slope * col + self.intercept


def roof_line(attenuation: FloatImage, outline: Silhouette, cols: tuple[float, float]) -> RoofLine:
    """Fit the roof's upper edge between two columns, to a fraction of a row."""
    n_rows, n_cols = attenuation.shape
    inset = 0.02 * (cols[1] - cols[0])
    first, last = max(0.0, cols[0] + inset), min(n_cols - 1.0, cols[1] - inset)
    x = np.unique(np.linspace(first, last, 400).astype(int))
    small_x = np.minimum((x / outline.col_step).astype(int), outline.tops.size - 1)
    coarse = outline.tops[small_x] * outline.row_step
    reach = int(np.ceil(2 * outline.row_step)) + 2
    offsets = np.arange(-reach, 3 * reach + 1)
    start = np.clip(coarse.astype(int), reach, n_rows - 1 - 3 * reach)
    patch = attenuation[start[:, None] + offsets, x[:, None]]
    # the first rail is reached where half of its attenuation is, at most that of 4 mm of steel on either side
    edge = np.clip(patch.max(axis=1) / 2, 0.08, 0.25)
    above = patch > edge[:, None]
    k = np.maximum(above.argmax(axis=1), 1)
    i = np.arange(x.size)
    low, high = patch[i, k - 1], patch[i, k]
    share = np.clip((edge - low) / np.where(high > low, high - low, 1), 0, 1)
    rows = start + offsets[k - 1] + share + 0.5
    return _robust_line(x + 0.5, rows, above.any(axis=1))


def _robust_line(x: FloatArray, y: FloatArray, known: NDArray[np.bool_]) -> RoofLine:
    keep, line, scatter = known.copy(), np.array([0.0, float(np.median(y))]), 0.0
    for _ in range(4):
        if keep.sum() < 8:
            break
        line = np.polyfit(x[keep], y[keep], 1)
        residual = np.abs(y - np.polyval(line, x))
        scatter = 1.4826 * float(np.median(residual[known]))
        keep = known & (residual < max(3 * scatter, 1.0))
    return RoofLine(float(line[0]), float(line[1]), scatter)


@dataclass(frozen=True, slots=True)
class Floor:
    """Lower edge: its depth below the roof's upper edge, rows, and how clearly it stood out, 0 to 1."""

    depth: float
    clarity: float


def floor_depth(
    attenuation: FloatImage,
    outline: Silhouette,
    cols: tuple[float, float],
    roof: RoofLine,
    *,
    size: ContainerSize | None,
    geometry: FanGeometry | None,
) -> Floor:
    """Find the lower edge of the bottom side rail in the image straightened along the roof.

    There the cross members end, the floor's mass ends, a dark horizontal line (the rail) runs along all of it,
    and below it follows a chassis, not air.
    """
    n_rows = attenuation.shape[0]
    roof_row = roof.at((cols[0] + cols[1]) / 2)
    prior = _prior(roof_row, n_rows, outline.scene_rows, size=size, geometry=geometry)
    first, last = prior.reach()
    margin = 0.1 * (prior.rows[0] - roof_row)
    rows = np.linspace(first - margin, min(last + margin, n_rows - 1.0), _DEPTHS)
    below = _straightened(attenuation, outline, cols, roof, rows - roof_row)
    score = _edge_score(below, scale=(prior.rows[0] - roof_row) / (rows[1] - rows[0]))
    total = score + prior.log(rows)
    inside = (rows >= first) & (rows <= last) & (rows < outline.scene_rows[1] - 0.01 * n_rows)
    if not inside.any():
        return Floor(prior.rows[0] - roof_row, 0.0)
    total = np.where(inside, total, -np.inf)
    k = int(total.argmax())
    clarity = float(np.clip((score[k] - np.median(score[inside])) / 3.0, 0, 1))
    return Floor(float(rows[k]) - roof_row, clarity)


@dataclass(frozen=True, slots=True)
class _Prior:
    """Rows where the floor may be expected, with a common standard deviation."""

    rows: tuple[float, ...]
    sd: float

    def reach(self) -> tuple[float, float]:
        return min(self.rows) - 3.5 * self.sd, max(self.rows) + 3.5 * self.sd

    def log(self, rows: FloatArray) -> FloatArray:
        distance = np.min(np.abs(rows[:, None] - np.array(self.rows)), axis=1)
        return -0.5 * (distance / self.sd) ** 2


def _prior(
    roof_row: float,
    n_rows: int,
    scene_rows: tuple[float, float],
    *,
    size: ContainerSize | None,
    geometry: FanGeometry | None,
) -> _Prior:
    if geometry is None:
        high = scene_rows[1] - scene_rows[0]
        usual = scene_rows[0] + _USUAL_FLOOR * high
        return _Prior((max(usual, roof_row + 0.3 * high),), _USUAL_SD * high)
    heights = HEIGHTS_M if size is None else (size.height_m,)
    rows = tuple(floor_row(roof_row, height, n_rows=n_rows, geometry=geometry) for height in heights)
    pitch = (geometry.view_height_m[1] - geometry.view_height_m[0]) / n_rows
    return _Prior(rows, _SEAT_SD_M / pitch)


def floor_row(roof_row: float, height_m: float, *, n_rows: int, geometry: FanGeometry) -> float:
    """Row of the lower edge of a box of this height whose roof's upper edge is seen at ``roof_row``.

    Of each edge the silhouette shows what is seen farthest out: the side near the source when it lies
    away from the source's height, the far side otherwise.
    """
    half = CONTAINER_WIDTH_M / 2
    distance, source = geometry.source_distance_m, geometry.source_height_m
    seen = float(geometry.heights(np.array([roof_row - 0.5]), n_rows=n_rows)[0])
    nearness = (distance - half) / distance if seen > source else (distance + half) / distance
    bottom = source + (seen - source) * nearness - height_m
    lowest = min(float(geometry.on_mid_plane(np.array(bottom), np.array(side))) for side in (half, -half))
    return float(geometry.rows(np.array([lowest]), n_rows=n_rows)[0]) + 0.5


def box_height_m(roof_row: float, bottom_row: float, *, n_rows: int, geometry: FanGeometry) -> float:
    """Height of the box whose silhouette reaches from ``roof_row`` to ``bottom_row``; inverse of `floor_row`."""
    heights = np.linspace(2.0, 3.5, 151)
    rows = [floor_row(roof_row, float(height), n_rows=n_rows, geometry=geometry) for height in heights]
    return float(np.interp(bottom_row, rows, heights))


def _straightened(
    attenuation: FloatImage, outline: Silhouette, cols: tuple[float, float], roof: RoofLine, depths: FloatArray
) -> FloatImage:
    """(D, K) attenuation at depths below the roof as it waves, at columns along the container."""
    length = cols[1] - cols[0]
    x = np.linspace(max(cols[0], 0) + 0.03 * length, min(cols[1], attenuation.shape[1]) - 0.03 * length, _COLS)
    small_x = np.minimum((x / outline.col_step).astype(int), outline.tops.size - 1)
    line = roof.slope * x + roof.intercept
    wave = np.clip(outline.tops[small_x] * outline.row_step - line, -3 * outline.row_step, 3 * outline.row_step)
    wave -= np.median(wave)
    smooth = cv2.blur(wave.astype(np.float32)[None], (_COLS // 20, 1), borderType=cv2.BORDER_REPLICATE)[0]
    map_y = (line + smooth)[None, :] + depths[:, None] - 0.5
    map_x = np.broadcast_to(x - 0.5, map_y.shape)
    return np.asarray(
        cv2.remap(
            attenuation, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )  # fmt: skip


def _edge_score(below: FloatImage, *, scale: float) -> FloatArray:
    """(D,) how much each depth looks like the container's lower edge. scale: the container's height in samples."""
    capped = np.minimum(below, np.float32(4))
    middle = np.median(np.minimum(below, np.float32(2.5)), axis=1)
    members = np.mean(np.minimum(np.abs(capped - cv2.blur(capped, (11, 1))), np.float32(0.5)), axis=1)
    above, gap, under = (max(1, round(share * scale)) for share in (0.07, 0.005, 0.06))

    def contrast(profile: FloatArray, floor: float) -> FloatArray:
        before, after = _window(profile, -above, -gap), _window(profile, gap, under)
        return np.asarray(np.log(before + floor) - np.log(after + floor))

    reach = max(2, round(0.012 * scale))
    line = np.median(capped - (_shifted(capped, reach) + _shifted(capped, -reach)) / 2, axis=1)
    mean = cv2.blur(capped, (1, reach))
    step = np.median(_shifted(mean, reach // 2 + 1) - _shifted(mean, -(reach // 2 + 1)), axis=1)
    air = np.stack([row < _OPEN for row in cv2.blur(capped, (1, max(1, under // 2)))])
    open_below = _shifted(air.mean(axis=1, keepdims=True), -(under // 2))[:, 0]
    rail = np.clip(_window(line, -1, 2), 0, 0.3) / 0.3 + np.clip(step, 0, 0.4) / 0.4
    return np.asarray(
        contrast(members, 0.02) + contrast(middle, 0.3) + rail - 6 * np.maximum(open_below - 0.2, 0), np.float64
    )


def _shifted(image: NDArray[np.floating], by: int) -> NDArray[np.floating]:
    """Rows moved down by ``by``; the first or last row repeated."""
    index = np.clip(np.arange(image.shape[0]) - by, 0, image.shape[0] - 1)
    return image[index]


def _window(profile: NDArray[np.floating], first: int, last: int) -> FloatArray:
    """Mean of the profile over ``[k + first, k + last)`` for each k, as far as it reaches."""
    total = np.concatenate(([0.0], np.cumsum(profile, dtype=np.float64)))
    k = np.arange(profile.size)
    low, high = np.clip(k + first, 0, profile.size), np.clip(k + last, 0, profile.size)
    return np.asarray((total[high] - total[low]) / np.maximum(high - low, 1))
