"""Which end has the doors: a flat leaf seen edge on, with bars beyond it; machinery fills a reefer's front."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from scantriage.scan.geometry import FloatArray
from scantriage.scan.image import FloatImage

DoorEnd = Literal["left", "right"]

_MATTER = 0.1  # attenuation at which the outline of an end is drawn: one wall, and 5 sigma of a raw scan's air
_MIDDLE = (0.10, 0.72)  # of the height: below the castings and above any chassis
_BEYOND, _WITHIN = 0.012, 0.018  # of the length: how far from the end's face its outline is sought
_BARS = 0.003  # of the length: bars stand out by 5 cm, 0.4 % of a 40 ft and 0.8 % of a 20 ft box
_CLUTTER = 0.33  # attenuation: a reefer's machinery varies by 0.4 to 0.6 from row to row, cargo by 0.05 to 0.3
_FREE = 1.0  # attenuation: with more in the way than this everywhere, an end's own lines cannot be told
_DECIDED = 1.2


@dataclass(frozen=True, slots=True)
class EndView:
    """What one end looks like over its middle height.

    protrusion: how far its outline lies beyond the corner castings' face, share of the length; nan where no air
    borders it. leaf: attenuation of the densest upright line, nan behind dense cargo. clutter: how much the
    first metre behind the face varies from row to row, attenuation.
    """

    protrusion: float
    leaf: float
    clutter: float


def door_end(
    attenuation: FloatImage,
    cols: tuple[float, float],
    *,
    roof: tuple[float, float],
    height: float,
    cut: tuple[bool, bool],
) -> DoorEnd | None:
    """The end with the doors, None where it cannot be seen.

    attenuation: (R, C). cols, roof: outer faces and roof rows of the left and right end. height: rows from
    roof to floor. cut: whether the left, the right end lies outside the scan.
    """
    if all(cut):
        return None
    left, right = (
        None if cut[side] else _view(attenuation, cols, roof=roof[side], height=height, side=side) for side in (0, 1)
    )
    if left is None or right is None:
        seen = left or right
        odds = 0.0 if seen is None else _odds_alone(seen)
        odds = odds if left is None else -odds
    else:
        odds = _odds(left, right)
    if abs(odds) < _DECIDED:
        return None
    return "right" if odds > 0 else "left"


def _odds(left: EndView, right: EndView) -> float:
    """Evidence that the doors are on the right, as log odds; negative: on the left."""
    odds = 0.0
    if not math.isnan(left.protrusion + right.protrusion):
        more = right.protrusion - left.protrusion
        # real castings stand out unevenly by 0.1 to 0.2 %
        odds += 2.5 * math.tanh(math.copysign(max(abs(more) - 0.6 * _BARS, 0), more) / (0.33 * _BARS))
    if not math.isnan(left.leaf + right.leaf):
        # a door leaf is flat and seen edge on, a front wall is corrugated and spread over 5 cm
        odds += 6 * float(np.clip(math.log(right.leaf / left.leaf), -0.4, 0.4))
    most, least = max(left.clutter, right.clutter), max(min(left.clutter, right.clutter), 0.02)
    if most > _CLUTTER:
        machinery = 2.5 * min(math.log2(most / least), 1.5)
        odds += machinery if left.clutter > right.clutter else -machinery
    return odds


def _odds_alone(seen: EndView) -> float:
    """Evidence that the only end in the scan has the doors, as log odds."""
    if seen.clutter > 1.2 * _CLUTTER:
        return -2.0
    return 2.0 if seen.protrusion > _BARS else 0.0


def _view(attenuation: FloatImage, cols: tuple[float, float], *, roof: float, height: float, side: int) -> EndView:
    length = cols[1] - cols[0]
    depths, edge = _end_outline(attenuation, cols, roof=roof, height=height, side=side)
    if depths.size < 8:
        return EndView(math.nan, math.nan, 0.0)
    lean, offset = _line(depths, edge)
    # where the outline, as upright as the end itself stands, meets the castings
    protrusion = (offset + lean * 0.04 * height) / length
    outward = -1 if side == 0 else 1
    inward = np.linspace(-0.005, 0.055, 60) * length
    rows = np.linspace(*_MIDDLE, 200) * height
    x = cols[side] + outward * (lean * rows[:, None] - inward[None, :])
    y = np.broadcast_to((roof + rows)[:, None], x.shape)
    strip = cv2.remap(
        attenuation, (x - 0.5).astype(np.float32), (y - 0.5).astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    strip = np.minimum(strip, 4)
    behind = strip[:, 20:50]
    free = float(np.quantile(behind, 0.1)) < _FREE
    leaf = float(np.quantile(strip[:, 5:22], 0.25, axis=0).max())
    detail = strip - cv2.blur(strip, (1, 41))
    return EndView(
        # nothing hangs back behind the castings' face: there the end waves, and its lean misleads
        protrusion=protrusion if -0.0005 < protrusion < 0.9 * _BEYOND else math.nan,
        leaf=max(leaf, 0.05) if free else math.nan,
        clutter=float(detail[:, 20:45].std()),
    )


def _end_outline(
    attenuation: FloatImage, cols: tuple[float, float], *, roof: float, height: float, side: int
) -> tuple[FloatArray, FloatArray]:
    """(N,) depths below the roof and how far matter reaches there beyond the end's face, outward, in columns."""
    length = cols[1] - cols[0]
    n_rows, n_cols = attenuation.shape
    reach = (_BEYOND, _WITHIN) if side == 0 else (_WITHIN, _BEYOND)
    first = int(max(0, np.floor(cols[side] - reach[0] * length)))
    last = int(min(n_cols, np.ceil(cols[side] + reach[1] * length)))
    top, bottom = int(max(0, roof + _MIDDLE[0] * height)), int(min(n_rows, roof + _MIDDLE[1] * height))
    if last - first < 2 or bottom <= top:
        return np.empty(0), np.empty(0)
    matter = attenuation[top:bottom, first:last] > _MATTER
    seen = matter.any(axis=1)
    outermost = first + matter.argmax(axis=1) if side == 0 else last - matter[:, ::-1].argmax(axis=1)
    beyond = cols[0] - outermost if side == 0 else outermost - cols[1]
    depths = np.arange(top, bottom) + 0.5 - roof
    return np.asarray(depths[seen], np.float64), np.asarray(beyond[seen], np.float64)


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Slope and intercept of a straight line, without outliers."""
    keep = np.ones(x.size, np.bool_)
    line = np.zeros(2)
    for _ in range(3):
        line = np.polyfit(x[keep], y[keep], 1)
        residual = np.abs(y - np.polyval(line, x))
        keep = residual < 3 * max(1.0, 1.48 * float(np.median(residual)))
        if keep.sum() < 8:
            break
    return float(line[0]), float(line[1])
