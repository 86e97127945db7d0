"""Raw counts to attenuation."""

from __future__ import annotations

import numpy as np

from scantriage.arrays.kernel import kernel
from scantriage.calibrate.air import BoolLine
from scantriage.calibrate.beam import find_open_beam, open_beam_in
from scantriage.calibrate.blocks import Air, Counts, n_at
from scantriage.calibrate.dark import dark_noise, estimate_dark
from scantriage.calibrate.dead import (
    DeadLines,
    bridge_columns,
    bridge_rows,
    dead_lines,
    lost_pulses,
    mend_pixels,
    odd_pixels,
)
from scantriage.calibrate.noise import count_noise
from scantriage.calibrate.scatter import find_veil
from scantriage.calibrate.transmission import CountModel, log_transmission, penetrated
from scantriage.errors import UnreadableScan
from scantriage.scan.image import BoolImage, ScanImage
from scantriage.scan.quality import Flag

_CLIPPED_WORTH_A_FLAG = 1e-3  # of the pixels
_FULL_SCALE = 65535


def calibrate_counts(
    pixels: Counts, *, dark_level: float | None, air: BoolImage | None = None
) -> tuple[ScanImage, tuple[Flag, ...], BoolImage | None]:
    """Attenuation of raw counts, the scan's weaknesses, and where it shows open beam, as `Calibrated` has it.

    pixels: (R, C) finite counts. dark_level: counts without beam, estimated where None. air: (R, C) where it is
    known to be, of an image no larger than the blocks in which it is looked for. UnreadableScan when no row or no
    column shows signal.
    """
    dark = estimate_dark(pixels) if dark_level is None else dark_level
    dead, lost = _dead(pixels, dark=dark)
    valid = np.logical_not(dead.rows[:, None] | dead.cols)
    counts = bridge_rows(pixels, dead.rows)  # a copy
    bridge_columns(counts, lost)
    inside = counts if not dead.cols.any() else np.ascontiguousarray(counts[:, ~dead.cols])
    known = None if air is None or air.shape != valid.shape or dead.cols.any() else Air.known(air)
    beam = find_open_beam(inside, dark=dark) if known is None else open_beam_in(known, inside, dark=dark)
    unlit = dark_noise(pixels[dead.rows][:, ~dead.cols], dark=dark, level=float(np.median(beam.gain)))
    noise = count_noise(inside, dark=dark, beam=beam, dark_noise=unlit)
    ceiling = _ceiling(pixels)
    n_clipped = n_at(counts, ceiling) if ceiling < np.inf else 0
    odd = odd_pixels(counts, dark=dark, noise=noise)
    mend_pixels(counts, odd)
    _invalidate(counts, np.float32(0.5 * dark), np.float32(ceiling), valid)
    valid.ravel()[odd] = False
    veil = find_veil(beam.seen, n_rows=inside.shape[0], n_cols=inside.shape[1])
    model = CountModel(beam.gain, beam.pulses.spread(~dead.cols), veil.spread(~dead.cols), noise, dark)
    attenuation, variance = log_transmission(counts, model)
    attenuation[:, dead.cols] = 0
    flags = {
        Flag.DARK_ASSUMED: dark_level is None,
        Flag.NO_AIR: not beam.has_air,
        Flag.DEAD_ROWS: bool(dead.rows.any()),
        Flag.CLIPPED: n_clipped > _CLIPPED_WORTH_A_FLAG * valid.size,
    }
    image = ScanImage(attenuation, variance, valid, penetrated(counts, model), "attenuation")
    # where columns are dead the blocks are of others
    seen = None if dead.cols.any() else beam.air.coarse > 0
    return image, tuple(flag for flag, holds in flags.items() if holds), seen


def _dead(pixels: Counts, *, dark: float) -> tuple[DeadLines, BoolLine]:
    """Lines that are dead, and columns of lost pulses beside; UnreadableScan when no line lives."""
    lines = dead_lines(pixels, dark=dark)
    if lines.rows.all() or lines.cols.all():
        raise UnreadableScan("The image shows no signal in any row, so nothing can be seen in it.")
    lost = lost_pulses(lines.cols)
    return DeadLines(rows=lines.rows, cols=lines.cols & ~lost), lost


def _ceiling(pixels: Counts) -> float:
    """Counts at which a scan is clipped: the top of 16 bits, or a ceiling of its own that many pixels reach."""
    top = float(pixels.max())
    reached = top == _FULL_SCALE or n_at(pixels, top) > max(16, 1e-4 * pixels.size)
    return top if reached else np.inf


@kernel
def _invalidate(counts: Counts, lowest: np.float32, ceiling: np.float32, valid: BoolImage) -> None:
    """Take pixels that are clipped or read nothing from the valid ones.

    lowest: half the dark level: tens of its noise away.
    """
    for row in range(counts.shape[0]):
        line, there = counts[row], valid[row]
        for col in range(line.size):
            there[col] &= (np.float32(line[col]) >= lowest) & (np.float32(line[col]) < ceiling)
