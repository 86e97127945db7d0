"""Raw counts to attenuation, one energy after the other."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.calibrate.beam import OpenBeam, find_open_beam
from scantriage.calibrate.dark import dark_noise, estimate_dark
from scantriage.calibrate.dead import DeadLines, bridge_rows, dead_lines, mend_pixels, odd_pixels
from scantriage.calibrate.noise import CountNoise, count_noise
from scantriage.errors import UnreadableScan
from scantriage.scan.image import BoolImage, FloatImage, ScanImage
from scantriage.scan.quality import Flag

_BLIND_VARIANCE = 1.0  # of an attenuation that is only a lower bound
_CLIPPED_WORTH_A_FLAG = 1e-3  # of the pixels
_FULL_SCALE = 65535
_STRIP = 32  # rows at a time, half a megabyte of a full scan: stays in the cache through all steps


def calibrate_counts(pixels: NDArray[Any], *, dark_level: float | None) -> tuple[ScanImage, tuple[Flag, ...]]:
    """Attenuation of raw counts, and the scan's weaknesses.

    pixels: (E, R, C) finite counts. dark_level: counts without beam, estimated where None. UnreadableScan
    when no row or no column shows signal.
    """
    dark = estimate_dark(pixels[0]) if dark_level is None else dark_level
    dead = _dead_at_any(pixels, dark=dark)
    clipped = _clipped(pixels)
    valid = ~(clipped | dead.rows[:, None] | dead.cols)
    penetrated = np.ones_like(valid)
    attenuation, variance = np.empty(pixels.shape, np.float32), np.empty(pixels.shape, np.float32)
    has_air = True
    for energy in reversed(range(len(pixels))):  # the highest energy last: its penetration and air count
        counts = np.asarray(pixels[energy], np.float32)
        signal = bridge_rows(counts, dead.rows) - np.float32(dark)
        beam = find_open_beam(signal, padding=dead.cols)
        noise = count_noise(signal, beam=beam, dark_noise=dark_noise(counts[dead.rows][:, ~dead.cols], dark=dark))
        odd = odd_pixels(signal, noise=noise)
        signal = mend_pixels(signal, odd)
        _log_transmission(signal, beam, noise, into=(attenuation[energy], variance[energy]))
        valid &= counts >= 0.5 * dark  # half the dark level: tens of its noise away, a pixel that reads nothing
        valid.ravel()[odd] = False
        penetrated = cv2.blur(signal, (3, 3)) > noise.limit
        has_air = beam.has_air
    attenuation[:, :, dead.cols] = 0
    flags = {
        Flag.DARK_ASSUMED: dark_level is None,
        Flag.NO_AIR: not has_air,
        Flag.DEAD_ROWS: bool(dead.rows.any()),
        Flag.CLIPPED: bool(clipped[~dead.rows].mean() > _CLIPPED_WORTH_A_FLAG),
    }
    image = ScanImage(attenuation, variance, valid, np.asarray(penetrated), "attenuation")
    return image, tuple(flag for flag, holds in flags.items() if holds)


def _dead_at_any(pixels: NDArray[Any], *, dark: float) -> DeadLines:
    """Lines that are dead at any energy; UnreadableScan when none lives."""
    lines = [dead_lines(plane, dark=dark) for plane in pixels]
    rows = np.logical_or.reduce([line.rows for line in lines])
    cols = np.logical_or.reduce([line.cols for line in lines])
    if rows.all() or cols.all():
        raise UnreadableScan("The image shows no signal in any row, so nothing can be seen in it.")
    return DeadLines(rows=rows, cols=cols)


def _clipped(pixels: NDArray[Any]) -> BoolImage:
    """(R, C) True where any energy stands at the top of 16 bits, or at a ceiling of its own that many pixels reach."""
    clipped = np.zeros(pixels.shape[1:], np.bool_)
    for plane in pixels:
        top = plane.max()
        at_top = plane == top
        if top == _FULL_SCALE or np.count_nonzero(at_top) > max(16, 1e-4 * plane.size):
            clipped |= at_top
    return clipped


def _log_transmission(
    signal: FloatImage, beam: OpenBeam, noise: CountNoise, *, into: tuple[FloatImage, FloatImage]
) -> None:
    """Writes -ln(signal / open beam) and its variance; a signal under the limit of penetration counts as the limit.

    Half the variance is taken off: noise raises the mean of -ln by that much, 1 % where little comes through.
    """
    for top in range(0, signal.shape[0], _STRIP):
        rows = slice(top, top + _STRIP)
        seen, attenuation, variance = signal[rows], into[0][rows], into[1][rows]
        relative = 1 / cv2.max(seen, noise.limit)
        np.multiply(relative, np.float32(noise.floor), out=variance)
        variance += np.float32(noise.per_count)
        variance *= relative
        cv2.log(beam.level[rows] * relative, dst=attenuation)
        attenuation -= np.float32(0.5) * variance
        variance += beam.dose_variance
        variance[seen < noise.limit] = _BLIND_VARIANCE
