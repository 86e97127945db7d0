"""A comparison with its truth, as a file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.maps import Circumstances, Maps
from scantriage.scan.geometry import MetreBox
from scantriage.scan.placement import Fan

MARGIN_CELLS = 0.5  # around a box: a cell that it cuts belongs to it


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """What a comparison showed and what was really done.

    masks: (2, Z, S) bool, where something was added and where something was removed. net_kg: of what was hidden
    less the goods it displaced. place, commodity: for tables.
    """

    maps: Maps
    masks: NDArray[np.bool_]
    label: str
    net_kg: float
    place: str
    commodity: str
    opposite: bool


def marked(box: MetreBox, x_m: NDArray[np.floating[Any]], maps: Maps) -> NDArray[np.bool_]:
    """(Z, S) True for the cells that a box covers. x_m: (S,) where each slab really lies along the container."""
    step_z, step_x = maps.circumstances.cell_z_m, maps.circumstances.cell_x_m
    z_m = (np.arange(maps.channels.shape[1]) + 0.5) * step_z
    rows = (z_m > box.z0 - MARGIN_CELLS * step_z) & (z_m < box.z1 + MARGIN_CELLS * step_z)
    cols = (x_m > box.x0 - MARGIN_CELLS * step_x) & (x_m < box.x1 + MARGIN_CELLS * step_x)
    return np.asarray(rows[:, np.newaxis] & cols)


def write_example(path: Path, example: Example) -> None:
    """Write an example, maps in half precision, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = {
        "circumstances": asdict(example.maps.circumstances), "label": example.label, "net_kg": example.net_kg,
        "place": example.place, "commodity": example.commodity, "opposite": example.opposite,
    }  # fmt: skip
    half = np.finfo(np.float16).max
    channels = np.clip(example.maps.channels, -half, half).astype(np.float16)
    unfinished = path.with_suffix(".part.npz")
    np.savez_compressed(unfinished, channels=channels, masks=example.masks, words=json.dumps(words))
    unfinished.replace(path)


def read_example(path: Path) -> Example:
    """Read what `write_example` wrote."""
    with np.load(path, allow_pickle=False) as file:
        words = json.loads(str(file["words"]))
        told = words.pop("circumstances")
        fans = tuple(Fan(**fan) for fan in told.pop("fans"))
        circumstances = Circumstances(**{**told, "fans": fans, "known": tuple(told["known"])})
        return Example(Maps(file["channels"].astype(np.float32), circumstances), file["masks"], **words)
