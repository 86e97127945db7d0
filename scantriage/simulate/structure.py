"""Containers: dry boxes and reefers as solids, and the room they leave for cargo.

Dimensions after ISO 668 and ISO 1496-1/-2 and makers' data sheets; tare 2.2 t (20 ft) to 4.9 t (45 ft reefer).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.simulate.solids import Corrugation, Shape, Solid, block

_HALF_M = CONTAINER_WIDTH_M / 2
_STEEL = 7.85
_BOTH_SIDES = (-1, 1)


@dataclass(frozen=True, slots=True)
class Room:
    """The inside of a container, metres."""

    x: tuple[float, float]
    y: tuple[float, float]
    z: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A container without cargo: its solids, its room, and where its machinery is (None for a dry box)."""

    size: ContainerSize
    solids: tuple[Solid, ...]
    room: Room
    machinery: Room | None = None


def build_box(size: ContainerSize, rng: np.random.Generator) -> Box:
    """A container of this size; the rng decides its make, which stays the same over a voyage."""
    frame = [*_frame(size, rng), *_floor_members(size, rng), *_doors(size, rng)]
    return _reefer(size, frame, rng) if size.reefer else _dry(size, frame, rng)


def _side(sign: int, near: float, far: float) -> tuple[float, float]:
    return (near, far) if sign > 0 else (-far, -near)


def _frame(size: ContainerSize, rng: np.random.Generator) -> list[Solid]:
    length, height = size.length_m, size.height_m
    post_fill = rng.uniform(0.10, 0.16) * _STEEL
    solids: list[Solid] = []
    for sign in _BOTH_SIDES:
        edge = _side(sign, _HALF_M - 0.06, _HALF_M)
        solids += [
            block((0.05, length - 0.05), edge, (height - 0.06, height), "iron", 0.18 * _STEEL),
            block((0.05, length - 0.05), edge, (0.0, 0.16), "iron", 0.13 * _STEEL),
        ]
        for x in ((0.0, 0.15), (length - 0.17, length)):
            solids.append(block(x, _side(sign, _HALF_M - 0.13, _HALF_M), (0.1, height - 0.1), "iron", post_fill))
        for x in ((0.0, 0.178), (length - 0.178, length)):
            for z in ((0.0, 0.118), (height - 0.118, height)):
                solids.append(block(x, _side(sign, _HALF_M - 0.162, _HALF_M), z, "iron", 3.2))
    for x in ((0.0, 0.1), (length - 0.12, length - 0.02)):  # headers and sills
        for z in ((0.02, 0.12), (height - 0.12, height - 0.02)):
            solids.append(block(x, (-1.05, 1.05), z, "iron", 0.12 * _STEEL))
    return solids


def _floor_members(size: ContainerSize, rng: np.random.Generator) -> list[Solid]:
    pitch, web = rng.uniform(0.27, 0.34), rng.uniform(0.0035, 0.0045)
    tunnel = rng.uniform(3.1, 3.3) if size.length_m > 7 else 0.0  # gooseneck tunnel at the front
    solids = []
    for x in np.arange(pitch, size.length_m - 0.12, pitch):
        spans = [(-1.16, -0.52), (0.52, 1.16)] if x < tunnel else [(-1.16, 1.16)]
        for span in spans:
            solids += [
                block((x, x + web), span, (0.02, 0.142), "iron", _STEEL),
                block((x, x + 0.045), span, (0.138, 0.142), "iron", _STEEL),
                block((x, x + 0.045), span, (0.02, 0.024), "iron", _STEEL),
            ]
    if tunnel:
        solids.append(block((0.1, tunnel), (-0.52, 0.52), (0.125, 0.129), "iron", _STEEL))
        solids += [block((0.1, tunnel), _side(s, 0.50, 0.525), (0.02, 0.14), "iron", 0.3 * _STEEL) for s in _BOTH_SIDES]
    else:
        for x in (1.9, 3.8):  # fork pockets
            solids.append(block((x, x + 0.36), (-1.16, 1.16), (0.02, 0.025), "iron", _STEEL))
    return solids


