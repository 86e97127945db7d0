"""The open beam behind every pixel: row gain times pulse dose times wobble, from where the scan shows air."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.calibrate.air import BoolLine, FloatLine, air_mask, empty_columns, reaches_border, rough_gain, row_gain
from scantriage.calibrate.dose import measure_pulses, steady
from scantriage.scan.image import BoolImage, FloatImage

# of local transmission about 1, round by round: first the rough gain's errors and the dose's drift must fit in
_TOLERANCES = (0.08, 0.02, 0.02)


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
    Alternates between the air as the gains so far show it, the pulses' dose and tilt in it, and the rows'
    gain in it.
    """
    if padding.any():
        return _with_padding(find_open_beam(signal[:, ~padding], padding=padding[~padding]), padding)
    gain, open_rows = rough_gain(signal, empty_columns(signal))
    pulses = steady(signal.shape[1])
    level = pulses.over(gain)
    air = np.zeros(signal.shape, np.bool_)
    for tolerance in _TOLERANCES:
        air = air_mask(signal / level, tolerance=tolerance)
        weight = air.astype(np.float32)
        pulses = measure_pulses(signal, gain=gain, air=weight)
        gain = row_gain(signal, relative=pulses.over(np.ones_like(gain)), air=weight, rough=gain)
        level = pulses.over(gain)
    has_air = bool(open_rows.mean() > 0.5) and reaches_border(air)
    return OpenBeam(level=level, air=air, dose_variance=pulses.variance, has_air=has_air)


def _with_padding(beam: OpenBeam, padding: BoolLine) -> OpenBeam:
    """The open beam of the columns that are not padding, spread over all columns."""
    shape = (beam.level.shape[0], padding.size)
    level, air, variance = np.ones(shape, np.float32), np.zeros(shape, np.bool_), np.zeros(padding.size, np.float32)
    level[:, ~padding], air[:, ~padding], variance[~padding] = beam.level, beam.air, beam.dose_variance
    return OpenBeam(level=level, air=air, dose_variance=variance, has_air=beam.has_air)
