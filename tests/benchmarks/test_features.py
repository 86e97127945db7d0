import cv2
import numpy as np
import pytest

from benchmarks.features import residual
from scantriage.scan.geometry import ContainerGrid
from scantriage.scan.views import PairViews


def views(*, shift: tuple[float, float]) -> PairViews:
    """A scan full of blobs, and the same with everything moved by (columns, rows)."""
    grid = ContainerGrid(length_m=6.0, bottom_m=0.0, top_m=2.4, pitch_m=0.01)
    rng = np.random.default_rng(0)
    scan = cv2.GaussianBlur(rng.standard_normal(grid.shape).astype(np.float32), (0, 0), 4.0)
    moved = cv2.warpAffine(scan, np.float32([[1, 0, shift[0]], [0, 1, shift[1]]]), grid.shape[::-1])
    usable = np.zeros(grid.shape, dtype=bool)
    usable[20:-20, 20:-20] = True
    return PairViews(grid=grid, origin=scan, rescan=moved, difference=None, significance=None, usable=usable)


def test_a_common_shift_is_the_residual_in_pixels_of_the_file():
    left = residual(views(shift=(6.0, -2.0)), cols_per_m=200.0, rows_per_m=150.0)
    assert left.n_matched > 50
    assert left.along == pytest.approx(6 * 2.0, abs=0.4)  # SIFT finds blobs to about a tenth of a pixel
    assert left.up == pytest.approx(2 * 1.5, abs=0.3)
    assert left.median == pytest.approx(np.hypot(12.0, 3.0), abs=0.5)


def test_two_scans_without_features_have_no_residual():
    blank = views(shift=(0.0, 0.0))
    flat = np.zeros(blank.grid.shape, dtype=np.float32)
    blank = PairViews(
        grid=blank.grid, origin=flat, rescan=flat, difference=None, significance=None, usable=blank.usable
    )
    assert residual(blank, cols_per_m=200.0, rows_per_m=150.0) is None
