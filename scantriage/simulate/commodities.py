"""What containers carry, and how each kind of goods is stowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scantriage.simulate import goods
from scantriage.simulate.cargo import Load, Unit
from scantriage.simulate.pallets import PalletStyle, carton_wall, draw_style, pallet
from scantriage.simulate.structure import Room

Stower = Callable[[Room, np.random.Generator], list[Unit]]

_MOST_KG = 27_500.0  # what a container may carry


@dataclass(frozen=True, slots=True)
class Commodity:
    """A kind of goods: how the manifest names it, how often it is drawn, and how it is stowed."""

    hs_code: str
    goods: str
    weight: float
    stow: Stower


def draw_load(
    room: Room, rng: np.random.Generator, *, reefer: bool, commodity: str | None = None
) -> Load:  # fmt: skip
    """A load for this room: of this commodity, or of one that such a container carries.

    Raises KeyError for a commodity that is not in the container's table.
    """
    table = REEFER_GOODS if reefer else DRY_GOODS
    if commodity is None:
        weights = np.array([entry.weight for entry in table.values()])
        commodity = list(table)[int(rng.choice(len(table), p=weights / weights.sum()))]
    entry = table[commodity]
    load = Load(commodity, entry.hs_code, entry.goods, tuple(entry.stow(room, rng)))
    most_kg = _MOST_KG * rng.uniform(0.85, 1.0)
    return load.weighing(most_kg) if load.mass_kg > most_kg else load


def _palletised(
    material: str, density: tuple[float, float], *, height_m: tuple[float, float] = (1.2, 2.3), n_styles: int = 1
) -> Stower:
    def stow(room: Room, rng: np.random.Generator) -> list[Unit]:
        tall = min(rng.uniform(*height_m), room.z[1] - room.z[0] - 0.05)
        styles = [draw_style(rng, material, density, height_m=tall) for _ in range(n_styles)]
        return _pallet_rows(room, rng, styles)

    return stow


def _mixed_pallets(room: Room, rng: np.random.Generator) -> list[Unit]:
    kinds = ("cellulose", "plastic", "water", "ceramic", "sugar", "iron", "aluminium")
    styles = []
    for _ in range(int(rng.integers(2, 9))):
        material = kinds[int(rng.integers(len(kinds)))]
        dense = np.exp(rng.uniform(np.log(0.08), np.log(0.9)))
        tall = rng.uniform(0.5, room.z[1] - room.z[0] - 0.05)
        styles.append(draw_style(rng, material, (0.8 * dense, 1.2 * dense), height_m=tall))
    return _pallet_rows(room, rng, styles)


def _pallet_rows(room: Room, rng: np.random.Generator, styles: Sequence[PalletStyle]) -> list[Unit]:
    """Pallets two abreast from the front, with more or less room between them."""
    gap = rng.uniform(0.005, 0.06) if rng.random() < 0.7 else rng.uniform(0.06, 0.5)
    x = room.x[0] + rng.uniform(0.0, 0.1)
    units: list[Unit] = []
    last_m = room.x[1] - (rng.uniform(0.0, 4.0) if rng.random() < 0.3 else 0.0)
    while True:
        style = styles[int(rng.integers(len(styles)))]
        wide, deep = style.base_m
        if x + wide > last_m:
            return units
        n_across = 2 if 2 * deep < room.y[1] - room.y[0] else 1
        free = (room.y[1] - room.y[0] - n_across * deep) / (n_across + 1)
        for j in range(n_across):
            y = room.y[0] + free + j * (deep + free) + rng.uniform(-0.4, 0.4) * min(free, 0.1)
            solids, cartons = pallet(style, x + rng.uniform(0, 0.01), y, room.z[0], rng)
            units.append(Unit(tuple(solids), tuple(cartons)))
        x += wide + gap * rng.uniform(0.5, 1.5)


def _cross_rows(material: str, density: tuple[float, float]) -> Stower:
    """Cartons stowed by hand from wall to wall."""

    def stow(room: Room, rng: np.random.Generator) -> list[Unit]:
        tall = rng.uniform(0.6, 0.98) * (room.z[1] - room.z[0])
        style = draw_style(rng, material, density, height_m=tall)
        last_m = room.x[1] - style.carton_m[0] - (rng.uniform(0, 5) if rng.random() < 0.3 else 0.0)
        units = []
        for x in np.arange(room.x[0] + 0.02, last_m, style.carton_m[0] + 0.005):
            solids, cartons = carton_wall(style, x, room, rng)
            units.append(Unit(tuple(solids), tuple(cartons)))
        return units

    return stow


def _sacks(room: Room, rng: np.random.Generator) -> list[Unit]:
    wide, density = rng.uniform(0.7, 1.0), rng.uniform(0.5, 0.75)
    units = []
    n_layers = int(rng.uniform(0.9, 2.0) / 0.17)
    for x in np.arange(room.x[0] + 0.03, room.x[1] - wide, wide + 0.01):
        sacks = goods.sack_stack(x, wide, room, max(n_layers - int(rng.integers(0, 3)), 1), density, rng)
        units.append(Unit(tuple(sacks), tuple(range(len(sacks)))))
    return units


def _drums(room: Room, rng: np.random.Generator) -> list[Unit]:
    radius, tall = 0.29, rng.uniform(0.86, 0.93)
    material, density = (("oil", 0.92), ("water", 1.1), ("sugar", 1.35), ("plastic", 0.6))[int(rng.integers(4))]
    n_tiers = 2 if rng.random() < 0.5 and 2 * tall < room.z[1] - room.z[0] else 1
    step = 2 * radius + 0.01
    n_across = int((room.y[1] - room.y[0]) / step)
    spare = (room.y[1] - room.y[0] - n_across * step) / 2
    units = []
    for x in np.arange(room.x[0] + radius + 0.02, room.x[1] - radius - rng.uniform(0, 2), step):
        row = []
        for tier in range(n_tiers):
            for j in range(n_across):
                y, full = room.y[0] + spare + radius + j * step, rng.uniform(0.88, 0.98)
                row += goods.drum(x, y, room.z[0] + tier * (tall + 0.02), radius, tall, material, density, full)
        units.append(Unit(tuple(row)))
    return units


def _paper_rolls(room: Room, rng: np.random.Generator) -> list[Unit]:
    radius, density, units = rng.uniform(0.4, 0.57), rng.uniform(0.6, 0.9), []
    tall = rng.uniform(0.7, 1.15)
    n_tiers = int(rng.integers(1, 3)) if 2 * tall < room.z[1] - room.z[0] else 1
    n_across = int((room.y[1] - room.y[0]) / (2 * radius))
    for x in np.arange(room.x[0] + radius, room.x[1] - radius, 2 * radius + 0.02):
        row = []
        for tier in range(n_tiers):
            for j in range(n_across):
                y = room.y[0] + radius + j * (room.y[1] - room.y[0] - 2 * radius) / max(n_across - 1, 1)
                row += goods.paper_roll(x, y, room.z[0] + tier * tall, radius, tall, density)
        units.append(Unit(tuple(row)))
    return units


def _coils(room: Room, rng: np.random.Generator) -> list[Unit]:
    n_coils, radius = int(rng.integers(2, 6)), rng.uniform(0.4, 0.6)
    wide = rng.uniform(0.7, 1.3)
    places = np.linspace(room.x[0] + 1.0, room.x[1] - 1.0, n_coils)
    return [Unit(tuple(goods.steel_coil(x, room.z[0], radius, wide, rng.normal(0, 0.05)))) for x in places]


def _timber(room: Room, rng: np.random.Generator) -> list[Unit]:
    long, units = rng.uniform(2.4, 5.6), []
    deep, tall = (room.y[1] - room.y[0]) / 2 - 0.03, rng.uniform(0.4, 1.1)
    n_tiers = max(int(rng.uniform(0.5, 1.0) * (room.z[1] - room.z[0]) / (tall + 0.1)), 1)
    for x in np.arange(room.x[0] + 0.02, room.x[1] - long, long + 0.1):
        for j in range(2):
            for tier in range(n_tiers):
                y, z = room.y[0] + 0.01 + j * (deep + 0.03), room.z[0] + 0.1 + tier * (tall + 0.08)
                units.append(Unit(tuple(goods.timber_pack(x, y, z, (long, deep, tall), rng))))
    return units


def _machines(room: Room, rng: np.random.Generator) -> list[Unit]:
    x = room.x[0] + rng.uniform(0.1, 0.6)
    units: list[Unit] = []
    while True:
        long = rng.uniform(0.6, 2.8)
        if x + long > room.x[1]:
            return units
        units.append(Unit(tuple(goods.machine(x, room, long, rng))))
        x += long + rng.uniform(0.05, 1.0)


def _scrap(room: Room, rng: np.random.Generator) -> list[Unit]:
    return [Unit(tuple(goods.scrap_heap(room, rng)))]


def _effects(room: Room, rng: np.random.Generator) -> list[Unit]:
    long = rng.uniform(0.6, 1.2)
    places = np.arange(room.x[0] + 0.05, room.x[1] - long, long)
    return [Unit(tuple(goods.effects(x, long, room, rng))) for x in places]


def _tyres(room: Room, rng: np.random.Generator) -> list[Unit]:
    radius, units = rng.uniform(0.28, 0.52), []
    n_across = int((room.y[1] - room.y[0]) / (2 * radius))
    for x in np.arange(room.x[0] + radius, room.x[1] - radius, 2 * radius + 0.01):
        row = []
        for j in range(n_across):
            y = room.y[0] + radius + j * (room.y[1] - room.y[0] - 2 * radius) / max(n_across - 1, 1)
            row += goods.ring_stack(x, y, room, radius, int(rng.integers(5, 10)))
        units.append(Unit(tuple(row)))
    return units


def _nothing(_room: Room, _rng: np.random.Generator) -> list[Unit]:
    return []


REEFER_GOODS: dict[str, Commodity] = {
    "bananas": Commodity("0803", "bananas", 3.0, _palletised("fruit", (0.32, 0.45), height_m=(1.9, 2.4))),
    "fruit": Commodity("0804", "fresh fruit", 2.0, _palletised("fruit", (0.25, 0.6), height_m=(1.5, 2.4))),
    "shrimp": Commodity("0306", "frozen shrimp", 2.0, _cross_rows("meat", (0.5, 0.85))),
    "meat": Commodity("0202", "frozen meat", 1.0, _cross_rows("meat", (0.6, 0.95))),
    "fish": Commodity("0303", "frozen fish on pallets", 1.0, _palletised("meat", (0.45, 0.85))),
    "flowers": Commodity("0603", "cut flowers", 0.7, _cross_rows("cellulose", (0.08, 0.2))),
    "empty": Commodity("", "empty", 0.8, _nothing),
}
DRY_GOODS: dict[str, Commodity] = {
    "coffee": Commodity("0901", "coffee in bags", 1.5, _sacks),
    "cocoa": Commodity("1801", "cocoa beans", 1.0, _sacks),
    "drums": Commodity("1511", "palm oil in drums", 1.2, _drums),
    "machinery": Commodity("8479", "machinery", 1.5, _machines),
    "mixed": Commodity("9999", "mixed goods", 2.5, _mixed_pallets),
    "canned": Commodity(
        "2008", "canned fruit", 1.0, _palletised("water", (0.5, 0.85), height_m=(0.8, 1.6), n_styles=2)
    ),
    "wine": Commodity("2204", "wine in bottles", 0.8, _palletised("water", (0.4, 0.75), height_m=(0.9, 1.8))),
    "garments": Commodity("6109", "garments", 1.0, _cross_rows("cellulose", (0.08, 0.25))),
    "electronics": Commodity("8528", "electronics", 0.8, _cross_rows("plastic", (0.08, 0.3))),
    "timber": Commodity("4407", "sawn timber", 1.0, _timber),
    "scrap": Commodity("7404", "metal scrap", 0.8, _scrap),
    "tiles": Commodity("6907", "ceramic tiles", 0.8, _palletised("ceramic", (1.2, 1.7), height_m=(0.45, 0.8))),
    "paper": Commodity("4804", "paper in rolls", 0.8, _paper_rolls),
    "coils": Commodity("7208", "steel coils", 0.4, _coils),
    "tyres": Commodity("4011", "tyres", 0.5, _tyres),
    "household": Commodity("9905", "household effects", 0.8, _effects),
    "empty": Commodity("", "empty", 1.5, _nothing),
}
