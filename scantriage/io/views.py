"""The kept views of a container: one TIFF with a 16-bit page for each layer, and what they mean as JSON.

The pages are not compressed: what is sent to a viewer is what lies on the disk. zstd would take a quarter off them and
cost 14 ms a pair, as much as all else that writing them takes; noise bounds every lossless codec near 1.5.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from pydantic import TypeAdapter

from scantriage.io.whole_file import write_whole
from scantriage.scan.views import FineFacts, FineViews, LayerFacts, ViewLayer

Codes = NDArray[np.uint16]

_MOST_TILE = 2048  # pixels a side: what every WebGL2 takes as a texture
_DIRECTORIES = 256  # kept in memory, a few kB each


class NoSuchView(LookupError):
    """There are no such views, no such layer in them, or no such tile in it."""


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """What a file of views holds. tile: side of the square tiles in which every layer is served, pixels."""

    facts: FineFacts
    tile: int


@dataclass(frozen=True, slots=True)
class _Directory:
    """offsets: of each layer's pixels in the file, bytes."""

    kept: KeptFacts
    offsets: dict[str, int]


_KEPT = TypeAdapter(KeptFacts)


def write_views(path: Path, views: FineViews) -> None:
    """Write the views, whole or not at all, into a folder that exists. OSError where the disk refuses."""
    tile = _tile_for(max(layer.facts.cols for layer in views.layers.values()))
    description = _KEPT.dump_json(KeptFacts(views.facts, tile))
    file = io.BytesIO()
    with tifffile.TiffWriter(file, byteorder="<") as tiff:
        for layer in views.layers.values():
            tiff.write(
                layer.codes, photometric="minisblack", metadata=None, software=False, contiguous=False,
                description=description,
            )  # fmt: skip
            description = b""
    write_whole(path, file.getbuffer())


def read_facts(path: Path) -> KeptFacts:
    """What is kept there. NoSuchView where nothing is."""
    return _directory(path).kept


def read_view_layer(path: Path, name: str) -> ViewLayer:
    """One layer, whole; its codes cannot be changed. NoSuchView where it is not there."""
    facts = layer_facts(read_facts(path), name)
    return ViewLayer(facts, _codes(path, name, facts))


def read_view_tile(path: Path, name: str, row: int, col: int) -> Codes:
    """The codes of one tile of a layer; at the right and lower edge as small as what is left. Raises NoSuchView."""
    kept = read_facts(path)
    facts = layer_facts(kept, name)
    return _codes(path, name, facts)[tile_of(facts, kept.tile, row, col)]


def read_halved_tile(path: Path, name: str, row: int, col: int) -> Codes:
    """The same tile at half its size, integer for integer as the viewer halves it. Raises NoSuchView."""
    codes = read_view_tile(path, name, row, col)
    rows, cols = codes.shape
    even = np.pad(codes, ((0, rows % 2), (0, cols % 2)))  # beyond the edge there is nothing
    quarters = np.stack([even[i::2, j::2] for i in (0, 1) for j in (0, 1)])
    if layer_facts(read_facts(path), name).quantity == "flags":
        flags: Codes = np.bitwise_or.reduce(quarters)
        return flags
    total, seen = quarters.sum(axis=0, dtype=np.uint32), np.count_nonzero(quarters, axis=0).astype(np.uint32)
    means: Codes = ((total + seen // 2) // np.maximum(seen, 1)).astype(np.uint16)
    return means


def layer_facts(kept: KeptFacts, name: str) -> LayerFacts:
    """What is known of one layer. NoSuchView where it is not there."""
    if name not in kept.facts.layers:
        raise NoSuchView(f"there is no layer {name}")
    return kept.facts.layers[name]


def tile_of(facts: LayerFacts, tile: int, row: int, col: int) -> tuple[slice, slice]:
    """Rows and columns of a tile. NoSuchView where the layer has no such tile."""
    if not (0 <= row * tile < facts.rows and 0 <= col * tile < facts.cols):
        raise NoSuchView(f"there is no tile {row}/{col}")
    return slice(row * tile, (row + 1) * tile), slice(col * tile, (col + 1) * tile)


def _tile_for(cols: int) -> int:
    """Side of the tiles, a multiple of 16, that divide so many columns with the least left over."""
    return -(-cols // (16 * -(-cols // _MOST_TILE))) * 16


def _codes(path: Path, name: str, facts: LayerFacts) -> Codes:
    try:
        return np.memmap(path, "<u2", "r", _directory(path).offsets[name], (facts.rows, facts.cols))
    except FileNotFoundError as error:
        raise NoSuchView("the views are no longer kept") from error


def _directory(path: Path) -> _Directory:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoSuchView("no views are kept") from error
    return _read_directory(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=_DIRECTORIES)
def _read_directory(path: Path, _changed_ns: int, _size: int) -> _Directory:
    with tifffile.TiffFile(path) as tiff:
        kept = _KEPT.validate_json(tiff.pages.first.description)
        offsets = {name: page.dataoffsets[0] for name, page in zip(kept.facts.layers, tiff.pages, strict=True)}
    return _Directory(kept, offsets)
