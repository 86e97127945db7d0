"""Goods that are not in cartons: drums, sacks, timber, paper, coils, machines, scrap, household effects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scantriage.simulate.solids import Shape, Solid, Texture, block
from scantriage.simulate.structure import Room

_STEEL = 7.85
_METALS = {"iron": _STEEL, "aluminium": 2.7, "copper": 8.9}
_PART_SHAPES: tuple[Shape, ...] = ("block", "block", "block", "across", "along", "upright", "ellipsoid")
_SCRAP_SHAPES: tuple[Shape, ...] = ("block", "ellipsoid", "across", "along")


def drum(
    x: float, y: float, z: float, radius: float, tall: float, material: str, density: float, full: float
) -> list[Solid]:
    """A steel drum, filled to the share ``full``."""
    wall = 0.0012
    outer = (x - radius, x + radius, y - radius, y + radius)
    inner = (x - radius + wall, x + radius - wall, y - radius + wall, y + radius - wall)
    level = z + 0.02 + full * (tall - 0.04)
    return [
        Solid("upright", *outer, z, z + tall, "iron", _STEEL),
        Solid("upright", *inner, z + wall, z + tall - wall, "iron", -_STEEL),
        Solid("upright", *inner, z + wall, level, material, density),
    ]


def paper_roll(x: float, y: float, z: float, radius: float, tall: float, density: float) -> list[Solid]:
    """A standing roll of paper with its core."""
    core = 0.05
    return [
        Solid("upright", x - radius, x + radius, y - radius, y + radius, z, z + tall, "cellulose", density),
        Solid("upright", x - core, x + core, y - core, y + core, z, z + tall, "cellulose", -density),
    ]


def steel_coil(x: float, z: float, radius: float, wide: float, y: float) -> list[Solid]:
    """A coil of sheet steel, its eye across the container, on a timber cradle."""
    eye, axis = 0.27, z + 0.08 + radius
    left, right = y - wide / 2, y + wide / 2
    return [
        Solid("across", x - radius, x + radius, left, right, axis - radius, axis + radius, "iron", 7.4),
        Solid("across", x - eye, x + eye, left, right, axis - eye, axis + eye, "iron", -7.4),
        block((x - 0.7 * radius, x + 0.7 * radius), (left, right), (z, z + 0.1), "cellulose", 0.6),
    ]


def sack_stack(
    x: float, wide: float, room: Room, n_layers: int, density: float, rng: np.random.Generator
) -> list[Solid]:
    """One cross row of sacks, piled on the floor from wall to wall, every sack a little different."""
    tall, deep = rng.uniform(0.14, 0.2), rng.uniform(0.4, 0.6)
    n_across = max(int((room.y[1] - room.y[0]) / deep), 1)
    deep = (room.y[1] - room.y[0]) / n_across
    grain = rng.uniform(0.02, 0.06)
    sacks = []
    for layer in range(n_layers):
        for j in range(n_across):
            low = np.array([x, room.y[0] + j * deep, room.z[0] + layer * tall]) + 0.02 * rng.random(3)
            high = low + np.array([wide, deep, tall]) - 0.025 * rng.random(3)
            texture = Texture(0.06, grain, grain, int(rng.integers(2**30)))
            lean = rng.normal(0, 0.02)
            sacks.append(
                Solid("block", low[0], high[0], low[1], high[1], low[2], high[2], "coffee",
                      density * rng.uniform(0.94, 1.05), texture, lean)
            )  # fmt: skip
    return sacks


def timber_pack(
    x: float, y: float, z: float, size: tuple[float, float, float], rng: np.random.Generator
) -> list[Solid]:
    """A pack of boards along the container, with laths between its layers."""
    long, deep, tall = size
    n_layers = max(int(tall / 0.3), 1)
    layer_m, density, solids = tall / n_layers, rng.uniform(0.4, 0.75), []
    for layer in range(n_layers):
        low = z + layer * layer_m
        grain = Texture(0.08, 1.5, rng.uniform(0.02, 0.06), int(rng.integers(2**30)))
        end = long * rng.uniform(0.92, 1.0)
        solids.append(
            block((x, x + end), (y, y + deep), (low + 0.025, low + layer_m), "cellulose", density, pattern=grain)
        )
        for lath in x + np.linspace(0.1, long * 0.9, 4):
            solids += [block((lath, lath + 0.06), (y, y + deep), (low, low + 0.025), "cellulose", 0.5)]
    return solids


def machine(x: float, room: Room, long: float, rng: np.random.Generator) -> list[Solid]:
    """Something built of steel on a skid: frame, plates, shafts, housings, motors, a cabinet."""
    deep, tall = rng.uniform(0.6, 2.0), rng.uniform(0.5, min(2.1, room.z[1] - room.z[0] - 0.1))
    y0 = rng.uniform(room.y[0], room.y[1] - deep)
    z0 = room.z[0]
    solids = [
        block((x, x + long), (y0 + at * deep, y0 + at * deep + 0.1), (z0, z0 + 0.12), "cellulose", 0.6)
        for at in (0.1, 0.8)
    ]
    z0 += 0.12
    for at in y0 + np.array([0.0, 0.95]) * deep:
        solids += [block((x, x + long), (at, at + 0.05 * deep), (z0, z0 + 0.1), "iron", 0.3 * _STEEL)]
    for _ in range(int(rng.integers(6, 26))):
        size = np.array([long, deep, tall]) * rng.uniform(0.04, 0.5, 3)
        low = np.array([x, y0, z0]) + rng.random(3) * (np.array([long, deep, tall]) - size)
        solids.append(_part(low, size, rng))
    return solids


def _part(low: NDArray[np.float64], size: NDArray[np.float64], rng: np.random.Generator) -> Solid:
    material = ("iron", "iron", "iron", "aluminium", "copper", "plastic")[int(rng.integers(6))]
    # housings are mostly hollow: the bigger, the emptier
    filling = min(1.0, rng.uniform(0.15, 1.0) * 0.08 / float(np.prod(size)) ** 0.5)
    shape = _PART_SHAPES[int(rng.integers(len(_PART_SHAPES)))]
    return _solid(shape, low, low + size, material, filling * _METALS.get(material, 1.0))


def _solid(
    shape: Shape, low: NDArray[np.float64], high: NDArray[np.float64], material: str, density: float,
    texture: Texture | None = None,
) -> Solid:  # fmt: skip
    return Solid(shape, low[0], high[0], low[1], high[1], low[2], high[2], material, density, texture)


def scrap_heap(room: Room, rng: np.random.Generator) -> list[Solid]:
    """Loose scrap metal, heaped: hundreds of pieces of every shape."""
    metal = ("iron", "aluminium", "copper")[int(rng.integers(3))]
    inside = room.z[1] - room.z[0]
    places = np.linspace(*room.x, 8)
    tops = np.minimum(rng.uniform(0.3, 0.8) * inside * np.exp(0.3 * rng.standard_normal(8)), inside)
    solids = []
    for _ in range(int(rng.integers(250, 500))):
        size = rng.uniform(0.05, 0.6, 3)
        x = rng.uniform(room.x[0], room.x[1] - size[0])
        free = max(float(np.interp(x, places, tops)) - size[2], 0.02)
        low = np.array([x, rng.uniform(room.y[0], room.y[1] - size[1]), room.z[0] + free * rng.random()])
        shape = _SCRAP_SHAPES[int(rng.integers(len(_SCRAP_SHAPES)))]
        texture = Texture(0.3, 0.05, 0.05, int(rng.integers(2**30)))
        solids.append(_solid(shape, low, low + size, metal, _METALS[metal] * rng.uniform(0.03, 0.2), texture))
    return solids


def effects(x: float, long: float, room: Room, rng: np.random.Generator) -> list[Solid]:
    """A cross row of household goods or loose parcels, light and of every size."""
    solids = []
    for _ in range(int(rng.integers(4, 14))):
        size = np.array([long, 1.2, 1.2]) * rng.uniform(0.15, 1.0, 3)
        low = np.array([x, room.y[0], room.z[0]]) + rng.random(3) * (
            np.array([long, room.y[1] - room.y[0], room.z[1] - room.z[0] - 0.2]) - size
        )
        material = ("cellulose", "plastic", "iron", "foam", "water", "ceramic")[int(rng.integers(6))]
        texture = Texture(
            rng.uniform(0.1, 0.4), rng.uniform(0.03, 0.2), rng.uniform(0.03, 0.2), int(rng.integers(2**30))
        )
        shape: Shape = "block" if rng.random() < 0.7 else "ellipsoid"
        solids.append(_solid(shape, low, low + size, material, rng.uniform(0.02, 0.35), texture))
    return solids


def ring_stack(x: float, y: float, room: Room, radius: float, n_rings: int) -> list[Solid]:
    """A stack of tyres lying flat."""
    thick, hole = 0.22, 0.55 * radius
    solids = []
    for ring in range(n_rings):
        z = room.z[0] + ring * thick
        for size, density in ((radius, 0.45), (hole, -0.45)):
            solids.append(
                Solid("upright", x - size, x + size, y - size, y + size, z, z + thick - 0.01, "rubber", density)
            )
    return solids
