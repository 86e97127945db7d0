"""Fan beams through solids: exact path lengths, true parallax.

Every column of a scan is a fan in the plane across the container. A ray is the line z = height + slope * y: it
passes the container's mid plane (y = 0) at ``height``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.geometry import FanGeometry
from scantriage.simulate.materials import BASIS, SHARES
from scantriage.simulate.solids import Corrugation, Solid, Texture

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

_SUB_RAYS = 4  # per row, where that is cheap: a 2 mm roof seen edge-on is a quarter of a 9 mm row
_LEVEL = 1e-9  # slope that stands for a level ray
_TYPICAL_CM2_G = 0.045  # good enough to say how dark the covered part of a slit is

_THIN = 0.1  # attenuation below which averaging either is the same to 1 %


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """The rays of one column, several to a row.

    heights, slopes: (R * sub-rays,) from the top row down. source_y_m, source_z_m: place of the source.
    """

    heights: FloatArray
    slopes: FloatArray
    source_y_m: float
    source_z_m: float

    @classmethod
    def of(
        cls, geometry: FanGeometry, *, n_rows: int, source_y_sign: int, raised_m: float = 0.0, aside_m: float = 0.0
    ) -> Fan:
        """The fan of a geometry as seen from a container.

        raised_m: its bottom above the road; aside_m: its middle off the scanner's mid plane, along y.
        """
        offsets = (np.arange(_SUB_RAYS) + 0.5) / _SUB_RAYS - 0.5
        rows = (np.arange(n_rows)[:, np.newaxis] + offsets).ravel()
        heights = geometry.heights(rows, n_rows=n_rows) - raised_m
        source_y, source_z = source_y_sign * geometry.source_distance_m, geometry.source_height_m - raised_m
        slopes = (source_z - heights) / source_y
        slopes = np.where(np.abs(slopes) < _LEVEL, _LEVEL, slopes)
        return cls(heights + slopes * aside_m, slopes, source_y - aside_m, source_z)

    @property
    def n_rows(self) -> int:
        """Rows of the scan."""
        return len(self.heights) // _SUB_RAYS

    def rows_of(self, solid: Solid, rise: tuple[float, float]) -> slice:
        """The rows whose rays may meet the solid, itself raised by ``rise`` (least, most) for its lean."""
        y = np.array([solid.y0, solid.y1])
        z = np.array([[solid.z0 + rise[0]], [solid.z1 + rise[1]]])
        seen = self.source_z_m + (z - self.source_z_m) * self.source_y_m / (self.source_y_m - y)
        first, last = np.searchsorted(-self.heights, (-seen.max(), -seen.min()))
        return slice(max(int(first) // _SUB_RAYS, 0), min(int(last) // _SUB_RAYS + 1, self.n_rows))


def project(solids: Sequence[Solid], x_m: FloatArray, fan: Fan, *, slit_m: float) -> FloatImage:
    """Mass thickness of the basis materials along every ray, g/cm2.

    x_m: (C,) rising, where the columns cut the container. slit_m: width of the beam along x, over which a
    column averages. Returns (B, R, C) float32 with B as in `materials.BASIS`.
    """
    result = np.zeros((len(BASIS), fan.n_rows, len(x_m)), dtype=np.float32)
    for solid in solids:
        first = int(np.searchsorted(x_m, solid.x0 - slit_m / 2, side="right"))
        last = int(np.searchsorted(x_m, solid.x1 + slit_m / 2))
        if first < last:
            cols = slice(first, last)
            tilt = solid.lean * (x_m[cols] - (solid.x0 + solid.x1) / 2)
            rows = fan.rows_of(solid, (float(tilt.min()), float(tilt.max())))
            if rows.start < rows.stop:
                thickness = _thickness(solid, x_m[cols], tilt, fan, rows, slit_m)
                result[SHARES[solid.material].index, rows, cols] += thickness
    return result


def _thickness(
    solid: Solid, x_m: FloatArray, tilt: FloatArray, fan: Fan, rows: slice, slit_m: float
) -> FloatImage:  # fmt: skip
    """(R, C) mass thickness of the solid in these rows, in grams of its basis material per cm2."""
    share = SHARES[solid.material].scale * solid.density * 100  # per metre of path
    cover = _cover(solid, x_m, slit_m)
    if solid.shape in ("block", "along") and solid.lean == 0:
        rays = slice(rows.start * _SUB_RAYS, rows.stop * _SUB_RAYS)
        path = _flat_path(solid, fan.heights[rays], fan.slopes[rays]).reshape(-1, _SUB_RAYS).mean(axis=1)
        thickness = (share * path).astype(np.float32)[:, np.newaxis] * cover.astype(np.float32)
        if solid.density > 0:
            _lighten_partly_covered(thickness, share * path, cover)
    else:
        mid = slice(rows.start * _SUB_RAYS + _SUB_RAYS // 2, rows.stop * _SUB_RAYS, _SUB_RAYS)
        path = _curved_path(solid, x_m, tilt, fan.heights[mid, np.newaxis], fan.slopes[mid, np.newaxis])
        thickness = (path * (share * cover)).astype(np.float32)
    return _patterned(thickness, solid, x_m, fan, rows)


def _cover(solid: Solid, x_m: FloatArray, slit_m: float) -> FloatArray:
    """(C,) how much of the slit the solid fills."""
    left, right = np.maximum(x_m - slit_m / 2, solid.x0), np.minimum(x_m + slit_m / 2, solid.x1)
    return np.clip((right - left) / slit_m, 0, 1)


def _lighten_partly_covered(thickness: FloatImage, full: FloatArray, cover: FloatArray) -> None:
    """Average transmission, not thickness, over a slit that a solid covers in part.

    A floor beam is 4 mm of web and 2.3 m deep: it blackens a third of a 12 mm slit, which is not the same as
    0.8 m of steel over all of it.
    """
    if _TYPICAL_CM2_G * full.max() > _THIN:
        cols = np.flatnonzero((cover > 0) & (cover < 1 - 1e-6))
        dark = -np.expm1(-_TYPICAL_CM2_G * full).astype(np.float32)
        thickness[:, cols] = -np.log1p(-cover[cols].astype(np.float32) * dark[:, np.newaxis]) / _TYPICAL_CM2_G


def _patterned(thickness: FloatImage, solid: Solid, x_m: FloatArray, fan: Fan, rows: slice) -> FloatImage:
    """The thickness with the solid's pattern on it, as it lies in the solid's middle."""
    if isinstance(solid.pattern, Corrugation):
        thickness *= solid.pattern.sample(x_m - solid.x0)
    elif isinstance(solid.pattern, Texture):
        rays = slice(rows.start * _SUB_RAYS, rows.stop * _SUB_RAYS, _SUB_RAYS)
        up = fan.heights[rays] + fan.slopes[rays] * (solid.y0 + solid.y1) / 2 - solid.z0
        thickness *= solid.pattern.sample(x_m - solid.x0, up)
    return thickness


def _flat_path(solid: Solid, height: FloatArray, slope: FloatArray) -> FloatArray:
    """(R,) path in metres through a section that is the same at every x."""
    if solid.shape == "block":
        return _through_rectangle(height, slope, solid.y0, solid.y1, solid.z0, solid.z1)
    return _through_ellipse(height, slope, solid, 1.0)


def _curved_path(solid: Solid, x_m: FloatArray, tilt: FloatArray, height: FloatArray, slope: FloatArray) -> FloatArray:
    """(R, C) path in metres through a section that changes along x."""
    if solid.shape == "block":
        return _through_rectangle(height, slope, solid.y0, solid.y1, solid.z0 + tilt, solid.z1 + tilt)
    across = (2 * x_m - solid.x0 - solid.x1) / (solid.x1 - solid.x0)
    part = np.sqrt(np.clip(1 - across**2, 1e-9, 1))
    if solid.shape == "ellipsoid":
        return _through_ellipse(height, slope, solid, part)
    if solid.shape == "upright":
        middle, half = (solid.y0 + solid.y1) / 2, (solid.y1 - solid.y0) / 2 * part
        return _through_rectangle(height, slope, middle - half, middle + half, solid.z0, solid.z1)
    middle, half = (solid.z0 + solid.z1) / 2, (solid.z1 - solid.z0) / 2 * part
    return _through_rectangle(height, slope, solid.y0, solid.y1, middle - half, middle + half)


def _through_rectangle(
    height: FloatArray, slope: FloatArray,
    y0: FloatArray | float, y1: FloatArray | float, z0: FloatArray | float, z1: FloatArray | float,
) -> FloatArray:  # fmt: skip
    at_z0, at_z1 = (z0 - height) / slope, (z1 - height) / slope
    enter = np.maximum(np.minimum(at_z0, at_z1), y0)
    leave = np.minimum(np.maximum(at_z0, at_z1), y1)
    return np.asarray(np.maximum(leave - enter, 0) * np.sqrt(1 + slope**2), dtype=np.float64)


def _through_ellipse(height: FloatArray, slope: FloatArray, solid: Solid, part: FloatArray | float) -> FloatArray:
    half_y, half_z = (solid.y1 - solid.y0) / 2 * part, (solid.z1 - solid.z0) / 2 * part
    above = height + slope * (solid.y0 + solid.y1) / 2 - (solid.z0 + solid.z1) / 2
    square = 1 / half_y**2 + (slope / half_z) ** 2
    inside = square - (above / (half_y * half_z)) ** 2  # the discriminant, (B/2)^2 - A C
    return np.asarray(2 * np.sqrt(np.maximum(inside, 0)) / square * np.sqrt(1 + slope**2), dtype=np.float64)
