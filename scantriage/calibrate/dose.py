"""Dose of each pulse: one factor per column, from the open beam in that column."""

from __future__ import annotations

import cv2
import numpy as np

from scantriage.arrays.robust import fill_gaps, robust_sd, running_median
from scantriage.calibrate.air import FloatLine
from scantriage.scan.image import FloatImage


def column_dose(signal: FloatImage, *, gain: FloatLine, air: FloatImage) -> tuple[FloatLine, FloatLine]:
    """Dose of each column, median 1, and the variance of what is not known of it.

    signal: (R, C) counts above dark. gain: (R,). air: (R, C) 1 where open beam, else 0.
    Returns two (C,) arrays. A column with few air pixels is drawn towards its neighbours' dose by as much as
    its own would be noise (a Wiener weight); one without any takes their dose and has the pulses' spread as
    its variance.
    """
    n_air = air.sum(axis=0)
    seen = n_air > 0
    if not seen.any():
        return np.ones(signal.shape[1], np.float32), np.zeros(signal.shape[1], np.float32)
    expected = gain @ air
    measured = cv2.reduce(signal * air, 0, cv2.REDUCE_SUM, dtype=cv2.CV_64F).ravel() / np.maximum(expected, 1e-6)
    measured = fill_gaps(measured, seen)
    trend = running_median(measured, 25)
    pixel_variance = _pixel_variance(signal, gain=gain, dose=measured, air=air)
    error = pixel_variance / np.maximum(n_air, 1)
    spread = robust_sd((measured - trend)[n_air >= np.quantile(n_air[seen], 0.5)]) ** 2
    weight = np.where(seen, spread / np.maximum(spread + error, 1e-12), 0)
    dose = trend + weight * (measured - trend)
    middle = float(np.median(dose))
    return (dose / middle).astype(np.float32), ((1 - weight) * spread / middle**2).astype(np.float32)


def _pixel_variance(signal: FloatImage, *, gain: FloatLine, dose: FloatLine, air: FloatImage) -> float:
    """Relative variance of one air pixel, from every 97th of them: a prime, so that no row is favoured."""
    at = np.flatnonzero(air)[::97]
    rows, cols = np.unravel_index(at, air.shape)
    return robust_sd(signal[rows, cols] / (gain[rows] * dose[cols])) ** 2
