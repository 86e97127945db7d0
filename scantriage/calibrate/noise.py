"""How noisy the counts are, measured in the scan's own open beam and in its darkest places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.arrays.robust import FloatArray, clipped_mean_sd
from scantriage.calibrate.beam import OpenBeam
from scantriage.calibrate.blocks import Counts, Places
from scantriage.scan.image import BoolImage

_LAG = 8  # columns between two pixels compared: noise is correlated along travel, 0.63 at lag 1 on a real scan
_FEWEST = 200  # pairs; gives a variance to 10 %
_MOST = 20_000  # pairs; gives a variance to 1 %
_ROUNDING = 1 / 12  # variance of rounding to whole counts


@dataclass(frozen=True, slots=True)
class CountNoise:
    """Variance of a pixel's counts: per_count * signal + floor, in counts squared."""

    per_count: float
    floor: float


def count_noise(counts: Counts, *, dark: float, beam: OpenBeam, dark_noise: float | None) -> CountNoise:
    """Noise of the counts from pairs of pixels `_LAG` columns apart, so that structure and drift cancel.

    counts: (R, C). dark: counts without beam; dark_noise: their standard deviation seen in unlit rows; None when
    there are none: then taken from the darkest pixels, and when there are none of these either, one
    ten-thousandth of the open beam.
    """
    rows = np.arange(0, counts.shape[0], max(1, counts.shape[0] // 128))
    signal = counts[rows].astype(np.float32) - np.float32(dark)
    level = float(np.median(beam.gain) * np.median(beam.pulses.dose))
    row, col = _pairs(beam.air_in(rows))
    first, second = (signal[row, place] / beam.level(rows[row], place) for place in (col, col + _LAG))
    per_count = _half_variance(second - first) * level
    if not np.isfinite(per_count):
        per_count = level / 8000  # field: about 8,000 quanta in air
    if dark_noise is None:
        unlit = signal < 0.003 * level
        row, col = _pairs(unlit)
        variance = _half_variance(signal[row, col + _LAG] - signal[row, col])
        below = float(signal[unlit].mean()) if unlit.any() else 0.0
        floor = variance - per_count * max(below, 0) if np.isfinite(variance) else (1e-4 * level) ** 2
    else:
        floor = dark_noise**2
    return CountNoise(per_count=per_count, floor=max(floor, _ROUNDING))


def _pairs(chosen: BoolImage) -> tuple[Places, Places]:
    """Row and column of pixels that are chosen as is the one `_LAG` columns on; at most about `_MOST`."""
    both = chosen[:, _LAG:] & chosen[:, :-_LAG]
    places = np.flatnonzero(both)
    places = places[:: max(1, places.size // _MOST)]
    row, col = np.divmod(places, max(1, both.shape[1]))
    return row, col


def _half_variance(difference: FloatArray) -> float:
    """Half the variance of differences, which is that of either pixel; NaN with too few of them."""
    return clipped_mean_sd(difference)[1] ** 2 / 2 if difference.size >= _FEWEST else float("nan")
