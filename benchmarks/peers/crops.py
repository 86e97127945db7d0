"""Both scans of a pair on one grid, the same way round, at one scale of attenuation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.attenuation import Crop, crop, transmission
from benchmarks.peers.pair import PairFiles
from scantriage.pipeline.pair_run import choose_planes
from scantriage.scan.image import FloatImage

_COARSE = (64, 256)
_N_ROUNDS = 8  # of reweighting; the slope is still within 0.1 % after them


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Two scans on one grid; pitch_m: size of a pixel, up and along."""

    origin: Crop
    rescan: Crop
    pitch_m: tuple[float, float]

    def aligned(self, warp: Callable[[FloatImage], FloatImage]) -> Crops:
        """The same with the rescan drawn to the origin scan's grid and levelled anew."""
        rescan = self.rescan
        seen = warp(rescan.seen.astype(np.float32)) > 0.5
        moved = Crop(warp(rescan.attenuation), np.maximum(warp(rescan.variance), 0), seen)
        return replace(self, rescan=replace(moved, attenuation=levelled(self.origin, moved)))


def crops(pair: PairFiles, *, shape: tuple[int, int]) -> Crops:
    """Read both; the rescan mirrored, or the other box on the vehicle, where that looks more alike."""
    first, second = choose_planes(pair.origin.record, pair.rescan.record)
    frame = pair.frames[0][0]
    origin = crop(transmission(pair.origin, plane=first, frame=frame), frame, shape=shape, mirrored=False)
    scan = transmission(pair.rescan, plane=second, frame=pair.frames[1][0])
    candidates = [crop(scan, box, shape=shape, mirrored=turned) for box in pair.frames[1] for turned in (False, True)]
    rescan = max(candidates, key=lambda one: likeness(origin.attenuation, one.attenuation))
    pitch_m = (pair.size.height_m / shape[0], pair.size.length_m / shape[1])
    return Crops(origin, replace(rescan, attenuation=levelled(origin, rescan)), pitch_m)


def likeness(first: FloatImage, second: FloatImage) -> float:
    """Correlation of the two coarsely."""
    small = [cv2.resize(image, _COARSE[::-1], interpolation=cv2.INTER_AREA).ravel() for image in (first, second)]
    return float(np.corrcoef(small[0], small[1])[0, 1])


def levelled(origin: Crop, rescan: Crop) -> FloatImage:
    """The rescan's attenuation at the origin scan's energy: a line through both, far points given little weight."""
    both = (origin.seen & rescan.seen).astype(np.float32)
    x, y, seen = (
        cv2.resize(image, _COARSE[::-1], interpolation=cv2.INTER_AREA).ravel().astype(np.float64)
        for image in (rescan.attenuation, origin.attenuation, both)
    )
    known = seen > 0.99
    if known.sum() < 2:
        return rescan.attenuation
    slope, offset = 1.0, float(np.median((y - x)[known]))  # a line through all would lean towards what changed
    for _ in range(_N_ROUNDS):
        left = y - slope * x - offset
        spread = max(1.4826 * float(np.median(np.abs(left[known]))), 1e-3)
        slope, offset = _line(x, y, np.where(known, 1 / (1 + (left / spread) ** 2), 0.0))
    return rescan.attenuation * np.float32(slope) + np.float32(offset)


def _line(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    mean_x, mean_y = np.average(x, weights=weight), np.average(y, weights=weight)
    variance = np.average((x - mean_x) ** 2, weights=weight)
    slope = float(np.average((x - mean_x) * (y - mean_y), weights=weight) / max(variance, 1e-9))
    slope = min(max(slope, 0.5), 2.0)  # no two linacs differ by more
    return slope, float(mean_y - slope * mean_x)
