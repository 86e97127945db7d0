"""From a file to attenuation, as read by someone who has tifffile, OpenCV and the sidecar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from scantriage.pipeline.prepare import ScanSource
from scantriage.scan.container import ContainerFrame
from scantriage.scan.image import BoolImage, FloatImage

_DEAD = 0.2  # of the usual gain: a row below gives no signal
_FEWEST_AIR_ROWS = 8
_FLOOR = 1e-3  # of transmission; less is noise
_BLIND = 4e-3
_NO_NOISE = 1e-4  # relative variance in air below which it is that of grey levels


@dataclass(frozen=True, slots=True, eq=False)
class Transmission:
    """A scan over its open beam: (R, C) transmission, and the relative variance of one pixel in air."""

    pixels: FloatImage
    air_variance: float


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """The container alone, on a grid of its own. All (R, C); seen: False where too little came through."""

    attenuation: FloatImage
    variance: FloatImage
    seen: BoolImage


def transmission(source: ScanSource, *, plane: int, frame: ContainerFrame | None) -> Transmission:
    """Decode one page and divide by the air: of each row over the scan, of each column above the roof."""
    counts = _decode(source, plane)
    rows, cols = (max(1, length // 512) for length in counts.shape)
    dark = source.record.dark_level if source.record.kind == "raw" else 0.0
    if dark is None:
        sample = counts[::rows, ::cols]
        dark = float(min(np.quantile(sample, 0.001), 0.01 * sample.max()))
    signal = np.maximum(counts.astype(np.float32) - np.float32(dark), 1)
    gain = np.quantile(signal[:, ::cols], 0.99, axis=1).astype(np.float32)
    alive = gain > _DEAD * np.median(gain)
    if not alive.all():
        nearest = np.rint(np.interp(np.arange(len(gain)), np.flatnonzero(alive), np.flatnonzero(alive))).astype(int)
        signal, gain = signal[nearest], gain[nearest]
    signal *= 1 / gain[:, np.newaxis]
    roof = int(min(frame.roof_rows)) if frame else 0
    above = signal[: max(roof - roof // 8, _FEWEST_AIR_ROWS)]
    step = max(1, len(above) // 64)
    dose = np.median(above[::step], axis=0)
    dose = np.where(np.abs(dose / np.median(dose) - 1) < 0.1, dose, np.median(dose))  # a bracket, not a pulse
    signal *= (1 / dose).astype(np.float32)
    jump = np.diff(signal[: len(above) : step], axis=1)
    return Transmission(signal, max(float(np.median(np.abs(jump)) / 0.6745) ** 2 / 2, _NO_NOISE))


def crop(scan: Transmission, frame: ContainerFrame | None, *, shape: tuple[int, int], mirrored: bool) -> Crop:
    """The container's outline drawn to a grid of this shape, the tilt taken out."""
    outline = frame or ContainerFrame((0, scan.pixels.shape[1]), (0, 0), (scan.pixels.shape[0],) * 2)
    box = outline.box
    row0, col0 = max(box.row0, 0), max(box.col0, 0)
    part = scan.pixels[row0 : box.row1, col0 : box.col1]
    small = cv2.resize(part, shape[::-1], interpolation=cv2.INTER_AREA)
    scale = np.array([shape[1] / part.shape[1], shape[0] / part.shape[0]])
    (left, right), (roof, floor) = outline.cols, (outline.roof_rows, outline.floor_rows)
    corners = np.array([(left, roof[0]), (right, roof[1]), (right, floor[1]), (left, floor[0])]) - (col0, row0)
    onto = np.array([(0, 0), (shape[1], 0), shape[::-1], (0, shape[0])], dtype=np.float32)
    level = cv2.getPerspectiveTransform((corners * scale).astype(np.float32), onto[[1, 0, 3, 2]] if mirrored else onto)
    small = cv2.warpPerspective(small, level, shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    small = np.maximum(small, np.float32(_FLOOR))
    return Crop(-cv2.log(small), np.float32(scan.air_variance) / small, small > _BLIND)


def _decode(source: ScanSource, plane: int) -> NDArray[Any]:
    if source.path.suffix in (".jpg", ".jpeg"):
        return np.asarray(cv2.imread(str(source.path), cv2.IMREAD_GRAYSCALE))
    return np.asarray(tifffile.imread(source.path, key=plane))
