"""A plane of counts summed over small blocks: all that finding the open beam needs of it, in two passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.kernel import kernel
from scantriage.calibrate.wobble import heights
from scantriage.scan.image import BoolImage, FloatImage

Counts = NDArray[Any]
FloatLine = NDArray[np.float32]
Places = NDArray[np.intp]

_ROWS_KEPT = 280  # of the view in which air is looked for, at least: keeps gaps of 2 cm
_BOX = (5, 3)  # columns, rows of that view: with it, 1 % of noise averages down to 0.25 % or less


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """A plane of R rows and C columns in b x k square blocks; the last of a row or column takes what is left over.

    row_of, col_of: (R,), (C,) the block of each row and column. signal: (b, C) counts above dark over the rows'
    rough gain, averaged over the rows of a block but not over its columns, whose doses differ. moments: (3, b)
    number of rows, sum of their heights, sum of the heights squared.
    """

    row_of: Places
    col_of: Places
    signal: FloatImage
    moments: FloatImage

    @property
    def n_rows(self) -> FloatLine:
        """(b,) rows in each block."""
        return np.asarray(self.moments[0])

    @property
    def n_cols(self) -> FloatLine:
        """(k,) columns in each block."""
        return np.diff(self.col_edges).astype(np.float32)

    @property
    def col_edges(self) -> Places:
        """(k + 1,) the column at which each block begins, and the last one ends."""
        return np.append(np.flatnonzero(np.diff(self.col_of, prepend=-1)), self.col_of.size)

    @property
    def height(self) -> FloatLine:
        """(b,) mean height of each block's rows, -1 at the top to 1 at the bottom."""
        return np.asarray(self.moments[1] / self.moments[0])

    def over_rows(self, values: FloatLine) -> FloatLine:
        """(b,) means of (R,) values over each block's rows."""
        return np.asarray(np.bincount(self.row_of, values) / self.n_rows, np.float32)

    def over_cols(self, values: FloatImage) -> FloatImage:
        """(N, k) sums of (N, C) values over each block's columns."""
        return np.asarray(np.add.reduceat(values, self.col_edges[:-1], axis=1))

    def coarse(self) -> FloatImage:
        """(b, k) signal averaged over blocks, of the last ones over as many columns as the others have."""
        k = self.n_cols.size
        return _shrunk(self.signal[:, : k * (self.signal.shape[1] // k)], self.signal.shape[0], k)


@dataclass(frozen=True, slots=True, eq=False)
class Air:
    """Where the scan shows open beam: 1 there, else 0. coarse: (b, k) float in blocks. wide: (b, C), all columns."""

    coarse: FloatImage
    wide: NDArray[np.uint8]

    @classmethod
    def of(cls, coarse: BoolImage, blocks: Blocks) -> Self:
        """Open beam in these blocks, (b, k) bool."""
        b, k = coarse.shape
        air, wide = coarse.view(np.uint8), np.empty(blocks.signal.shape, np.uint8)
        n_even = k * (blocks.col_of.size // k)
        wide[:, :n_even] = cv2.resize(air, (n_even, b), interpolation=cv2.INTER_NEAREST)
        wide[:, n_even:] = air[:, -1:]
        return cls(coarse.astype(np.float32), wide)

    @classmethod
    def known(cls, air: BoolImage) -> Self:
        """Open beam in an image each of whose pixels is a block: (b, k) bool."""
        return cls(air.astype(np.float32), air.astype(np.uint8))


def block_size(n_rows: int) -> int:
    """Side of a block in pixels."""
    return max(1, n_rows // _ROWS_KEPT)


def blocks_of(counts: Counts, *, dark: float, gain: FloatLine) -> Blocks:
    """Sum a plane over blocks. counts: (R, C). gain: (R,) roughly."""
    side = block_size(counts.shape[0])
    row_of, col_of = (np.minimum(np.arange(n) // side, max(n // side, 1) - 1) for n in counts.shape)
    height = heights(counts.shape[0])
    moments = np.stack([np.bincount(row_of, height**power) for power in range(3)]).astype(np.float32)
    share = 1 / (gain * moments[0][row_of])
    signal = np.zeros((moments.shape[1], counts.shape[1]), np.float32)
    _sum_rows(counts, np.float32(dark), share.astype(np.float32), row_of, signal)
    return Blocks(row_of, col_of, signal, moments)


@kernel
def _sum_rows(counts: Counts, dark: np.float32, share: FloatLine, block: Places, into: FloatImage) -> None:
    for row in range(counts.shape[0]):
        line, total, weight = counts[row], into[block[row]], share[row]
        for col in range(line.size):
            total[col] += weight * (np.float32(line[col]) - dark)


def row_sums(counts: Counts, *, dark: float, blocks: Blocks, air: Air) -> FloatLine:
    """(R,) sums of counts above dark over the air of each row."""
    sums = np.empty(counts.shape[0], np.float32)
    _sum_along(counts, np.float32(dark), blocks.row_of, air.wide, sums)
    return sums


@kernel
def _sum_along(counts: Counts, dark: np.float32, row_of: Places, air: NDArray[np.uint8], into: FloatLine) -> None:
    for row in range(counts.shape[0]):
        line, chosen, total = counts[row], air[row_of[row]], np.float32(0)
        for col in range(line.size):
            total += (np.float32(line[col]) - dark) * np.float32(chosen[col])
        into[row] = total


def column_sums(blocks: Blocks, *, air: Air, weights: FloatImage) -> FloatImage:
    """(2, C) two weighted sums of the blocks' signal over the air of each column. weights: (2, b)."""
    sums = np.zeros((2, blocks.col_of.size), np.float32)
    _sum_down(blocks.signal, air.wide, weights.astype(np.float32), sums)
    return sums


@kernel
def _sum_down(signal: FloatImage, air: NDArray[np.uint8], weights: FloatImage, into: FloatImage) -> None:
    first, second = into[0], into[1]
    for row in range(signal.shape[0]):
        line, chosen, one, other = signal[row], air[row], weights[0, row], weights[1, row]
        for col in range(line.size):
            lit = line[col] * np.float32(chosen[col])
            first[col] += one * lit
            second[col] += other * lit


@kernel
def n_at(plane: Counts, level: float) -> int:
    """How many pixels have exactly this level."""
    n = 0
    for row in range(plane.shape[0]):
        line = plane[row]
        for col in range(line.size):
            n += line[col] == level
    return n


def coarse_view(image: FloatImage) -> FloatImage:
    """The image averaged over blocks and neighbours, in which noise no longer hides the air."""
    side = block_size(image.shape[0])
    rows, cols = (max(1, length // side) for length in image.shape)
    whole = image[: rows * side, : cols * side]  # of the blocks: five times as fast as with a remainder
    return smoothed(_shrunk(whole, rows, cols))


def _shrunk(image: FloatImage, n_rows: int, n_cols: int) -> FloatImage:
    return np.asarray(cv2.resize(image, (n_cols, n_rows), interpolation=cv2.INTER_AREA))


def smoothed(coarse: FloatImage) -> FloatImage:
    """Blocks averaged over neighbouring blocks."""
    return np.asarray(cv2.blur(coarse, _BOX))
