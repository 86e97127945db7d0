"""Maps of a comparison as a network takes them: channels of about unit size on cells of 8 by 12 cm."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.resample import reduce_mean
from scantriage.compare.maps import CHANNELS, Circumstances, Maps

FloatArray = NDArray[np.floating[Any]]

POOL = 2  # cells each way: a sports bag is 4 of them high and 3 wide
N_INPUTS = 30
SCALES = 4  # the network halves its inputs twice
MIRRORED_IN_DEPTH = (7,)  # inputs that change their sign when the container is mirrored across
FRONT, DOORS = 18, 19  # inputs that change places when it is mirrored along
SIGNED = (0, 1, 2, 6)  # inputs that change their sign when the two scans change places
EXCHANGED = ((4, 5), (9, 10), (11, 12), (13, 14), (22, 23), (24, 25))  # inputs that change places then


def inputs_of(maps: Maps) -> NDArray[np.float32]:
    """(N_INPUTS, Z / 2, S / 2) float32; an odd last row or column is left out."""
    pair = maps.circumstances
    # g/cm2: exact also where the two mass thicknesses were kept in half precision, coarser than what differs
    difference = maps.channels[CHANNELS.index("mass_kg")] / np.float32(10 * pair.cell_z_m * pair.cell_x_m)
    local = _local(dict(zip(CHANNELS, maps.channels, strict=True)), difference)
    pooled = np.stack([reduce_mean(channel, POOL, POOL) for channel in local])
    return np.concatenate([pooled, _place(pair, pooled.shape[1:])]).astype(np.float32)


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
        np.minimum(of["weight_origin"], of["weight_rescan"]) > 0,
    ]


def _place(pair: Circumstances, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Where each cell lies, how steeply each fan sees it, and what holds for the pair as a whole."""
    z = ((np.arange(shape[0]) + 0.5) * POOL * pair.cell_z_m)[:, np.newaxis]
    x = ((np.arange(shape[1]) + 0.5) * POOL * pair.cell_x_m)[np.newaxis]
    opposite = pair.fans[0].side != pair.fans[1].side
    steep = [(z - fan.height_m) / fan.distance_m for fan in pair.fans]
    planes = [
        np.minimum(z / 0.6, 1), np.minimum((pair.height_m - z) / 0.6, 1),
        np.minimum(x / 1.2, 1), np.minimum((pair.length_m - x) / 1.2, 1),
        np.abs(steep[0] + steep[1] if opposite else steep[0] - steep[1]), float(opposite),
        *steep, *(float(known) for known in pair.known),
        2 * pair.likeness - 1.5, float(pair.reefer), pair.length_m / 12 - 0.8, pair.height_m - 2.7,
    ]  # fmt: skip
    return np.stack([np.broadcast_to(np.asarray(plane, dtype=np.float32), shape) for plane in planes])
