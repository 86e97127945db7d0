"""What the simulator's scanners never do: one day, read as it is, and with each trouble in every origin scan.

python -m benchmarks.strange_scanners [--pairs N] [--seed S] [--split held_out|train] [--workers W] [--scale X]
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated_day import Order, Trial, read_written, simulated, written
from benchmarks.variants import COLUMNS, measure_variants
from scantriage.calibrate.dead import bridge_rows, dead_lines
from scantriage.scan.record import ScanRecord
from scantriage.simulate.case import SimulatedScan

NOTE = (
    "What no simulated scanner does, put into every origin scan, one at a time: nothing is tuned or learned anew. "
    f"{COLUMNS}"
)
_AS_IT_IS = "as it is"
_FULL = 65_535

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Trouble = Callable[[SimulatedScan, np.random.Generator], SimulatedScan]


def _drifting_modules(scan: SimulatedScan, rng: np.random.Generator) -> SimulatedScan:
    """Each of a dozen detector modules warms up its own way: gains drift by some percent on the way."""
    n_rows, n_cols = scan.counts.shape[1:]
    time = np.linspace(-1, 1, n_cols)
    gains = [1 + 0.01 * (a * time + b * time**2) for a, b in rng.standard_normal((12, 2))]
    return _seen(scan, lambda signal: signal * np.array(gains)[_module(n_rows, 12)].astype(np.float32))


def _lagging_modules(scan: SimulatedScan, rng: np.random.Generator) -> SimulatedScan:
    """Modules stand a little ahead or behind: their rows show what the others show a column or two later."""
    lags = rng.integers(-2, 3, 12)[_module(scan.counts.shape[1], 12)]
    return replace(scan, counts=np.stack([[np.roll(r, k) for r, k in zip(p, lags, strict=True)] for p in scan.counts]))


def _gaps(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """Between two modules a row's width is not seen."""
    modules = _module(scan.counts.shape[1], 16)
    return replace(scan, counts=scan.counts[:, np.append(True, np.diff(modules) == 0)])


