"""Maps of a comparison as a network takes them: channels of about unit size on cells of 8 by 12 cm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.resample import reduce_mean
from scantriage.arrays.robust import running_median
from scantriage.compare.maps import CHANNELS, Circumstances, Maps
from scantriage.scan.placement import Fan

FloatArray = NDArray[np.floating[Any]]

POOL = 2  # cells each way: a sports bag is 4 of them high and 3 wide
SCALES = 4  # the network halves its inputs twice
DEPTHS_M = tuple(0.25 * step for step in range(-4, 5))  # at which both scans are laid one upon the other
_THIN_G_CM2 = 1.5  # what differs by less counts in proportion, more by its logarithm
_BOLD_G_CM2 = 10.0  # the same among goods with a texture, where what is thin is all alike
_PLAIN_G_CM2 = 8.0  # of what one scan alone shows more of than its surroundings
_AROUND = 13  # cells along, 1.5 m: wider than a load in cargo, narrower than what a container is stowed with

_LOCAL = (
    "mass", "significance", "window", "noise", "origin", "rescan", "difference", "depth", "spread",
    "seen_origin", "seen_rescan", "left_origin", "left_rescan", "weight_origin", "weight_rescan",
    "usable_origin", "usable_rescan",
)  # fmt: skip
_PLACE = (
    "floor", "roof", "front", "doors", "parallax", "opposite", "steep_origin", "steep_rescan",
    "known_origin", "known_rescan", "likeness", "reefer", "length", "height",
)  # fmt: skip

AT_DEPTHS = slice(len(_LOCAL), len(_LOCAL) + len(DEPTHS_M))
APART = slice(AT_DEPTHS.stop, AT_DEPTHS.stop + len(DEPTHS_M))
BOLD = slice(APART.stop, APART.stop + len(DEPTHS_M))
BY_DEPTH = (AT_DEPTHS, APART, BOLD)  # inputs that change their order when the container is mirrored across
ALONE = slice(BOLD.stop, BOLD.stop + 4)  # origin scan and rescan beyond their rows, and beyond what is around
SHOWN = slice(0, ALONE.stop)  # inputs that the scans show there; the others tell where it is
N_INPUTS = SHOWN.stop + len(_PLACE)


def _number(name: str) -> int:
    return _LOCAL.index(name) if name in _LOCAL else SHOWN.stop + _PLACE.index(name)


FRONT, DOORS = _number("front"), _number("doors")  # inputs that change places when it is mirrored along
MIRRORED_IN_DEPTH = (_number("depth"),)  # inputs that change their sign when it is mirrored across
# Inputs that change their sign when the two scans change places, and inputs that change places then.
SIGNED = (
    *map(_number, ("mass", "significance", "window", "difference")), *range(AT_DEPTHS.start, BOLD.stop)
)  # fmt: skip
EXCHANGED = (
    *((_number(f"{name}origin"), _number(f"{name}rescan"))
      for name in ("", "seen_", "left_", "weight_", "usable_", "steep_", "known_")),
    *((first, first + 1) for first in range(ALONE.start, ALONE.stop, 2)),
)  # fmt: skip


def inputs_of(maps: Maps) -> NDArray[np.float32]:
    """(N_INPUTS, R / 2, S / 2) float32; an odd last row or column is left out."""
    pair = maps.circumstances
    of = dict(zip(CHANNELS, maps.channels, strict=True))
    # g/cm2: exact also where the two mass thicknesses were kept in half precision, coarser than what differs
    difference = of["mass_kg"] / np.float32(10 * pair.cell_z_m * pair.cell_x_m)
    differs, seen = _at_depths(of, pair)
    pooled = _pooled([*_local(of, difference), *np.arcsinh(differs / np.float32(_THIN_G_CM2))])
    apart = _apart(_pooled(differs), _pooled(seen) == 1)
    scales = (np.arcsinh(apart / np.float32(scale)) for scale in (_THIN_G_CM2, _BOLD_G_CM2))
    return np.concatenate([pooled, *scales, _alone(of), _place(pair, pooled.shape[1:])]).astype(np.float32)


def _pooled(channels: Iterable[FloatArray]) -> NDArray[np.float32]:
    return np.stack([reduce_mean(channel, POOL, POOL) for channel in channels])


def _local(of: dict[str, FloatArray], difference: FloatArray) -> list[FloatArray]:
    significance = of["window_kg"] / np.maximum(of["sd_kg"], np.float32(1e-3))
    differs = np.minimum(np.abs(of["mass_kg"]) * 10, 1)  # depth means nothing where nothing differs
    return [
        np.arcsinh(of["mass_kg"] * 5),
        np.arcsinh(significance / 2),
        np.arcsinh(of["window_kg"] / 5),
        np.log(np.maximum(of["sd_kg"], np.float32(1e-2))) / 2,
        np.arcsinh(of["origin"] / 10),
        np.arcsinh(of["rescan"] / 10),
        np.arcsinh(difference),
        of["depth_m"] * differs,
        of["spread_m"] * differs,
        np.arcsinh(of["seen_origin"] / 10),
        np.arcsinh(of["seen_rescan"] / 10),
        np.clip(of["left_origin"], -6, 6) / 2,
        np.clip(of["left_rescan"], -6, 6) / 2,
        np.clip(of["weight_origin"], 0, 4) / 2,
        np.clip(of["weight_rescan"], 0, 4) / 2,
        of["usable_origin"],  # where one alone could be read, the other still tells how much there is at least
        of["usable_rescan"],
    ]


def _at_depths(of: dict[str, FloatArray], pair: Circumstances) -> tuple[FloatArray, FloatArray]:
    """Rescan minus origin scan, g/cm2 at least, as they show each of `DEPTHS_M`, and whether that is known there.

    What stands still at that depth cancels, whatever heights the two fans give it; what came or went stays.
    """
    names = ("origin", "rescan")
    shape = (len(DEPTHS_M), *of["mass_kg"].shape)
    differs, told = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for k, depth_m in enumerate(DEPTHS_M):
        (origin, read, inside), (rescan, read_too, inside_too) = (
            _raised(of[f"seen_{name}"], of[f"usable_{name}"], _rows(fan, depth_m, len(of["mass_kg"]), pair))
            for name, fan in zip(names, pair.fans, strict=True)
        )
        more = rescan - origin
        # what let nothing through holds at least as much as shown: that it holds more than the other is known
        told[k] = np.where(more > 0, read & inside_too, read_too & inside)
        differs[k] = more * told[k]
    return differs, told


def _apart(differs: FloatArray, seen: NDArray[np.bool_]) -> FloatArray:
    """What differs, less what differs in most of its row; zero where not seen.

    Floor, roof and the beams below run on along the container. Where registration leaves them a centimetre off,
    they differ by more than a load does, but all along.
    """
    rising = np.sort(np.where(seen, differs, np.inf), axis=-1)
    n_seen = seen.sum(axis=-1, keepdims=True)
    middle = [np.take_along_axis(rising, np.maximum(at, 0), -1) for at in ((n_seen - 1) // 2, n_seen // 2)]
    usual = np.where(n_seen > 0, (middle[0] + middle[1]) / 2, 0)
    return np.where(seen, differs - usual, 0)


def _alone(of: dict[str, FloatArray]) -> FloatArray:
    """`ALONE`: what each scan by itself shows more of than its row does, and than the cells around along the container.

    Goods are stowed evenly, and what was hidden among them stands out in one scan before any other is laid upon it.
    """
    shown, usable = (_pooled(of[f"{what}_{name}"] for name in ("origin", "rescan")) for what in ("seen", "usable"))
    read = usable == 1
    around = np.where(read, shown - running_median(shown, _AROUND), 0)
    return np.asarray(np.arcsinh(np.concatenate([_apart(shown, read), around]) / np.float32(_PLAIN_G_CM2)))


def _rows(fan: Fan, depth_m: float, n_rows: int, pair: Circumstances) -> FloatArray:
    """(R,) row of the maps, with fraction, in which the fan shows what lies in each row at a depth."""
    z = (np.arange(n_rows) - pair.rows[0] + 0.5) * pair.cell_z_m
    return np.asarray(fan.apparent_z(z, np.asarray(depth_m)) / pair.cell_z_m + pair.rows[0] - 0.5)


def _raised(
    layer: FloatArray, usable: FloatArray, rows: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """A layer between its rows, whether it could be read there, and (R, 1) whether it reaches there."""
    below = np.clip(np.floor(rows).astype(np.int64), 0, len(layer) - 2)
    share = (rows - below).astype(np.float32)[:, np.newaxis]
    inside = (share >= 0) & (share <= 1)
    read = inside & (usable[below] > 0) & (usable[below + 1] > 0)
    return layer[below] * (1 - share) + layer[below + 1] * share, read, inside


def _place(pair: Circumstances, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Where each cell lies, how steeply each fan sees it, and what holds for the pair as a whole."""
    z = (((np.arange(shape[0]) + 0.5) * POOL - pair.rows[0]) * pair.cell_z_m)[:, np.newaxis]
    x = ((np.arange(shape[1]) + 0.5) * POOL * pair.cell_x_m)[np.newaxis]
    opposite = pair.fans[0].side != pair.fans[1].side
    steep = [(z - fan.height_m) / fan.distance_m for fan in pair.fans]
    planes = [
        np.clip(z / 0.6, -1, 1), np.clip((pair.height_m - z) / 0.6, -1, 1),
        np.minimum(x / 1.2, 1), np.minimum((pair.length_m - x) / 1.2, 1),
        np.abs(steep[0] + steep[1] if opposite else steep[0] - steep[1]), float(opposite),
        *steep, *(float(known) for known in pair.known),
        2 * pair.likeness - 1.5, float(pair.reefer), pair.length_m / 12 - 0.8, pair.height_m - 2.7,
    ]  # fmt: skip
    return np.stack([np.broadcast_to(np.asarray(plane, dtype=np.float32), shape) for plane in planes])
