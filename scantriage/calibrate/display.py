"""Display exports: 8-bit grey as relative transmission, as far as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.robust import robust_sd
from scantriage.calibrate.air import BoolLine, drift, rough_gain
from scantriage.calibrate.blocks import FloatLine, coarse_view
from scantriage.calibrate.dead import bridge_rows, dead_lines
from scantriage.errors import UnreadableScan
from scantriage.scan.image import FloatImage, ScanImage
from scantriage.scan.quality import Flag

_DEPTHS = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)  # tops of the grey scales that exports use
_CLIP = 1.5 / 255  # of full scale, at both ends: JPEG moves a clipped pixel by a level
# Attenuation that clipped white may hide: two walls take 0.14. It is alike in all white pixels, so no mean over a cell
# or a window knows it better, though as their noise is counted such a mean does: hence seven times as much.
_HIDDEN = 1.0
_LAG = 2  # columns; exports are resampled, so that neighbours share noise
_WEAK = 0.75  # of white: modules of a detector differ by up to a quarter, an element that shows less is faulty
_STEPS = 1e3  # counts of white, where counts are asked for: a step of one is finer than any grey
_N_LEVELS = 32  # of grey, for which noise is measured


def calibrate_display(pixels: NDArray[Any]) -> tuple[ScanImage, tuple[Flag, ...]]:
    """Relative attenuation -ln(grey / white) of a display export, and its weaknesses.

    pixels: (R, C) grey levels, open beam white, or black: then inverted here. Clipped white has attenuation 0, for
    next to nothing is there; clipped black is not penetrated. UnreadableScan when no column shows anything.
    """
    grey = _upright(np.asarray(pixels, np.float32))
    lines = dead_lines(grey, dark=0.0)
    rows, cols = lines.rows, _widen(lines.cols)
    if cols.all() or rows.all():
        raise UnreadableScan("The image shows no signal in any row, so nothing can be seen in it.")
    beam = _open_beam(bridge_rows(grey, rows), padding=cols)
    rows = rows | beam.weak
    valid = ~(rows[:, None] | cols)
    attenuation, variance = _relative(bridge_rows(grey, rows), beam, padding=cols)
    black = grey < _CLIP
    image = ScanImage(attenuation, variance, valid, np.asarray(~black), "relative_attenuation")
    seen = ~cols
    flags = {
        Flag.UNCALIBRATED: True,
        Flag.DEAD_ROWS: bool(rows.any()),
        Flag.CLIPPED: bool(np.mean((black | (grey >= 1 - _CLIP))[:, seen]) > 1e-3),
    }
    return image, tuple(flag for flag, holds in flags.items() if holds)


@dataclass(frozen=True, slots=True, eq=False)
class _OpenBeam:
    """Grey of the open beam: (C,) of each column, and (R,) of each row as a part of it, 1 at the most."""

    level: FloatLine
    rows: FloatLine

    @property
    def weak(self) -> BoolLine:
        """(R,) rows that show too little of it to be told by what is left."""
        return np.asarray(self.rows < _WEAK)


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


def _relative(grey: FloatImage, beam: _OpenBeam, *, padding: BoolLine) -> tuple[FloatImage, FloatImage]:
    """Relative attenuation and its variance; 0 where white is clipped and in padding."""
    floored = np.maximum(grey, np.float32(_CLIP))
    rows = np.where(beam.weak, np.float32(1), beam.rows)  # those are bridged
    attenuation = cv2.log(np.minimum(beam.level, 1) * rows[:, np.newaxis] / floored)
    clipped = grey >= 1 - _CLIP
    attenuation[clipped] = 0
    attenuation[:, padding] = 0
    variance = _noise_variance(grey[:, ~padding], floored) / (floored * floored)
    variance[clipped] = _HIDDEN**2
    return attenuation, variance


def _open_beam(grey: FloatImage, *, padding: BoolLine) -> _OpenBeam:
    inside = grey[:, ~padding]
    white = _white(inside)
    level = np.full(padding.size, white, np.float32)
    level[~padding] *= cv2.resize(drift(coarse_view(inside / white)).reshape(1, -1), (inside.shape[1], 1)).ravel()
    return _OpenBeam(level, _row_levels(inside / level[~padding]))


def _white(grey: FloatImage) -> float:
    """Grey of the open beam: the commonest level of the brightest fifth of the scale; else the brightest seen."""
    levels = np.bincount((grey[::2, ::2].ravel() * 255 + 0.5).astype(np.intp).clip(0, 255), minlength=256)
    bright = levels[204:]
    if bright.sum() > 0.02 * levels.sum():
        return float(204 + np.argmax(bright)) / 255
    return float(np.quantile(grey, 0.98))


def _row_levels(inside: FloatImage) -> FloatLine:
    """(R,) white of each row as a part of all white, from the columns in which nothing stands; 1 where there are none.

    A viewer shows what its detector delivers: elements of less gain run through an export as dark lines, which would
    be taken for a roof.
    """
    gain, open_beam = rough_gain(inside * np.float32(_STEPS), dark=0.0)
    return np.minimum(gain / np.float32(_STEPS), 1) if open_beam.all() else np.ones_like(gain)


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
