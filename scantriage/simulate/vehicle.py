"""What carries the container through the scanner: chassis, tyres, tractor, genset. Every port has another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.simulate.solids import Solid, block

_STEEL = 7.85
_BOTH_SIDES = (-1, 1)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """solids in the container's coordinates; bed_m: the container's bottom above the road, metres."""

    solids: tuple[Solid, ...]
    bed_m: float


def build_vehicle(
    length_m: float, height_m: float, rng: np.random.Generator, *, tractor: bool, genset: bool
) -> Vehicle:
    """A vehicle for a container (or two in a row) of this length, as the rng happens to find it."""
    bed = rng.uniform(1.05, 1.35)
    radius = rng.uniform(0.46, 0.54)
    axle_z = radius - bed
    front = rng.uniform(-0.5, -0.1)
    solids = _frame(length_m, front, rng)
    n_axles = int(rng.integers(2, 4))
    last = length_m - rng.uniform(0.8, 2.2)
    for axle in range(n_axles):
        solids += _axle(last - axle * rng.uniform(1.28, 1.36), axle_z, radius, rng)
    solids += _fittings(length_m, -bed, rng)
    if tractor:
        solids += _tractor(front, -bed, radius, rng)
    if genset:
        solids += _genset(height_m, rng)
    return Vehicle(tuple(solids), bed)


def _frame(length_m: float, front: float, rng: np.random.Generator) -> list[Solid]:
    """Two long beams, low behind the gooseneck, and cross beams."""
    neck = rng.uniform(2.2, 3.4) if length_m > 7 else rng.uniform(0.8, 2.0)
    depth, end = rng.uniform(0.28, 0.46), length_m + rng.uniform(-0.1, 0.3)
    solids = []
    for sign in _BOTH_SIDES:
        at = sign * 0.47
        for span, (low, high) in (((front, neck), (-0.16, -0.01)), ((neck - 0.3, end), (-depth, -0.02))):
            solids += [
                block(span, (at - 0.004, at + 0.004), (low, high), "iron", _STEEL),
                block(span, (at - 0.07, at + 0.07), (high - 0.012, high), "iron", _STEEL),
                block(span, (at - 0.07, at + 0.07), (low, low + 0.012), "iron", _STEEL),
            ]
    for x in np.arange(neck, end - 0.1, rng.uniform(1.0, 2.4)):
        solids.append(block((x, x + 0.1), (-1.15, 1.15), (-0.16, -0.04), "iron", rng.uniform(0.08, 0.2) * _STEEL))
    for x in (0.08, length_m - 0.09):  # bolsters with twistlocks
        solids.append(block((x - 0.1, x + 0.1), (-1.2, 1.2), (-0.15, -0.01), "iron", 0.1 * _STEEL))
        for sign in _BOTH_SIDES:
            y = sign * 1.13
            solids.append(block((x - 0.07, x + 0.07), (y - 0.07, y + 0.07), (-0.2, 0.06), "iron", 0.45 * _STEEL))
    return solids


def _axle(x: float, z: float, radius: float, rng: np.random.Generator) -> list[Solid]:
    solids = [Solid("across", x - 0.07, x + 0.07, -0.9, 0.9, z - 0.07, z + 0.07, "iron", 0.45 * _STEEL)]
    twin = rng.random() < 0.6
    rim, tread = 0.56 * radius, rng.uniform(0.05, 0.08)
    for sign in _BOTH_SIDES:
        for near in (0.62, 0.92) if twin else (0.78,):
            y = (near, near + 0.27) if sign > 0 else (-near - 0.27, -near)
            solids += [
                _wheel(x, z, radius, y, "rubber", 1.15),
                _wheel(x, z, radius - tread, y, "rubber", -1.15),
                _wheel(x, z, rim, (y[0] + 0.02, y[1] - 0.02), "iron", 0.055 * _STEEL),
                _wheel(x, z, rim, (y[0] + 0.1, y[0] + 0.112), "iron", _STEEL),
            ]
            for wall in (y[0], y[1] - 0.015):
                solids.append(_wheel(x, z, radius - tread, (wall, wall + 0.015), "rubber", 1.15))
        hub = (0.6, 0.95) if sign > 0 else (-0.95, -0.6)
        solids += [
            _wheel(x, z, 0.21, (hub[0], hub[0] + 0.12), "iron", 0.5 * _STEEL),  # brake drum
            block(
                (x - 0.55, x + 0.55),
                (sign * 0.55 - 0.04, sign * 0.55 + 0.04),
                (z + 0.1, z + 0.16),
                "iron",
                0.6 * _STEEL,
            ),
        ]
    return solids


def _wheel(x: float, z: float, radius: float, y: tuple[float, float], material: str, density: float) -> Solid:
    return Solid("across", x - radius, x + radius, *y, z - radius, z + radius, material, density)


def _fittings(length_m: float, road_z: float, rng: np.random.Generator) -> list[Solid]:
    """Landing legs, bumper, mudguards, boxes, lamps, an air tank."""
    solids = []
    leg = min(rng.uniform(2.4, 4.2), 0.5 * length_m)
    foot = road_z + rng.uniform(0.05, 0.4)
    for sign in _BOTH_SIDES:
        y = sign * 0.75
        solids += [
            block((leg, leg + 0.12), (y - 0.06, y + 0.06), (foot, -0.1), "iron", 0.3 * _STEEL),
            block((leg - 0.1, leg + 0.22), (y - 0.12, y + 0.12), (foot, foot + 0.03), "iron", 0.7 * _STEEL),
        ]
    bumper = road_z + rng.uniform(0.45, 0.6)
    end = length_m + rng.uniform(-0.3, 0.25)
    solids += [
        block((end - 0.1, end), (-1.15, 1.15), (bumper, bumper + 0.12), "iron", 0.12 * _STEEL),
        block((end - 0.08, end - 0.04), (-0.55, 0.55), (bumper, -0.1), "iron", 0.08 * _STEEL),
    ]
    for _ in range(rng.integers(1, 5)):
        x, wide, tall = rng.uniform(1.0, length_m - 1.0), rng.uniform(0.2, 0.9), rng.uniform(0.15, 0.4)
        y, z = rng.uniform(-1.0, 0.6), rng.uniform(road_z + 0.5, -0.45)
        solids.append(block((x, x + wide), (y, y + 0.4), (z, z + tall), "iron", rng.uniform(0.1, 0.9)))
    x, z, y = rng.uniform(2.0, max(2.1, length_m - 3.0)), road_z + 0.75, rng.uniform(-0.9, 0.6)
    solids += [
        Solid("along", x, x + 0.8, y, y + 0.28, z - 0.14, z + 0.14, "iron", _STEEL),
        Solid("along", x + 0.004, x + 0.796, y + 0.004, y + 0.276, z - 0.136, z + 0.136, "iron", -_STEEL),
    ]
    return solids


def _tractor(front: float, road_z: float, radius: float, rng: np.random.Generator) -> list[Solid]:
    axle_z, fifth_wheel = road_z + radius, rng.uniform(0.6, 1.1)
    solids = _axle(fifth_wheel + 0.2, axle_z, radius, rng)
    if rng.random() < 0.6:
        solids += _axle(fifth_wheel - 1.15, axle_z, radius, rng)
    cab, steer = front - rng.uniform(0.7, 1.6), -rng.uniform(3.6, 4.6)
    solids += _axle(steer + front, axle_z, radius, rng)
    top = road_z + rng.uniform(2.7, 3.8)
    solids += [
        block((fifth_wheel - 0.4, fifth_wheel + 0.5), (-0.45, 0.45), (-0.24, -0.17), "iron", 0.5 * _STEEL),
        block((cab - 2.0, cab), (-1.22, 1.22), (top - 0.01, top), "iron", 0.2 * _STEEL),
        block((cab - 0.05, cab), (-1.22, 1.22), (road_z + 1.1, top), "iron", 0.02 * _STEEL),
        block((cab - 1.7, cab - 0.5), (-0.5, 0.5), (road_z + 0.6, road_z + 1.5), "iron", 0.2 * _STEEL),
    ]
    for sign in _BOTH_SIDES:
        solids += [
            block(
                (cab - 3.0, fifth_wheel + 0.8),
                (sign * 0.43 - 0.004, sign * 0.43 + 0.004),
                (-0.52, -0.26),
                "iron",
                _STEEL,
            ),
            block(
                (cab - 2.0, cab), (sign * 1.22 - 0.005, sign * 1.22 + 0.005), (road_z + 1.0, top), "iron", 0.25 * _STEEL
            ),
            Solid(
                "along",
                cab + 0.1,
                cab + 1.1,
                sign * 0.9 - 0.28,
                sign * 0.9 + 0.28,
                road_z + 0.4,
                road_z + 1.0,
                "oil",
                0.5,
            ),
        ]
    return solids


def _genset(height_m: float, rng: np.random.Generator) -> list[Solid]:
    """A generator clipped to the front of a reefer."""
    top, bottom = height_m - rng.uniform(0.05, 0.2), height_m - rng.uniform(0.9, 1.1)
    x = (-rng.uniform(0.45, 0.6), -0.03)
    y = rng.uniform(-0.6, 0.3)
    return [
        block(x, (-1.0, 1.0), (bottom, top), "iron", 0.12),
        block((x[0] + 0.1, x[1] - 0.05), (y, y + 0.5), (bottom + 0.1, bottom + 0.6), "iron", 1.8),
        block((x[0] + 0.1, x[1] - 0.1), (y - 0.35, y - 0.05), (bottom + 0.15, bottom + 0.45), "copper", 2.5),
        block((x[0] + 0.05, x[1]), (-0.95, 0.95), (bottom + 0.02, bottom + 0.12), "oil", 0.5),
    ]
