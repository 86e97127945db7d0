"""A scan on the container's own grid: square pixels in metres, front wall at the left."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from scantriage.arrays.kernel import kernel
from scantriage.arrays.resample import area_weights
from scantriage.scan.geometry import ContainerGrid
from scantriage.scan.image import ScanImage
from scantriage.scan.placement import Placement
from scantriage.scan.rectified import Rectified

FloatArray = NDArray[np.floating[Any]]
BoolImage = NDArray[np.bool_]

MIN_COVERED = 0.5  # a grid cell is measured when at least half of it was
MIN_SHIFT = 0.05  # of a grid row: less is not worth a second interpolation


def rectify(
    image: ScanImage,
    placement: Placement,
    grid: ContainerGrid,
    *,
    x_m: FloatArray | None = None,
) -> Rectified:
    """Average a scan onto a container grid.

    x_m: (C + 1,) where along the container each column edge of the grid lies in this scan; None when the
    vehicle passed evenly. Averages are of attenuation over measured pixels; variances are propagated.
    """
    n_rows, n_cols = grid.shape
    x_edges = np.arange(n_cols + 1) * grid.pitch_m if x_m is None else x_m
    z_edges = grid.top_m - np.arange(n_rows + 1) * grid.pitch_m
    means = np.empty((4, n_rows + 2, n_cols), np.float32)
    means[:, [0, -1]] = 0  # nothing is above and below
    _average(
        means,
        _Plane(image.pixels, image.variance, image.valid, image.penetrated),
        _weights(area_weights(placement.rows(z_edges, base_m=placement.mean_base_m), image.shape[0])),
        _spans(area_weights(placement.columns(x_edges), image.shape[1])),
    )
    _shift_columns(means, _lift_rows(placement, grid))
    attenuation, variance, covered, readable = means[:, 1:-1]
    return Rectified(
        grid=grid,
        placement=placement,
        attenuation=attenuation,
        variance=variance,
        valid=covered >= MIN_COVERED,
        usable=readable >= MIN_COVERED,
    )


class _Plane(NamedTuple):
    """A scan, (R, C) each."""

    pixels: FloatArray
    variance: FloatArray
    valid: BoolImage
    penetrated: BoolImage


class _Weights(NamedTuple):
    """Sparse weights of pixels, a row for each mean."""

    starts: NDArray[np.int32]
    pixel: NDArray[np.int32]
    share: NDArray[np.float32]


class _Spans(NamedTuple):
    """The same with N pixels to each of C means, one beside the other: (C,) the first; (C, N) their shares."""

    first: NDArray[np.uint64]
    share: NDArray[np.float32]


def _spans(weights: scipy.sparse.csr_array) -> _Spans:
    """As many to each, so that the processor foresees the end of every sum."""
    starts, count = weights.indptr[:-1, np.newaxis], np.diff(weights.indptr)[:, np.newaxis]
    n = np.arange(max(int(count.max()), 1))
    entry = np.minimum(starts + n, len(weights.data) - 1)
    return _Spans(
        weights.indices[entry[:, 0]].astype(np.uint64), np.where(n < count, weights.data[entry], np.float32(0))
    )


def _weights(weights: scipy.sparse.csr_array) -> _Weights:
    return _Weights(weights.indptr, weights.indices, weights.data)


@kernel
def _average(means: FloatArray, plane: _Plane, row_weights: _Weights, spans: _Spans) -> None:
    """(4, R + 2, C) mean attenuation and its variance over measured pixels, share measured, share usable.

    One row of the grid at a time, so that what is averaged over rows stays in the cache until it is
    averaged over columns. The first and the last row stay as they are.
    """
    line = np.zeros((4, plane.pixels.shape[1] + spans.share.shape[1]), np.float32)
    for row in range(len(row_weights.starts) - 1):
        line[:] = 0
        for entry in range(row_weights.starts[row], row_weights.starts[row + 1]):
            _add_row(line, plane, row_weights.pixel[entry], row_weights.share[entry])
        _average_columns(means[:, row + 1], line, spans)


@kernel
def _add_row(line: FloatArray, plane: _Plane, row: int, share: np.float32) -> None:
    pixels, variance, valid, penetrated = line[0], line[1], line[2], line[3]
    for col in range(plane.pixels.shape[1]):
        measured = share if plane.valid[row, col] else np.float32(0)
        pixels[col] += measured * plane.pixels[row, col]
        variance[col] += measured * measured * plane.variance[row, col]
        valid[col] += measured
        penetrated[col] += measured if plane.penetrated[row, col] else np.float32(0)


@kernel
def _average_columns(means: FloatArray, line: FloatArray, spans: _Spans) -> None:
    for col in range(means.shape[1]):
        pixels = variance = valid = penetrated = np.float32(0)
        for n in range(spans.share.shape[1]):
            share, pixel = spans.share[col, n], spans.first[col] + np.uint64(n)
            pixels += share * line[0, pixel]
            variance += share * share * line[1, pixel]
            valid += share * line[2, pixel]
            penetrated += share * line[3, pixel]
        covered = max(valid, np.float32(1e-6))
        means[0, col] = pixels / covered
        means[1, col] = variance / (covered * covered)
        means[2, col] = valid
        means[3, col] = penetrated


def _lift_rows(placement: Placement, grid: ContainerGrid) -> FloatArray:
    """(C,) how many grid rows higher than on average a tilted or bouncing container stands in each column."""
    lift = placement.base_at(grid.x_m()) - placement.mean_base_m
    return np.asarray(lift / grid.pitch_m, dtype=np.float32)


def _shift_columns(images: FloatArray, rows: FloatArray) -> None:
    """Shift every column of (K, R + 2, C) images down by its own number of rows, in place.

    The first and the last row are zero and stay so: what comes in from outside.
    """
    if float(np.abs(rows).max()) < MIN_SHIFT:
        return
    whole = np.floor(rows).astype(np.int64)
    runs = np.concatenate([[0], np.flatnonzero(np.diff(whole)) + 1, [len(whole)]])
    _interpolate_rows(images, runs, whole, rows - whole)


@kernel
def _interpolate_rows(images: FloatArray, runs: NDArray[np.int64], whole: NDArray[np.int64], part: FloatArray) -> None:
    """runs: edges between columns that all shift by the same whole number of rows."""
    n_images, last, _ = images.shape
    last -= 1
    for k in range(n_images):
        for run in range(len(runs) - 1):
            columns = slice(runs[run], runs[run + 1])
            shift, share = whole[runs[run]], part[columns]
            for i in range(1, last):
                row = last - i if shift >= 0 else i  # a row is read before it is written
                lower, upper = min(max(row - shift, 0), last), min(max(row - shift - 1, 0), last)
                into, below, above = images[k, row, columns], images[k, lower, columns], images[k, upper, columns]
                for col in range(len(into)):
                    into[col] = below[col] + share[col] * (above[col] - below[col])
