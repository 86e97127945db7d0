"""The scene's silhouette against the air, and the long level lines in it: roofs of containers."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.robust import true_runs
from scantriage.scan.geometry import FloatArray
from scantriage.scan.image import BoolImage, FloatImage

_SMALL_ROWS = 200  # 2.5 cm of a 5 m high view: finer than a top rail (6 cm), and 20 times fewer pixels
_SMALL_COLS = 1400  # a 5 cm gap between two 20 ft boxes in a 15 m scene is 5 columns
MATTER = 0.06  # attenuation; air varies by 0.01 to 0.02 after calibration, a single thin wall has 0.06 or more
_OPAQUE = 2.5  # padding is darker than any roof rail
_LOWEST_ROOF = 0.62  # of the view: a chassis lies at 0.7 to 0.85
_LEVEL = 0.015  # of the view: waves in a roof as drive-through scans show them
_STREAK = 0.02  # of the columns: what seems to stand above a roof is noise, a faulty element's smear or an aerial


@dataclass(frozen=True, slots=True, eq=False)
class Silhouette:
    """Where matter begins below the air, on a reduced image.

    small: (r, c) attenuation. tops: (c,) first row with matter, r where there is none. scene: (first, last + 1)
    rows that are not padding. padding: (c,) True where the column was not scanned. row_step, col_step: pixels
    of the scan per reduced pixel.
    """

    small: FloatImage
    tops: NDArray[np.int64]
    scene: tuple[int, int]
    padding: NDArray[np.bool_]
    row_step: float
    col_step: float

    @property
    def scene_rows(self) -> tuple[float, float]:
        """First and last row of the scene in pixels of the scan."""
        return self.scene[0] * self.row_step, self.scene[1] * self.row_step


@dataclass(frozen=True, slots=True)
class LevelRun:
    """Columns ``[first, last)`` of the reduced image whose tops lie on one nearly level line; its mean row."""

    first: int
    last: int
    row: float

    @property
    def width(self) -> int:
        """Number of reduced columns."""
        return self.last - self.first


def silhouette(attenuation: FloatImage, valid: BoolImage) -> Silhouette:
    """Reduce the image and find the first matter below the air in every column.

    attenuation: (R, C), finite. valid: (R, C).
    """
    n_rows, n_cols = attenuation.shape
    r, c = min(n_rows, _SMALL_ROWS), min(n_cols, _SMALL_COLS)
    small = cv2.resize(_halved(attenuation), (c, r), interpolation=cv2.INTER_AREA)
    measured = cv2.resize(valid.view(np.uint8), (c, r), interpolation=cv2.INTER_NEAREST) > 0
    band = max(3, r // 25)
    padding = ~measured.any(axis=0) | (np.mean(small[:band] > _OPAQUE, axis=0) > 0.8)
    scene = _scene_rows(small[:, ~padding], measured[:, ~padding])
    matter = (small[scene[0] : scene[1]] > MATTER).astype(np.uint8)
    # three rows of matter in a row: a cable or a streak of one row is no roof
    matter = cv2.erode(
        matter, np.ones((3, 1), np.uint8), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )  # fmt: skip
    tops = np.where(matter.any(axis=0) & ~padding, matter.argmax(axis=0) + scene[0], r)
    return Silhouette(small, tops, scene, padding, n_rows / r, n_cols / c)


def _halved(image: FloatImage) -> FloatImage:
    """The image at half its size where that is still more than is needed: to halve first takes a fifth of the time."""
    rows, cols = (length // 2 for length in image.shape)
    if rows < _SMALL_ROWS or cols < _SMALL_COLS:
        return image
    even = image[: 2 * rows, : 2 * cols]  # what is left over of an odd length is a thousandth of it
    return np.asarray(cv2.resize(even, (cols, rows), interpolation=cv2.INTER_AREA))


def _scene_rows(small: FloatImage, measured: BoolImage) -> tuple[int, int]:
    """First and last + 1 row that is not padding along the top or the bottom."""
    if small.size == 0:
        return 0, small.shape[0]
    scanned = np.flatnonzero((np.mean(small > _OPAQUE, axis=1) < 0.97) & (measured.mean(axis=1) > 0.01))
    return (int(scanned[0]), int(scanned[-1]) + 1) if scanned.size else (0, small.shape[0])


def level_runs(outline: Silhouette) -> list[LevelRun]:
    """Long runs of columns whose tops form a nearly level line high in the scene, left to right."""
    high = outline.scene[1] - outline.scene[0]
    tolerance = max(2.0, _LEVEL * high)
    shortest = shortest_run(outline)
    free = outline.tops < outline.scene[0] + _LOWEST_ROOF * high
    runs: list[LevelRun] = []
    for _ in range(3):
        if free.sum() < shortest:
            break
        on_line, line = _longest_line(outline.tops, free, tolerance)
        on_line |= _streaks(outline.tops, on_line, line, tolerance)
        for first, last in _extents(on_line, gap=2):
            if last - first >= shortest:
                first, last = _extend(outline.tops, first, last, tolerance)
                runs.append(LevelRun(first, last, float(np.polyval(line, (first + last) / 2))))
                free[first:last] = False
        free &= ~on_line
    if not runs:
        return []
    # containers on one truck differ by 0.46 m in height and a little in seat: 0.13 of a 5 m view
    ceiling = min(run.row for run in runs if run.width >= 0.4 * max(other.width for other in runs))
    runs = [run for run in runs if run.row < ceiling + 0.13 * high]
    longest = max(run.width for run in runs)
    return sorted((run for run in runs if run.width >= 0.4 * longest), key=lambda run: run.first)


def shortest_run(outline: Silhouette) -> int:
    """Reduced columns that a container covers at least."""
    # a 20 ft box in the scan with the coarsest column pitch is 0.6 as wide as it is high (0.8 of the view)
    high = outline.scene[1] - outline.scene[0]
    return max(8, round(0.35 * high * outline.row_step / outline.col_step))


def _longest_line(
    tops: NDArray[np.int64], free: NDArray[np.bool_], tolerance: float
) -> tuple[NDArray[np.bool_], FloatArray]:
    """The nearly level line that most free tops lie on: which columns, and the line's polynomial."""
    c = tops.size
    x, y = np.flatnonzero(free), tops[free].astype(np.float64)
    width = int(2 * tolerance) + 1
    best, line = 0, np.zeros(2)
    # 2 degrees over the whole scene in steps that keep within the tolerance
    for drop in np.arange(-32, 33, 2):
        level = y - drop / c * x
        low = level.min()
        support = np.convolve(np.bincount((level - low).astype(int)), np.ones(width), "same")
        if support.max() > best:
            best, line = int(support.max()), np.array([drop / c, low + support.argmax() + 0.5])
    for reach in (1.5 * tolerance, tolerance):
        near = np.abs(y - np.polyval(line, x)) < reach
        if np.ptp(x[near]) > 0:
            line = np.polyfit(x[near], y[near], 1)
    on_line = free & (np.abs(tops - np.polyval(line, np.arange(c))) < tolerance)
    return on_line, line


