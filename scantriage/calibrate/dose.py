"""Dose of each pulse and wobble of the beam, column by column, from the open beam in that column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from scantriage.arrays.robust import FloatArray, clipped_mean_sd, fill_gaps, robust_sd, running_median
from scantriage.calibrate.blocks import Air, Blocks, FloatLine, column_sums
from scantriage.calibrate.wobble import heights, wobble
from scantriage.scan.image import BoolImage, FloatImage

_SAMPLE = (64, 256)  # rows, columns: some 5,000 pixels of air tell a variance to 2 %


@dataclass(frozen=True, slots=True, eq=False)
class Pulses:
    """What changes from pulse to pulse, (C,) each.

    dose: factor on the gain, 1 on average. tilt: how much the factor rises from mid height to the lowest row,
    as a part of the dose. variance: of the dose, as far as it is not known.
    """

    dose: FloatLine
    tilt: FloatLine
    variance: FloatLine

    @property
    def by_height(self) -> FloatImage:
        """(2, C) what a gain of one shows at mid height, and how much more at the lowest row."""
        return np.stack([self.dose, self.dose * self.tilt])

    @classmethod
    def even(cls, n_cols: int) -> Self:
        """Pulses of one dose, without wobble."""
        return cls(np.ones(n_cols, np.float32), np.zeros(n_cols, np.float32), np.zeros(n_cols, np.float32))

    def spread(self, cols: BoolImage) -> Pulses:
        """These pulses at the True ones of more columns (C,), and even ones between."""
        pulses = Pulses.even(cols.size)
        pulses.dose[cols], pulses.tilt[cols], pulses.variance[cols] = self.dose, self.tilt, self.variance
        return pulses


def measure_pulses(blocks: Blocks, air: Air, *, correction: FloatArray) -> Pulses:
    """Dose and tilt of each pulse by weighted least squares over the open beam in its column.

    correction: (b,) by what the blocks' signal is to be multiplied.
    A column with little air is drawn towards its neighbours' dose by as much as its own would be noise (a
    Gaussian prior with the pulses' own spread); one without any takes their dose, and the pulses' spread as
    its variance. So one that sees air only above the roof is not misled by the tilt there.
    """
    n_air, lever, lever2 = (blocks.moments @ air.coarse)[:, blocks.col_of]
    total, moment = column_sums(blocks, air=air, weights=correction * blocks.moments[:2])
    trend = running_median(fill_gaps(total / np.maximum(n_air, 1), n_air > 0), 25)
    pixel_variance = _pixel_variance(blocks, air, correction=correction, dose=trend)
    excess, excess_moment = total / trend - n_air, moment / trend - lever
    shrink = pixel_variance / max(_spread(excess, n_air, pixel_variance), 1e-3 * pixel_variance)
    tilt, tilt_variance = wobble(
        information=(lever2 - lever**2 / (n_air + shrink)) / pixel_variance,
        score=(excess_moment - lever * excess / (n_air + shrink)) / pixel_variance,
    )
    dose = trend * (1 + (excess - tilt * lever) / (n_air + shrink))
    unknown = pixel_variance / (n_air + shrink) + tilt_variance * float(np.mean(heights(blocks.row_of.size) ** 2))
    return Pulses(_line(dose / dose.mean()), _line(tilt), _line(unknown))


def _line(values: FloatArray) -> FloatLine:
    return np.asarray(values, np.float32)


def _spread(excess: FloatArray, n_air: FloatArray, pixel_variance: float) -> float:
    """Variance of the pulses' doses about their trend, from the columns with more air than most."""
    rich = n_air >= max(1.0, float(np.quantile(n_air[n_air > 0], 0.5)))
    found = robust_sd(excess[rich] / n_air[rich]) ** 2
    return max(found - float(np.median(pixel_variance / n_air[rich])), 0.0)


def _pixel_variance(blocks: Blocks, air: Air, *, correction: FloatArray, dose: FloatArray) -> float:
    """Relative variance of one air pixel, from a sample of rows of blocks, whose means vary less by their rows."""
    rows, cols = (slice(None, None, max(1, n // most)) for n, most in zip(blocks.signal.shape, _SAMPLE, strict=True))
    if not air.wide[rows, cols].any():  # a corner of air that the sample misses
        rows = cols = slice(None)
    ratio = np.asarray(blocks.signal[rows, cols] * (correction[rows, np.newaxis] / dose[cols]), np.float32)
    spread = clipped_mean_sd(ratio[air.wide[rows, cols] > 0])[1]
    return max(spread**2 * float(np.median(blocks.n_rows)), 1e-9)
