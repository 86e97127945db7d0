"""What smugglers do: packets of about a kilogram, in bags behind the doors, in the structure, or among the goods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.finding import Zone
from scantriage.scan.geometry import MetreBox
from scantriage.simulate.cargo import Load
from scantriage.simulate.solids import Solid, block, total_mass_kg
from scantriage.simulate.structure import Box, Room

Place = Literal[
    "doors", "reefer", "underfloor", "floor", "roof", "side_wall", "front_wall", "on_cargo", "in_cargo", "in_cartons",
    "pallet",
]  # fmt: skip

ZONES: dict[Place, Zone] = {
    "doors": "door_end", "reefer": "reefer_unit", "underfloor": "floor", "floor": "floor", "roof": "roof",
    "side_wall": "side_wall", "front_wall": "front_wall", "on_cargo": "cargo", "in_cargo": "cargo",
    "in_cartons": "cargo", "pallet": "cargo",
}  # fmt: skip

FloatArray = NDArray[np.float64]

PACKET_KG = 1.07
_DENSITY = 1.1
_PACKET_M = (0.2, 0.139, 0.035)  # 0.973 litres
_MOST_SOLIDS = 240  # a larger load is built of larger packets


@dataclass(frozen=True, slots=True)
class Hidden:
    """A hidden load. packets: what was hidden; displaced: goods that had to make room, with negative density."""

    place: Place
    packets: tuple[Solid, ...]
    displaced: tuple[Solid, ...]

    @property
    def solids(self) -> tuple[Solid, ...]:
        """All that changes in the scene."""
        return self.packets + self.displaced

    @property
    def zone(self) -> Zone:
        """The concealment zone."""
        return ZONES[self.place]

    @property
    def mass_kg(self) -> float:
        """Mass of what was hidden, kg."""
        return float(total_mass_kg(self.packets))

    @property
    def net_kg(self) -> float:
        """Mass of what was hidden less the goods it displaced, kg."""
        return float(total_mass_kg(self.solids))

    @property
    def box(self) -> MetreBox:
        """Where it really lies, along the container and in height."""
        return MetreBox(
            float(min(s.x0 for s in self.packets)), float(max(s.x1 for s in self.packets)),
            float(min(s.z0 for s in self.packets)), float(max(s.z1 for s in self.packets)),
        )  # fmt: skip


def places_in(box: Box, load: Load) -> tuple[Place, ...]:
    """The places that this container and load offer."""
    places: list[Place] = ["doors", "underfloor", "roof", "side_wall", "front_wall"]
    if box.machinery is not None:
        places.append("reefer")
    if not load.units:
        return (*places, "floor")
    places.append("on_cargo")
    if any(unit.openable for unit in load.units):
        places += ["in_cargo", "in_cartons"]
        if load.units[0].openable[0] > 0:  # cartons that stand on something: a pallet
            places.append("pallet")
    return tuple(places)


def hide(box: Box, load: Load, place: Place, mass_kg: float, rng: np.random.Generator) -> Hidden:
    """A load of about this mass at this place; less where no more goes in.

    Raises ValueError where the container and its load offer no such place.
    """
    if place not in places_in(box, load):
        raise ValueError(f"a container with {load.commodity} offers no {place}")
    if place == "in_cartons":
        packets = _among_cartons(load, mass_kg, rng)
    else:
        packets = stack_packets(_region(box, load, place, rng), mass_kg, place, rng)
    return Hidden(place, tuple(packets), tuple(_make_room(load, packets)))


def _region(box: Box, load: Load, place: Place, rng: np.random.Generator) -> Room:
    """The space that the place offers."""
    room = box.room
    (x0, x1), (floor, top) = room.x, room.z
    if place == "doors":
        return Room((max(_cargo_end(load, room), x1 - 0.9) if rng.random() < 0.8 else x1 - 0.6, x1), room.y, room.z)
    if place == "reefer" and box.machinery is not None:
        return box.machinery
    if place == "underfloor":
        return Room((x0, x1), (-1.1, 1.1), (0.03, 0.14) if box.machinery is None else (0.16, 0.24))
    if place == "roof":
        return Room((x0, x1), (-1.1, 1.1), (top + 0.02, box.size.height_m - 0.02))
    if place == "side_wall":
        side = 1 if rng.random() < 0.5 else -1
        near, far = sorted((side * (1.13 if box.machinery is None else 1.14), side * 1.21))
        return Room((x0, x1), (near, far), (floor, top))
    if place == "front_wall":
        return Room((x0, x0 + 0.16), room.y, (floor, top))
    if place == "floor":
        return room
    if place == "pallet":
        return Room((x0, x1), room.y, (floor, floor + 0.12))
    if place == "on_cargo":
        middle = rng.uniform(x0 + 0.1, _cargo_end(load, room))
        high = _cargo_top(load, middle, room)
        return Room((max(middle - 0.5, x0), min(middle + 0.5, x1)), room.y, (min(high, top - 0.2), top))
    units = [unit for unit in load.units if unit.openable]
    solids = units[int(rng.integers(len(units)))].solids
    return Room(
        (min(s.x0 for s in solids), max(s.x1 for s in solids)),
        (min(s.y0 for s in solids), max(s.y1 for s in solids)),
        (min(s.z0 for s in solids), max(s.z1 for s in solids)),
    )


def _cargo_end(load: Load, room: Room) -> float:
    return min(max((s.x1 for s in load.solids), default=room.x[0]), room.x[1] - 0.25)


def _cargo_top(load: Load, x: float, room: Room) -> float:
    return max((s.z1 for s in load.solids if s.x0 - 0.5 < x < s.x1 + 0.5), default=room.z[0])


def stack_packets(region: Room, mass_kg: float, place: Place, rng: np.random.Generator) -> list[Solid]:
    """Packets of about this mass in all, stacked to a heap somewhere in the region; fewer where it is full."""
    n_packets = max(round(mass_kg / PACKET_KG), 1)
    grown = max(n_packets / _MOST_SOLIDS, 1.0) ** (1 / 3)
    size = _turned(region, grown * np.array(_PACKET_M), rng)
    pitch = size + rng.uniform(0.001, 0.012)
    space = np.array([region.x[1] - region.x[0], region.y[1] - region.y[0], region.z[1] - region.z[0]])
    fits = np.maximum((space / pitch).astype(int), 1)
    n_solids = min(max(round(n_packets / grown**3), 1), int(fits.prod()))
    counts = _heap(n_solids, fits, pitch, place, rng)
    free = np.maximum(space - counts * pitch, 0)
    corner = np.array([region.x[0], region.y[0], region.z[0]]) + free * rng.random(3)
    if place not in ("reefer", "side_wall", "in_cargo"):
        corner[2] = region.z[0]  # it lies on the ground
    return [_packet(corner + pitch * np.unravel_index(i, counts[[2, 1, 0]])[::-1], size, rng) for i in range(n_solids)]


def _turned(region: Room, size: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The packet lying on the side that lets it into the region."""
    space = np.array([region.x[1] - region.x[0], region.y[1] - region.y[0], region.z[1] - region.z[0]])
    narrow = int(np.argmin(space))
    others = [axis for axis in range(3) if axis != narrow]
    rng.shuffle(others)
    turned = np.empty(3)
    turned[narrow], turned[others[0]], turned[others[1]] = size[2], size[0], size[1]
    return turned


