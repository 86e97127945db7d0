"""A measurement never travels as a bare array: pixels, variance and validity stay together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]
BoolImage = NDArray[np.bool_]

Quantity = Literal["transmission", "attenuation", "relative_attenuation"]


@dataclass(frozen=True, slots=True, eq=False)
class ScanImage:
    """A calibrated scan at one energy, with R rows and C columns.

    pixels: (R, C) float32. variance: (R, C) float32, of the same quantity squared; finite, not negative.
    valid: (R, C) bool, False where nothing was measured (dead row, padding, clipped counts, outside the file).
    penetrated: (R, C) bool, False where too little signal came through: the attenuation there is a lower
    bound only. quantity: ``attenuation`` is -ln of transmission; ``relative_attenuation`` comes from a
    display export whose grey scale is not calibrated.
    """

    pixels: FloatImage
    variance: FloatImage
    valid: BoolImage
    penetrated: BoolImage
    quantity: Quantity

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or 0 in self.pixels.shape:
            raise ValueError(f"pixels must be (R, C) and not empty, got {self.pixels.shape}")
        if self.variance.shape != self.pixels.shape:
            raise ValueError(f"variance is {self.variance.shape}, pixels are {self.pixels.shape}")
        for name, mask in (("valid", self.valid), ("penetrated", self.penetrated)):
            if mask.shape != self.pixels.shape or mask.dtype != np.bool_:
                raise ValueError(f"{name} must be bool {self.pixels.shape}, got {mask.dtype} {mask.shape}")

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.pixels.shape

    @property
    def usable(self) -> BoolImage:
        """(R, C) True where a pixel may be compared."""
        return self.valid & self.penetrated
