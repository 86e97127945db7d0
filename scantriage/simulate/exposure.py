"""Scene, scanner and passage to transmission without noise, and boxes of solids in the pixels of a scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.scan.geometry import PixelBox
from scantriage.simulate.fan import Fan, packed, project
from scantriage.simulate.passage import Passage
from scantriage.simulate.scanner import ScannerModel
from scantriage.simulate.solids import Solid
from scantriage.simulate.through import Solids

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

_STRIP_COLS = 512
_STRIP_RISE_M = 0.012  # within a strip the fan stands still and the rest is resampled: parallax off by 3 mm at most
_SEEN_G_CM2 = 0.05  # a quarter of a per cent of the beam


def exposures(solids: Sequence[Solid], scanner: ScannerModel, passage: Passage) -> Iterator[FloatImage]:
    """Yield (R, C) transmission for each energy, highest first, without blur, scatter or noise.

    With two energies the pulses alternate: a column of the second is taken half a column later.
    """
    scene = packed(solids)
    for index, beam in enumerate(scanner.beams):
        x_m = passage.x_m + passage.step_m * index / len(scanner.beams)
        result = np.empty((scanner.n_rows, len(x_m)), dtype=np.float32)
        for cols, thickness in _thicknesses(scene, scanner, passage, x_m):
            result[:, cols] = _levelled(beam.transmission(thickness), scanner, passage.raised_m[cols])
        yield result


def mass_thickness(solids: Sequence[Solid], scanner: ScannerModel, passage: Passage) -> FloatImage:
    """(R, C) mass thickness of these solids alone along the rays of the first energy, g/cm2."""
    result = np.empty((scanner.n_rows, len(passage.x_m)), dtype=np.float32)
    for cols, thickness in _thicknesses(packed(solids), scanner, passage, passage.x_m):
        result[:, cols] = _levelled(thickness.sum(axis=0), scanner, passage.raised_m[cols])
    return result


def box_of(solids: Sequence[Solid], scanner: ScannerModel, passage: Passage) -> PixelBox | None:
    """The smallest box around where these solids show in the scan; None where they lie outside it."""
    seen = mass_thickness(solids, scanner, passage) > _SEEN_G_CM2
    rows, cols = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if len(rows) == 0:
        return None
    return PixelBox(int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1)


def _thicknesses(
    solids: Solids, scanner: ScannerModel, passage: Passage, x_m: FloatArray
) -> Iterator[tuple[slice, FloatImage]]:
    """Yield strips of columns and the (B, R, C) mass thickness of the basis materials in them."""
    slit = max(scanner.slit_m, 0.8 * scanner.pitch_m)
    side = passage.source_y_sign(scanner.geometry.source_side)
    for cols in _strips(passage.raised_m):
        fan = Fan.of(
            scanner.geometry, n_rows=scanner.n_rows, source_y_sign=side,
            raised_m=_middle(passage.raised_m[cols]), aside_m=passage.aside_m,
        )  # fmt: skip
        if passage.doors_first:
            yield cols, project(solids, x_m[cols][::-1], fan, slit_m=slit)[:, :, ::-1]
        else:
            yield cols, project(solids, x_m[cols], fan, slit_m=slit)


def _strips(raised_m: FloatArray) -> Iterator[slice]:
    start, low, high = 0, raised_m[0], raised_m[0]
    for col, raised in enumerate(raised_m):
        low, high = min(low, raised), max(high, raised)
        if high - low > 2 * _STRIP_RISE_M or col - start >= _STRIP_COLS:
            yield slice(start, col)
            start, low, high = col, raised, raised
    yield slice(start, len(raised_m))


def _middle(raised_m: FloatArray) -> float:
    return float(raised_m.min() + raised_m.max()) / 2


def _levelled(image: FloatImage, scanner: ScannerModel, raised_m: FloatArray) -> FloatImage:
    """The strip with every column at its own height above the road, not at the strip's."""
    image = np.ascontiguousarray(image)
    higher = raised_m - _middle(raised_m)
    if np.abs(higher).max() < 2e-4:
        return image
    n_rows, n_cols = image.shape
    heights = scanner.geometry.heights(np.arange(n_rows, dtype=np.float64), n_rows=n_rows)
    rows = np.arange(n_rows)[:, np.newaxis] + higher / -np.gradient(heights)[:, np.newaxis]
    cols = np.broadcast_to(np.arange(n_cols, dtype=np.float32), (n_rows, n_cols))
    return np.asarray(
        cv2.remap(image, cols, rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.float32,
    )
