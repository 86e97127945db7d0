"""The container's outer ends: corner posts and castings, to a fraction of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scantriage.locate.silhouette import LevelRun, Silhouette
from scantriage.scan.geometry import FloatArray
from scantriage.scan.image import FloatImage

_EDGE = 0.06  # loss of transmission at which matter begins
# corner castings (118 mm) and the post's top, above the door leaf's bars: 1 to 7 % of a container's height
_BAND = (0.01, 0.07)


@dataclass(frozen=True, slots=True)
class End:
    """The outer face of one end, in pixel edges, and how clearly it stands out against the air, 0 to 1."""

    col: float
    clarity: float


@dataclass(frozen=True, slots=True)
class Split:
    """The column where one silhouette falls apart into two boxes, in pixels, and how clear that is."""

    col: float
    clarity: float


def outer_end(
    attenuation: FloatImage, *, near: float, roof: float, height: float, side: int, within: tuple[float, float]
) -> End:
    """The outer face near ``near``, from the rows of the corner castings.

    attenuation: (R, C). near: a column close to the face. roof: row of the roof at this end. height: of the
    container, rows. side: -1 where the container's left end is sought, 1 for the right end. within: columns
    between which to look, without padding.
    """
    n_rows, n_cols = attenuation.shape
    first_row = int(np.clip(roof + _BAND[0] * height, 0, n_rows - 2))
    last_row = int(np.clip(roof + _BAND[1] * height, first_row + 1, n_rows))
    first, last = int(max(0, within[0])), int(min(n_cols, within[1]))
    transmission = np.exp(-attenuation[first_row:last_row, first:last]).mean(axis=0, dtype=np.float64)
    inward = transmission if side < 0 else transmission[::-1]
    fall = _first_fall(inward)
    if fall is None:
        return End(float(near), 0.2)
    return End(first + fall.col if side < 0 else last - fall.col, fall.clarity)


def _first_fall(transmission: FloatArray) -> End | None:
    """Where a profile that starts in air falls for the first time, in pixel edges from its start.

    The steepest place of the first fall, to a fraction of a pixel: a symmetric blur leaves it in place,
    and it does not depend on how dense what lies behind it is.
    """
    air = float(np.median(np.sort(transmission)[-max(3, transmission.size // 6) :]))
    inside = np.flatnonzero(transmission < air - _EDGE)
    if inside.size == 0 or inside[0] == 0:
        return None
    start = max(0, int(inside[0]) - 3)
    slope = -np.diff(transmission[start : start + max(10, transmission.size // 3)])
    steep = np.flatnonzero(slope >= max(0.4 * float(slope.max()), 0.01))
    if steep.size == 0:
        return None
    k = int(steep[0])
    while k + 1 < slope.size and slope[k + 1] > slope[k]:
        k += 1
    around = np.maximum(slope[max(0, k - 1) : k + 2], 0)
    centre = float(np.sum(around * np.arange(max(0, k - 1), max(0, k - 1) + around.size)) / around.sum())
    # slope k is the step from pixel k to k + 1, whose common edge lies at k + 1
    # a single wall takes away 0.06 to 0.1, a corner post 0.3 and more
    return End(start + centre + 1.0, min(1.0, float(air - transmission[start : start + k + 4].min()) / 0.25))


def post_profile(outline: Silhouette, run: LevelRun, *, height: float) -> FloatArray:
    """(2, c) how a run's columns attenuate [at the castings, all the way down to half the height].

    Nothing but a post does so everywhere: cargo leaves air above it, and walls are thin. height: small rows.
    """
    x = np.arange(run.first, run.last, dtype=np.float32)
    tops = cv2.medianBlur(outline.tops[run.first : run.last].astype(np.float32)[None], 5)
    tops = np.minimum(tops, np.float32(run.row + 0.05 * height))
    bands = []
    for shallow, deep, n in ((0.01, 0.05, 10), (0.08, 0.55, 40)):
        rows = tops + np.linspace(shallow, deep, n, dtype=np.float32)[:, None] * np.float32(height)
        cols = np.ascontiguousarray(np.broadcast_to(x, rows.shape))
        bands.append(cv2.remap(outline.small, cols, rows, cv2.INTER_LINEAR))
    return np.stack([np.mean(bands[0], axis=0), np.quantile(bands[1], 0.15, axis=0)]).astype(np.float64)


def end_posts(profile: FloatArray) -> tuple[float, float]:
    """How much the left and the right end of a run stand out as posts (attenuation above the inside's)."""
    n = max(3, profile.size // 25)
    inside = float(np.median(profile[n:-n]))
    return float(profile[:n].max()) - inside, float(profile[-n:].max()) - inside


def find_split(outline: Silhouette, run: LevelRun, profile: FloatArray) -> Split | None:
    """The best place in the middle of a run where two boxes stand end to end; None if nothing looks like it.

    clarity: 1 where the double post and its castings stand out as much as the outer ones do.
    """
    n = profile.shape[1]
    width = max(5, round(0.03 * n) | 1)
    lo, hi = int(0.3 * n), int(0.7 * n)
    clarity = np.full(hi - lo, 1.0)
    # an inner post is as strong as an outer one, but a front wall has half of a door leaf's attenuation at most
    for band, part in zip(profile, (1.0, 0.5), strict=True):
        level = np.array([np.median(band[max(0, k - 3 * width) : k + 3 * width]) for k in range(lo, hi)])
        rise = band[lo:hi] - level
        # dense cargo fluctuates and says nothing
        strength = part * max(*end_posts(band), 0.3) + 4 * float(np.median(np.abs(rise)))
        clarity = np.minimum(clarity, rise / strength)
    k = int(clarity.argmax())
    if clarity[k] <= 0.2:
        return None
    strong = np.flatnonzero(clarity >= 0.5 * clarity[k]) + lo
    strong = strong[np.abs(strong - (k + lo)) <= width]
    middle = (strong[0] + strong[-1] + 1) / 2
    return Split((run.first + middle) * outline.col_step, float(clarity[k]))
