"""The inside of one container, straightened: every column runs from roof to floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.container import ContainerFrame, ContainerSize
from scantriage.scan.geometry import CONTAINER_WIDTH_M, FanGeometry
from scantriage.scan.image import BoolImage, FloatImage, ScanImage

FloatArray = NDArray[np.floating[Any]]

# what stands in a size's place where neither manifest nor geometry tells: the commonest height, and a source
# 5.2 m away, between floor and roof in height, which shows the near wall 5.2 / (5.2 - 2.438 / 2) times as tall
_USUAL_HEIGHT_M = 2.591
_USUAL_DISTANCE_M = 5.2

_LEVELS_KEPT, _COLS_KEPT = 160, 600  # 2 cm of a 40 ft container; columns up to twice as many


@dataclass(frozen=True, slots=True, eq=False)
class Interior:
    """A container's silhouette with roof and floor made level: K rows by M columns, outer edges included.

    attenuation: (K, M) float32, a lower bound where not usable. valid, usable: (K, M) bool, as in `ScanImage`.
    row_height_m: (K,) height of a row's slice of the mid plane across the beam. column_width_m: along the
    container. to_scale: whether the width is known and the whole container is in the scan, so that areas
    may be summed.
    """

    attenuation: FloatImage
    valid: BoolImage
    usable: BoolImage
    row_height_m: FloatArray
    column_width_m: float
    to_scale: bool

    @property
    def area_m2(self) -> FloatArray:
        """(K, 1) area of a pixel on the mid plane, across the beam."""
        return self.row_height_m[:, np.newaxis] * self.column_width_m


def interior_of(
    image: ScanImage,
    frame: ContainerFrame,
    *,
    size: ContainerSize | None,
    geometry: FanGeometry | None,
    column_pitch_mm: float | None,
) -> Interior:
    """Cut the container out of a scan and level its roof and floor.

    Every so many pixels, the nearest: what is sought here is 10 cm large, and mass is a sum over all of it.

    Parts of the frame outside the image are left out at the ends and not valid above and below.
    """
    n_rows, n_cols = image.shape
    first, last = max(int(frame.cols[0]), 0), min(round(frame.cols[1]), n_cols)
    step = max(1, (last - first) // _COLS_KEPT)
    cols = np.arange(first + step // 2, last, step)
    along = (cols + 0.5 - frame.cols[0]) / (frame.cols[1] - frame.cols[0])
    roof = frame.roof_rows[0] + (frame.roof_rows[1] - frame.roof_rows[0]) * along
    floor = frame.floor_rows[0] + (frame.floor_rows[1] - frame.floor_rows[0]) * along
    n_levels = min(max(round(float(np.mean(floor - roof))), 1), _LEVELS_KEPT)
    depth = (np.arange(n_levels) + 0.5) / n_levels
    rows = np.floor(roof + (floor - roof) * depth[:, np.newaxis]).astype(np.intp)
    inside = (rows >= 0) & (rows < n_rows)
    at = np.clip(rows, 0, n_rows - 1), np.broadcast_to(cols, rows.shape)
    # a frame counts in pixel edges, a geometry in row centres
    mid_rows = np.mean(roof) + np.mean(floor - roof) * depth - 0.5
    return Interior(
        attenuation=np.asarray(image.pixels[at]),
        valid=image.valid[at] & inside,
        usable=image.usable[at] & inside,
        row_height_m=_row_heights(mid_rows, n_rows=n_rows, size=size, geometry=geometry),
        column_width_m=step * _column_width(frame, size, column_pitch_mm),
        to_scale=(size is not None or column_pitch_mm is not None) and not (frame.cut_left or frame.cut_right),
    )


def _row_heights(
    rows: FloatArray, *, n_rows: int, size: ContainerSize | None, geometry: FanGeometry | None
) -> FloatArray:
    """Height of each row's slice, metres, shortened by the slant of its ray to what lies across the beam.

    Cargo spread evenly over the width is seen as large as on the mid plane, on average, so its mass is the
    integral over these slices; a slanted ray passes more of it by one over the cosine.
    """
    if geometry is None:
        magnification = _USUAL_DISTANCE_M / (_USUAL_DISTANCE_M - CONTAINER_WIDTH_M / 2)
        seen_m = (size.height_m if size else _USUAL_HEIGHT_M) * magnification
        return np.full(len(rows), seen_m / len(rows))
    step = (rows[-1] - rows[0]) / max(len(rows) - 1, 1)
    upper, lower = (geometry.heights(rows + shift * step, n_rows=n_rows) for shift in (-0.5, 0.5))
    rise = (upper + lower) / 2 - geometry.source_height_m
    return np.asarray((upper - lower) * geometry.source_distance_m / np.hypot(geometry.source_distance_m, rise))


def _column_width(frame: ContainerFrame, size: ContainerSize | None, column_pitch_mm: float | None) -> float:
    """Metres per column: the known length over the frame's, because the pitch that is claimed assumes the speed."""
    whole = not (frame.cut_left or frame.cut_right)
    if size is not None and whole:
        return size.length_m / (frame.cols[1] - frame.cols[0])
    if column_pitch_mm is not None:
        return column_pitch_mm / 1000
    height = float(np.mean(frame.floor_rows) - np.mean(frame.roof_rows))
    return (size.height_m if size else _USUAL_HEIGHT_M) / height
