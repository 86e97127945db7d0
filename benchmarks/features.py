"""What registration leaves: image features matched between two scans on one grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.scan.views import PairViews

_RATIO = 0.8  # second-best match must be this much worse (D. Lowe 2004, doi:10.1023/B:VISI.0000029664.99615.94)
_SEARCH_M = 1.0  # features further apart are other ones that look alike: posts and corrugation repeat
_CONSENSUS_M = 0.15  # from the common affine map; more is another feature, or a part that moved
_MIN_MATCHES = 12

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Residual:
    """Displacement of features that registration left, in pixels of the origin scan's file.

    n_matched: features. median, p90: of its length. along, up: medians of its components, signed, towards the
    doors and upwards.
    """

    n_matched: int
    median: float
    p90: float
    along: float
    up: float


def residual(views: PairViews, *, cols_per_m: float, rows_per_m: float) -> Residual | None:
    """Match features of two registered scans; None where too few match.

    cols_per_m, rows_per_m: pixels of the origin scan's file. Matches are kept where they follow one common affine
    map to 15 cm; the displacement itself is measured whole, so that a common shift counts.
    """
    first, second = _matched(views)
    if len(first) < _MIN_MATCHES:
        return None
    apart = (second - first) * views.grid.pitch_m * (cols_per_m, -rows_per_m)
    length = np.hypot(apart[:, 0], apart[:, 1])
    along, up = np.median(apart, axis=0)
    return Residual(
        len(first), float(np.median(length)), float(np.quantile(length, 0.9)), float(along), float(up)
    )  # fmt: skip


def _matched(views: PairViews) -> tuple[Points, Points]:
    """(N, 2) grid columns and rows of the same features in both scans."""
    empty = np.empty((0, 2))
    if views.origin is None or views.rescan is None or views.usable is None:
        return empty, empty
    (points, words), (others, other_words) = (_features(scan, views.usable) for scan in (views.origin, views.rescan))
    if len(points) < 2 or len(others) < 2:
        return empty, empty
    best = cv2.BFMatcher(cv2.NORM_L2).knnMatch(words, other_words, k=2)
    chosen = [(a.queryIdx, a.trainIdx) for a, b in best if a.distance < _RATIO * b.distance]
    first, second = points[[i for i, _ in chosen]], others[[j for _, j in chosen]]
    near = np.hypot(*(second - first).T) * views.grid.pitch_m < _SEARCH_M
    first, second = first[near], second[near]
    if len(first) < _MIN_MATCHES:
        return empty, empty
    _, agrees = cv2.estimateAffine2D(
        first, second, method=cv2.RANSAC, ransacReprojThreshold=_CONSENSUS_M / views.grid.pitch_m
    )
    keep = agrees.ravel().astype(bool)
    return first[keep], second[keep]


def _features(attenuation: NDArray[np.float32], seen: NDArray[np.bool_]) -> tuple[Points, Any]:
    """Places and descriptions of the features in a scan, each place once."""
    low, high = np.quantile(attenuation[seen], (0.01, 0.99)) if seen.any() else (0.0, 1.0)
    grey = np.clip((attenuation - low) / max(high - low, 1e-6), 0, 1) * 255
    found, words = cv2.SIFT_create(contrastThreshold=0.02).detectAndCompute(grey.astype(np.uint8), seen.view(np.uint8))
    points = np.array([point.pt for point in found], dtype=np.float64).reshape(-1, 2)
    if not len(points):
        return points, words
    # a feature with two directions is reported twice, and would fail the ratio test against itself
    _, once = np.unique(np.round(points, 1), axis=0, return_index=True)
    return points[once], words[once]
