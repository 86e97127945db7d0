"""Raw counts to attenuation, one energy after the other."""

from __future__ import annotations

import cv2
import numpy as np

from scantriage.arrays.kernel import kernel
from scantriage.calibrate.air import BoolLine
from scantriage.calibrate.beam import find_open_beam, open_beam_in
from scantriage.calibrate.blocks import Air, Counts, FloatLine, n_at
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
from scantriage.calibrate.dose import Pulses
from scantriage.calibrate.noise import CountNoise, count_noise
from scantriage.calibrate.wobble import heights
from scantriage.errors import UnreadableScan
from scantriage.scan.image import BoolImage, FloatImage, ScanImage
from scantriage.scan.quality import Flag

_BLIND_VARIANCE = np.float32(1.0)  # of an attenuation that is only a lower bound
_CLIPPED_WORTH_A_FLAG = 1e-3  # of the pixels
_FULL_SCALE = 65535
_STRIP = 32  # rows at a time, half a megabyte of a full scan: stays in the cache through all steps


def calibrate_counts(
    pixels: Counts, *, dark_level: float | None, air: BoolImage | None = None
) -> tuple[ScanImage, tuple[Flag, ...], BoolImage | None]:
    """Attenuation of raw counts, the scan's weaknesses, and where it shows open beam, as `Calibrated` has it.

    pixels: (E, R, C) finite counts. dark_level: counts without beam, estimated where None. air: (R, C) where it is
    known to be, of an image no larger than the blocks in which it is looked for. UnreadableScan when no row or no
    column shows signal.
    """
    dark = estimate_dark(pixels[0]) if dark_level is None else dark_level
    dead, lost = _dead_at_any(pixels, dark=dark)
    valid = np.logical_not(dead.rows[:, None] | dead.cols)
    attenuation, variance = np.empty(pixels.shape, np.float32), np.empty(pixels.shape, np.float32)
    n_clipped, highest, penetrated = 0, None, valid
    known = None if air is None or air.shape != valid.shape or dead.cols.any() else Air.known(air)
    for energy in range(len(pixels)):
        counts = bridge_rows(pixels[energy], dead.rows)  # a copy
        bridge_columns(counts, lost)
        inside = counts if not dead.cols.any() else np.ascontiguousarray(counts[:, ~dead.cols])
        where = known if highest is None else highest.air
        beam = find_open_beam(inside, dark=dark) if where is None else open_beam_in(where, inside, dark=dark)
        level = float(np.median(beam.gain))
        unlit = dark_noise(pixels[energy][dead.rows][:, ~dead.cols], dark=dark, level=level)
        noise = count_noise(inside, dark=dark, beam=beam, dark_noise=unlit)
        ceiling = _ceiling(pixels[energy])
        n_clipped = max(n_clipped, n_at(counts, ceiling) if ceiling < np.inf else 0)
        odd = odd_pixels(counts, dark=dark, noise=noise)
        mend_pixels(counts, odd)
        _invalidate(counts, np.float32(0.5 * dark), np.float32(ceiling), valid)
        valid.ravel()[odd] = False
        pulses = beam.pulses.spread(~dead.cols)
        _log_transmission(counts, beam.gain, pulses, noise, dark=dark, into=(attenuation[energy], variance[energy]))
        if highest is None:  # its penetration and its air count
            highest, penetrated = beam, _penetrated(counts, np.float32(dark + noise.limit))
    attenuation[:, :, dead.cols] = 0
    flags = {
        Flag.DARK_ASSUMED: dark_level is None,
        Flag.NO_AIR: highest is None or not highest.has_air,
        Flag.DEAD_ROWS: bool(dead.rows.any()),
        Flag.CLIPPED: n_clipped > _CLIPPED_WORTH_A_FLAG * valid.size,
    }
    image = ScanImage(attenuation, variance, valid, penetrated, "attenuation")
    # where columns are dead the blocks are of others
    seen = None if highest is None or dead.cols.any() else highest.air.coarse > 0
    return image, tuple(flag for flag, holds in flags.items() if holds), seen


