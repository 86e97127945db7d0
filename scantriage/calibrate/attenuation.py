"""A scan as delivered to attenuation with variance and validity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.calibrate.counts import calibrate_counts
from scantriage.calibrate.display import calibrate_display
from scantriage.errors import UnreadableScan
from scantriage.scan.image import BoolImage, ScanImage
from scantriage.scan.quality import Flag
from scantriage.scan.record import ScanKind

_HOPELESS = 0.98  # of the pixels at one end of the range: an open beam without any vehicle has noise there
_UNIT_RANGE = 1.5  # floating-point scans that stay below are transmissions, not counts
_FULL_SCALE = 65535.0


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """A calibrated scan and its weaknesses.

    air: (R // n, C // n) True where the scan shows open beam, n being `block_size`; None for a display export, and
    where columns are dead.
    """

    image: ScanImage
    flags: tuple[Flag, ...]
    air: BoolImage | None


def calibrate(
    pixels: NDArray[Any], *, kind: ScanKind, dark_level: float | None, air: BoolImage | None = None
) -> Calibrated:
    """Attenuation of a scan at one energy, from its own pixels alone.

    pixels: (R, C) counts, or grey levels of a display export; left alone.
    dark_level: counts without beam; None where not delivered. air: of another energy of the scan, of which these are
    means over blocks; it is looked for where None. UnreadableScan when the image is constant, all
    dark or all saturated; ValueError when it is not (R, C).

    valid is False where nothing was measured, penetrated where too little came through:
    there the attenuation is a lower bound and its variance 1. What is not valid is bridged from its
    neighbours, and 0 in padding. All numbers are finite.
    """
    if pixels.ndim != 2 or 0 in pixels.shape:
        raise ValueError(f"pixels must be (R, C) and not empty, got {pixels.shape}")
    measured = np.isfinite(pixels) if pixels.dtype.kind == "f" else None
    if measured is not None and not measured.all():
        pixels = np.where(measured, pixels, 0)
    _refuse_hopeless(pixels)
    if kind == "display":
        (image, flags), air = calibrate_display(pixels), None
    else:
        scale = _FULL_SCALE if pixels.dtype.kind == "f" and pixels.max() < _UNIT_RANGE else 1.0
        dark = None if dark_level is None else dark_level * scale
        counts = pixels * np.float32(scale) if scale != 1 else pixels
        image, flags, air = calibrate_counts(counts, dark_level=dark, air=air)
    if measured is not None:
        image = ScanImage(image.pixels, image.variance, image.valid & measured, image.penetrated, image.quantity)
    return Calibrated(image, flags, air)


def _refuse_hopeless(pixels: NDArray[Any]) -> None:
    low, high = float(pixels.min()), float(pixels.max())
    if low == high:
        what = "zero" if low == 0 else f"{low:g}"
        raise UnreadableScan(f"The image is {what} everywhere, so nothing can be seen in it.", level=low)
    top = float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind == "u" else high
    some = pixels[:: max(1, len(pixels) // 128)]
    for level, word in ((top, "saturated"), (low, "dark")):
        if np.count_nonzero(some == level) > _HOPELESS * some.size:
            raise UnreadableScan(f"The image is {word} almost everywhere, so nothing can be seen in it.", level=level)
