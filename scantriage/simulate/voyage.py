"""What a voyage does to cargo without anybody's intent: it shifts, settles, leans, dries, gets wet and is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scantriage.simulate.cargo import Load, Unit
from scantriage.simulate.solids import Solid, Texture, block
from scantriage.simulate.structure import Room


@dataclass(frozen=True, slots=True)
class Voyage:
    """How rough one voyage was.

    shift_m, sway_m: standard deviation of every unit's move along and across. surge_m: move of all along.
    settle: most a unit sinks, relative. lean_sd: of units, radians. drier: loss of mass. opened: share of units
    that an inspection took out and put back.
    """

    shift_m: float
    sway_m: float
    surge_m: float
    settle: float
    lean_sd: float
    drier: float
    opened: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Voyage:
        """A voyage; one in twelve ends with an inspection and a restuffing."""
        rough = np.exp(rng.normal(0, 0.7))
        return cls(
            shift_m=0.012 * rough,
            sway_m=0.010 * rough,
            surge_m=rng.normal(0, 0.02) * rough,
            settle=min(0.012 * rough, 0.05),
            lean_sd=0.004 * rough,
            drier=max(rng.normal(0.01, 0.012), 0.0),
            opened=rng.uniform(0.05, 0.4) if rng.random() < 1 / 12 else 0.0,
        )


def sail(load: Load, room: Room, voyage: Voyage, rng: np.random.Generator) -> Load:
    """The load as it arrives. Units push those behind them along, so that none ends up inside another."""
    arrived: list[tuple[_Outline, float]] = []  # where a unit lay, and how far it has moved along
    units = []
    for unit in sorted(load.units, key=lambda unit: min(s.x0 for s in unit.solids)):
        lay = _Outline.of(unit)
        pushed_to = max((other.x1 + dx for other, dx in arrived if other.stands_before(lay)), default=room.x[0])
        unit, dx = _arrived(unit, lay, room, pushed_to - lay.x0, voyage, rng)
        arrived.append((lay, dx))
        units.append(unit)
    return replace(load, units=(*units, *_left_behind(load, room, rng)))


@dataclass(frozen=True, slots=True)
class _Outline:
    x0: float
    x1: float
    y0: float
    y1: float
    z0: float
    z1: float

    @classmethod
    def of(cls, unit: Unit) -> _Outline:
        low = (min(s.x0 for s in unit.solids), min(s.y0 for s in unit.solids), min(s.z0 for s in unit.solids))
        high = (max(s.x1 for s in unit.solids), max(s.y1 for s in unit.solids), max(s.z1 for s in unit.solids))
        return cls(low[0], high[0], low[1], high[1], low[2], high[2])

    def stands_before(self, other: _Outline) -> bool:
        """Whether this unit is in the other's way towards the front."""
        beside = self.y0 < other.y1 and self.y1 > other.y0 and self.z0 < other.z1 and self.z1 > other.z0
        return beside and self.x1 <= other.x0 + 1e-6


def _arrived(
    unit: Unit, lay: _Outline, room: Room, least_dx: float, voyage: Voyage, rng: np.random.Generator
) -> tuple[Unit, float]:
    """The unit where and as it arrives, and how far it has moved along."""
    handled = rng.random() < voyage.opened
    rough = 6.0 if handled else 1.0
    dx = max(voyage.surge_m + rough * voyage.shift_m * rng.standard_normal(), least_dx)
    dx = min(dx, room.x[1] - lay.x1)
    left, right = _lane(lay, room)
    dy = float(np.clip(rough * voyage.sway_m * rng.standard_normal(), left - lay.y0, right - lay.y1))
    sunk = 1 - voyage.settle * rng.random()
    lean = voyage.lean_sd * rng.standard_normal()
    middle = (lay.x0 + lay.x1) / 2 + dx
    solids = [_leaning(_sunk(solid.moved(dx, dy), room.z[0], sunk, voyage.drier), middle, room.z[0], lean)
              for solid in unit.solids]  # fmt: skip
    if handled:
        solids = [_shaken(solid, rng) for solid in solids]
    return replace(unit, solids=tuple(solids)), dx


def _lane(lay: _Outline, room: Room) -> tuple[float, float]:
    """How far a unit may sway: to the walls, but one of two abreast not beyond the middle."""
    return (
        max(room.y[0], 0.0) if lay.y0 >= 0 else min(room.y[0], lay.y0),
        min(room.y[1], 0.0) if lay.y1 <= 0 else max(room.y[1], lay.y1),
    )


def _sunk(solid: Solid, floor: float, sunk: float, drier: float) -> Solid:
    return replace(
        solid, z0=floor + (solid.z0 - floor) * sunk, z1=floor + (solid.z1 - floor) * sunk,
        density=solid.density * (1 - drier) / sunk,
    )  # fmt: skip


def _leaning(solid: Solid, middle: float, floor: float, lean: float) -> Solid:
    """The solid of a unit that leans, turned about the unit's foot (small angles)."""
    x, z = (solid.x0 + solid.x1) / 2, (solid.z0 + solid.z1) / 2
    return replace(solid.moved(dx=-lean * (z - floor), dz=lean * (x - middle)), lean=solid.lean + lean)


def _shaken(solid: Solid, rng: np.random.Generator) -> Solid:
    """A carton that was opened and filled again: its contents lie differently."""
    if not isinstance(solid.pattern, Texture):
        return solid
    return replace(solid, pattern=replace(solid.pattern, seed=int(rng.integers(2**30))))


def _left_behind(load: Load, room: Room, rng: np.random.Generator) -> list[Unit]:
    """What turns up harmlessly: straps, paper, air bags, melt water on the floor."""
    solids: list[Solid] = []
    if load.units and rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 4))):
            x, tall = rng.uniform(room.x[0], room.x[1] - 0.1), rng.uniform(0.5, room.z[1] - room.z[0])
            y = rng.uniform(room.y[0], room.y[1] - 0.1)
            solids.append(block((x, x + 0.05), (y, y + 0.003), (room.z[0], room.z[0] + tall), "plastic", 1.1))
    if rng.random() < 0.15:
        end = rng.uniform(0.2, 1.0) * (room.x[1] - room.x[0])
        solids.append(block((room.x[0], room.x[0] + end), room.y, (room.z[0] - 0.002, room.z[0] + 0.001), "water", 0.5))
    return [Unit((solid,)) for solid in solids]
