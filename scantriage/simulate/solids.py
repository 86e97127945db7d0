"""The solids that scenes are made of, and how far a ray runs inside one.

Coordinates are the container's, in metres: x from the front wall towards the doors, y across with 0 on the
middle and positive to the right of someone who looks towards the front, z up from the container's bottom.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]

Shape = Literal["block", "upright", "across", "along", "ellipsoid"]

# share of the bounding block that a shape fills
_FILLS: dict[Shape, float] = {
    "block": 1.0, "upright": math.pi / 4, "across": math.pi / 4, "along": math.pi / 4, "ellipsoid": math.pi / 6,
}  # fmt: skip
_TILE = 512
_CELLS_PER_GRAIN = 4


@dataclass(frozen=True, slots=True)
class Texture:
    """Uneven filling: relative standard deviation, size of the lumps along x and z, and a seed."""

    contrast: float
    grain_x_m: float
    grain_z_m: float
    seed: int

    @property
    def cell_m(self) -> tuple[float, float]:
        """Size along x and z of a cell of the noise, metres."""
        return self.grain_x_m / _CELLS_PER_GRAIN, self.grain_z_m / _CELLS_PER_GRAIN

    @property
    def offset(self) -> tuple[int, int]:
        """Row and column of the noise where the texture begins."""
        return divmod(self.seed % _TILE**2, _TILE)


@dataclass(frozen=True, slots=True)
class Corrugation:
    """A trapezoidal sheet with its waves along x: the flanks are longer in the beam than the faces."""

    pitch_m: float
    excess: float  # 0.13 for the usual 36 mm deep wall: sqrt(1 + (36/68)^2) - 1


@dataclass(frozen=True, slots=True)
class Solid:
    """A solid within the block x0..x1, y0..y1, z0..z1 (metres), of one material.

    shape: ``block``; ``upright``, ``across``, ``along``: an elliptic cylinder with its axis in z, y or x;
    ``ellipsoid``. density: g/cm3, negative to take away from what it overlaps. lean: of a block, its rise in z
    per metre of x. pattern: texture or corrugation.
    """

    shape: Shape
    x0: float
    x1: float
    y0: float
    y1: float
    z0: float
    z1: float
    material: str
    density: float
    pattern: Texture | Corrugation | None = None
    lean: float = 0.0

    def __post_init__(self) -> None:
        if not (self.x0 < self.x1 and self.y0 < self.y1 and self.z0 < self.z1):
            raise ValueError(f"a solid needs x0 < x1, y0 < y1 and z0 < z1, got {self}")

    @property
    def mass_kg(self) -> float:
        """Mass without its texture, kg."""
        bounding_m3 = (self.x1 - self.x0) * (self.y1 - self.y0) * (self.z1 - self.z0)
        return 1000 * self.density * bounding_m3 * _FILLS[self.shape]

    def moved(self, dx: float = 0.0, dy: float = 0.0, dz: float = 0.0) -> Self:
        """The same solid elsewhere, metres."""
        return replace(
            self, x0=self.x0 + dx, x1=self.x1 + dx, y0=self.y0 + dy, y1=self.y1 + dy, z0=self.z0 + dz, z1=self.z1 + dz
        )

    def turned(self, length_m: float) -> Self:
        """The same solid in a container of this length that stands the other way round."""
        return replace(
            self, x0=length_m - self.x1, x1=length_m - self.x0, y0=-self.y1, y1=-self.y0, lean=-self.lean
        )  # fmt: skip


def block(
    x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], material: str, density: float,
    *, pattern: Texture | Corrugation | None = None, lean: float = 0.0,
) -> Solid:  # fmt: skip
    """A rectangular block."""
    return Solid("block", *x, *y, *z, material, density, pattern, lean)


def total_mass_kg(solids: Iterable[Solid]) -> float:
    """Mass of them all, kg."""
    return sum(solid.mass_kg for solid in solids)


@cache
def noise_tile() -> FloatImage:
    """(512, 512) periodic noise of unit variance: lumps of about four cells, with finer grain on them."""
    rng = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(_TILE)[:, np.newaxis], np.fft.rfftfreq(_TILE)[np.newaxis, :])
    envelope = np.exp(-((frequency * _CELLS_PER_GRAIN) ** 2) * 4) + 0.15 * np.exp(-((frequency * 2) ** 2))
    tile = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((_TILE, _TILE))) * envelope, s=(_TILE, _TILE))
    tile /= tile.std()
    return np.clip(tile, -2.5, 2.5).astype(np.float32)
