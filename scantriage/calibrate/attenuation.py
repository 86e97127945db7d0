"""Raw counts, or the grey of a display export, to attenuation with variance and validity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.calibrate.beam import OpenBeam, find_open_beam
from scantriage.calibrate.dark import estimate_dark
from scantriage.calibrate.dead import DeadLines, bridge_rows, dead_lines, odd_pixels
from scantriage.calibrate.display import relative_attenuation
from scantriage.calibrate.noise import CountNoise, count_noise
from scantriage.errors import UnreadableScan
from scantriage.scan.image import BoolImage, FloatImage, ScanImage
from scantriage.scan.quality import Flag
from scantriage.scan.record import ScanKind

_BLIND_VARIANCE = 1.0  # of an attenuation that is only a lower bound


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """A calibrated scan and its weaknesses."""

    image: ScanImage
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """One energy, calibrated: (R, C) each."""

    attenuation: FloatImage
    variance: FloatImage
    valid: BoolImage
    penetrated: BoolImage
    beam: OpenBeam


def calibrate(pixels: NDArray[Any], *, kind: ScanKind, dark_level: float | None) -> Calibrated:
    """Attenuation of a scan from its own pixels alone.

    pixels: (E, R, C) counts, or grey levels of a display export; highest energy first; left alone.
    dark_level: counts without beam; None where not delivered. UnreadableScan when the image is empty,
    constant, all dark or all saturated; ValueError when it is not (E, R, C).

    valid is False where any energy measured nothing, penetrated where the highest energy saw too little;
    attenuation there is the largest that can be told. Where not valid, pixels are bridged from neighbours.
    """
    if pixels.ndim != 3 or 0 in pixels.shape:
        raise ValueError(f"pixels must be (E, R, C) and not empty, got {pixels.shape}")
    finite = _refuse_hopeless(pixels)
    if kind == "display":
        image, flags = relative_attenuation(pixels)
        return Calibrated(image, flags)
    return _calibrate_counts(finite, dark_level=dark_level)


def _refuse_hopeless(pixels: NDArray[Any]) -> NDArray[Any]:
    """The pixels, with NaN and infinities as 0; UnreadableScan when nothing can be seen in them."""
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        pixels = np.nan_to_num(pixels, nan=0.0, posinf=0.0, neginf=0.0)
    for plane in pixels:
        low, high = float(plane.min()), float(plane.max())
        if low == high:
            what = "zero" if low == 0 else f"{low:g}"
            raise UnreadableScan(f"The image is {what} everywhere, so nothing can be seen in it.", level=low)
        top = float(np.iinfo(plane.dtype).max) if plane.dtype.kind == "u" else high
        if np.mean(plane == top) > 0.98:
            raise UnreadableScan("The image is saturated almost everywhere, so nothing can be seen in it.", level=top)
        if np.mean(plane == low) > 0.98:
            raise UnreadableScan("The image is dark almost everywhere, so nothing can be seen in it.", level=low)
    return pixels


def _calibrate_counts(pixels: NDArray[Any], *, dark_level: float | None) -> Calibrated:
    counts = [np.asarray(plane, np.float32) for plane in pixels]
    dark = estimate_dark(counts[0]) if dark_level is None else dark_level
    lines = [dead_lines(plane, dark=dark) for plane in counts]
    rows = np.logical_or.reduce([line.rows for line in lines])
    cols = np.logical_or.reduce([line.cols for line in lines])
    if rows.all() or cols.all():
        raise UnreadableScan("The image shows no signal in any row, so nothing can be seen in it.")
    dead = DeadLines(rows=rows, cols=cols)
    planes = [_calibrate_plane(plane, dark=dark, dead=dead) for plane in counts]
    clipped = _clipped(pixels)
    valid = np.logical_and.reduce([plane.valid for plane in planes]) & ~clipped
    flags = {
        Flag.DARK_ASSUMED: dark_level is None,
        Flag.NO_AIR: not planes[0].beam.has_air,
        Flag.DEAD_ROWS: bool(rows.any()),
        Flag.CLIPPED: bool(clipped[~rows].mean() > 1e-3),
    }
    image = ScanImage(
        pixels=np.stack([plane.attenuation for plane in planes]),
        variance=np.stack([plane.variance for plane in planes]),
        valid=valid,
        penetrated=planes[0].penetrated,
        quantity="attenuation",
    )
    return Calibrated(image, tuple(flag for flag, holds in flags.items() if holds))


def _clipped(pixels: NDArray[Any]) -> BoolImage:
    """(R, C) True where any energy stands at the top of its range (16 bits, or the scan's own ceiling)."""
    clipped = np.zeros(pixels.shape[1:], np.bool_)
    for plane in pixels:
        top = plane.max()
        at_top = plane == top
        if top == 65535 or at_top.sum() > max(16, 1e-5 * plane.size):
            clipped |= at_top
    return clipped


def _calibrate_plane(counts: FloatImage, *, dark: float, dead: DeadLines) -> _Plane:
    signal = bridge_rows(counts, dead.rows) - np.float32(dark)
    beam = find_open_beam(signal, padding=dead.cols)
    noise = count_noise(signal, open_beam=beam.level, air=beam.air, dark_noise=_dark_noise(counts, dead, dark))
    odd = odd_pixels(signal, variance_per_count=noise.per_count, floor_variance=noise.floor, dark=0.0)
    odd |= counts < 0.5 * dark
    signal = np.where(odd, cv2.medianBlur(signal, 3), signal)
    attenuation, variance = _log_transmission(signal, beam, noise)
    attenuation[:, dead.cols] = 0
    valid = ~(odd | dead.rows[:, None] | dead.cols)
    penetrated = cv2.blur(signal, (3, 3)) > noise.limit
    return _Plane(attenuation, variance, valid, np.asarray(penetrated), beam)


def _dark_noise(counts: FloatImage, dead: DeadLines, dark: float) -> float | None:
    """Standard deviation in unlit rows; None when every dead row is stuck at one value or lit."""
    rows = counts[dead.rows][:, ~dead.cols]
    spreads = [float(row.std()) for row in rows if abs(float(np.median(row)) - dark) < 5 * float(row.std())]
    return float(np.median(spreads)) if spreads else None


def _log_transmission(signal: FloatImage, beam: OpenBeam, noise: CountNoise) -> tuple[FloatImage, FloatImage]:
    """-ln(signal / open beam) and its variance; signals under the limit of penetration count as the limit."""
    floored = np.maximum(signal, np.float32(noise.limit))
    attenuation = -cv2.log(floored / beam.level)
    variance = (noise.per_count * floored + np.float32(noise.floor)) / (floored * floored) + beam.dose_variance
    variance[signal < noise.limit] = _BLIND_VARIANCE
    return np.asarray(attenuation, np.float32), np.asarray(variance, np.float32)
