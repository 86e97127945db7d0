"""Bare pictures of a container for a dossier: origin scan, registered rescan and difference on one scale in metres.

Nothing is written or boxed on them: that is drawn over them, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.io.sheet import Pixels, diverging_tones, grey_tones, hatch
from scantriage.scan.views import LayerFacts, ViewLayer

FloatArray = NDArray[np.floating[Any]]

_WIDTH_OF_12_M = 1800  # pixels: 270 to the inch where 12.2 m fill the width of a page
_AROUND_M = (0.1, 0.2)  # shown below the floor and above the roof: near the source things appear beyond them
_JPEG_QUALITY = 88
_DARKEST_AT_LEAST = 1.0  # attenuation shown black at least: an empty container stays light
_DIFFERENCE_AT_FULL_COLOUR = 0.4  # attenuation: 8 g/cm2, 7 cm of cocaine


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture: JPEG, and the metres of the container that its edges show."""

    view: Literal["origin", "rescan", "difference"]
    jpeg: bytes
    x0_m: float
    x1_m: float
    bottom_m: float
    top_m: float


def panels(layers: Mapping[str, ViewLayer], *, height_m: float) -> Iterator[Panel]:
    """The pictures that the layers allow (docs/viewer.md names them); both scans on one grey scale.

    height_m: of the container.
    """
    scans: list[Literal["origin", "rescan"]] = ["origin", "rescan"]
    shown = {name: _cut(layers[name], height_m) for name in scans if name in layers}
    darkest = max([_DARKEST_AT_LEAST, *(float(np.nanpercentile(seen[::4, ::4], 99.5)) for seen, _ in shown.values())])
    for name in scans:
        if name in shown:
            seen, place = shown[name]
            yield _panel(name, grey_tones(seen, darkest=darkest), place)
    if "difference" in layers:
        seen, place = _cut(layers["difference"], height_m)
        tile = diverging_tones(seen, strongest=_DIFFERENCE_AT_FULL_COLOUR)
        if "blind" in layers:
            blind, _ = _cut(layers["blind"], height_m)
            hatch(tile, cv2.resize((blind > 0).astype(np.uint8), tile.shape[1::-1]) > 0)
        yield _panel("difference", tile, place)


def _cut(layer: ViewLayer, height_m: float) -> tuple[FloatArray, tuple[float, float, float, float]]:
    """The rows from below the floor to above the roof, fitted to the width, and the metres they show."""
    facts = layer.facts
    first = max(0, round((facts.top_m - height_m - _AROUND_M[1]) / facts.dz_m))
    last = min(facts.rows, round((facts.top_m + _AROUND_M[0]) / facts.dz_m))
    values = layer.values()[first:last]
    width = round(_WIDTH_OF_12_M * facts.cols * facts.dx_m / 12.192)
    height = round(width * (last - first) * facts.dz_m / (facts.cols * facts.dx_m))
    if facts.quantity == "flags":
        fitted = cv2.resize(values, (width, height), interpolation=cv2.INTER_NEAREST)
    else:
        interpolation = cv2.INTER_AREA if width <= facts.cols else cv2.INTER_LINEAR
        fitted = cv2.resize(np.nan_to_num(values), (width, height), interpolation=interpolation)
    return np.asarray(fitted), _metres(facts, first, last)


def _metres(facts: LayerFacts, first: int, last: int) -> tuple[float, float, float, float]:
    """x0, x1, bottom and top of these rows."""
    x1_m = facts.x0_m + facts.cols * facts.dx_m
    return facts.x0_m, x1_m, facts.top_m - last * facts.dz_m, facts.top_m - first * facts.dz_m


def _panel(view: Literal["origin", "rescan", "difference"], tile: Pixels, place: tuple[float, ...]) -> Panel:
    sampling = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    _, encoded = cv2.imencode(".jpg", tile, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, *sampling])
    return Panel(view, encoded.tobytes(), *(round(metres, 4) for metres in place))
