"""The solver of the comparison, pair by pair on one core and in batches on the device: pairs a second, same loads.

python -m benchmarks.gpu_batch
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.kept import Row, Table, keep, stamp
from scantriage.compare.levelled import N_ITERATIONS, N_Y, levelled_views
from scantriage.pipeline.pair_run import located, prepare_pair
from scantriage.pipeline.prepare import ScanSource, StageClock, container_size
from scantriage.pipeline.simulate_run import write_scan
from scantriage.register.pair import register
from scantriage.section.explain import Explained, explain
from scantriage.section.explain_batch import Pair, device, explain_batch
from scantriage.simulate.contents import Wish
from scantriage.simulate.pair import simulate_pair

_SEEDS = (11, 12, 13, 14)
_SIZES = {"cuda": (1, 4, 16, 64), "cpu": (1, 4)}
_N_ROUNDS = {"cuda": 10, "cpu": 3}
_SETTINGS = {"n_y": N_Y, "n_iterations": N_ITERATIONS}
TOLERANCE = 1e-4  # of the densest cell: rounding of sums in another order, over 120 steps


def main() -> None:
    """Measure, print and keep."""
    cv2.setNumThreads(1)
    on = device()
    name = torch.cuda.get_device_name(on) if on.type == "cuda" else "none: torch on the processor, one thread"
    measured = {**stamp(), "GPU": name, "torch": torch.__version__, "rounds": _N_ROUNDS[on.type]}
    pairs = [_pair(seed) for seed in _SEEDS]
    alone = [explain(pair.origin, pair.rescan, likeness=pair.likeness, **_SETTINGS) for pair in pairs]
    rows = [_one_by_one(pairs)]
    rows += [_batched(pairs, alone, size, on) for size in _SIZES[on.type]]
    note = (
        "40 ft containers, 16 x 84 cells by 203 slabs, 120 steps. From arrays in memory to arrays in memory: "
        "filling the batch and copying it to the device and back are counted. off: largest difference of a "
        "cell, as a share of the densest."
    )
    print(f"kept as {keep('gpu_batch', measured=measured, tables=[Table('Two loads', rows, note)]).name} and .json")


def _pair(seed: int) -> Pair:
    """Real views: simulated, written, read, registered. The grid, and so the work, is that of any 40 ft container."""
    case = simulate_pair(seed, scale=0.4, wish=Wish(size_type="45G1"), cut_off=0.0)
    entry = case.manifest[0]
    with tempfile.TemporaryDirectory() as folder:
        sources = [
            ScanSource(write_scan(Path(folder), scan), scan.record, entry.container_id)
            for scan in (case.origin, case.rescan)
        ]
        origin, rescan = prepare_pair(*sources, entry, StageClock())
    found = register(*located((origin, rescan)), size=container_size(origin, entry))
    levelled = levelled_views(found.origin, found.rescan, energies_mv=(origin.energy_mv, rescan.energy_mv))
    return Pair(*levelled.views, levelled.ties)


def _one_by_one(pairs: list[Pair]) -> Row:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        for pair in pairs:
            explain(pair.origin, pair.rescan, likeness=pair.likeness, **_SETTINGS)
        times.append((time.perf_counter() - begun) / len(pairs))
    return _row("compiled loops, one core", 1, times, 0.0)


def _batched(pairs: list[Pair], alone: list[Explained], size: int, on: torch.device) -> Row:
    """Every batch ends with its loads in the memory of the processor, so nothing is left running on the device."""
    batch = [pairs[i % len(pairs)] for i in range(size)]
    found = explain_batch(batch, **_SETTINGS, on=on)
    off = max(_off(one, alone[i % len(pairs)]) for i, one in enumerate(found))
    assert off < TOLERANCE, f"loads differ by {off:.1e} of the densest cell"
    times = []
    for _ in range(_N_ROUNDS[on.type]):
        begun = time.perf_counter()
        explain_batch(batch, **_SETTINGS, on=on)
        times.append((time.perf_counter() - begun) / size)
    return _row(f"torch on {on.type}", size, times, off)


def _off(found: Explained, expected: Explained) -> float:
    pairs = ((found.origin, expected.origin), (found.rescan, expected.rescan))
    return max(float(np.abs(one - other).max() / other.max()) for one, other in pairs)


def _row(how: str, size: int, seconds: list[float], off: float) -> Row:
    median = float(np.median(seconds))
    return {
        "how": how, "batch": size, "pairs a second": 1 / median, "ms a pair": 1000 * median,
        "best ms": 1000 * min(seconds), "worst ms": 1000 * max(seconds), "off": off,
    }  # fmt: skip


if __name__ == "__main__":
    main()
