"""Display exports: what an operator saves from a viewer, in 8 bit, clipped at both ends, resampled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from scantriage.scan.geometry import PixelBox
from scantriage.simulate.case import SimulatedCase, SimulatedScan
from scantriage.simulate.passage import Passage

_OPEN = 0.96  # transmission from which on an export is white at the latest


@dataclass(frozen=True, slots=True)
class DisplayStyle:
    """How one viewer exports.

    logarithmic: grey follows the attenuation, else the transmission. white, black: share of pixels clipped.
    n_rows: of the export. stretch: of its columns. padding: black columns at the left and right.
    """

    logarithmic: bool
    white: float
    black: float
    n_rows: int
    stretch: float
    padding: tuple[int, int]


def draw_style(rng: np.random.Generator, *, scale: float) -> DisplayStyle:
    """A style; real exports have 28 % of their pixels white, 5.6 % black, and most often 800 rows."""
    padded = rng.random() < 0.25
    return DisplayStyle(
        logarithmic=bool(rng.random() < 0.4),
        white=rng.uniform(0.15, 0.4),
        black=rng.uniform(0.005, 0.08),
        n_rows=round(800 * scale),
        stretch=rng.uniform(0.7, 1.4),
        padding=(int(rng.integers(100)), int(rng.integers(100))) if padded else (0, 0),
    )


def export(scan: SimulatedScan, style: DisplayStyle) -> SimulatedScan:
    """The scan as a display export: counts hold (1, R, C) grey levels of 0 to 255."""
    counts = scan.counts[0].astype(np.float32)
    transmission = np.maximum((counts - scan.scanner.dark_counts) / scan.scanner.air_counts, 1e-4)
    level = np.log(transmission) if style.logarithmic else transmission
    low, high = np.quantile(level, (style.black, 1 - style.white))
    # the open beam is always white: a window that cut into it would show its noise
    high = min(high, np.log(_OPEN) if style.logarithmic else _OPEN)
    grey = np.clip((level - low) / max(high - low, 1e-3), 0, 1) * 255
    n_cols = round(grey.shape[1] * style.stretch)
    grey = cv2.resize(grey, (n_cols, style.n_rows), interpolation=cv2.INTER_AREA)
    grey = np.pad(np.rint(grey), ((0, 0), style.padding))
    record = replace(scan.record, kind="display", dark_level=None, energies_mev=None, column_pitch_mm=None)
    counts, passage = grey[np.newaxis].astype(np.uint16), _shown(scan.passage, n_cols, style.padding)
    return replace(scan, counts=counts, record=record, passage=passage)


def export_case(case: SimulatedCase, rng: np.random.Generator, *, scale: float) -> SimulatedCase:
    """The case with both scans as display exports of two viewers, and its truth in their pixels."""
    styles = [draw_style(rng, scale=scale) for _ in range(2)]
    truths = tuple(
        replace(
            truth,
            origin_box=_resampled(truth.origin_box, case.origin, styles[0]),
            rescan_box=_resampled(truth.rescan_box, case.rescan, styles[1]),
        )
        for truth in case.truths
    )
    return replace(case, origin=export(case.origin, styles[0]), rescan=export(case.rescan, styles[1]), truths=truths)


def _shown(passage: Passage, n_cols: int, padding: tuple[int, int]) -> Passage:
    """What the columns of the export show; the padding shows as much as the column beside it."""
    n_before = len(passage.x_m)
    left, right = padding
    source = (np.arange(-left, n_cols + right) + 0.5) * n_before / n_cols - 0.5
    x_m, step_m, raised_m = (
        np.interp(source, np.arange(n_before), line) for line in (passage.x_m, passage.step_m, passage.raised_m)
    )
    return replace(passage, x_m=x_m, step_m=step_m * n_before / n_cols, raised_m=raised_m)


def _resampled(box: PixelBox | None, scan: SimulatedScan, style: DisplayStyle) -> PixelBox | None:
    if box is None:
        return None
    n_rows, n_cols = scan.counts.shape[1:]
    up, along = style.n_rows / n_rows, round(n_cols * style.stretch) / n_cols
    left = style.padding[0]
    return PixelBox(
        int(box.row0 * up), int(np.ceil(box.row1 * up)),
        left + int(box.col0 * along), left + int(np.ceil(box.col1 * along)),
    )  # fmt: skip
