"""From which mass on a load would have been found: what a comparison can say of its own reach.

Whether a load is found follows from few things: how heavy it is, how well the mass of a window is known where it
lies, how much cargo is around it, and in which zone. Logistic regression on simulated loads tells how likely
(`python -m benchmarks.reach`), and turned round it tells of every place the mass from which on a load is found.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.compare.maps import CHANNELS, Maps
from scantriage.compare.zones import zones_at
from scantriage.scan.container import ContainerSize
from scantriage.scan.finding import NEVER_KG, Zone

FloatArray = NDArray[np.floating[Any]]

# Log-odds of the pair from which on a load counts as found: eight of 980 unchanged containers of three simulated days
# reached them.
FOUND = 2.0
SURE = 0.8  # of finding it
MOST = 0.8  # of a zone's area
AROUND_M = 0.3  # a sports bag
# Log-odds of finding a load: of 1 kg in each zone, and for each e-fold of its mass, of a window's standard deviation
# and of the mass thickness around.
OF_ZONE: dict[Zone, float] = {
    "door_end": 0.85, "cargo": 0.30, "floor": -1.13, "roof": -0.24, "front_wall": -1.28, "reefer_unit": -0.44,
}  # fmt: skip
PER_MASS, PER_SD, PER_THICKNESS = 0.90, -1.43, -0.62


def shows_from(maps: Maps, size: ContainerSize, *, doors_known: bool) -> dict[Zone, float]:
    """Mass in kg from which on a load is found with a chance of `SURE` in `MOST` of each zone; at most `NEVER_KG`.

    Only of containers whose scans are both calibrated does it mean anything. Side walls count as cargo: from the side
    both are one place.
    """
    zones, (sd, thickness) = zones_of_cells(maps, size, doors_known=doors_known), conditions(maps)
    told: dict[Zone, float] = {}
    for zone, odds in OF_ZONE.items():
        here = zones == zone
        if here.any():
            short = np.log(SURE / (1 - SURE)) - odds - PER_SD * sd[here] - PER_THICKNESS * thickness[here]
            from_kg = float(np.exp(np.quantile(short, MOST) / PER_MASS))
            told[zone] = min(float(f"{from_kg:.2g}"), NEVER_KG)  # of which more digits would tell nothing
    return told


def zones_of_cells(maps: Maps, size: ContainerSize, *, doors_known: bool) -> NDArray[np.str_]:
    """(Z, S) the zone of each of the container's own cells."""
    pair, shape = maps.circumstances, maps.channels[0, maps.inside].shape
    z, x = ((np.arange(n) + 0.5) * step for n, step in zip(shape, (pair.cell_z_m, pair.cell_x_m), strict=True))
    return zones_at(x, z[:, np.newaxis], size, doors_known=doors_known)


def conditions(maps: Maps) -> tuple[FloatArray, FloatArray]:
    """What decides whether a load is found, beside its mass: (Z, S) logarithms, over the container's own cells.

    Of a window's standard deviation in kg; and of 1 + the mass thickness around in g/cm2.
    """
    of = dict(zip(CHANNELS, maps.channels[:, maps.inside], strict=True))
    pair = maps.circumstances
    window = round(AROUND_M / pair.cell_x_m), round(AROUND_M / pair.cell_z_m)
    thickness = cv2.blur((of["origin"] + of["rescan"]) / 2, window, borderType=cv2.BORDER_REPLICATE)
    return np.log(of["sd_kg"] + np.float32(1e-3)), np.log1p(thickness)