def _doors(size: ContainerSize, rng: np.random.Generator) -> list[Solid]:
    length, height = size.length_m, size.height_m
    leaf = (length - 0.10, length - 0.055)
    solids = [block(leaf, (-1.13, 1.13), (0.12, height - 0.12), "iron", rng.uniform(0.045, 0.065) * _STEEL)]
    for y in (-1.1, -0.06, 0.06, 1.1):  # uprights of the two leaves, with the gasket
        solids += [block(leaf, (y - 0.045, y + 0.045), (0.12, height - 0.12), "iron", 0.14 * _STEEL)]
    for y in rng.uniform(-0.03, 0.03) + np.array([-0.85, -0.3, 0.3, 0.85]):  # locking bars, handles, cams
        solids.append(
            Solid(
                "upright",
                length - 0.05,
                length - 0.015,
                y - 0.018,
                y + 0.018,
                0.03,
                height - 0.03,
                "iron",
                0.35 * _STEEL,
            )
        )
        for z in (0.05, 1.15 + 0.2 * (abs(y) > 0.5), height - 0.12):
            solids += [block((length - 0.055, length), (y - 0.06, y + 0.06), (z, z + 0.07), "iron", 0.3 * _STEEL)]
    return solids


def _dry(size: ContainerSize, frame: list[Solid], rng: np.random.Generator) -> Box:
    length, height = size.length_m, size.height_m
    wall_m, roof_z = rng.uniform(0.0016, 0.002), height - rng.uniform(0.02, 0.05)
    wave = Corrugation(0.278, rng.uniform(0.10, 0.16))
    solids = list(frame)
    for sign in _BOTH_SIDES:
        at = _HALF_M - 0.03
        solids.append(
            block(
                (0.14, length - 0.16), _side(sign, at - wall_m, at), (0.15, height - 0.05), "iron", _STEEL, pattern=wave
            )
        )
    roof = Corrugation(0.209, 0.10)
    solids += [
        block((0.08, length - 0.1), (-1.17, 1.17), (roof_z - 0.002, roof_z), "iron", _STEEL, pattern=roof),
        block((0.03, 0.075), (-1.13, 1.13), (0.12, height - 0.1), "iron", 0.055 * _STEEL),  # corrugated front wall
        block((0.1, length - 0.11), (-1.17, 1.17), (0.145, 0.173), "cellulose", rng.uniform(0.62, 0.8)),
    ]
    inside = Room((0.09, length - 0.115), (-1.17, 1.17), (0.174, height - 0.1))
    return Box(size, tuple(solids), inside)


def _reefer(size: ContainerSize, frame: list[Solid], rng: np.random.Generator) -> Box:
    length, height = size.length_m, size.height_m
    foam, unit = rng.uniform(0.04, 0.06), rng.uniform(0.38, 0.46)
    skin = rng.uniform(0.0007, 0.001)
    ribs = Corrugation(rng.uniform(0.25, 0.6), 0.15)
    solids = list(frame)
    for sign in _BOTH_SIDES:
        x, z = (0.1, length - 0.12), (0.14, height - 0.04)
        solids += [
            block(x, _side(sign, _HALF_M - 0.012, _HALF_M - 0.012 + skin), z, "iron", _STEEL, pattern=ribs),
            block(x, _side(sign, _HALF_M - 0.076, _HALF_M - 0.012), z, "foam", foam),
            block(x, _side(sign, _HALF_M - 0.077, _HALF_M - 0.076), z, "aluminium", 2.7),
        ]
    top, bed = height - 0.1, 0.16
    solids += [
        block((0.1, length - 0.1), (-1.2, 1.2), (height - 0.015, height - 0.015 + skin), "iron", _STEEL, pattern=ribs),
        block((0.1, length - 0.1), (-1.14, 1.14), (top, height - 0.02), "foam", foam),
        block((0.1, length - 0.1), (-1.14, 1.14), (top - 0.001, top), "aluminium", 2.7),
        block((0.1, length - 0.1), (-1.14, 1.14), (bed, bed + 0.07), "foam", 1.3 * foam),
        block((unit, length - 0.12), (-1.14, 1.14), (bed + 0.07, bed + 0.133), "aluminium", rng.uniform(0.55, 0.75)),
        block((unit, unit + 0.06), (-1.14, 1.14), (bed, top), "foam", foam),
        block((length - 0.16, length - 0.1), (-1.12, 1.12), (bed, top), "foam", foam),
    ]
    cabinet = Room((0.02, unit), (-1.1, 1.1), (0.14, height - 0.1))
    solids += _machinery(cabinet, rng)
    inside = Room((unit + 0.065, length - 0.165), (-1.14, 1.14), (bed + 0.134, top - 0.09))
    return Box(size, tuple(solids), inside, cabinet)