def _heap(
    n_solids: int, fits: NDArray[np.int_], pitch: FloatArray, place: Place, rng: np.random.Generator
) -> NDArray[np.int_]:
    """How many packets along x, y and z: as compact as the place allows."""
    edge = (n_solids * pitch.prod()) ** (1 / 3)
    spread = np.exp(rng.normal(0, 0.35, 3)) * {"doors": (0.8, 1.6, 1.1)}.get(place, (1.0, 1.0, 1.0))
    counts: NDArray[np.int_] = np.clip(np.round(edge * spread / pitch), 1, fits).astype(int)
    while counts.prod() < n_solids:
        room_left = np.where(counts < fits, counts * pitch, np.inf)
        counts[int(np.argmin(room_left))] += 1
    return counts


def _packet(low: FloatArray, size: FloatArray, rng: np.random.Generator) -> Solid:
    low = low + rng.normal(0, 0.002, 3)
    high = low + size
    return Solid("block", low[0], high[0], low[1], high[1], low[2], high[2], "cocaine", _DENSITY)


def _among_cartons(load: Load, mass_kg: float, rng: np.random.Generator) -> list[Solid]:
    """Packets inside cartons: a few in each of many, or many in each of a few."""
    cartons = [unit.solids[i] for unit in load.units for i in unit.openable]
    share = rng.uniform(0.15, 0.9)
    start, step = int(rng.integers(len(cartons))), 1 if rng.random() < 0.6 else int(rng.integers(2, 9))
    packets, packed_kg = [], 0.0
    for k in range(len(cartons)):
        if packed_kg >= mass_kg:
            break
        carton = cartons[(start + k * step) % len(cartons)]
        size = np.array([carton.x1 - carton.x0, carton.y1 - carton.y0, carton.z1 - carton.z0])
        most = min(share * float(size.prod()), (mass_kg - packed_kg) / (1000 * _DENSITY))
        inner = size * (most / float(size.prod())) ** (1 / 3)
        low = np.array([carton.x0, carton.y0, carton.z0]) + (size - inner) / 2
        high = low + inner
        packets.append(Solid("block", low[0], high[0], low[1], high[1], low[2], high[2], "cocaine", _DENSITY))
        packed_kg += packets[-1].mass_kg
    return packets


def _make_room(load: Load, packets: Sequence[Solid]) -> list[Solid]:
    """The goods that were where the packets are now, to be taken away."""
    gone = []
    x0, x1 = min(p.x0 for p in packets), max(p.x1 for p in packets)
    near = [s for s in load.solids if s.shape == "block" and s.density > 0 and s.x0 < x1 and s.x1 > x0]
    for packet in packets:
        for goods in near:
            x = (max(packet.x0, goods.x0), min(packet.x1, goods.x1))
            y = (max(packet.y0, goods.y0), min(packet.y1, goods.y1))
            z = (max(packet.z0, goods.z0), min(packet.z1, goods.z1))
            if x[0] < x[1] and y[0] < y[1] and z[0] < z[1]:
                gone.append(block(x, y, z, goods.material, -goods.density))
    return gone
