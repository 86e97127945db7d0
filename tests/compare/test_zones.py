"""Concealment zones, as a customs officer names them."""

import numpy as np
import pytest

from scantriage.compare.zones import zone_of, zones_at
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import MetreBox

DRY, REEFER = ContainerSize(12.192, 2.591), ContainerSize(12.192, 2.896, reefer=True)


def box(x, z, *, size=0.1):
    return MetreBox(x - size / 2, x + size / 2, z - size / 2, z + size / 2)


@pytest.mark.parametrize(
    ("at", "y_m", "size", "zone"),
    [
        (box(6.0, 1.2), 0.0, DRY, "cargo"),
        (box(11.9, 0.5), 0.0, DRY, "door_end"),
        (box(11.9, 0.1), 0.0, DRY, "door_end"),  # on the floor behind the doors: that is how it got there
        (box(6.0, 0.08), 0.0, DRY, "floor"),
        (box(6.0, 2.55), 0.0, DRY, "roof"),
        (box(6.0, 1.2), 1.19, DRY, "side_wall"),
        (box(6.0, 1.2), -1.19, DRY, "side_wall"),
        (box(0.06, 1.2), 0.0, DRY, "front_wall"),
        (box(0.06, 1.2), 0.0, REEFER, "reefer_unit"),
        (box(0.35, 1.2), 0.0, REEFER, "reefer_unit"),
        (box(0.35, 1.2), 0.0, DRY, "cargo"),
        (box(6.0, 2.55), 0.0, REEFER, "cargo"),
        (box(6.0, 2.85), 0.0, REEFER, "roof"),
    ],
)
def test_places_have_zones(at, y_m, size, zone):
    assert zone_of(at, y_m=y_m, size=size, doors_known=True) == zone


@pytest.mark.parametrize("size", [DRY, REEFER])
@pytest.mark.parametrize("doors_known", [True, False])
def test_places_seen_from_the_side_have_the_zones_of_boxes_there(size, doors_known):
    x, z = np.array([0.06, 0.35, 3.0, 11.9]), np.array([0.1, 1.2, 2.55, 2.85])
    zones = zones_at(x, z[:, np.newaxis], size, doors_known=doors_known)
    for (k, s), zone in np.ndenumerate(zones):
        assert zone == zone_of(box(x[s], z[k]), y_m=0.0, size=size, doors_known=doors_known)


def test_a_box_lies_where_its_middle_lies():
    assert zone_of(MetreBox(10.0, 12.1, 0.3, 2.0), y_m=0.0, size=DRY, doors_known=True) == "door_end"
    assert zone_of(MetreBox(9.0, 12.1, 0.3, 2.0), y_m=0.0, size=DRY, doors_known=True) == "cargo"


def test_either_end_may_have_the_doors_where_nobody_saw_them():
    for x in (0.4, 11.8):
        assert zone_of(box(x, 0.5), y_m=0.0, size=DRY, doors_known=False) == "door_end"