def _lost_pulses(scan: SimulatedScan, rng: np.random.Generator) -> SimulatedScan:
    """One pulse in a hundred did not come, another was written twice."""
    counts, n_cols = scan.counts.copy(), scan.counts.shape[2]
    lost, twice = rng.choice(np.arange(1, n_cols), (2, n_cols // 100), replace=False)
    counts[:, :, lost] = round(scan.scanner.dark_counts)
    counts[:, :, twice] = counts[:, :, twice - 1]
    return replace(scan, counts=counts)


def _dose_falls(scan: SimulatedScan, rng: np.random.Generator) -> SimulatedScan:
    """The accelerator loses a fifth of its dose on the way."""
    cols = np.arange(scan.counts.shape[2]) - rng.uniform(0.2, 0.8) * scan.counts.shape[2]
    dose = (1 - 0.2 / (1 + np.exp(-cols / 5))).astype(np.float32)
    return _seen(scan, lambda signal: signal * dose)


def _little_light(scan: SimulatedScan, rng: np.random.Generator) -> SimulatedScan:
    """A machine of a tenth of the dose: as many counts, three times the noise."""
    variance = 9 * scan.scanner.air_counts / scan.scanner.quanta
    noise = rng.standard_normal(scan.counts.shape[1:], dtype=np.float32)
    return _seen(scan, lambda signal: signal + noise * np.sqrt(np.float32(variance) * np.maximum(signal, 0)))


def _overexposed(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """The gain is set half too high: the open beam is clipped."""
    return _seen(scan, lambda signal: 1.5 * signal)


def _coarse(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """A machine of half as many and twice as large pixels."""
    n_rows, n_cols = (length // 2 for length in scan.counts.shape[1:])
    counts = np.stack([cv2.resize(plane, (n_cols, n_rows), interpolation=cv2.INTER_AREA) for plane in scan.counts])
    pitch = scan.record.column_pitch_mm
    return replace(_told(scan, column_pitch_mm=None if pitch is None else 2 * pitch), counts=counts)


def _stop_and_go(scan: SimulatedScan, rng: np.random.Generator) -> SimulatedScan:
    """A driver in a queue: six stretches, each at its own speed, from two thirds to one and a half of the mean."""
    n_cols = scan.counts.shape[2]
    pace = np.exp(rng.uniform(-0.4, 0.4, 6))[np.arange(n_cols) * 6 // n_cols]
    way = np.cumsum(pace)
    source = (way - way[0]) / (way[-1] - way[0]) * (n_cols - 1)
    return replace(scan, counts=np.stack([_resampled(plane, source, None) for plane in scan.counts]))


def _swaying_boom(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """The boom swings by two centimetres, once for every metre."""
    n_rows, n_cols = scan.counts.shape[1:]
    bottom, top = scan.scanner.geometry.view_height_m
    swing = 0.02 / (top - bottom) * n_rows * np.sin(np.arange(n_cols) * scan.scanner.pitch_m * 2 * np.pi)
    rows = np.arange(n_rows)[:, np.newaxis] + swing
    return _arriving(scan, lambda light: _resampled(light, None, rows))


def _bent_response(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """A detector that saturates: it loses up to 6 % where much arrives."""
    air = scan.scanner.air_counts
    return _seen(scan, lambda signal: signal * (1 - 0.06 * np.clip(signal / air, 0, 2)))


def _haze(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """Without a collimator: six percent more of what arrives is scattered, over half a metre."""
    sigma = 0.5 / scan.scanner.pitch_m
    return _seen(scan, lambda signal: 0.94 * signal + 0.06 * cv2.blur(signal, (int(2 * sigma) | 1,) * 2))


def _steel_ends_at_0_06(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """Scatter everywhere: six percent of the open beam arrive behind steel of any thickness."""
    return _seen(scan, lambda signal: 0.94 * signal + 0.06 * np.float32(scan.scanner.air_counts))


def _sharpened(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """The maker's software enhances edges."""
    return _arriving(scan, lambda light: light + 0.8 * (light - cv2.GaussianBlur(light, (0, 0), 2)))


def _smoothed(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """The maker's software takes noise away."""
    return _arriving(scan, lambda light: cv2.medianBlur(cv2.GaussianBlur(light, (0, 0), 1.5), 5))


def _twelve_bits(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """An older converter: 4,096 levels instead of 65,536."""
    record, scanner = scan.record, replace(scan.scanner, dark_counts=scan.scanner.dark_counts / 16)
    dark = None if record.dark_level is None else record.dark_level / 16
    return replace(scan, counts=scan.counts // 16, record=replace(record, dark_level=dark), scanner=scanner)


def _dark_told_wrong(scan: SimulatedScan, rng: np.random.Generator) -> SimulatedScan:
    """The sidecar's dark level is of another day: off by 100 counts."""
    dark = scan.record.dark_level
    return _told(scan, dark_level=None if dark is None else max(dark + rng.choice([-100, 100]), 0))


def _geometry_told_wrong(scan: SimulatedScan, rng: np.random.Generator) -> SimulatedScan:
    """Nobody measured: the source stands 20 cm higher or lower than told, and a tenth nearer or further."""
    fan = scan.record.geometry
    if fan is None:
        return scan
    told = replace(
        fan,
        source_distance_m=fan.source_distance_m * rng.choice([0.9, 1.1]),
        source_height_m=fan.source_height_m + rng.choice([-0.2, 0.2]),
    )
    return _told(scan, geometry=told)


def _side_told_wrong(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """Left is told for right."""
    fan = scan.record.geometry
    if fan is None:
        return scan
    return _told(scan, geometry=replace(fan, source_side="left" if fan.source_side == "right" else "right"))


def _pitch_told_wrong(scan: SimulatedScan, rng: np.random.Generator) -> SimulatedScan:
    """The way per column is told a tenth too short or too long."""
    pitch = scan.record.column_pitch_mm
    return _told(scan, column_pitch_mm=None if pitch is None else pitch * rng.choice([0.9, 1.1]))


def _energy_told_wrong(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """The name plate says half as much again."""
    energies = scan.record.energies_mev
    return _told(scan, energies_mev=None if energies is None else tuple(1.5 * energy for energy in energies))


def _nothing_told(scan: SimulatedScan, _rng: np.random.Generator) -> SimulatedScan:
    """The sidecar tells who and when, no more."""
    return _told(scan, energies_mev=None, column_pitch_mm=None, dark_level=None, geometry=None)


# what is done to every origin scan while a day is read
TROUBLES: Mapping[str, Trouble] = {
    _AS_IT_IS: lambda scan, _rng: scan,
    "modules drift": _drifting_modules,
    "modules lag": _lagging_modules,
    "gaps between modules": _gaps,
    "lost pulses": _lost_pulses,
    "dose falls": _dose_falls,
    "little light": _little_light,
    "overexposed": _overexposed,
    "coarse": _coarse,
    "stop and go": _stop_and_go,
    "boom sways": _swaying_boom,
    "bent response": _bent_response,
    "haze": _haze,
    "steel ends at 0.06": _steel_ends_at_0_06,
    "sharpened": _sharpened,
    "smoothed": _smoothed,
    "12 bit": _twelve_bits,
    "dark level told wrong": _dark_told_wrong,
    "geometry told wrong": _geometry_told_wrong,
    "side told wrong": _side_told_wrong,
    "way per column told wrong": _pitch_told_wrong,
    "energy told wrong": _energy_told_wrong,
    "nothing told": _nothing_told,
}


def read_troubled(order: Order) -> dict[str, list[Trial]]:
    """Simulate once, read once with each trouble."""
    case = simulated(order)
    trials = {}
    for number, (name, trouble) in enumerate(TROUBLES.items()):
        if case.origin.record.kind == "display" and name != _AS_IT_IS:
            trials[name] = trials[_AS_IT_IS]  # what is exported for display has other troubles
            continue
        troubled = replace(case, origin=trouble(case.origin, np.random.default_rng([order.seed, number])))
        with tempfile.TemporaryDirectory() as folder:
            trials[name] = read_written(order, troubled, written(troubled, Path(folder)))
    return trials


def _module(n_rows: int, n_modules: int) -> NDArray[np.intp]:
    """(R,) the module that each row belongs to."""
    return np.arange(n_rows) * n_modules // n_rows


def _seen(scan: SimulatedScan, change: Callable[[FloatImage], FloatImage]) -> SimulatedScan:
    """The scan with what arrives above the dark level changed."""
    dark = np.float32(scan.scanner.dark_counts)
    changed = [change(plane.astype(np.float32) - dark) + dark for plane in scan.counts]
    return replace(scan, counts=np.clip(np.rint(changed), 0, _FULL).astype(np.uint16))


def _arriving(scan: SimulatedScan, change: Callable[[FloatImage], FloatImage]) -> SimulatedScan:
    """The scan with what arrives at the detector changed: gains and faults of its rows stay where they are."""
    dark, counts = np.float32(scan.scanner.dark_counts), scan.counts.copy()
    for plane in counts:
        dead = dead_lines(plane, dark=float(dark)).rows
        signal = plane.astype(np.float32) - dark
        gain = np.quantile(signal, 0.995, axis=1, keepdims=True)
        gain[dead] = 1
        changed = change(bridge_rows((signal / gain).astype(np.float32), dead)) * gain + dark
        plane[~dead] = np.clip(np.rint(changed[~dead]), 0, _FULL)
    return replace(scan, counts=counts)


def _told(scan: SimulatedScan, **otherwise: object) -> SimulatedScan:
    record: ScanRecord = replace(scan.record, **otherwise)
    return replace(scan, record=record)


def _resampled(image: NDArray[Any], cols: FloatArray | None, rows: FloatArray | None) -> NDArray[Any]:
    """An image as seen at other columns or rows; at their own where none are given."""
    n_rows, n_cols = image.shape
    across = np.broadcast_to(np.arange(n_cols) if cols is None else cols, image.shape).astype(np.float32)
    down = np.broadcast_to(np.arange(n_rows)[:, np.newaxis] if rows is None else rows, image.shape).astype(np.float32)
    return np.asarray(cv2.remap(image, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def main() -> None:
    """Measure, print and keep."""
    measure_variants("strange_scanners", read_troubled, note=NOTE)


if __name__ == "__main__":
    main()
