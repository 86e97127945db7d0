"""The loop of `scantriage.section.explain`: accelerated proximal gradient steps on two loads at once.

Slabs lie one behind the other in memory, so every inner loop is a vector instruction over slabs. A round of
the loop reads the loads from the cache once and writes them once: the point ahead, from which a step starts,
is formed for three layers of cells at a time, and the new load takes the place of the one before the last.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.kernel import kernel

FloatArray = NDArray[np.floating[Any]]

GROUP = 4  # entries a row of a product is summed from at a time: as many as keep the vector units busy
N_TOGETHER = 12  # rows of cells in one go: less is all overhead, more leaves the first cache


class Rows(NamedTuple):
    """A sparse matrix of K rows, each a whole number of groups of entries.

    starts: (K + 1,) first entry of each row. column, share: of each entry; a share of zero fills a group.
    """

    starts: NDArray[np.int64]
    column: NDArray[np.uint64]
    share: NDArray[np.float32]


class Seen(NamedTuple):
    """One scan: the rays' paths by ray and by cell; (R, S) what they measured; (R, S) its weight squared.

    beyond: (R, S) by how much more than measured counts: infinite, or zero where it was at least that much.
    """

    by_ray: Rows
    by_cell: Rows
    thickness: FloatArray
    weight2: FloatArray
    beyond: FloatArray


class Costs(NamedTuple):
    """Length of a step and threshold of its fusion, (N, S) each; cost of steps across and along, (Z, S).

    along: between each slab and the next, zero at the last of those that adjoin; along_before: between it and
    the one before.
    """

    step: FloatArray
    threshold: FloatArray
    across: FloatArray
    along: FloatArray
    along_before: FloatArray


@kernel
def descend(
    load: FloatArray, scratch: FloatArray, scans: tuple[Seen, Seen], costs: Costs, n_iterations: int
) -> FloatArray:
    """(2, N, S) loads that explain two scans better than the (2, N, S) ``load`` does.

    scratch: zeros of the same shape. Both arrays are overwritten; one of them is returned.
    """
    n_heights, n_slabs = costs.across.shape
    now, then = load, scratch
    ahead = np.zeros((3, 2, n_heights * n_slabs + 2), np.float32)  # one more at either end: it has no neighbour
    shown = (np.zeros_like(scans[0].thickness), np.zeros_like(scans[1].thickness))
    before = (np.zeros_like(scans[0].thickness), np.zeros_like(scans[1].thickness))
    residual = (np.zeros_like(scans[0].thickness), np.zeros_like(scans[1].thickness))
    pace, push = 1.0, np.float32(0)
    for _ in range(n_iterations):
        for v in range(2):
            fill_rows(shown[v], 0, len(shown[v]), scans[v].by_ray, now[v])
            _weigh(residual[v], shown[v], before[v], push, scans[v])
        _step(now, then, ahead, residual, scans, costs, push)
        now, then = then, now
        shown, before = before, shown
        following = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        pace, push = following, np.float32((pace - 1) / following)
    return now


@kernel
def _step(
    now: FloatArray,
    then: FloatArray,
    ahead: FloatArray,
    residual: tuple[FloatArray, FloatArray],
    scans: tuple[Seen, Seen],
    costs: Costs,
    push: np.float32,
) -> None:
    """One step from the point ahead of ``now``, into ``then``."""
    n_heights, n_slabs = costs.across.shape
    n_y = now.shape[1] // n_heights
    _look_ahead(ahead[0], now, then, 0, n_heights, push)
    for y in range(n_y):
        if y + 1 < n_y:
            _look_ahead(ahead[(y + 1) % 3], now, then, (y + 1) * n_heights, n_heights, push)
        here, left, right = ahead[y % 3], ahead[max(y - 1, 0) % 3], ahead[min(y + 1, n_y - 1) % 3]
        for bottom in range(0, n_heights, N_TOGETHER):
            top = min(bottom + N_TOGETHER, n_heights)
            first, last = y * n_heights + bottom, y * n_heights + top
            start, stop = bottom * n_slabs + 1, top * n_slabs + 1
            across, along = costs.across[bottom:top].ravel(), costs.along[bottom:top].ravel()
            along_before = costs.along_before[bottom:top].ravel()
            step, threshold = costs.step[first:last].ravel(), costs.threshold[first:last].ravel()
            for v in range(2):
                fill_rows(then[v], first, last, scans[v].by_cell, residual[v])
                _descend(
                    then[v, first:last].ravel(), here[v, start:stop], left[v, start:stop], right[v, start:stop],
                    here[v, start - 1 : stop - 1], here[v, start + 1 : stop + 1], across, along, along_before, step,
                )  # fmt: skip
            _fuse(then[0, first:last].ravel(), then[1, first:last].ravel(), threshold)


@kernel
def _look_ahead(
    ahead: FloatArray, now: FloatArray, then: FloatArray, first: int, n_heights: int, push: np.float32
) -> None:
    for v in range(2):
        newer, older = now[v, first : first + n_heights].ravel(), then[v, first : first + n_heights].ravel()
        out = ahead[v, 1:-1]
        for i in range(len(out)):
            out[i] = newer[i] + push * (newer[i] - older[i])


@kernel
def _weigh(out: FloatArray, shown: FloatArray, before: FloatArray, push: np.float32, scan: Seen) -> None:
    """What the point ahead leaves unexplained; what it shows follows from the two points it is made of."""
    for k in range(len(out)):
        for s in range(out.shape[1]):
            ahead = shown[k, s] + push * (shown[k, s] - before[k, s])
            out[k, s] = scan.weight2[k, s] * min(ahead - scan.thickness[k, s], scan.beyond[k, s])


@kernel
def _descend(
    gradient: FloatArray,
    here: FloatArray,
    left: FloatArray,
    right: FloatArray,
    front: FloatArray,
    rear: FloatArray,
    across: FloatArray,
    along: FloatArray,
    along_before: FloatArray,
    step: FloatArray,
) -> None:
    """From the gradient of the data term to the point where a step down the whole gradient ends, in place."""
    for i in range(len(gradient)):
        roughness = across[i] * ((here[i] - left[i]) + (here[i] - right[i]))
        roughness += along_before[i] * (here[i] - front[i]) - along[i] * (rear[i] - here[i])
        gradient[i] = here[i] - step[i] * (gradient[i] + roughness)


@kernel
def _fuse(first: FloatArray, second: FloatArray, threshold: FloatArray) -> None:
    """Bring the two nearer by the threshold each, at most to their mean; then keep them from below zero."""
    for i in range(len(first)):
        mean = (first[i] + second[i]) * np.float32(0.5)
        half = (second[i] - first[i]) * np.float32(0.5)
        half -= min(max(half, -threshold[i]), threshold[i])
        first[i] = max(mean - half, np.float32(0))
        second[i] = max(mean + half, np.float32(0))


@kernel
def fill_rows(out: FloatArray, first: int, last: int, rows: Rows, dense: FloatArray) -> None:
    """Rows first to last of the product of a sparse and a dense matrix, into the same rows of ``out``."""
    n_columns = out.shape[1]
    for k in range(first, last):
        for group in range(rows.starts[k], rows.starts[k + 1], GROUP):
            a, b, c, d = rows.column[group], rows.column[group + 1], rows.column[group + 2], rows.column[group + 3]
            p, q, r, t = rows.share[group], rows.share[group + 1], rows.share[group + 2], rows.share[group + 3]
            if group == rows.starts[k]:
                for s in range(n_columns):
                    out[k, s] = p * dense[a, s] + q * dense[b, s] + r * dense[c, s] + t * dense[d, s]
            else:
                for s in range(n_columns):
                    out[k, s] += p * dense[a, s] + q * dense[b, s] + r * dense[c, s] + t * dense[d, s]
