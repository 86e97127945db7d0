"""The open beam behind every pixel: row gain times pulse dose times wobble, from where the scan shows air."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.calibrate.air import (
    BoolLine,
    FloatLine,
    coarse_view,
    drift,
    find_air,
    reaches_border,
    rough_gain,
    row_gain,
)
from scantriage.calibrate.dose import air_moments, measure_pulses
from scantriage.calibrate.wobble import heights
from scantriage.scan.image import BoolImage, FloatImage

_N_LOOKS = 2  # for air: the second finds it also where the dose drifted
_N_ROUNDS = 1  # of gains and pulses in turn, each look; a second one changed no residual by 0.1 %


@dataclass(frozen=True, slots=True, eq=False)
class OpenBeam:
    """What the detector would show with nothing in the beam.

    level: (R, C) counts above dark, 1 in padding. air: (R, C) bool, True where the scan shows open beam.
    dose_variance: (C,) relative variance of what is not known of a pulse's dose. has_air: False where no
    open beam was seen and the level is that of the brightest places.
    """

    level: FloatImage
    air: BoolImage
    dose_variance: FloatLine
    has_air: bool


def find_open_beam(signal: FloatImage, *, padding: BoolLine) -> OpenBeam:
    """The open beam of one energy.

    signal: (R, C) counts above dark, dead rows bridged. padding: (C,) bool, columns that measured nothing.
    """
    if padding.any():
        return _with_padding(find_open_beam(signal[:, ~padding], padding=padding[~padding]), padding)
    gain, open_rows = rough_gain(signal)
    coarse = coarse_view(signal / gain[:, None])
    air = find_air(coarse / drift(coarse), signal.shape)
    level, dose_variance = np.broadcast_to(gain[:, None], signal.shape), np.zeros(signal.shape[1], np.float32)
    for _ in range(_N_LOOKS):
        if not air.any():
            break
        gain, level, dose_variance = _refine(signal, gain=gain, air=air)
        air = find_air(coarse_view(signal / level), signal.shape)
    has_air = bool(open_rows.mean() > 0.5) and reaches_border(air)
    return OpenBeam(level=level, air=air, dose_variance=dose_variance, has_air=has_air)


def _refine(signal: FloatImage, *, gain: FloatLine, air: BoolImage) -> tuple[FloatLine, FloatImage, FloatLine]:
    """Pulses and row gains in turn, each measured in the air with the other known: gain, level, dose variance."""
    weight = air.astype(np.float32)
    lit = signal * weight
    flat, height = np.ones(signal.shape[1], np.float32), heights(gain.size)
    n_air, air_sums, moments = weight @ flat, lit @ flat, air_moments(weight)
    pulses = measure_pulses(lit, gain=gain, moments=moments)
    for _ in range(_N_ROUNDS):
        middle, lower = pulses.by_height @ weight.T
        gain = row_gain(air_sums, middle + height * lower, n_air=n_air, rough=gain)
        pulses = measure_pulses(lit, gain=gain, moments=moments)
    return gain, np.stack([gain, gain * height], axis=1) @ pulses.by_height, pulses.variance


def _with_padding(beam: OpenBeam, padding: BoolLine) -> OpenBeam:
    """The open beam of the columns that are not padding, spread over all columns."""
    shape = (beam.level.shape[0], padding.size)
    level, air, variance = np.ones(shape, np.float32), np.zeros(shape, np.bool_), np.zeros(padding.size, np.float32)
    level[:, ~padding], air[:, ~padding], variance[~padding] = beam.level, beam.air, beam.dose_variance
    return OpenBeam(level=level, air=air, dose_variance=variance, has_air=beam.has_air)
