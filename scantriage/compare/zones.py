"""In which concealment zone of a container a place lies."""

from __future__ import annotations

from scantriage.scan.container import ContainerSize
from scantriage.scan.finding import Zone
from scantriage.scan.geometry import CONTAINER_WIDTH_M, MetreBox

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
    x, z = (box.x0 + box.x1) / 2, (box.z0 + box.z1) / 2
    if not doors_known:
        x = max(x, size.length_m - x)
    if x < (REEFER_UNIT_M if size.reefer else FRONT_WALL_M):
        return "reefer_unit" if size.reefer else "front_wall"
    if z > size.height_m - ROOF_M:
        return "roof"
    if x > size.length_m - DOOR_END_M:
        return "door_end"
    if z < FLOOR_M:
        return "floor"
    if abs(y_m) > CONTAINER_WIDTH_M / 2 - WALL_M:
        return "side_wall"
    return "cargo"
