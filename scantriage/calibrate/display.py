"""Display exports: 8-bit grey as relative transmission, as far as it goes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.robust import robust_sd
from scantriage.calibrate.dead import bridge_rows, dead_lines
from scantriage.errors import UnreadableScan
from scantriage.scan.image import BoolImage, FloatImage, ScanImage
from scantriage.scan.quality import Flag


def relative_attenuation(pixels: NDArray[Any]) -> tuple[ScanImage, tuple[Flag, ...]]:
    """Relative attenuation -ln(grey / white) of a display export, and its weaknesses.

    pixels: (1, R, C) grey levels, white where the beam is open, or the other way round. Clipped white is not
    valid and has attenuation 0 (no more than about that can be told); clipped black is not penetrated.
    """
    grey = np.asarray(pixels[0], np.float32)
    top = _ceiling(pixels)
    padding = np.asarray(grey.max(axis=0) == grey.min(axis=0))
    if padding.all():
        raise UnreadableScan("The image is the same from top to bottom everywhere, so nothing can be seen in it.")
    if _is_inverted(grey[:, ~padding], top=top):
        grey = top - grey
    white = max(float(np.quantile(grey[:, ~padding][::4, ::4], 0.98)), 0.5 * top)
    dead = dead_lines(grey, dark=0.0).rows
    bridged = bridge_rows(grey, dead)
    noise = _grey_noise(bridged[:, ~padding], top=top)
    black = 1.5 * top / 255
    floored = np.clip(bridged, black, white)
    attenuation = -cv2.log(floored / white)
    attenuation[:, padding] = 0
    clipped = bridged >= white
    valid = ~(clipped | dead[:, None] | padding)
    image = ScanImage(
        pixels=attenuation[None],
        variance=((noise / floored) ** 2)[None].astype(np.float32),
        valid=valid,
        penetrated=_above(bridged, black),
        quantity="relative_attenuation",
    )
    flags = {
        Flag.UNCALIBRATED: True,
        Flag.DEAD_ROWS: bool(dead.any()),
        Flag.CLIPPED: bool(np.mean((grey >= top) | (grey <= 0)) > 1e-3),
    }
    return image, tuple(flag for flag, holds in flags.items() if holds)


def _ceiling(pixels: NDArray[Any]) -> float:
    """The brightest grey the export can hold: 255, or its own maximum where that is more."""
    return max(255.0, float(pixels.max()))


def _is_inverted(grey: FloatImage, *, top: float) -> bool:
    """Whether open beam is shown dark: the rows above the container decide, a fifth of the image at most."""
    above = grey[: max(1, grey.shape[0] // 50)]
    return float(np.median(above)) < 0.4 * top


def _grey_noise(grey: FloatImage, *, top: float) -> float:
    """Standard deviation of a grey level: local noise where it is not clipped, and rounding."""
    inside = (grey > 0.05 * top) & (grey < 0.95 * top)
    high_pass = (grey - cv2.blur(grey, (3, 3)))[inside]
    rounding = top / 255 / np.sqrt(12)
    noise = robust_sd(high_pass[:: max(1, high_pass.size // 100_000)]) if high_pass.size > 100 else 0.0
    return float(np.hypot(noise * np.sqrt(9 / 8), rounding))


def _above(grey: FloatImage, black: float) -> BoolImage:
    return np.asarray(grey > black)
