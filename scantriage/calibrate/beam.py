"""The open beam behind every pixel: row gain times pulse dose times wobble, from where the scan shows air."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scantriage.calibrate.air import drift, find_air, from_border, reaches_border, rough_gain, row_gain
from scantriage.calibrate.blocks import Air, Blocks, Counts, FloatLine, Places, blocks_of, row_sums, smoothed
from scantriage.calibrate.dose import Pulses, measure_pulses
from scantriage.calibrate.wobble import heights
from scantriage.scan.image import BoolImage, FloatImage

# For air with pulses and gains known: each look follows the drift of the dose a little further from the first, until
# one changes so few of the blocks that the beam is known to 0.1 %.
_MOST_LOOKS = 5
_SETTLED = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class OpenBeam:
    """What the detector would show with nothing in the beam.

    gain: (R,) counts above dark at a dose of 1. pulses: of the C columns. has_air: False where no open beam was
    seen and the level is that of the brightest places. seen: (b, k) the blocks as parts of the open beam.
    """

    gain: FloatLine
    pulses: Pulses
    blocks: Blocks
    air: Air
    has_air: bool
    seen: FloatImage

    def level(self, rows: Places, cols: Places) -> FloatLine:
        """(N,) counts above dark at some pixels."""
        lower = heights(self.gain.size)[rows] * self.pulses.tilt[cols]
        return np.asarray(self.gain[rows] * self.pulses.dose[cols] * (1 + lower), np.float32)

    def air_in(self, rows: Places) -> BoolImage:
        """(N, C) True where some rows show open beam."""
        return np.asarray(self.air.wide[self.blocks.row_of[rows]] > 0)


def find_open_beam(counts: Counts, *, dark: float) -> OpenBeam:
    """The open beam of one energy. counts: (R, C), dead rows bridged, no padding. dark: counts without beam."""
    rough, open_rows = rough_gain(counts, dark=dark)
    blocks = blocks_of(counts, dark=dark, gain=rough)
    coarse = blocks.coarse()
    seen = smoothed(coarse)
    found = from_border(find_air(seen / drift(seen)))
    air = Air.of(found, blocks)
    if not found.any():
        return OpenBeam(rough, Pulses.even(counts.shape[1]), blocks, air, has_air=False, seen=coarse)
    gain, pulses = rough, measure_pulses(blocks, air, correction=np.ones(len(seen)))
    for _ in range(_MOST_LOOKS):
        gain = _row_gain(counts, dark=dark, blocks=blocks, air=air, pulses=pulses, rough=gain)
        correction = blocks.over_rows(rough / gain)
        before, found = found, from_border(find_air(smoothed(_seen(coarse, blocks, pulses, correction=correction))))
        if not found.any():  # nothing is even enough to be open beam: what was seen first stays
            break
        air = Air.of(found, blocks)
        pulses = measure_pulses(blocks, air, correction=correction)
        if np.mean(found != before) < _SETTLED:
            break
    has_air = bool(open_rows.mean() > 0.5) and reaches_border(air.coarse)
    return OpenBeam(gain, pulses, blocks, air, has_air, _seen(coarse, blocks, pulses, correction=correction))


def open_beam_in(air: Air, counts: Counts, *, dark: float) -> OpenBeam:
    """The open beam of another energy of a scan whose air is known; the rest as in `find_open_beam`."""
    rough, _ = rough_gain(counts, dark=dark)
    blocks = blocks_of(counts, dark=dark, gain=rough)
    if not air.coarse.any():
        return OpenBeam(rough, Pulses.even(counts.shape[1]), blocks, air, has_air=False, seen=blocks.coarse())
    pulses = measure_pulses(blocks, air, correction=np.ones(len(blocks.signal)))
    gain = _row_gain(counts, dark=dark, blocks=blocks, air=air, pulses=pulses, rough=rough)
    correction = blocks.over_rows(rough / gain)
    pulses = measure_pulses(blocks, air, correction=correction)
    seen = _seen(blocks.coarse(), blocks, pulses, correction=correction)
    return OpenBeam(gain, pulses, blocks, air, reaches_border(air.coarse), seen)


def _row_gain(counts: Counts, *, dark: float, blocks: Blocks, air: Air, pulses: Pulses, rough: FloatLine) -> FloatLine:
    """(R,) gains measured in the air with the pulses known. rough: kept in rows without air."""
    middle, lower = blocks.over_cols(pulses.by_height) @ air.coarse.T
    return row_gain(
        row_sums(counts, dark=dark, blocks=blocks, air=air),
        middle[blocks.row_of] + heights(rough.size) * lower[blocks.row_of],
        n_air=(air.coarse @ blocks.n_cols)[blocks.row_of],
        rough=rough,
    )


def _seen(coarse: FloatImage, blocks: Blocks, pulses: Pulses, *, correction: FloatLine) -> FloatImage:
    """(b, k) the blocks as parts of what they would show in air. correction: (b,) by what the rough gain is wrong."""
    middle, lower = blocks.over_cols(pulses.by_height) / blocks.n_cols
    return np.asarray(coarse * correction[:, np.newaxis] / (middle + blocks.height[:, np.newaxis] * lower), np.float32)
