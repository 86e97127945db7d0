"""Scans as delivered, in the tiles in which somebody looks at them; nothing is registered or calibrated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from scantriage.errors import UnreadableScan
from scantriage.io.scan_files import Pixels, read_scan
from scantriage.io.views import NoSuchView, tile_of
from scantriage.scan.record import RowOrder
from scantriage.scan.views import LayerFacts

_DECODED = 6  # scans: 10 to 20 MB each; three people step through both scans of their container

_one_at_a_time = Lock()  # a scan takes 60 ms: whoever asks for its next tile waits for that, and decodes nothing again


@dataclass(frozen=True, slots=True)
class Original:
    """A kept scan file, and the order of its rows."""

    path: Path
    rows: RowOrder


def read_original_tile(
    original: Original, facts: LayerFacts, *, plane: int, tile: int, row: int, col: int
) -> NDArray[np.uint16]:
    """Codes of one tile of a plane of the scan, as its facts say; smaller at the right and lower edge.

    NoSuchView where there is no such plane or tile, or the file is no longer kept or is another one.
    """
    here = tile_of(facts, tile, row, col)
    try:
        with _one_at_a_time:
            pixels = _decoded(original, original.path.stat().st_mtime_ns)
    except (OSError, UnreadableScan) as error:
        raise NoSuchView("the scan cannot be read") from error
    if plane >= len(pixels) or pixels.shape[1:] != (facts.rows, facts.cols):
        raise NoSuchView("the scan is not the one that was read")
    part = pixels[plane][here]
    if facts.scale == 1 and part.dtype.kind == "u":
        return np.asarray(part, np.uint16)
    return np.asarray(np.clip(np.rint(part / facts.scale), 0, 65535), np.uint16)


@lru_cache(maxsize=_DECODED)
def _decoded(original: Original, _changed_ns: int) -> Pixels:
    return read_scan(original.path, rows=original.rows).pixels
