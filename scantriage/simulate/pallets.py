"""Cartons: on pallets, or stowed on the floor from wall to wall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.simulate.solids import Solid, Texture, block
from scantriage.simulate.structure import Room

_BASES_M = ((1.2, 1.0), (1.0, 1.2), (1.2, 0.8), (1.1, 1.1))


@dataclass(frozen=True, slots=True)
class PalletStyle:
    """How one shipper packs: pallet base (x, y), carton size (x, y, z), height and filling, all the same throughout.

    contrast and grain_m: unevenness of what is in a carton. carton_sd: between cartons. gap_m: around each.
    """

    base_m: tuple[float, float]
    carton_m: tuple[float, float, float]
    n_layers: int
    material: str
    density: float
    contrast: float
    grain_m: tuple[float, float]
    carton_sd: float
    gap_m: float


def draw_style(
    rng: np.random.Generator, material: str, density: tuple[float, float], *, height_m: float
) -> PalletStyle:  # fmt: skip
    """A style of packing for goods of this range of densities (g/cm3, of the packed carton)."""
    base = _BASES_M[int(rng.integers(len(_BASES_M)))]
    tall = rng.uniform(0.18, 0.4)
    n_x, n_y = int(rng.integers(2, 4)), int(rng.integers(2, 4))
    return PalletStyle(
        base_m=base,
        carton_m=(base[0] / n_x, base[1] / n_y, tall),
        n_layers=max(1, int(rng.uniform(0.75, 0.98) * (height_m - 0.15) / tall)),
        material=material,
        density=rng.uniform(*density),
        contrast=rng.uniform(0.03, 0.3),
        grain_m=(rng.uniform(0.03, 0.15), rng.uniform(0.03, 0.15)),
        carton_sd=rng.uniform(0.01, 0.08),
        gap_m=rng.uniform(0.002, 0.02),
    )


def pallet(style: PalletStyle, x: float, y: float, z: float, rng: np.random.Generator) -> tuple[list[Solid], list[int]]:
    """A pallet with its cartons, from its corner at x, y, z; the solids and which of them are cartons."""
    wide, deep = style.base_m
    solids = [
        block((x, x + wide), (y, y + deep), (z + 0.12, z + 0.142), "cellulose", 0.5),
        block((x, x + wide), (y, y + deep), (z, z + 0.02), "cellulose", 0.3),
    ]
    for skid in (0.0, 0.46, 0.92):  # three runners along x
        at = y + skid * deep
        solids.append(block((x, x + wide), (at, at + 0.08 * deep), (z + 0.02, z + 0.12), "cellulose", 0.35))
    n_layers = style.n_layers - int(rng.integers(0, 3)) * (rng.random() < 0.12)
    cartons = _stack(style, x, y, z + 0.142, (wide, deep), max(n_layers, 1), rng)
    return solids + cartons, list(range(len(solids), len(solids) + len(cartons)))


def carton_wall(style: PalletStyle, x: float, room: Room, rng: np.random.Generator) -> tuple[list[Solid], list[int]]:
    """One cross row of cartons stowed on the floor, from wall to wall; the solids and which are cartons."""
    deep = room.y[1] - room.y[0] - 0.04
    n_layers = max(style.n_layers - int(rng.integers(0, 2)) * (rng.random() < 0.2), 1)
    cartons = _stack(style, x, room.y[0] + 0.02, room.z[0], (style.carton_m[0], deep), n_layers, rng)
    return cartons, list(range(len(cartons)))


def _stack(
    style: PalletStyle, x: float, y: float, z: float, base: tuple[float, float], n_layers: int, rng: np.random.Generator
) -> list[Solid]:  # fmt: skip
    n_x, n_y = max(round(base[0] / style.carton_m[0]), 1), max(round(base[1] / style.carton_m[1]), 1)
    size_x, size_y, tall = base[0] / n_x, base[1] / n_y, style.carton_m[2]
    cartons = []
    for layer in range(n_layers):
        for i in range(n_x):
            for j in range(n_y):
                low = np.array([x + i * size_x, y + j * size_y, z + layer * tall]) + style.gap_m * rng.random(3) / 2
                high = low + np.array([size_x, size_y, tall]) - style.gap_m
                density = style.density * max(1 + style.carton_sd * rng.standard_normal(), 0.3)
                texture = Texture(style.contrast, *style.grain_m, int(rng.integers(2**30)))
                cartons.append(
                    Solid("block", low[0], high[0], low[1], high[1], low[2], high[2], style.material, density, texture)
                )
    return cartons
