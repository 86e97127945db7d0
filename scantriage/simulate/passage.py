"""One passage of a vehicle through a scanner: which way round, how fast, how level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scantriage.simulate.scanner import ScannerModel

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Where every column cuts the container, and how it lies there.

    x_m: (C,) in time order, metres from the front wall; falls when the doors pass first. step_m: (C,) how far
    it moved in one pulse, signed. raised_m: (C,) height of the container's bottom above the road. aside_m: how
    far the container stands off the mid plane. doors_first: which end passes first.
    """

    x_m: FloatArray
    step_m: FloatArray
    raised_m: FloatArray
    aside_m: float
    doors_first: bool

    def source_y_sign(self, side: Literal["left", "right"]) -> int:
        """Sign of the source's y, for a source on this side of the direction of travel."""
        # looking towards the front, +y is to the right; with the doors first the container travels backwards
        return 1 if (side == "right") != self.doors_first else -1


def draw_passage(
    scanner: ScannerModel, length_m: float, bed_m: float, rng: np.random.Generator,
    *, doors_first: bool, cut_m: tuple[float, float] = (0.0, 0.0), before_m: float = 0.6, after_m: float = 0.6,
) -> Passage:  # fmt: skip
    """A passage of a container of this length.

    bed_m: height of its bottom above the road. before_m, after_m: what is scanned ahead of the front and behind
    the doors; cut_m: what is missing there instead.
    """
    start, end = -before_m + cut_m[0], length_m + after_m - cut_m[1]
    n_cols = round((end - start) / scanner.pitch_m)
    time = np.linspace(0, 1, n_cols)
    pace = np.exp(scanner.stretch * _wander(time, 3, rng) + scanner.jitter * _wander(time, 40, rng))
    travelled = np.cumsum(pace)
    x = start + (end - start) * (travelled - travelled[0]) / (travelled[-1] - travelled[0])
    tilt = np.deg2rad(np.clip(rng.normal(0, 0.35), -1.8, 1.8))
    wave = scanner.bounce_m * _wander(time, int(rng.integers(4, 14)), rng)
    raised = bed_m + tilt * (x - length_m / 2) + wave
    if doors_first:
        x, raised = x[::-1], raised[::-1]
    return Passage(x.copy(), np.gradient(x), raised.copy(), rng.normal(0, 0.05), doors_first)


def _wander(time: FloatArray, n_waves: int, rng: np.random.Generator) -> FloatArray:
    """A smooth random curve of about unit size with up to this many waves over the passage."""
    waves = np.arange(1, n_waves + 1)
    sizes = rng.standard_normal((2, n_waves)) / np.sqrt(n_waves)
    phase = np.pi * time[:, np.newaxis] * waves
    return np.asarray(np.sin(phase) @ sizes[0] + np.cos(phase) @ sizes[1])
