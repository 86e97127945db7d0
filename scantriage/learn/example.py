"""A comparison with its truth, as a file."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.maps import CHANNELS, Circumstances, Maps
from scantriage.errors import CannotLearn
from scantriage.io.whole_file import write_whole
from scantriage.scan.geometry import MetreBox
from scantriage.scan.placement import Fan

MARGIN_CELLS = 0.5  # around a box: a cell that it cuts belongs to it


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """What a comparison showed and what was really done.

    masks: (2, R, S) uint8, where something was added and where something was removed: the number of the load, from 1,
    and 0 elsewhere. net_kg: of each load less the goods it displaced; the first is the one that label and place speak
    of, 0 kg where nothing was done. place, commodity: for tables. container: two pairs of one container differ in
    nothing but loads.
    """

    maps: Maps
    masks: NDArray[np.uint8]
    label: str
    net_kg: tuple[float, ...]
    place: str
    commodity: str
    opposite: bool
    container: int


def marked(box: MetreBox, x_m: NDArray[np.floating[Any]], maps: Maps) -> NDArray[np.bool_]:
    """(R, S) True for the cells that a box covers. x_m: (S,) where each slab really lies along the container."""
    step_z, step_x = maps.circumstances.cell_z_m, maps.circumstances.cell_x_m
    z_m = (np.arange(maps.channels.shape[1]) - maps.inside.start + 0.5) * step_z
    rows = (z_m > box.z0 - MARGIN_CELLS * step_z) & (z_m < box.z1 + MARGIN_CELLS * step_z)
    cols = (x_m > box.x0 - MARGIN_CELLS * step_x) & (x_m < box.x1 + MARGIN_CELLS * step_x)
    return np.asarray(rows[:, np.newaxis] & cols)


def write_example(path: Path, example: Example) -> None:
    """Write an example, maps in half precision, whole or not at all."""
    words = {
        "circumstances": asdict(example.maps.circumstances), "label": example.label, "net_kg": example.net_kg,
        "place": example.place, "commodity": example.commodity, "opposite": example.opposite,
        "container": example.container,
    }  # fmt: skip
    half = np.finfo(np.float16).max
    channels = np.clip(example.maps.channels, -half, half).astype(np.float16)
    content = io.BytesIO()
    np.savez_compressed(content, channels=channels, masks=example.masks, words=json.dumps(words))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content.getvalue())


def read_example(path: Path) -> Example:
    """Read what `write_example` wrote; CannotLearn where it is damaged or has other channels."""
    try:
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            channels, masks, words = file["channels"].astype(np.float32), file["masks"], json.loads(str(file["words"]))
        told, net_kg = words.pop("circumstances"), tuple(words.pop("net_kg"))
        fans = tuple(Fan(**fan) for fan in told.pop("fans"))
        told |= {"fans": fans, "known": tuple(told["known"]), "rows": tuple(told["rows"])}
        circumstances = Circumstances(**told)
        if len(channels) != len(CHANNELS) or masks.shape != (2, *channels.shape[1:]) or masks.max() > len(net_kg):
            raise ValueError(f"{channels.shape} channels, {masks.shape} masks, {len(net_kg)} loads")
        return Example(Maps(channels, circumstances), masks, net_kg=net_kg, **words)
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise CannotLearn(f"{path} is damaged or of another version; delete it.") from error
