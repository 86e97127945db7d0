"""In which concealment zone of a container a place lies."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.container import ContainerSize
from scantriage.scan.finding import Zone
from scantriage.scan.geometry import CONTAINER_WIDTH_M, MetreBox

FloatArray = NDArray[np.floating[Any]]

REEFER_UNIT_M = 0.45  # depth of the machinery compartment in front
FRONT_WALL_M = 0.15
DOOR_END_M = 1.2  # a pallet's length: what rip-on crews reach from the doors
FLOOR_M = 0.25  # T-bar floor, cross members and what lies under the boards
ROOF_M = 0.25
WALL_M = 0.12  # insulation


def zone_of(box: MetreBox, *, y_m: float, size: ContainerSize, doors_known: bool) -> Zone:
    """The zone of a box at depth y; the first that holds its middle, commonest hiding places first.

    Lying on the floor behind the doors is `door_end`: that is how it got there. Where nobody could see which
    end has the doors, either may.
    """
    x, z = np.array((box.x0 + box.x1) / 2), np.array((box.z0 + box.z1) / 2)
    zone = cast(Zone, zones_at(x, z, size, doors_known=doors_known).item())
    return "side_wall" if zone == "cargo" and abs(y_m) > CONTAINER_WIDTH_M / 2 - WALL_M else zone


def zones_at(x_m: FloatArray, z_m: FloatArray, size: ContainerSize, *, doors_known: bool) -> NDArray[np.str_]:
    """The zones of places seen from the side, which cannot tell a side wall from the cargo; of the shape of both."""
    x = x_m if doors_known else np.maximum(x_m, size.length_m - x_m)
    places = {
        "reefer_unit": size.reefer & (x < REEFER_UNIT_M),
        "front_wall": (not size.reefer) & (x < FRONT_WALL_M),
        "roof": z_m > size.height_m - ROOF_M,
        "door_end": x > size.length_m - DOOR_END_M,
        "floor": z_m < FLOOR_M,
    }
    return np.select(list(np.broadcast_arrays(*places.values())), list(places), default="cargo")
