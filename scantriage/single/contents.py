"""Whether a container is empty, and how much is in it, as far as one scan tells.

What an empty container shows (ISO 1496-1 boxes): two corrugated walls of 1.6 to 2 mm steel, a 2 mm steel
roof, which a low source spreads over the upper third of the picture, a floor of 28 mm plywood on steel cross
members every 0.3 m, corner posts, and a reefer's machinery in the front 0.5 m. All but the ends repeat
themselves along the container; a load does not.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from scantriage.arrays.mass import mass_kg, mass_thickness
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.scan.image import BoolImage, FloatImage
from scantriage.single.interior import Interior

# two walls of 1.8 mm steel, a tenth more for the corrugation: 2 x 0.18 cm x 7.85 g/cm3 x 1.1
WALLS_G_CM2 = 3.1
# roof of 2 mm steel and half of the floor boards (28 mm of 0.7 g/cm3): the other half lies in the rows left out
_ROOF_AND_BOARDS_KG_M2 = 15.7 + 9.8

# Share of the silhouette's height left out: roof rails; the chassis. From a source above the floor its far side
# (tyres, cross beams) shows up to 0.5 m above the silhouette's lower edge: with 0.03 left out, 11 of 24 simulated
# empty containers looked loaded.
_ROOF_EDGE, _FLOOR_EDGE = 0.03, 0.18
# cargo stands above boards and cross members, the lowest 0.2 m of some 3 m of silhouette
_CARGO_FLOOR = 0.07
_END_M, _POST_M = 0.35, 0.1  # left out at the ends for corner posts and door bars; where cargo begins
_REEFER_FRONT_M = 0.9  # machinery, its bulkhead and air duct
# 40 ft boxes have a tunnel for the gooseneck in the front 3.2 m of the floor
_TUNNEL_M, _TUNNEL_DEPTH = 3.4, 0.13

# three times the walls of an empty container at 6 MV
_LOADED_LEVEL = 0.45
# a packet of cocaine 5 cm thick attenuates 0.28 at 6 MV; the waves of the walls 0.05
_LOAD_CONTRAST = 0.15
# posts and cross members are narrower than this, one parcel is not
_LOAD_WIDTH_M, _LOAD_HEIGHT_M = 0.2, 0.1

Doors = Literal["left", "right"] | None


def looks_loaded(interior: Interior, *, size: ContainerSize | None, doors: Doors) -> bool:
    """Whether something is in a container that should be empty.

    Either the whole shows three times the attenuation of empty walls, or a place of at least 0.2 x 0.1 m
    attenuates more than the rest of its row, which in an empty container looks alike from end to end.
    Works on relative attenuation of display exports too. False where nothing valid is inside.
    """
    searched = _away_from_structure(interior, size, doors)
    seen = np.where(searched & interior.valid, interior.attenuation, np.nan)
    rows = np.isfinite(seen).sum(axis=1) > seen.shape[1] // 4
    if not rows.any():
        return False
    usual = np.zeros(len(seen), dtype=np.float32)
    usual[rows] = np.nanmedian(seen[rows], axis=1)
    middle = slice(len(seen) // 2, round(0.85 * len(seen)))
    if np.median(usual[middle]) > _LOADED_LEVEL:
        return True
    excess = np.where(np.isfinite(seen) & rows[:, np.newaxis], seen - usual[:, np.newaxis], 0.0)
    return bool((_opened(excess.astype(np.float32), interior) > _LOAD_CONTRAST).any())


def cargo_mass_kg(interior: Interior, *, size: ContainerSize | None, doors: Doors, energy_mv: float) -> float | None:
    """Mass of what is in the container, kg, without the container; not negative.

    None where the scale along the container is not known or an end is cut off. Good to about 15 % and
    300 kg where the geometry is known; where the beam did not come through it is a lower bound.
    """
    if not interior.to_scale:
        return None
    inside = _between_ends(interior, size, doors) & _between_heights(interior, _ROOF_EDGE, _CARGO_FLOOR)
    counted = inside & interior.valid
    if not counted.any():
        return None
    thickness = np.where(counted, mass_thickness(interior.attenuation, energy_mv=energy_mv) - WALLS_G_CM2, 0.0)
    # dead rows and columns carry as much as the rest
    seen_kg = mass_kg(thickness, interior.area_m2) * float(inside.sum() / counted.sum())
    length_m = float(inside.any(axis=0).sum()) * interior.column_width_m
    cargo_kg = max(seen_kg - _ROOF_AND_BOARDS_KG_M2 * length_m * CONTAINER_WIDTH_M, 0.0)
    # and so does what stands beside the posts; a reefer's machinery end has no cargo
    n_ends = 1 if size is not None and size.reefer else 2
    return cargo_kg * (1 + n_ends * (_END_M - _POST_M) / length_m)


def _opened(excess: FloatImage, interior: Interior) -> FloatImage:
    """The excess without what is narrower than a parcel."""
    width = max(round(_LOAD_WIDTH_M / interior.column_width_m), 1)
    height = max(round(_LOAD_HEIGHT_M / float(np.mean(interior.row_height_m))), 1)
    kernel = np.ones((height, width), dtype=np.uint8)
    return np.asarray(cv2.morphologyEx(excess, cv2.MORPH_OPEN, kernel))


def _away_from_structure(interior: Interior, size: ContainerSize | None, doors: Doors) -> BoolImage:
    searched = _between_ends(interior, size, doors) & _between_heights(interior, _ROOF_EDGE, _FLOOR_EDGE)
    if size is None or size.length_m > 7:
        tunnel = _front(interior, _TUNNEL_M, doors) & ~_between_heights(interior, 0.0, _TUNNEL_DEPTH)
        searched &= ~tunnel
    return searched


def _between_ends(interior: Interior, size: ContainerSize | None, doors: Doors) -> BoolImage:
    from_left = _from_left_m(interior)
    from_right = from_left[::-1]
    inside = np.minimum(from_left, from_right) > _END_M
    if size is not None and size.reefer:
        inside &= ~_front(interior, _REEFER_FRONT_M, doors)
    return np.broadcast_to(inside, interior.attenuation.shape).copy()


def _front(interior: Interior, reach_m: float, doors: Doors) -> BoolImage:
    """(M,) columns within reach of the front wall; of both ends where the doors are not known."""
    from_left = _from_left_m(interior)
    distance = {"right": from_left, "left": from_left[::-1], None: np.minimum(from_left, from_left[::-1])}[doors]
    return np.asarray(distance < reach_m)


def _from_left_m(interior: Interior) -> FloatImage:
    n_cols = interior.attenuation.shape[1]
    return ((np.arange(n_cols) + 0.5) * interior.column_width_m).astype(np.float32)


def _between_heights(interior: Interior, off_roof: float, off_floor: float) -> BoolImage:
    """(K, 1) rows further from roof and floor than these shares of the silhouette's height."""
    n_rows = interior.attenuation.shape[0]
    depth = (np.arange(n_rows) + 0.5) / n_rows
    return np.asarray((depth > off_roof) & (depth < 1 - off_floor))[:, np.newaxis]
