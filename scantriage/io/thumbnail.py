"""A container the size of a thumb, for lists: its latest scan, with the strongest findings boxed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from scantriage.io.pictures import DARKEST_AT_LEAST, KIND_INK, rows_worth_showing
from scantriage.io.sheet import Pixels, grey_tones
from scantriage.io.whole_file import write_whole
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.views import PairViews

WIDTH = 240
_N_BOXED = 3
_QUALITY = 80


def write_thumbnail(path: Path, views: PairViews, reading: Reading) -> None:
    """Draw the thumbnail and write it as JPEG, whole or not at all. OSError where the disk refuses."""
    sampling = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    _, encoded = cv2.imencode(
        ".jpg", draw_thumbnail(views, reading), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, *sampling]
    )  # fmt: skip
    write_whole(path, encoded.tobytes())


def draw_thumbnail(views: PairViews, reading: Reading) -> Pixels:
    """(height, 240, 3) uint8, blue green red; ValueError where there is no scan to draw."""
    scan = views.origin if views.rescan is None else views.rescan
    if scan is None:
        raise ValueError("there is no scan to draw")
    rows = rows_worth_showing(views)
    pixels_per_m = WIDTH / views.grid.length_m
    height = max(1, round((rows.stop - rows.start) * views.grid.pitch_m * pixels_per_m))
    small = cv2.resize(np.nan_to_num(scan[rows]), (WIDTH, height), interpolation=cv2.INTER_AREA)
    drawn = grey_tones(small, darkest=max(DARKEST_AT_LEAST, float(np.percentile(small, 99.5))))
    top_m = views.grid.top_m - rows.start * views.grid.pitch_m
    for finding in sorted(reading.findings, key=lambda one: -abs(one.significance))[:_N_BOXED]:
        _box(drawn, finding, top_m=top_m, pixels_per_m=pixels_per_m)
    return drawn


def _box(drawn: Pixels, finding: Finding, *, top_m: float, pixels_per_m: float) -> None:
    box = finding.container_box
    corners = (
        (round(box.x0 * pixels_per_m), round((top_m - box.z1) * pixels_per_m)),
        (round(box.x1 * pixels_per_m), round((top_m - box.z0) * pixels_per_m)),
    )
    cv2.rectangle(drawn, *corners, KIND_INK[finding.kind], 1)
