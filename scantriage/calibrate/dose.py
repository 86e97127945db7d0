"""Dose of each pulse and wobble of the beam, column by column, from the open beam in that column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.arrays.robust import FloatArray, fill_gaps, robust_sd, running_median
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

    def over(self, gain: FloatLine) -> FloatImage:
        """(R, C) open beam in counts above dark: gain * dose * (1 + tilt * height), height -1 to 1 downwards."""
        by_row = np.stack([gain, gain * heights(gain.size)], axis=1)
        return np.asarray(by_row @ np.stack([self.dose, self.dose * self.tilt]), np.float32)


def steady(n_cols: int) -> Pulses:
    """Pulses of equal dose without wobble."""
    return Pulses(np.ones(n_cols, np.float32), np.zeros(n_cols, np.float32), np.zeros(n_cols, np.float32))


def measure_pulses(signal: FloatImage, *, gain: FloatLine, air: FloatImage) -> Pulses:
    """Dose and tilt of each pulse by weighted least squares over the open beam in its column.

    signal: (R, C) counts above dark. gain: (R,). air: (R, C) 1 where open beam, else 0.
    A column with little air is drawn towards its neighbours' dose by as much as its own would be noise (a
    Gaussian prior with the pulses' own spread); one without any takes their dose, and the pulses' spread as
    its variance. So one that sees air only above the roof is not misled by the tilt there.
    """
    n_rows, n_cols = signal.shape
    height = heights(n_rows)
    n_air, lever, lever2 = np.stack([np.ones(n_rows, np.float32), height, height**2]) @ air
    ratio = signal * air / gain[:, None]
    total, moment = np.stack([np.ones(n_rows, np.float32), height]) @ ratio
    seen = n_air > 0
    if not seen.any():
        return steady(n_cols)
    trend = running_median(fill_gaps(total / np.maximum(n_air, 1), seen), 25)
    pixel_variance = _pixel_variance(ratio, dose=trend, air=air)
    excess, excess_moment = total / trend - n_air, moment / trend - lever
    spread = _spread(excess, n_air, pixel_variance)
    shrink = pixel_variance / max(spread, 1e-3 * pixel_variance)
    tilt, tilt_variance = wobble(
        information=(lever2 - lever**2 / (n_air + shrink)) / pixel_variance,
        score=(excess_moment - lever * excess / (n_air + shrink)) / pixel_variance,
    )
    own = (excess - tilt * lever) / (n_air + shrink)
    dose = trend * (1 + own)
    unknown = pixel_variance / (n_air + shrink) + tilt_variance * float(np.mean(height**2))
    middle = np.median(dose)
    return Pulses(_line(dose / middle), _line(tilt), _line(unknown))


def _line(values: FloatArray) -> FloatLine:
    return np.asarray(values, np.float32)


def _spread(excess: FloatArray, n_air: FloatArray, pixel_variance: float) -> float:
    """Variance of the pulses' doses about their trend, from the columns with more air than most."""
    rich = n_air >= max(1.0, float(np.quantile(n_air[n_air > 0], 0.5)))
    found = robust_sd(excess[rich] / n_air[rich]) ** 2
    return max(found - float(np.median(pixel_variance / n_air[rich])), 0.0)


def _pixel_variance(ratio: FloatImage, *, dose: FloatArray, air: FloatImage) -> float:
    """Relative variance of one air pixel, from every 97th of them: a prime, so that no row is favoured."""
    rows, cols = np.unravel_index(np.flatnonzero(air)[::97], air.shape)
    return max(robust_sd(ratio[rows, cols] / dose[cols]) ** 2, 1e-9)