def _streaks(
    tops: NDArray[np.int64], on_line: NDArray[np.bool_], line: FloatArray, tolerance: float
) -> NDArray[np.bool_]:
    """(c,) the columns of short stretches above a line that goes on behind them: between two boxes there is a gap."""
    above = tops < np.polyval(line, np.arange(tops.size)) - tolerance
    streaks = np.zeros_like(on_line)
    for first, last in _extents(above, gap=2):
        goes_on = on_line[max(first - 3, 0) : first].any() and on_line[last : last + 3].any()
        streaks[first:last] = goes_on and last - first <= _STREAK * tops.size
    return streaks


def _extents(mask: NDArray[np.bool_], *, gap: int) -> list[tuple[int, int]]:
    """Half-open runs of True, joined over gaps of at most ``gap``."""
    runs: list[tuple[int, int]] = []
    for first, last in true_runs(mask):
        if runs and first - runs[-1][1] <= gap:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs


def _extend(tops: NDArray[np.int64], first: int, last: int, tolerance: float) -> tuple[int, int]:
    """Follow the outline on from both ends of a run while it goes on without a step (a wave at the end)."""
    near = tops[first : first + 5]
    while first > 0 and abs(tops[first - 1] - np.median(near)) <= tolerance:
        first -= 1
        near = tops[first : first + 5]
    near = tops[last - 5 : last]
    while last < tops.size and abs(tops[last] - np.median(near)) <= tolerance:
        last += 1
        near = tops[last - 5 : last]
    return first, last
