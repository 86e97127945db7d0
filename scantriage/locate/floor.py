"""The container's lower edge: where the bottom side rail ends and the chassis begins."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from scantriage.arrays.robust import row_medians
from scantriage.locate.height import floor_prior
from scantriage.locate.roof import RoofLine
from scantriage.locate.silhouette import Silhouette
from scantriage.locate.straight import shifted, straightened
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import FanGeometry, FloatArray
from scantriage.scan.image import FloatImage

_DEPTHS = 640  # samples of the straightened image: 4 mm
_OPEN = 0.06  # attenuation of open beam at most


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
    prior = floor_prior(roof_row, n_rows, outline.scene_rows, size=size, geometry=geometry)
    first, last = prior.reach()
    margin = 0.1 * (prior.rows[0] - roof_row)
    rows = np.linspace(first - margin, min(last + margin, n_rows - 1.0), _DEPTHS)
    below = straightened(attenuation, outline, cols, roof, rows - roof_row)
    scale = (prior.rows[0] - roof_row) / (rows[1] - rows[0])
    beyond = _chassis_beyond(attenuation, cols, roof, rows - roof_row, scale=scale)
    # a rail of the chassis may stand up beside the box; between two known heights it tells them apart
    score = _edge_score(below, scale=scale) + (3 if geometry else 1) * beyond
    total = score + prior.log(rows)
    inside = (rows >= first) & (rows <= last) & (rows < outline.scene_rows[1] - 0.01 * n_rows)
    if not inside.any():
        return Floor(prior.rows[0] - roof_row, 0.0)
    total = np.where(inside, total, -np.inf)
    k = int(total.argmax())
    # a clear floor scores 2 above the median depth; in a known geometry its place says it as well
    clarity = float(np.clip((score[k] - np.median(score[inside])) / 2, 0.4 if geometry else 0, 1))
    return Floor(float(rows[k]) - roof_row, clarity)


def _edge_score(below: FloatImage, *, scale: float) -> FloatArray:
    """(D,) how much each depth looks like the container's lower edge. scale: the container's height in samples."""
    capped = np.minimum(below, np.float32(4))
    middle = np.asarray(row_medians(np.minimum(below, np.float32(2.5))), np.float64)
    members = np.mean(np.minimum(np.abs(capped - cv2.blur(capped, (11, 1))), np.float32(0.25)), axis=1)
    above, gap, under = (max(1, round(share * scale)) for share in (0.07, 0.005, 0.06))

    def contrast(profile: FloatArray, floor: float) -> FloatArray:
        # nothing is brighter than air: less than none is what a bright display export makes of it
        before, after = (np.maximum(part, 0) for part in (_window(profile, -above, -gap), _window(profile, gap, under)))
        return np.asarray(np.log(before + floor) - np.log(after + floor))

    reach = max(2, round(0.012 * scale))
    line = row_medians(capped - (shifted(capped, reach) + shifted(capped, -reach)) / 2)
    mean = cv2.blur(capped, (1, reach))
    step = row_medians(shifted(mean, reach // 2 + 1) - shifted(mean, -(reach // 2 + 1)))
    air = cv2.dilate((cv2.blur(capped, (1, 3)) < _OPEN).astype(np.uint8), np.ones((under, 1), np.uint8))
    open_below = shifted(air.mean(axis=1, keepdims=True), -(under // 2 + gap))[:, 0]
    rail = np.clip(_window(line, -1, 2), 0, 0.3) / 0.3 + np.clip(step, 0, 0.4) / 0.4
    return np.asarray(
        2 * contrast(members, 0.02) + contrast(middle, 0.3) + rail / 2 - 6 * np.maximum(open_below - 0.2, 0), np.float64
    )


def _chassis_beyond(
    attenuation: FloatImage, cols: tuple[float, float], roof: RoofLine, depths: FloatArray, *, scale: float
) -> FloatArray:
    """(D,) how much air ends just above each depth beyond either end, where a chassis is longer than the box."""
    length = cols[1] - cols[0]
    best = np.zeros(depths.size)
    # beyond the doors' bars, which stand out by at most 0.8 % of the length
    near, far = 0.008 * length, 0.02 * length
    for start, stop in ((cols[0] - far, cols[0] - near), (cols[1] + near, cols[1] + far)):
        first, last = round(start), round(stop) + 1
        if first < 0 or last > attenuation.shape[1]:
            continue
        rows = np.clip(roof.at((start + stop) / 2) + depths - 0.5, 0, attenuation.shape[0] - 1)
        profile = attenuation[:, first:last].mean(axis=1, dtype=np.float64)
        strip = np.interp(rows, np.arange(profile.size), profile)
        window = max(2, round(0.02 * scale))
        step = np.minimum(_window(strip, 0, window), 0.4) - np.minimum(_window(strip, -window, 0), 0.4)
        best = np.maximum(best, np.clip(step, 0, 0.3) / 0.3)
    # the chassis' near side begins up to 0.12 m above the box's far side, which is the lower edge seen
    later = max(1, round(0.045 * scale))
    return np.asarray(maximum_filter1d(best, later + 1, mode="constant", origin=later // 2), np.float64)


def _window(profile: NDArray[np.floating], first: int, last: int) -> FloatArray:
    """Mean of the profile over ``[k + first, k + last)`` for each k, as far as it reaches."""
    total = np.concatenate(([0.0], np.cumsum(profile, dtype=np.float64)))
    k = np.arange(profile.size)
    low, high = np.clip(k + first, 0, profile.size), np.clip(k + last, 0, profile.size)
    return np.asarray((total[high] - total[low]) / np.maximum(high - low, 1))
