"""The loops of `scantriage.simulate.fan`: paths of rays through solids, summed up in the columns of a scan.

A scene has some thousand small solids; as array operations, each cost more in calls than in sums.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.kernel import kernel

FloatArray = NDArray[np.floating[Any]]

SUB_RAYS = 4  # per row, where that is cheap: a 2 mm roof seen edge-on is a quarter of a 9 mm row
BLOCK, UPRIGHT, ACROSS, ALONG, ELLIPSOID = range(5)
PLAIN, CORRUGATED, TEXTURED = range(3)

_TYPICAL_CM2_G = 0.045  # good enough to say how dark the covered part of a slit is
_THIN = 0.1  # attenuation below which averaging either is the same to 1 %


class Solids(NamedTuple):
    """K solids. All arrays (K,) but for those with a shape.

    shape, basis, pattern: what it is, which of the basis materials it counts as, what it is patterned with.
    box: (K, 6) x0, x1, y0, y1, z0, z1 in metres. per_m: g/cm2 of its basis material per metre of path. lean: its
    rise in z per metre of x. pitch_m: (K, 2) of its corrugation, or of its texture's cells along and up.
    strength: of its pattern. offset: (K, 2) up and along, where its texture lies on the tile.
    """

    shape: NDArray[np.int64]
    basis: NDArray[np.int64]
    pattern: NDArray[np.int64]
    box: FloatArray
    per_m: FloatArray
    lean: FloatArray
    pitch_m: FloatArray
    strength: FloatArray
    offset: NDArray[np.int64]


class Rays(NamedTuple):
    """The rays of one column: see `scantriage.simulate.fan.Fan`.

    depths: minus the heights, so that they rise. lengths: metres of path for each metre across.
    """

    heights: FloatArray
    depths: FloatArray
    slopes: FloatArray
    lengths: FloatArray
    source_y_m: float
    source_z_m: float


@kernel
def add_solids(out: FloatArray, solids: Solids, tile: FloatArray, rays: Rays, x_m: FloatArray, slit_m: float) -> None:
    """Add the mass thickness of every solid to the (B, R, C) one of the basis materials, g/cm2.

    tile: (T, T) periodic noise that textures are cut from. x_m: (C,) rising, where the columns cut the container.
    """
    for k in range(len(solids.shape)):
        first = np.searchsorted(x_m, solids.box[k, 0] - slit_m / 2, side="right")
        last = np.searchsorted(x_m, solids.box[k, 1] + slit_m / 2)
        if first < last:
            _add_solid(out[solids.basis[k], :, first:last], solids, k, tile, rays, x_m[first:last], slit_m)


@kernel
def _add_solid(
    image: FloatArray, solids: Solids, k: int, tile: FloatArray, rays: Rays, x_m: FloatArray, slit_m: float
) -> None:
    sections = _sections(solids, k, x_m)
    top, bottom = _rows(solids, k, sections, rays)
    if top >= bottom:
        return
    cover = _cover(solids, k, x_m, slit_m)
    thickness = np.empty((bottom - top, len(x_m)), np.float32)
    if solids.shape[k] == ALONG or (solids.shape[k] == BLOCK and solids.lean[k] == 0):
        _fill_even(thickness, solids, k, sections, rays, top, cover)
    else:
        _fill_uneven(thickness, solids, k, sections, rays, top, cover)
    _pattern(thickness, solids, k, tile, rays, top, x_m)
    for r in range(len(thickness)):
        row, more = image[top + r], thickness[r]
        for c in range(len(row)):
            row[c] += more[c]


@kernel
def _sections(solids: Solids, k: int, x_m: FloatArray) -> FloatArray:
    """(4, C) least and largest y, least and largest z of the solid where each column cuts it."""
    x0, x1, y0, y1, z0, z1 = _box(solids, k)
    shape = solids.shape[k]
    round_y = shape in (UPRIGHT, ELLIPSOID)
    round_z = shape in (ACROSS, ELLIPSOID)
    out = np.empty((4, len(x_m)))
    for c in range(len(x_m)):
        across = (2 * x_m[c] - x0 - x1) / (x1 - x0)
        part = np.sqrt(max(1 - across * across, 1e-9))
        half_y, half_z = (y1 - y0) / 2 * (part if round_y else 1.0), (z1 - z0) / 2 * (part if round_z else 1.0)
        rise = solids.lean[k] * (x_m[c] - (x0 + x1) / 2) if shape == BLOCK else 0.0
        out[0, c], out[1, c] = (y0 + y1) / 2 - half_y, (y0 + y1) / 2 + half_y
        out[2, c], out[3, c] = (z0 + z1) / 2 - half_z + rise, (z0 + z1) / 2 + half_z + rise
    return out


@kernel
def _box(solids: Solids, k: int) -> tuple[float, float, float, float, float, float]:
    box = solids.box[k]
    return box[0], box[1], box[2], box[3], box[4], box[5]


@kernel
def _rows(solids: Solids, k: int, sections: FloatArray, rays: Rays) -> tuple[int, int]:
    """The rows whose rays may meet the solid."""
    least, most = np.inf, -np.inf
    for y in (solids.box[k, 2], solids.box[k, 3]):
        for z in (sections[2].min(), sections[3].max()):
            seen = rays.source_z_m + (z - rays.source_z_m) * rays.source_y_m / (rays.source_y_m - y)
            least, most = min(least, seen), max(most, seen)
    n_rows = len(rays.heights) // SUB_RAYS
    first, last = int(np.searchsorted(rays.depths, -most)), int(np.searchsorted(rays.depths, -least))
    return first // SUB_RAYS, min(last // SUB_RAYS + 1, n_rows)


@kernel
def _cover(solids: Solids, k: int, x_m: FloatArray, slit_m: float) -> FloatArray:
    """(C,) how much of the slit the solid fills."""
    out = np.empty(len(x_m), np.float32)
    for c in range(len(x_m)):
        left, right = max(x_m[c] - slit_m / 2, solids.box[k, 0]), min(x_m[c] + slit_m / 2, solids.box[k, 1])
        out[c] = min(max((right - left) / slit_m, 0.0), 1.0)
    return out


@kernel
def _fill_even(
    thickness: FloatArray, solids: Solids, k: int, sections: FloatArray, rays: Rays, top: int, cover: FloatArray
) -> None:
    """Of a solid whose section is the same at every x.

    Transmission, not thickness, is averaged over a slit that it covers in part: a floor beam is 4 mm of web and
    2.3 m deep; it blackens a third of a 12 mm slit, which is not the same as 0.8 m of steel over all of it.
    """
    y0, y1, z0, z1 = sections[0, 0], sections[1, 0], sections[2, 0], sections[3, 0]
    full = np.zeros(len(thickness))
    for r in range(len(thickness)):
        for ray in range((top + r) * SUB_RAYS, (top + r + 1) * SUB_RAYS):
            path = _path(solids.shape[k], y0, y1, z0, z1, rays.heights[ray], rays.slopes[ray])
            full[r] += path * rays.lengths[ray]
        full[r] *= solids.per_m[k] / SUB_RAYS
    dense = _TYPICAL_CM2_G * full.max() > _THIN
    for r in range(len(thickness)):
        dark = np.float32(-np.expm1(-_TYPICAL_CM2_G * full[r]))
        for c in range(len(cover)):
            if dense and 0 < cover[c] < 1 - 1e-6:
                thickness[r, c] = -np.log1p(-cover[c] * dark) / _TYPICAL_CM2_G
            else:
                thickness[r, c] = full[r] * cover[c]


@kernel
def _fill_uneven(
    thickness: FloatArray, solids: Solids, k: int, sections: FloatArray, rays: Rays, top: int, cover: FloatArray
) -> None:
    """Of a solid whose section changes along x."""
    y0, y1, z0, z1 = sections[0], sections[1], sections[2], sections[3]
    for r in range(len(thickness)):
        ray = (top + r) * SUB_RAYS + SUB_RAYS // 2
        height, slope, share = rays.heights[ray], rays.slopes[ray], solids.per_m[k] * rays.lengths[ray]
        for c in range(len(cover)):
            thickness[r, c] = _path(solids.shape[k], y0[c], y1[c], z0[c], z1[c], height, slope) * share * cover[c]


@kernel
def _path(shape: int, y0: float, y1: float, z0: float, z1: float, height: float, slope: float) -> float:
    """How far in y a ray runs within a rectangle or an ellipse; its path is longer as it rises."""
    if shape in (ALONG, ELLIPSOID):
        half_y, half_z = (y1 - y0) / 2, (z1 - z0) / 2
        above = height + slope * (y0 + y1) / 2 - (z0 + z1) / 2
        square = 1 / half_y**2 + (slope / half_z) ** 2
        inside = square - (above / (half_y * half_z)) ** 2  # the discriminant, (B/2)^2 - A C
        return 2 * math.sqrt(max(inside, 0.0)) / square
    at_z0, at_z1 = (z0 - height) / slope, (z1 - height) / slope
    return max(min(max(at_z0, at_z1), y1) - max(min(at_z0, at_z1), y0), 0.0)


@kernel
def _pattern(
    thickness: FloatArray, solids: Solids, k: int, tile: FloatArray, rays: Rays, top: int, x_m: FloatArray
) -> None:
    """The thickness with the solid's pattern on it, as it lies in the solid's middle."""
    x0, y, z0 = solids.box[k, 0], (solids.box[k, 2] + solids.box[k, 3]) / 2, solids.box[k, 4]
    along_m, up_m = solids.pitch_m[k, 0], solids.pitch_m[k, 1]
    if solids.pattern[k] == CORRUGATED:
        for c in range(len(x_m)):
            if (x_m[c] - x0) / along_m % 0.5 > 0.25:
                thickness[:, c] *= 1 + solids.strength[k]
    elif solids.pattern[k] == TEXTURED:
        cols = np.empty(len(x_m), np.int64)
        for c in range(len(x_m)):
            cols[c] = (np.int64(np.floor((x_m[c] - x0) / along_m)) + solids.offset[k, 1]) % len(tile)
        for r in range(len(thickness)):
            ray = (top + r) * SUB_RAYS
            up = rays.heights[ray] + rays.slopes[ray] * y - z0
            row = (np.int64(np.floor(up / up_m)) + solids.offset[k, 0]) % len(tile)
            for c in range(len(x_m)):
                thickness[r, c] *= 1 + solids.strength[k] * tile[row, cols[c]]
