"""Views drawn as a picture, where a browser cannot draw them itself: the grey levels of docs/viewer.md, in NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from scantriage.io.views import read_facts, read_view_layer
from scantriage.scan.views import LayerFacts, ViewLayer

Pixels = NDArray[np.uint8]
FloatArray = NDArray[np.floating[Any]]

FULL_COLOUR = {"attenuation": 0.4, "relative": 0.4, "sigma": 8.0}  # of a difference, and of its significance
_MORE, _LESS = np.array([178, 24, 43]), np.array([33, 102, 172])
_NOTHING = 128
_QUALITY = 90
_NARROWEST = 0.01  # window, of attenuation
_SIGNED = ("difference", "significance")
_STACK = ("origin", "rescan", "difference")
_GAP = 6  # pixels between stacked layers


@dataclass(frozen=True, slots=True)
class Look:
    """How values become grey. window: where it begins and ends, attenuation or, where linear, transmission.

    No window stands for one that shows all there is.
    """

    window: tuple[float, float] | None = None
    linear: bool = False
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """What part is drawn: its centre and width in metres of the container, and the picture's size in pixels."""

    x_m: float
    z_m: float
    width_m: float
    width: int
    height: int


def draw_jpeg(path: Path, look: Look, *, width: int, layer: str | None = None, region: Region | None = None) -> bytes:
    """The views as a JPEG picture. Raises NoSuchView where the layer, or all of them, are not there.

    layer: None for origin scan, rescan and difference one above the other. region: None for all of
    the container.
    """
    facts = read_facts(path).facts
    names = [layer] if layer is not None else [name for name in _STACK if name in facts.layers]
    layers = {name: read_view_layer(path, name) for name in names}
    look = look if look.window else replace(look, window=all_of(layers, linear=look.linear))
    panels = [
        draw_layer(one, name, look, region or _whole(one.facts, facts.length_m, width)) for name, one in layers.items()
    ]
    gap = np.full((_GAP, panels[0].shape[1], 3), 255, np.uint8)
    stacked = [part for panel in panels for part in (gap, panel)][1:]
    return bytes(imagecodecs.jpeg_encode(np.ascontiguousarray(np.concatenate(stacked)), level=_QUALITY))


def all_of(layers: Mapping[str, ViewLayer], *, linear: bool) -> tuple[float, float]:
    """The window that shows the scans among the layers, but for the hundredth part at each end."""
    some = [one.values()[::8, ::8].ravel() for name, one in layers.items() if name not in _SIGNED]
    low, high = np.nanquantile(np.concatenate([np.zeros(1), *some]), (0.01, 0.99))
    low, high = float(low), max(float(high), float(low) + _NARROWEST)
    return (math.exp(-high), math.exp(-low)) if linear else (low, high)


def draw_layer(layer: ViewLayer, name: str, look: Look, region: Region) -> Pixels:
    """(height, width, 3) uint8, red green blue: grey for scans, red and blue for what is more and less."""
    values = values_at(layer, region)
    if name in _SIGNED:
        return _signed(values, FULL_COLOUR[layer.facts.quantity])
    return np.repeat(grey_levels(values, look)[..., np.newaxis], 3, axis=2)


def grey_levels(attenuation: FloatArray, look: Look) -> Pixels:
    """Grey levels of attenuations of any shape, dense is dark; mid grey where there is nothing (NaN).

    ValueError where the look has no window.
    """
    if look.window is None:
        raise ValueError("grey needs a window")
    low, high = look.window
    value = np.exp(-attenuation) if look.linear else attenuation
    with np.errstate(invalid="ignore"):
        grey = np.floor(255 * np.clip((value - low) / (high - low), 0, 1) + 0.5)
        shown = grey if look.linear != look.inverted else 255 - grey
    return np.where(np.isnan(attenuation), _NOTHING, np.nan_to_num(shown)).astype(np.uint8)


def values_at(layer: ViewLayer, region: Region) -> NDArray[np.float32]:
    """(height, width) values at the centres of the region's pixels; NaN where nothing is.

    Between texel centres in proportion, next to nothing the nearest texel; zoomed out, of means of 2, 4 or 8 texels
    each way, as the viewer has them.
    """
    metre = region.width_m / region.width
    facts = layer.facts
    level = int(np.clip(np.floor(np.log2(metre / facts.dx_m) + 1e-6), 0, 3))
    codes = layer.codes
    for _ in range(level):
        codes = _halved(codes)
    x_m = region.x_m + (np.arange(region.width) + 0.5 - region.width / 2) * metre
    z_m = region.z_m - (np.arange(region.height) + 0.5 - region.height / 2) * metre
    rows = (facts.top_m - z_m) / (facts.dz_m * 2**level) - 0.5
    cols = (x_m - facts.x0_m) / (facts.dx_m * 2**level) - 0.5
    code = _between(codes, rows, cols)
    return np.where(code > 0, code * np.float32(facts.scale) + np.float32(facts.offset), np.float32(np.nan))


def _whole(facts: LayerFacts, length_m: float, width: int) -> Region:
    """All of the container's length, at the height of the layer."""
    height_m = facts.rows * facts.dz_m
    height = max(1, round(width * height_m / length_m))
    return Region(length_m / 2, facts.top_m - height_m / 2, length_m, width, height)


def _halved(codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Means of 2 x 2 codes without those that say nothing; at an odd end of what is there."""
    padded = np.pad(codes, [(0, length % 2) for length in codes.shape]).astype(np.uint32)
    four = [padded[row::2, col::2] for row in (0, 1) for col in (0, 1)]
    seen = np.sum([one > 0 for one in four], axis=0, dtype=np.uint32)
    mean = (np.sum(four, axis=0, dtype=np.uint32) + seen // 2) // np.maximum(seen, 1)
    return np.asarray(mean, np.uint16)


def _between(codes: NDArray[np.uint16], rows: FloatArray, cols: FloatArray) -> NDArray[np.float32]:
    """(R, C) codes at fractional rows and columns; 0 where nothing is."""
    (row0, row1, down), (col0, col1, right) = (_ends(at, n) for at, n in zip((rows, cols), codes.shape, strict=True))
    bordered = np.pad(codes, 1)  # beyond the layer there is nothing
    upper, lower = bordered[row0].astype(np.float32), bordered[row1].astype(np.float32)
    mixed = [
        above + down[:, np.newaxis] * (below - above)
        for above, below in ((upper[:, one], lower[:, one]) for one in (col0, col1))
    ]
    mean = mixed[0] + right * (mixed[1] - mixed[0])
    there = (upper > 0) & (lower > 0)
    nearest = bordered[np.where(down < 0.5, row0, row1)][:, np.where(right < 0.5, col0, col1)]
    return np.where(there[:, col0] & there[:, col1], mean, nearest).astype(np.float32)


def _ends(at: FloatArray, length: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Indices into the bordered length on both sides of each place, and how far it is from the first to the second."""
    first = np.floor(at)
    both = [np.clip(first + step, 0, length + 1).astype(np.intp) for step in (1, 2)]
    return both[0], both[1], (at - first).astype(np.float32)


def _signed(values: FloatArray, full: float) -> Pixels:
    """White where nothing changed, red where there is more, blue where there is less."""
    share = np.clip(np.abs(np.nan_to_num(values)) / full, 0, 1)[..., np.newaxis]
    colour = np.where(values[..., np.newaxis] > 0, _MORE, _LESS)
    drawn = 255 + share * (colour - 255.0)
    drawn[np.isnan(values)] = _NOTHING
    return np.rint(drawn).astype(np.uint8)
