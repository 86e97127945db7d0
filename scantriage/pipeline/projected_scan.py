"""A rescan with a simulated load in it: the same pixels but where the load is."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tifffile

from scantriage.calibrate.beam import find_open_beam
from scantriage.calibrate.dark import estimate_dark
from scantriage.calibrate.dead import bridge_rows, dead_lines
from scantriage.calibrate.noise import count_noise
from scantriage.errors import ScantriageError
from scantriage.io.scan_files import Pixels, read_scan
from scantriage.io.whole_file import write_whole
from scantriage.pipeline.pair_run import ComparedScans, compare_scans
from scantriage.pipeline.prepare import PreparedScan, ScanSource, StageClock
from scantriage.scan.image import BoolImage, FloatImage
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.simulate.beam import Beam
from scantriage.simulate.concealment import Hidden
from scantriage.simulate.inject import inject_into_counts, inject_into_display
from scantriage.simulate.projection import draw_threat, share_added, thickness_in_scan

_TRIES = 8  # loads drawn before a container is left alone
_SHOWS_G_CM2 = 1.0  # pixels with less of the load are its rim
_SEEN = 0.6  # of the load's pixels, at least, must be penetrated


@dataclass(frozen=True, slots=True)
class ProjectedScan:
    """A rescan with a load in it, as a file of its own."""

    threat: Hidden
    source: ScanSource


def project_into(
    rescan: ScanSource, origin: ScanSource, manifest: ManifestEntry | None, path: Path, *, rng: np.random.Generator
) -> ProjectedScan | None:
    """Write a copy of the rescan with a load in it to ``path``; None where no load can be shown in it.

    origin: what the rescan is compared with, to find the container's place in it. path: of a .tif file; its folder
    exists.
    """
    try:
        pair = compare_scans(origin, rescan, manifest, StageClock())
    except ScantriageError:
        return None
    scan = pair.scans[1]
    pixels = read_scan(rescan.path, rows=rescan.record.rows).pixels
    drawn = _draw(pair, rng) if _takes_a_load(pixels, scan) else None
    if drawn is None:
        return None
    threat, thickness = drawn
    _write(path, _injected(pixels, thickness, scan, rng), rescan.record)
    return ProjectedScan(threat, replace(rescan, path=path))


def _draw(pair: ComparedScans, rng: np.random.Generator) -> tuple[Hidden, FloatImage] | None:
    """A load that this scan can show, and the (R, C) mass thickness that it gains; None where chance gives none."""
    seen, image = pair.registered.rescan, pair.scans[1].image
    for _ in range(_TRIES):
        threat = draw_threat(seen, energy_mv=pair.scans[1].energy_mv, rng=rng)
        thickness = thickness_in_scan(threat.packets, seen.placement, n_cols=image.shape[1])
        if _can_be_seen(thickness > _SHOWS_G_CM2, image.usable):
            return threat, thickness * np.float32(share_added(threat, seen, energy_mv=pair.scans[1].energy_mv))
    return None


def _can_be_seen(load: BoolImage, usable: BoolImage) -> bool:
    """Whether a load that covers these pixels lies wholly in the scan, and mostly where something comes through."""
    cut = load[0].any() or load[-1].any() or load[:, 0].any() or load[:, -1].any()
    return bool(load.any() and not cut and usable[load].mean() >= _SEEN)


def _takes_a_load(pixels: Pixels, scan: PreparedScan) -> bool:
    """Whether it is known how a load would change these pixels: counts, or grey levels with the beam white."""
    if scan.record.kind == "raw":
        return pixels.dtype == np.uint16
    some = np.s_[:: max(1, pixels.shape[1] // 128), :: max(1, pixels.shape[2] // 128)]
    upright = np.corrcoef(pixels[0][some].ravel(), scan.image.pixels[some].ravel())[0, 1] < 0
    return bool(pixels.dtype == np.uint8 and upright)


def _injected(pixels: Pixels, thickness: FloatImage, scan: PreparedScan, rng: np.random.Generator) -> Pixels:
    """The pixels, energy by energy, with the load in them; what measured nothing stays as it is."""
    beams = [Beam(scan.record.energy_mv(plane)) for plane in range(len(pixels))]
    thickness = np.where(scan.image.valid | (scan.record.kind == "display"), thickness, np.float32(0))
    if scan.record.kind == "display":
        return np.stack(
            [
                inject_into_display(grey, thickness, beam=beam, white=_white(grey, scan))
                for grey, beam in zip(pixels, beams, strict=True)
            ]
        )
    dark = estimate_dark(pixels[0]) if scan.record.dark_level is None else scan.record.dark_level
    planes = []
    for counts, beam in zip(pixels, beams, strict=True):
        air, quanta = _open_beam(counts, dark=dark)
        planes += list(
            inject_into_counts(
                counts[np.newaxis], thickness, beams=(beam,), dark_counts=dark, air_counts=air, quanta=quanta, rng=rng
            )
        )
    return np.stack(planes)


def _white(grey: Pixels, scan: PreparedScan) -> int:
    """Grey level of the open beam of a display export."""
    seen = scan.image.usable & (grey > 0)
    return min(round(float(np.median(grey[seen] * np.exp(scan.image.pixels[seen])))), 255)


def _open_beam(counts: Pixels, *, dark: float) -> tuple[float, float]:
    """Counts above dark with nothing in the beam, and how many photons their noise corresponds to."""
    dead = dead_lines(counts, dark=dark)
    inside = np.ascontiguousarray(bridge_rows(counts, dead.rows)[:, ~dead.cols])
    beam = find_open_beam(inside, dark=dark)
    level = float(np.median(beam.gain) * np.median(beam.pulses.dose))
    return level, level / count_noise(inside, dark=dark, beam=beam, dark_noise=None).per_count


def _write(path: Path, pixels: Pixels, record: ScanRecord) -> None:
    """In the row order of the file that it was made from, and packed as raw scans are, so that it opens as quickly."""
    in_file = pixels if record.rows == "top_first" else pixels[:, ::-1]
    file = io.BytesIO()
    tifffile.imwrite(file, np.ascontiguousarray(in_file), photometric="minisblack", compression="zlib", predictor=True)
    write_whole(path, file.getvalue())
