"""What is projected into a real scan for training: a load as it would be hidden there, as that scan would show it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.mass import mass_thickness
from scantriage.scan.geometry import CONTAINER_WIDTH_M, MetreBox
from scantriage.scan.placement import Placement
from scantriage.scan.rectified import Rectified
from scantriage.simulate.cargo import Load
from scantriage.simulate.concealment import Hidden, Place, hide, stack_packets
from scantriage.simulate.fan import Fan, packed, project
from scantriage.simulate.materials import SHARES
from scantriage.simulate.solids import Solid
from scantriage.simulate.structure import Box, Room, build_box

FloatArray = NDArray[np.floating[Any]]
FloatImage = NDArray[np.float32]


class _Habit(NamedTuple):
    """How often a place is used, and from what to what mass, kg."""

    share: float
    least_kg: float
    most_kg: float


# Rotterdam 2023 and after: behind the doors most often, then reefer machinery, then among the goods; loads get
# smaller and go more into the structure, so that the structure's begin at 5 kg
_HABITS: dict[Place, _Habit] = {
    "doors": _Habit(0.34, 20, 200),
    "reefer": _Habit(0.20, 5, 66),
    "in_cargo": _Habit(0.20, 34, 200),
    "underfloor": _Habit(0.08, 10, 200),
    "roof": _Habit(0.08, 5, 100),
    "side_wall": _Habit(0.06, 5, 129),
    "front_wall": _Habit(0.04, 10, 129),
}
_IN_THE_ROOM: frozenset[Place] = frozenset({"doors", "in_cargo", "front_wall"})  # goods may be in its way

_COCAINE = 1.1  # g/cm3 of packets
_CARGO = (0.08, 0.75)  # g/cm3 over the width: less is no cargo, and in more a load all but vanishes
_AROUND_M = (0.6, 0.4)  # along and up: how far from a place in the cargo the load may reach
_BLUR_PX = 0.35  # an element's own width in standard deviations, and some crosstalk
_MOST_DISPLACED = 0.9


def draw_threat(seen: Rectified, *, energy_mv: float, rng: np.random.Generator) -> Hidden:
    """A load of 5 to 200 kg, hidden as smugglers hide it, in a container as its scan shows it.

    Goods in its way are not told of: see `share_added`. The container's make is a usual one of its size.
    """
    size = seen.placement.size
    box = build_box(size, rng)
    cargo = _places_in_cargo(seen, box, energy_mv=energy_mv)
    offered = [p for p in _HABITS if (p != "reefer" or size.reefer) and (p != "in_cargo" or len(cargo) > 0)]
    weights = np.array([_HABITS[place].share for place in offered])
    place = offered[int(rng.choice(len(offered), p=weights / weights.sum()))]
    mass_kg = math.exp(rng.uniform(math.log(_HABITS[place].least_kg), math.log(_HABITS[place].most_kg)))
    if place == "in_cargo":
        x, z = cargo[int(rng.integers(len(cargo)))]
        packets = stack_packets(_around(x, z, box.room), mass_kg, place, rng)
        return Hidden(place, tuple(packets), ())
    return hide(box, Load("unknown", "", "", ()), place, mass_kg, rng)


def share_added(threat: Hidden, seen: Rectified, *, energy_mv: float) -> float:
    """Part of the load's mass thickness that its scan gains, 0.1 to 1: among goods it takes their place."""
    if threat.place not in _IN_THE_ROOM:
        return 1.0
    inside = density(seen, energy_mv=energy_mv)[_cells(threat.box, seen)]
    return 1 - min(float(np.mean(inside)) / _COCAINE, _MOST_DISPLACED) if inside.size else 1.0


def density(seen: Rectified, *, energy_mv: float) -> FloatArray:
    """(R, C) g/cm3 of what is seen, as if it filled the container's width."""
    return mass_thickness(np.maximum(seen.attenuation, 0), energy_mv=energy_mv) / (100 * CONTAINER_WIDTH_M)


def thickness_in_scan(packets: Sequence[Solid], placement: Placement, *, n_cols: int) -> FloatImage:
    """(R, C) mass thickness in g/cm2 of these packets in the pixels of a scan, rows from the top.

    packets: of cocaine. Zero where they lie outside the scan.
    """
    first, last = placement.cols
    x_m = np.asarray((np.arange(n_cols) + 0.5 - first) / (last - first) * placement.size.length_m, dtype=np.float64)
    middle = np.array((min(p.x0 for p in packets) + max(p.x1 for p in packets)) / 2)
    fan = Fan.of(
        placement.geometry, n_rows=placement.n_rows, source_y_sign=placement.fan.side,
        raised_m=float(placement.base_at(middle)),
    )  # fmt: skip
    rising = slice(None) if placement.doors_last else slice(None, None, -1)
    pitch_m = placement.size.length_m / abs(last - first)
    basis = project(packed(packets), x_m[rising], fan, slit_m=0.8 * pitch_m)[:, :, rising]
    thickness = np.ascontiguousarray(basis.sum(axis=0) / np.float32(SHARES["cocaine"].scale))
    return np.asarray(cv2.GaussianBlur(thickness, (0, 0), sigmaX=_BLUR_PX, sigmaY=_BLUR_PX), dtype=np.float32)


def _places_in_cargo(seen: Rectified, box: Box, *, energy_mv: float) -> FloatArray:
    """(N, 2) x and z in metres of places of the room that hold goods through which a load still shows."""
    x, z = seen.grid.x_m(), seen.grid.z_m()
    goods = density(seen, energy_mv=energy_mv)
    inside = seen.usable & (goods > _CARGO[0]) & (goods < _CARGO[1])
    inside &= ((z > box.room.z[0] + 0.1) & (z < box.room.z[1] - 0.1))[:, np.newaxis]
    inside &= (x > box.room.x[0] + 0.1) & (x < box.room.x[1] - 0.1)
    rows, cols = np.nonzero(inside[::10, ::10])
    return np.stack([x[::10][cols], z[::10][rows]], axis=1)


def _around(x: float, z: float, room: Room) -> Room:
    (x0, x1), (z0, z1) = room.x, room.z
    along, up = _AROUND_M
    return Room((max(x - along, x0), min(x + along, x1)), room.y, (max(z - up, z0), min(z + up, z1)))


def _cells(box: MetreBox, seen: Rectified) -> tuple[Any, ...]:
    x, z = seen.grid.x_m(), seen.grid.z_m()
    return np.ix_((z >= box.z0) & (z < box.z1), (x >= box.x0) & (x < box.x1))
