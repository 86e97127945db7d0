"""Where rows look, where boxes lie, and the grid of the container itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

CONTAINER_WIDTH_M = 2.438  # ISO 668: every freight container of series 1

FloatArray = NDArray[np.float64]
Layout = Literal["plane", "arc"]


@dataclass(frozen=True, slots=True)
class PixelBox:
    """Half-open rectangle ``[row0, row1) x [col0, col1)`` in the pixels of the file as delivered."""

    row0: int
    row1: int
    col0: int
    col1: int

    def __post_init__(self) -> None:
        if self.row1 <= self.row0 or self.col1 <= self.col0:
            raise ValueError(f"a box needs row0 < row1 and col0 < col1, got {self}")

    def as_list(self) -> list[int]:
        """``[row0, row1, col0, col1]``."""
        return [self.row0, self.row1, self.col0, self.col1]


@dataclass(frozen=True, slots=True)
class MetreBox:
    """Rectangle in metres from the container's front bottom corner: x towards the doors, z up."""

    x0: float
    x1: float
    z0: float
    z1: float

    def __post_init__(self) -> None:
        if self.x1 <= self.x0 or self.z1 <= self.z0:
            raise ValueError(f"a box needs x0 < x1 and z0 < z1, got {self}")

    @property
    def area_m2(self) -> float:
        """Area of the rectangle, square metres."""
        return (self.x1 - self.x0) * (self.z1 - self.z0)

    def as_list(self) -> list[float]:
        """``[x0, x1, z0, z1]`` to the millimetre."""
        return [round(value, 3) for value in (self.x0, self.x1, self.z0, self.z1)]


@dataclass(frozen=True, slots=True)
class FanGeometry:
    """A fan beam in the plane across the container (FORMAT: ``geometry``).

    source_distance_m: X-ray source to the container's mid plane. source_height_m: above the road.
    source_side: seen in the direction in which the vehicle passes. view_height_m: what the centres of the
    bottom and the top row see on the mid plane, metres above the road. layout ``plane``: rows evenly
    spaced in height on the mid plane; ``arc``: rows evenly spaced in beam angle.
    """

    layout: Layout
    source_distance_m: float
    source_height_m: float
    source_side: Literal["left", "right"]
    view_height_m: tuple[float, float]

    def __post_init__(self) -> None:
        if not self.source_distance_m > CONTAINER_WIDTH_M / 2:
            raise ValueError(f"the source must stand outside the container, got {self.source_distance_m} m")
        if not self.view_height_m[0] < self.view_height_m[1]:
            raise ValueError(f"view_height_m must rise from bottom to top row, got {self.view_height_m}")

    def heights(self, rows: FloatArray, *, n_rows: int) -> FloatArray:
        """Height above the road that ``rows`` (0 is the top) see on the mid plane, metres."""
        bottom, top = self.view_height_m
        from_top = np.asarray(rows, dtype=np.float64) / (n_rows - 1)
        if self.layout == "plane":
            return top + (bottom - top) * from_top
        low, high = self._angle(bottom), self._angle(top)
        angle = high + (low - high) * from_top
        return np.asarray(self.source_height_m + self.source_distance_m * np.tan(angle), dtype=np.float64)

    def rows(self, heights_m: FloatArray, *, n_rows: int) -> FloatArray:
        """Fractional rows that see ``heights_m`` on the mid plane; the inverse of `heights`."""
        bottom, top = self.view_height_m
        height = np.asarray(heights_m, dtype=np.float64)
        if self.layout == "plane":
            return np.asarray((height - top) / (bottom - top) * (n_rows - 1), dtype=np.float64)
        low, high = self._angle(bottom), self._angle(top)
        angle = np.arctan((height - self.source_height_m) / self.source_distance_m)
        return np.asarray((angle - high) / (low - high) * (n_rows - 1), dtype=np.float64)

    def on_mid_plane(self, height_m: FloatArray, towards_source_m: FloatArray) -> FloatArray:
        """Height at which a point appears on the mid plane, metres: near things look larger.

        height_m: the point's height above the road. towards_source_m: its distance from the mid plane,
        positive towards the source.
        """
        scale = self.source_distance_m / (self.source_distance_m - np.asarray(towards_source_m))
        return self.source_height_m + (np.asarray(height_m) - self.source_height_m) * scale

    def _angle(self, height_m: float) -> float:
        return math.atan((height_m - self.source_height_m) / self.source_distance_m)


@dataclass(frozen=True, slots=True)
class ContainerGrid:
    """The container's own grid: row 0 at the top, column 0 at the front wall, square pixels.

    Pixel (row, col) has its centre at x = (col + 0.5) * pitch_m, z = top_m - (row + 0.5) * pitch_m,
    metres from the front bottom corner. The grid reaches above the roof and below the floor,
    because what is near the source appears beyond the container's own height.
    """

    length_m: float
    bottom_m: float
    top_m: float
    pitch_m: float

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return round((self.top_m - self.bottom_m) / self.pitch_m), round(self.length_m / self.pitch_m)

    def x_m(self) -> FloatArray:
        """(C,) distance of the column centres from the front wall, metres."""
        return np.asarray((np.arange(self.shape[1]) + 0.5) * self.pitch_m, dtype=np.float64)

    def z_m(self) -> FloatArray:
        """(R,) height of the row centres above the container's bottom, metres, falling."""
        return np.asarray(self.top_m - (np.arange(self.shape[0]) + 0.5) * self.pitch_m, dtype=np.float64)

    def metre_box(self, row0: int, row1: int, col0: int, col1: int) -> MetreBox:
        """The half-open pixel rectangle in metres."""
        return MetreBox(
            col0 * self.pitch_m, col1 * self.pitch_m,
            self.top_m - row1 * self.pitch_m, self.top_m - row0 * self.pitch_m,
        )  # fmt: skip

    @classmethod
    def around(cls, length_m: float, height_m: float, *, pitch_m: float = 0.01) -> Self:
        """The grid of a container of this outer size, with 0.7 m above and 0.4 m below it."""
        # a roof edge 3 m above a low source appears 0.7 m higher on the mid plane (D = 5 m, W/2 = 1.2 m)
        return cls(length_m=length_m, bottom_m=-0.4, top_m=height_m + 0.7, pitch_m=pitch_m)
