"""The pictures of a comparison: both scans and their difference on the container's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.geometry import ContainerGrid


@dataclass(frozen=True, slots=True, eq=False)
class PairViews:
    """What was compared, on one grid of R rows and C columns (front wall at column 0, top first).

    origin, rescan: (R, C) float32 attenuation, the rescan registered to the origin scan; one is None for a
    single scan. difference: (R, C) float32, rescan - origin. significance: (R, C) float32, in standard
    deviations, zero where not usable. usable: (R, C) bool, True where both could be read.
    """

    grid: ContainerGrid
    origin: NDArray[np.float32] | None
    rescan: NDArray[np.float32] | None
    difference: NDArray[np.float32] | None
    significance: NDArray[np.float32] | None
    usable: NDArray[np.bool_]