def _dead_at_any(pixels: Counts, *, dark: float) -> tuple[DeadLines, BoolLine]:
    """Lines that are dead at any energy, and columns of lost pulses beside; UnreadableScan when no line lives."""
    lines = [dead_lines(plane, dark=dark) for plane in pixels]
    rows = np.logical_or.reduce([line.rows for line in lines])
    cols = np.logical_or.reduce([line.cols for line in lines])
    if rows.all() or cols.all():
        raise UnreadableScan("The image shows no signal in any row, so nothing can be seen in it.")
    lost = lost_pulses(cols)
    return DeadLines(rows=rows, cols=cols & ~lost), lost


def _ceiling(plane: Counts) -> float:
    """Counts at which a plane is clipped: the top of 16 bits, or a ceiling of its own that many pixels reach."""
    top = float(plane.max())
    reached = top == _FULL_SCALE or n_at(plane, top) > max(16, 1e-4 * plane.size)
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


@kernel
def _penetrated(counts: Counts, limit: np.float32) -> BoolImage:
    """(R, C) where the mean of a pixel and its eight neighbours exceeds a limit; the border counts on beyond itself."""
    n_rows, n_cols = counts.shape
    out = np.empty(counts.shape, np.bool_)
    column = np.empty(n_cols + 2, np.float32)
    for row in range(n_rows):
        above, line, below = counts[max(row - 1, 0)], counts[row], counts[min(row + 1, n_rows - 1)]
        for col in range(n_cols):
            column[col + 1] = np.float32(above[col]) + np.float32(line[col]) + np.float32(below[col])
        column[0], column[-1] = column[1], column[-2]
        for col in range(n_cols):
            out[row, col] = column[col] + column[col + 1] + column[col + 2] > 9 * limit
    return out


def _log_transmission(
    counts: Counts, gain: FloatLine, pulses: Pulses, noise: CountNoise, *, dark: float,
    into: tuple[FloatImage, FloatImage],
) -> None:  # fmt: skip
    """Writes -ln(signal / open beam) and its variance; a signal under the limit of penetration counts as the limit.

    Half the variance is taken off: noise raises the mean of -ln by that much, 1 % where little comes through.
    """
    beam = np.stack([pulses.dose, pulses.dose * pulses.tilt, pulses.variance])
    by_row = np.stack([gain, gain * heights(gain.size)], axis=1)
    levels = np.array([dark, noise.limit, noise.per_count, noise.floor], np.float32)
    for top in range(0, len(counts), _STRIP):
        strip = slice(top, top + _STRIP)
        attenuation = into[0][strip]
        _inverse_transmission(counts[strip], by_row[strip], beam, levels, attenuation, into[1][strip])
        cv2.log(attenuation, dst=attenuation)


@kernel
def _inverse_transmission(
    counts: Counts, by_row: FloatImage, beam: FloatImage, levels: FloatLine, inverse: FloatImage, variance: FloatImage
) -> None:
    """Open beam over signal, less half the variance of its logarithm, and that variance.

    by_row: (R, 2) gain, gain times height. beam: (3, C) dose, dose times tilt, variance of the dose. levels: dark,
    limit of penetration, noise per count, noise floor.
    """
    dark, limit, per_count, floor = levels[0], levels[1], levels[2], levels[3]
    dose, tilt, unknown = beam[0], beam[1], beam[2]
    one, half = np.float32(1), np.float32(0.5)  # a whole number would make double precision of all
    for row in range(counts.shape[0]):
        line, ratio, spread = counts[row], inverse[row], variance[row]
        middle, lower = by_row[row, 0], by_row[row, 1]
        for col in range(line.size):
            signal = np.float32(line[col]) - dark
            relative = one / max(signal, limit)
            own = (floor * relative + per_count) * relative
            less = half * own
            shrunk = one - less * (one - less * (half - less * np.float32(1 / 6)))  # e ** -less to 1e-5: less < 1/8
            ratio[col] = (middle * dose[col] + lower * tilt[col]) * relative * shrunk
            spread[col] = _BLIND_VARIANCE if signal < limit else own + unknown[col]
