"""A scan on the container's own grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.geometry import ContainerGrid
from scantriage.scan.placement import Placement

FloatArray = NDArray[np.floating[Any]]
BoolImage = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Rectified:
    """One energy of one scan on a container grid of R rows and C columns.

    attenuation, variance: (R, C) float32; rows are heights on the mid plane, so near cargo still looks larger
    than far cargo. valid: (R, C) measured. usable: (R, C) measured and penetrated.
    """

    grid: ContainerGrid
    placement: Placement
    attenuation: FloatArray
    variance: FloatArray
    valid: BoolImage
    usable: BoolImage
