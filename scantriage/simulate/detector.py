"""Transmission to counts: blur, scatter, dose, gain, noise, and everything a detector does wrong."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from scantriage.simulate.scanner import ScannerModel

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]
Counts = NDArray[np.uint16]

_MAGNIFICATION = 1.25  # from the container to the detector, for what the focal spot's size does
_SCATTER_STEP = 8  # scatter is smooth: it is computed on every 8th pixel
_FULL = 65_535


def expose(transmissions: list[FloatImage], scanner: ScannerModel, rng: np.random.Generator) -> Counts:
    """Counts as the scanner delivers them.

    transmissions: for each energy (R, C), highest first. Returns (E, R, C) uint16. What belongs to the detector
    (gain, dark level, dead and hot rows) is the same for all energies of a scan; dose and noise are not.
    """
    n_rows, n_cols = transmissions[0].shape
    gain = _row_gain(scanner, n_rows, rng)
    dark = (scanner.dark_counts + scanner.row_spread_counts * rng.standard_normal((n_rows, 1))).astype(np.float32)
    dead, hot = (rng.choice(np.arange(n_rows), n, replace=False) for n in (scanner.n_dead, scanner.n_hot))
    counts = np.empty((len(transmissions), n_rows, n_cols), dtype=np.uint16)
    for energy, image in enumerate(transmissions):
        signal = _scattered(_blurred(image, scanner), scanner)
        signal *= gain[:, np.newaxis].astype(np.float32)
        signal *= _dose(scanner, n_rows, n_cols, rng)
        measured = _counted(signal, scanner, rng) + dark
        measured[dead] = rng.uniform(0, scanner.dark_counts)
        measured[hot] = _FULL
        counts[energy] = np.clip(np.rint(measured), 0, _FULL).astype(np.uint16)
        for value in (0, _FULL):  # single pixels that failed to read out
            counts[energy].flat[rng.integers(counts[energy].size, size=scanner.n_spikes)] = value
    return counts


def _blurred(image: FloatImage, scanner: ScannerModel) -> FloatImage:
    """Focal spot and detector elements, across the rows; the slit has already averaged along travel."""
    bottom, top = scanner.geometry.view_height_m
    row_m = (top - bottom) / (scanner.n_rows - 1)
    # an element's own width counts as a third of a row in standard deviations: 1 / sqrt(12), and some crosstalk
    sigma = float(np.hypot(scanner.focal_m * (_MAGNIFICATION - 1) / row_m, 0.35))
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigmaX=0.3, sigmaY=sigma), dtype=np.float32)


def _scattered(image: FloatImage, scanner: ScannerModel) -> FloatImage:
    """The image with the veil that scattered photons lay over it."""
    n_rows, n_cols = image.shape
    bottom, top = scanner.geometry.view_height_m
    reach_rows = scanner.scatter_reach_m / (top - bottom) * n_rows / _SCATTER_STEP
    reach_cols = scanner.scatter_reach_m / scanner.pitch_m / _SCATTER_STEP
    small = cv2.resize(
        image, (max(n_cols // _SCATTER_STEP, 1), max(n_rows // _SCATTER_STEP, 1)), interpolation=cv2.INTER_AREA
    )
    veil = cv2.GaussianBlur(small, (0, 0), sigmaX=reach_cols, sigmaY=reach_rows, borderType=cv2.BORDER_REPLICATE)
    veil = cv2.resize(veil, (n_cols, n_rows), interpolation=cv2.INTER_LINEAR)
    share = scanner.scatter
    return np.asarray((1 - share) * image + share * veil + scanner.scatter_floor, dtype=np.float32)


def _row_gain(scanner: ScannerModel, n_rows: int, rng: np.random.Generator) -> FloatArray:
    along = np.linspace(-1, 1, n_rows)
    peak = rng.uniform(-0.4, 0.4)
    return np.asarray(
        (1 - scanner.gain_slope * (along - peak) ** 2 / 2) * (1 + scanner.gain_sd * rng.standard_normal(n_rows))
    )


def _dose(scanner: ScannerModel, n_rows: int, n_cols: int, rng: np.random.Generator) -> FloatImage:
    """(R, C) relative dose: every pulse its own, with a slow drift, and its profile wobbling over the rows."""
    drift = 0.5 * np.cumsum(rng.standard_normal(n_cols)) / np.sqrt(n_cols)
    pulse = 1 + scanner.dose_sd * (rng.standard_normal(n_cols) + drift)
    wobble = scanner.wobble_sd * lfilter([0.3], [1, -0.95], rng.standard_normal(n_cols))
    return np.asarray(pulse + np.linspace(-1, 1, n_rows)[:, np.newaxis] * wobble, dtype=np.float32)


def _counted(signal: FloatImage, scanner: ScannerModel, rng: np.random.Generator) -> FloatImage:
    """Counts above dark with photon noise: ``quanta`` in the open beam, correlated along travel.

    The square root of Poisson numbers is all but normal with a standard deviation of a half (F. J. Anscombe 1948,
    doi:10.1093/biomet/35.3-4.246), so squaring a normal image back gives mean and variance exactly enough,
    skewed and never below zero where few quanta come through.
    """
    lag = scanner.noise_lag
    noise = rng.standard_normal(signal.shape, dtype=np.float32)
    if lag > 0:
        noise = lfilter([np.float32(np.sqrt(1 - lag**2))], [np.float32(1), np.float32(-lag)], noise, axis=1)
    quanta = np.maximum(signal, 0) * np.float32(scanner.quanta)
    root = np.sqrt(quanta + np.float32(0.125)) + noise / 2
    drawn = root**2 - np.float32(0.375)
    electronic = rng.standard_normal(signal.shape, dtype=np.float32) * np.float32(scanner.electronic_counts)
    return np.asarray(drawn * np.float32(scanner.air_counts / scanner.quanta) + electronic, dtype=np.float32)
