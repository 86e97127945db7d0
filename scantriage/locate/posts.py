"""A container whose walls do not show, as in bright display exports: its end posts stand up from it all the same."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.locate.roof import RoofLine
from scantriage.locate.silhouette import MATTER, LevelRun, Silhouette, shortest_run

_TALL = 0.35  # of the view: a container stands 0.5 to 0.75 of it high, a wheel or a landing leg 0.2
_LOWEST_TOP = 0.5  # of the view
_HOLE, _SPECK = 5, 5  # rows: a bright export leaves holes in a post, and specks in the air
_SAME = 0.02  # of the view: what stands this much higher than its neighbour is another thing
_CLEAR = 0.04  # of the view, above a load: a container that is loaded to the roof leaves 8 cm
_LEVEL = 0.04  # of the view: a vehicle that stands askew by half a degree, and a casting's height


@dataclass(frozen=True, slots=True)
class Upright:
    """Neighbouring columns ``[first, last)`` of the reduced image with matter far down; the row where it begins."""

    first: int
    last: int
    top: float


@dataclass(frozen=True, slots=True)
class Posts:
    """Two posts: the columns from one to the other, and the line over both."""

    run: LevelRun
    roof: RoofLine

    def around(self, run: LevelRun) -> bool:
        """Whether a run lies between them."""
        return self.run.first <= run.first and run.last <= self.run.last


def clearly_above(run: LevelRun, outline: Silhouette) -> float:
    """The row from which something stands clearly above a run."""
    return run.row - _CLEAR * (outline.scene[1] - outline.scene[0])


def outermost_posts(outline: Silhouette) -> Posts | None:
    """The widest pair of uprights of one height with nothing higher between them; None where nothing stands so."""
    high = outline.scene[1] - outline.scene[0]
    shortest = shortest_run(outline)
    uprights = _uprights(outline)
    pairs = [
        (left, right)
        for left, right in itertools.combinations(uprights, 2)
        if right.last - left.first >= shortest and abs(left.top - right.top) <= _LEVEL * high
    ]
    for left, right in sorted(pairs, key=lambda pair: pair[0].first - pair[1].last):
        between = [one.top for one in uprights if left.first < one.first < right.first]
        if min(left.top, right.top) - _SAME * high <= min(between, default=left.top):
            run = LevelRun(left.first, right.last, (left.top + right.top) / 2)
            return Posts(run, _line_over(left, right, outline))
    return None


def _uprights(outline: Silhouette) -> list[Upright]:
    """All that stands up, left to right."""
    first_row, last_row = outline.scene
    high = last_row - first_row
    matter = (outline.small[first_row:last_row] > MATTER).astype(np.uint8)
    for change, rows in ((cv2.MORPH_CLOSE, _HOLE), (cv2.MORPH_OPEN, _SPECK)):
        matter = cv2.morphologyEx(matter, change, np.ones((rows, 1), np.uint8)).astype(np.uint8)
    tops, heights = _tallest(matter.astype(np.bool_))
    stands = (heights >= _TALL * high) & (tops < _LOWEST_TOP * high) & ~outline.padding
    found: list[Upright] = []
    for col in np.flatnonzero(stands).tolist():
        top = float(tops[col] + first_row)
        if found and found[-1].last == col and abs(found[-1].top - top) <= _SAME * high:
            found[-1] = Upright(found[-1].first, col + 1, min(found[-1].top, top))
        else:
            found.append(Upright(col, col + 1, top))
    return found


def _tallest(matter: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(c,) first row and height of each column's longest run of matter; height 0 where there is none."""
    run, height, last = np.zeros((3, matter.shape[1]), np.int64)
    for row, here in enumerate(matter):
        run = np.where(here, run + 1, 0)
        longer = run > height
        height[longer], last[longer] = run[longer], row
    return last - height + 1, height


def _line_over(left: Upright, right: Upright, outline: Silhouette) -> RoofLine:
    """The straight line through the tops of two posts, in pixels of the scan."""
    cols = [(post.first + post.last) / 2 * outline.col_step for post in (left, right)]
    rows = [post.top * outline.row_step for post in (left, right)]
    slope = (rows[1] - rows[0]) / (cols[1] - cols[0])
    return RoofLine(slope, rows[0] - slope * cols[0], 0.0)
