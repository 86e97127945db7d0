"""Dose of each pulse and wobble of the beam, column by column, from the open beam in that column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.arrays.robust import FloatArray, clipped_mean_sd, fill_gaps, robust_sd, running_median, thin
from scantriage.calibrate.air import FloatLine
from scantriage.calibrate.wobble import heights, wobble
from scantriage.scan.image import FloatImage


@dataclass(frozen=True, slots=True, eq=False)
class Pulses:
    """What changes from pulse to pulse, (C,) each.

    dose: factor on the gain, median 1. tilt: how much the factor rises from mid height to the lowest row,
    as a part of the dose. variance: of the dose, as far as it is not known.
    """

    dose: FloatLine
    tilt: FloatLine
    variance: FloatLine

    @property
    def by_height(self) -> FloatImage:
        """(2, C) what a gain of one shows at mid height, and how much more at the lowest row."""
        return np.stack([self.dose, self.dose * self.tilt])


def air_moments(air: FloatImage) -> FloatImage:
    """(3, C) of each column's air: number of pixels, sum of their heights, sum of the heights squared.

    air: (R, C) 1 where open beam, else 0.
    """
    height = heights(air.shape[0])
    return np.asarray(np.stack([np.ones_like(height), height, height**2]) @ air)


def measure_pulses(lit: FloatImage, *, gain: FloatLine, moments: FloatImage) -> Pulses:
    """Dose and tilt of each pulse by weighted least squares over the open beam in its column.

    lit: (R, C) counts above dark in air, 0 elsewhere. gain: (R,). moments: of the air, see `air_moments`.
    A column with little air is drawn towards its neighbours' dose by as much as its own would be noise (a
    Gaussian prior with the pulses' own spread); one without any takes their dose, and the pulses' spread as
    its variance. So one that sees air only above the roof is not misled by the tilt there.
    """
    height = heights(gain.size)
    n_air, lever, lever2 = moments
    total, moment = np.stack([1 / gain, height / gain]) @ lit
    trend = running_median(fill_gaps(total / np.maximum(n_air, 1), n_air > 0), 25)
    pixel_variance = _pixel_variance(lit, gain=gain, dose=trend)
    excess, excess_moment = total / trend - n_air, moment / trend - lever
    shrink = pixel_variance / max(_spread(excess, n_air, pixel_variance), 1e-3 * pixel_variance)
    tilt, tilt_variance = wobble(
        information=(lever2 - lever**2 / (n_air + shrink)) / pixel_variance,
        score=(excess_moment - lever * excess / (n_air + shrink)) / pixel_variance,
    )
    dose = trend * (1 + (excess - tilt * lever) / (n_air + shrink))
    unknown = pixel_variance / (n_air + shrink) + tilt_variance * float(np.mean(height**2))
    return Pulses(_line(dose / np.median(dose)), _line(tilt), _line(unknown))


def _line(values: FloatArray) -> FloatLine:
    return np.asarray(values, np.float32)


def _spread(excess: FloatArray, n_air: FloatArray, pixel_variance: float) -> float:
    """Variance of the pulses' doses about their trend, from the columns with more air than most."""
    rich = n_air >= max(1.0, float(np.quantile(n_air[n_air > 0], 0.5)))
    found = robust_sd(excess[rich] / n_air[rich]) ** 2
    return max(found - float(np.median(pixel_variance / n_air[rich])), 0.0)


def _pixel_variance(lit: FloatImage, *, gain: FloatLine, dose: FloatArray) -> float:
    """Relative variance of one air pixel, from some 64 rows."""
    step = max(1, gain.size // 64)
    ratio = lit[::step] / (gain[::step, None] * dose.astype(np.float32))
    return max(clipped_mean_sd(thin(ratio[ratio > 0], 20_000))[1] ** 2, 1e-9)
