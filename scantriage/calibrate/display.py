"""Display exports: 8-bit grey as relative transmission, as far as it goes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.robust import robust_sd
from scantriage.calibrate.air import drift
from scantriage.calibrate.blocks import coarse_view
from scantriage.calibrate.dead import DeadLines, bridge_rows, dead_lines
from scantriage.errors import UnreadableScan
from scantriage.scan.image import FloatImage, ScanImage
from scantriage.scan.quality import Flag

_DEPTHS = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)  # tops of the grey scales that exports use
_CLIP = 1.5 / 255  # of full scale, at both ends: JPEG moves a clipped pixel by a level
# Attenuation that clipped white may hide: two walls take 0.14. It is alike in all white pixels, so no mean over a cell
# or a window knows it better, though as their noise is counted such a mean does: hence seven times as much.
_HIDDEN = 1.0
_LAG = 2  # columns; exports are resampled, so that neighbours share noise
_N_LEVELS = 32  # of grey, for which noise is measured


def calibrate_display(pixels: NDArray[Any]) -> tuple[ScanImage, tuple[Flag, ...]]:
    """Relative attenuation -ln(grey / white) of a display export, and its weaknesses.

    pixels: (E, R, C) grey levels, open beam white, or black: then inverted here. Clipped white has attenuation 0, for
    next to nothing is there; clipped black is not penetrated. UnreadableScan when no column shows anything. penetrated
    is that of the first plane.
    """
    planes = [_upright(np.asarray(plane, np.float32)) for plane in pixels]
    lines = [dead_lines(plane, dark=0.0) for plane in planes]
    dead = DeadLines(
        rows=np.logical_or.reduce([line.rows for line in lines]),
        cols=_widen(np.logical_and.reduce([line.cols for line in lines])),
    )
    if dead.cols.all() or dead.rows.all():
        raise UnreadableScan("The image shows no signal in any row, so nothing can be seen in it.")
    valid = ~(dead.rows[:, None] | dead.cols)
    attenuation, variance = np.empty(pixels.shape, np.float32), np.empty(pixels.shape, np.float32)
    for energy, grey in enumerate(planes):
        attenuation[energy], variance[energy] = _relative(bridge_rows(grey, dead.rows), padding=dead.cols)
    black = planes[0] < _CLIP
    image = ScanImage(attenuation, variance, valid, np.asarray(~black), "relative_attenuation")
    seen = ~dead.cols
    flags = {
        Flag.UNCALIBRATED: True,
        Flag.DEAD_ROWS: bool(dead.rows.any()),
        Flag.CLIPPED: bool(np.mean((black | (planes[0] >= 1 - _CLIP))[:, seen]) > 1e-3),
    }
    return image, tuple(flag for flag, holds in flags.items() if holds)


def _upright(grey: FloatImage) -> FloatImage:
    """Grey as a part of full scale with the open beam bright, inverted where the site shows it dark."""
    high = float(grey.max())
    scaled = grey / np.float32(next((depth for depth in _DEPTHS if depth >= high), high))
    return 1 - scaled if _is_inverted(scaled) else scaled


def _is_inverted(grey: FloatImage) -> bool:
    """Whether the upper rim, which shows air above the vehicle, is nearer to the dark end than to the bright one.

    Only columns with something in them count: padding of one level, which dead rows may cross, does not.
    """
    low, high = np.quantile(grey, (0.05, 0.95), axis=0)
    seen = np.flatnonzero(high - low > 0.1)
    if seen.size == 0:
        return False
    rim = grey[: max(1, grey.shape[0] // 50), seen]
    low, high = np.quantile(grey[::4, seen], (0.02, 0.98))
    return bool(high - np.quantile(rim, 0.75) > np.quantile(rim, 0.25) - low)


def _widen(padding: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Padding with the columns beside it: JPEG smears a sharp border over its block of 8 pixels."""
    wide = cv2.dilate(padding.astype(np.uint8).reshape(1, -1), np.ones((1, 7), np.uint8)).ravel() > 0
    return np.asarray(wide)


def _relative(grey: FloatImage, *, padding: NDArray[np.bool_]) -> tuple[FloatImage, FloatImage]:
    """Relative attenuation and its variance; 0 where white is clipped and in padding."""
    inside = grey[:, ~padding]
    white = _white(inside)
    coarse = drift(coarse_view(inside / white))
    level = np.full(padding.size, white, np.float32)
    level[~padding] *= cv2.resize(coarse.reshape(1, -1), (inside.shape[1], 1)).ravel()
    floored = np.maximum(grey, np.float32(_CLIP))
    attenuation = cv2.log(np.minimum(level, 1) / floored)
    clipped = grey >= 1 - _CLIP
    attenuation[clipped] = 0
    attenuation[:, padding] = 0
    variance = _noise_variance(inside, floored) / (floored * floored)
    variance[clipped] = _HIDDEN**2
    return attenuation, variance


def _white(grey: FloatImage) -> float:
    """Grey of the open beam: the commonest level of the brightest fifth of the scale; else the brightest seen."""
    levels = np.bincount((grey[::2, ::2].ravel() * 255 + 0.5).astype(np.intp).clip(0, 255), minlength=256)
    bright = levels[204:]
    if bright.sum() > 0.02 * levels.sum():
        return float(204 + np.argmax(bright)) / 255
    return float(np.quantile(grey, 0.98))


def _noise_variance(inside: FloatImage, grey: FloatImage) -> FloatImage:
    """(R, C) variance of each grey level, from how pixels of that level differ from those beside them."""
    rows = inside[:: max(1, inside.shape[0] // 128)]
    middle = rows[:, _LAG:-_LAG]
    change = middle - 0.5 * (rows[:, : -2 * _LAG] + rows[:, 2 * _LAG :])
    place = np.minimum((middle * _N_LEVELS).astype(np.intp), _N_LEVELS - 1)
    spreads = [robust_sd(change[place == level]) for level in range(_N_LEVELS)]
    known = np.nan_to_num(np.array(spreads)) ** 2 / 1.5 + 1 / 12 / 255**2
    table = np.asarray(np.interp(np.arange(256) / 255, (np.arange(_N_LEVELS) + 0.5) / _N_LEVELS, known), np.float32)
    return np.asarray(cv2.LUT((grey * 255).clip(0, 255).astype(np.uint8), table), np.float32)
