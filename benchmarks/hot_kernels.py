"""The loops that a pair's time goes into, with the inputs of the full-size pair and the bytes they must move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from benchmarks.full_size import FullSizePair
from scantriage.calibrate.attenuation import calibrate
from scantriage.calibrate.dose import Pulses
from scantriage.calibrate.noise import CountNoise
from scantriage.calibrate.scatter import find_veil
from scantriage.calibrate.transmission import CountModel, log_transmission
from scantriage.compare.changes import change_map
from scantriage.compare.levelled import N_ITERATIONS, Levelled, levelled_views
from scantriage.io.scan_files import read_scan
from scantriage.pipeline.pair_run import located, prepare_pair
from scantriage.pipeline.prepare import StageClock
from scantriage.register.pair import LocatedScan, Registered, register
from scantriage.register.rectify import rectify
from scantriage.register.travel import OUTLIER, REACH_SHARE, STEP_M, _cost_volume, band_profiles
from scantriage.scan.container import size_of


@dataclass(frozen=True, slots=True)
class Kernel:
    """One hot loop. run: from its inputs to its result. n_bytes: that it must read and write; moves: which."""

    name: str
    run: Callable[[Any], Any]
    inputs: Any
    n_bytes: float
    moves: str


def hot_kernels(pair: FullSizePair) -> list[Kernel]:
    """All of them, in the order in which a pair needs them."""
    scans = located(prepare_pair(pair.origin, pair.rescan, pair.manifest, StageClock()))
    size = size_of(pair.manifest.size_type)
    assert size is not None
    registered = register(*scans, size=size)
    return [
        *_calibrate(pair),
        _rectify(scans[1], registered),
        _travel(registered),
        *_compare(registered, energies_mv=(scans[0].energy_mv, scans[1].energy_mv)),
    ]


def _calibrate(pair: FullSizePair) -> list[Kernel]:
    counts, dark = read_scan(pair.rescan.path).pixels[0], pair.rescan.record.dark_level
    assert dark is not None
    seen = cv2.resize(counts, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) / np.float32(counts.max())
    n_rows, n_cols = counts.shape
    veil = find_veil(seen, n_rows=n_rows, n_cols=n_cols)
    known = CountModel(np.full(n_rows, 3e4, np.float32), Pulses.even(n_cols), veil, CountNoise(5.0, 20.0), dark)
    return [
        Kernel(
            "calibrate",
            lambda inputs: calibrate(inputs, kind="raw", dark_level=dark),
            counts,
            counts.nbytes + counts.size * (4 + 4 + 1 + 1),
            "reads counts; writes attenuation, variance and two masks",
        ),
        Kernel(
            "its last pass",
            lambda inputs: log_transmission(inputs, known),
            counts,
            counts.nbytes + counts.size * (4 + 4),
            "reads counts; writes attenuation and variance",
        ),
    ]


def _rectify(scan: LocatedScan, registered: Registered) -> Kernel:
    seen, (n_rows, n_cols) = registered.rescan, scan.image.shape
    z = seen.grid.top_m - np.array([0, seen.grid.shape[0]]) * seen.grid.pitch_m
    rows = np.ptp(np.clip(seen.placement.rows(z, base_m=seen.placement.mean_base_m), 0, n_rows))
    cols = np.ptp(np.clip(seen.placement.cols, 0, n_cols))
    return Kernel(
        "rectify",
        lambda image: rectify(image, seen.placement, seen.grid, x_m=registered.x_m),
        scan.image,
        float(rows * cols) * (4 + 4 + 1 + 1) + seen.attenuation.size * (4 + 4 + 1 + 1),
        "reads what is where the container is, with variance and masks; writes the same on the grid",
    )


def _travel(registered: Registered) -> Kernel:
    profiles = band_profiles(registered.origin), band_profiles(registered.rescan)
    pitch = registered.origin.grid.pitch_m
    n_steps = round(REACH_SHARE * profiles[0].shape[1] * pitch / STEP_M)
    return Kernel(
        "travel cost volume",
        lambda both: _cost_volume(*both, n_steps=n_steps, step=STEP_M / pitch, pitch=pitch, outlier=OUTLIER),
        profiles,
        (2 * n_steps + 1) * profiles[0].shape[1] * 4 * 3,
        "writes the costs, reads them for the window, writes them again",
    )


def _compare(registered: Registered, *, energies_mv: tuple[float, float]) -> list[Kernel]:
    levelled = levelled_views(registered.origin, registered.rescan, energies_mv=energies_mv)
    cells, views, loads = levelled.cells, levelled.views, levelled.loads()
    n_load = loads.origin.nbytes
    n_rays = sum(view.thickness.nbytes for view in views)
    return [
        Kernel(
            "explain",
            Levelled.loads,
            levelled,
            sum(N_ITERATIONS) * (n_load * (2 * 3 + 2) + n_rays * 5),
            "in each step reads both loads and those before, steps and thresholds, rays; writes loads and rays",
        ),
        Kernel(
            "change map",
            lambda both: change_map(*both, cells, guessed=False),
            (loads, *views),
            2 * n_load + n_rays,
            "reads both loads and the rays' weights",
        ),
    ]
