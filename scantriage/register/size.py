"""How large the container is, as seen."""

from __future__ import annotations

import numpy as np

from scantriage.register.place import height_from_outline
from scantriage.scan.container import ContainerFrame, ContainerSize
from scantriage.scan.geometry import FanGeometry

LENGTHS_M = (6.058, 12.192, 13.716)
HEIGHTS_M = (2.591, 2.896)
LENGTH_TOLERANCE = 0.3  # uneven speed stretches a whole container by less; 20 and 40 ft differ by a factor of two
USUAL_ASPECT = 3.0  # width over height in pixels: 20 ft boxes lie below on nearly all scanners, 40 ft above


def size_seen(
    frame: ContainerFrame, *, n_rows: int, geometry: FanGeometry | None, column_pitch_mm: float | None
) -> ContainerSize:
    """The standard size that fits a container's outline best."""
    if column_pitch_mm is not None:
        length = nearest(frame.length_m(column_pitch_mm), LENGTHS_M)
    else:
        aspect = (frame.cols[1] - frame.cols[0]) / float(np.mean(np.subtract(frame.floor_rows, frame.roof_rows)))
        length = LENGTHS_M[0] if aspect < USUAL_ASPECT else LENGTHS_M[1]
    height = HEIGHTS_M[0]
    if geometry is not None:
        height = nearest(height_from_outline(frame, n_rows=n_rows, geometry=geometry), HEIGHTS_M)
    return ContainerSize(length, height)


def same_length(first_m: float | None, second_m: float | None) -> bool:
    """Whether two lengths can be of one container; an unknown length (None) fits any."""
    if first_m is None or second_m is None:
        return True
    return abs(float(np.log(first_m / second_m))) < float(np.log(1 + LENGTH_TOLERANCE))


def nearest(value: float, choices: tuple[float, ...]) -> float:
    """The choice that differs least from the value."""
    return min(choices, key=lambda choice: abs(choice - value))
