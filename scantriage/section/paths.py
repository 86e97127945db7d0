"""How far each ray runs through each cell: nearly all zeros, so only what is crossed is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from scantriage.section.descent import GROUP, Rows, fill_rows

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Path lengths in metres of R rays through N cells, by ray and by cell.

    of_ray: (R, 1) length of each ray in all cells. through_cell: (N, 1) length of all rays in each cell.
    """

    by_ray: Rows
    by_cell: Rows
    of_ray: NDArray[np.float32]
    through_cell: NDArray[np.float32]

    @classmethod
    def of(cls, lengths_m: FloatArray) -> Self:
        """From an (R, N) matrix of lengths."""
        return cls(
            _rows(lengths_m),
            _rows(lengths_m.T),
            lengths_m.sum(axis=1, dtype=np.float32)[:, np.newaxis],
            lengths_m.sum(axis=0, dtype=np.float32)[:, np.newaxis],
        )

    def lengths_m(self) -> NDArray[np.float32]:
        """The (R, N) matrix of lengths."""
        starts, column, share = self.by_ray
        matrix = np.zeros((len(self.of_ray), len(self.through_cell)), np.float32)
        np.add.at(matrix, (np.repeat(np.arange(len(matrix)), np.diff(starts)), column.astype(np.int64)), share)
        return matrix

    def seen(self, load: FloatArray) -> NDArray[np.float32]:
        """(R, S) what the rays of S slabs integrate of an (N, S) load."""
        return _product(self.by_ray, load)

    def carried(self, rays: FloatArray) -> NDArray[np.float32]:
        """(N, S) sum over the rays through each cell of (R, S) values times path length."""
        return _product(self.by_cell, rays)

    def carried_squared(self, rays: FloatArray) -> NDArray[np.float32]:
        """(N, S) the same times the square of the path length."""
        return _product(self.by_cell._replace(share=self.by_cell.share**2), rays)


def _rows(matrix: FloatArray) -> Rows:
    row, column = np.nonzero(matrix)
    count = np.bincount(row, minlength=len(matrix))
    size = np.maximum(-(-count // GROUP), 1) * GROUP
    starts = np.concatenate([[0], np.cumsum(size)])
    place = starts[row] + np.arange(len(row)) - (np.cumsum(count) - count)[row]
    columns, share = np.zeros(starts[-1], np.uint64), np.zeros(starts[-1], np.float32)
    columns[place], share[place] = column, matrix[row, column]
    return Rows(starts, columns, share)


def _product(rows: Rows, dense: FloatArray) -> NDArray[np.float32]:
    out = np.empty((len(rows.starts) - 1, dense.shape[1]), np.float32)
    fill_rows(out, 0, len(out), rows, np.ascontiguousarray(dense, dtype=np.float32))
    return out