def _machinery(cabinet: Room, rng: np.random.Generator) -> list[Solid]:
    """Compressor, condenser with its fan, evaporator, controller and pipes of a reefer, 210 to 420 kg.

    Where each stands and how dense it is is drawn wider than makers differ: whoever learns from one make takes
    the parts of another for loads.
    """
    (x0, x1), (bottom, top) = cabinet.x, cabinet.z
    middle, side = (x0 + x1) / 2, rng.choice(_BOTH_SIDES)
    coil, coil_high = rng.uniform(bottom + 0.1, top - 1.2), rng.uniform(0.4, 0.9)
    evaporator = rng.uniform(coil + 0.3, top - 0.45)
    controller = rng.uniform(bottom + 0.1, top - 0.9)
    solids = [
        *_compressor(cabinet, side * rng.uniform(0.1, 0.8), rng),
        block(
            (middle - 0.02, middle + 0.1),
            (-side * 0.95 - 0.1, -side * 0.95 + 0.1),
            (controller, controller + 0.7),
            "aluminium",
            0.8,
        ),
        block((x0 + 0.02, x0 + 0.1), (-0.75, 0.75), (coil, coil + coil_high), "copper", rng.uniform(0.3, 0.7)),
        Solid("along", x0 + 0.12, x0 + 0.3, -0.12, 0.12, coil + 0.1, coil + 0.34, "iron", rng.uniform(1.5, 3.5)),
        block((middle, x1 - 0.02), (-0.95, 0.95), (evaporator, evaporator + 0.4), "copper", rng.uniform(0.2, 0.5)),
        block((x0, x0 + 0.003), (-1.05, 1.05), (bottom, top), "aluminium", 2.7),
    ]
    for _ in range(rng.integers(1, 4)):  # evaporator fans
        at, z = rng.uniform(-0.8, 0.8), evaporator + rng.uniform(-0.25, 0.3)
        solids.append(Solid("upright", middle, x1 - 0.08, at - 0.1, at + 0.1, z, z + 0.18, "iron", 1.6))
    for _ in range(rng.integers(8, 24)):  # pipes, valves, brackets, wiring
        at, z, x = rng.uniform(-0.95, 0.95), rng.uniform(bottom, top - 0.3), rng.uniform(x0 + 0.03, x1 - 0.1)
        size_x, size_z = rng.uniform(0.02, 0.08), rng.uniform(0.03, 0.35)
        solids.append(block((x, x + size_x), (at - 0.05, at + 0.05), (z, z + size_z), "iron", rng.uniform(0.4, 4.0)))
    return solids


def _compressor(cabinet: Room, y: float, rng: np.random.Generator) -> list[Solid]:
    """A casting with its motor and, as often as not, a dome, 20 to 200 kg: few beams pass the densest."""
    (x0, x1), (bottom, top) = cabinet.x, cabinet.z
    long, deep, high = rng.uniform(0.2, 0.3), rng.uniform(0.22, 0.4), rng.uniform(0.25, 0.5)
    x, z = rng.uniform(x0 + 0.02, x1 - 0.02 - long), rng.uniform(bottom + 0.05, top - 1.0)
    density = rng.uniform(1.8, 4.5)
    lying: Shape = ("upright", "across", "along")[int(rng.integers(3))]
    solids = [Solid(lying, x, x + long, y - deep / 2, y + deep / 2, z, z + high, "iron", density)]
    if rng.random() < 0.5:
        dome = (z + 0.7 * high, z + 1.3 * high)
        solids.append(Solid("ellipsoid", x + 0.03, x + long - 0.03, y - 0.1, y + 0.1, *dome, "iron", 0.8 * density))
    return solids
