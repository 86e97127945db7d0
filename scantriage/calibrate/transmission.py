"""Counts to attenuation, pixel by pixel, once open beam, veil and noise are known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scantriage.arrays.kernel import kernel
from scantriage.calibrate.blocks import Counts, FloatLine
from scantriage.calibrate.dose import Pulses
from scantriage.calibrate.noise import CountNoise
from scantriage.calibrate.scatter import Veil
from scantriage.calibrate.wobble import heights
from scantriage.scan.image import BoolImage, FloatImage

_BLIND_VARIANCE = np.float32(1.0)  # of an attenuation that is only a lower bound
_UNSURE = 0.15  # of the veil, as estimates of simulated scans differ from the truth
_STRIP = 32  # rows at a time, half a megabyte of a full scan: stays in the cache through all steps


@dataclass(frozen=True, slots=True, eq=False)
class CountModel:
    """What is known of a plane of counts.

    gain: (R,) counts above dark at a dose of 1. dark: counts without beam.
    """

    gain: FloatLine
    pulses: Pulses
    veil: Veil
    noise: CountNoise
    dark: float

    def __post_init__(self) -> None:
        if not self.gain.size == self.veil.at.size or not self.pulses.dose.size == self.veil.parts.shape[1]:
            raise ValueError(f"gain {self.gain.shape} and pulses {self.pulses.dose.shape} are of another scan")

    @property
    def by_row(self) -> FloatImage:
        """(R, 3) gain, gain times height, where among the veil's bands."""
        return np.stack([self.gain, self.gain * heights(self.gain.size), self.veil.at], axis=1)

    @property
    def by_col(self) -> FloatImage:
        """(3, C) dose, dose times tilt, variance of the dose."""
        return np.concatenate([self.pulses.by_height, self.pulses.variance[np.newaxis]])

    @property
    def levels(self) -> FloatLine:
        """(4,) dark, noise per count, noise without light, what is no scatter of the open beam."""
        return np.array([self.dark, self.noise.per_count, self.noise.floor, self.veil.clear], np.float32)


def log_transmission(counts: Counts, model: CountModel) -> tuple[FloatImage, FloatImage]:
    """(R, C) -ln(signal / open beam), both without scatter, and its variance.

    A signal under the limit of penetration (`penetrated`) counts as the limit. Half the variance of the noise is
    taken off: it raises the mean of -ln by that much, 1 % where little comes through.
    """
    by_row, by_col, levels, bands = model.by_row, model.by_col, model.levels, model.veil.parts
    attenuation, variance = np.empty(counts.shape, np.float32), np.empty(counts.shape, np.float32)
    for top in range(0, len(counts), _STRIP):
        strip = slice(top, top + _STRIP)
        part = attenuation[strip]
        _inverse_transmission(counts[strip], by_row[strip], by_col, bands, levels, part, variance[strip])
        cv2.log(part, dst=part)
    return attenuation, variance


def penetrated(counts: Counts, model: CountModel) -> BoolImage:
    """(R, C) where the mean of a pixel and its eight neighbours exceeds the limit; the border counts on beyond itself.

    The limit is the signal at which the standard deviation of its logarithm reaches one half. Below, -ln of a pixel
    is wrong by more than its noise allows for (12 % of bias).
    """
    return _penetrated(counts, model.by_row, model.by_col, model.veil.parts, model.levels)


@kernel
def _limit(hidden: np.float32, per_count: np.float32, floor: np.float32) -> np.float32:
    """Solves signal**2 = 4 * variance, for the variance of photons, those of the veil too, electronics and the veil."""
    unsure = np.float32(_UNSURE) * hidden
    spread: np.float32 = np.sqrt(per_count * per_count + per_count * hidden + floor + unsure * unsure)
    return np.float32(2) * (per_count + spread)


@kernel
def _between(bands: FloatImage, at: np.float32) -> tuple[FloatLine, FloatLine, np.float32]:
    """The bands of the veil above and below a row, and how far on from the upper one it lies."""
    return bands[int(at)], bands[min(int(at) + 1, len(bands) - 1)], at - np.float32(int(at))


@kernel
def _hidden(beam: np.float32, above: np.float32, below: np.float32, onward: np.float32) -> np.float32:
    """Counts of scatter under an open beam, of which the bands tell the parts."""
    return beam * (above + onward * (below - above))


@kernel
def _inverse_transmission(
    counts: Counts, by_row: FloatImage, by_col: FloatImage, bands: FloatImage, levels: FloatLine,
    inverse: FloatImage, variance: FloatImage,
) -> None:  # fmt: skip
    """Open beam over signal, less half the variance of its logarithm, and that variance; of a `CountModel`."""
    dark, per_count, floor, clear = levels[0], levels[1], levels[2], levels[3]
    dose, tilt, unknown = by_col[0], by_col[1], by_col[2]
    one, half = np.float32(1), np.float32(0.5)  # a whole number would make double precision of all
    for row in range(counts.shape[0]):
        line, ratio, spread = counts[row], inverse[row], variance[row]
        middle, lower = by_row[row, 0], by_row[row, 1]
        above, below, onward = _between(bands, by_row[row, 2])
        for col in range(line.size):
            beam = middle * dose[col] + lower * tilt[col]
            hidden = _hidden(beam, above[col], below[col], onward)
            signal = np.float32(line[col]) - dark - hidden
            limit = _limit(hidden, per_count, floor)
            relative = one / max(signal, limit)
            own = ((floor + per_count * hidden) * relative + per_count) * relative
            less = half * own
            shrunk = one - less * (one - less * (half - less * np.float32(1 / 6)))  # e ** -less to 1e-5: less < 1/8
            unsure = np.float32(_UNSURE) * hidden * relative
            ratio[col] = beam * clear * relative * shrunk
            spread[col] = _BLIND_VARIANCE if signal < limit else own + unsure * unsure + unknown[col]


@kernel
def _penetrated(
    counts: Counts, by_row: FloatImage, by_col: FloatImage, bands: FloatImage, levels: FloatLine
) -> BoolImage:
    dark, per_count, floor = levels[0], levels[1], levels[2]
    dose, tilt = by_col[0], by_col[1]
    n_rows, n_cols = counts.shape
    out = np.empty(counts.shape, np.bool_)
    column = np.empty(n_cols + 2, np.float32)
    for row in range(n_rows):
        above, line, below = counts[max(row - 1, 0)], counts[row], counts[min(row + 1, n_rows - 1)]
        for col in range(n_cols):
            column[col + 1] = np.float32(above[col]) + np.float32(line[col]) + np.float32(below[col])
        column[0], column[-1] = column[1], column[-2]
        middle, lower = by_row[row, 0], by_row[row, 1]
        upper, under, onward = _between(bands, by_row[row, 2])
        for col in range(n_cols):
            hidden = _hidden(middle * dose[col] + lower * tilt[col], upper[col], under[col], onward)
            limit = dark + hidden + _limit(hidden, per_count, floor)
            out[row, col] = column[col] + column[col + 1] + column[col + 2] > np.float32(9) * limit
    return out
