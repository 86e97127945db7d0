"""How time grows with pixels, whether time and memory stay the same over many pairs, and what a second worker gives.

python -m benchmarks.scaling
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np

from benchmarks.full_size import N_COLS, N_ROWS, FullSizePair, full_size_pair
from benchmarks.kept import Row, Table, keep, stamp
from benchmarks.memory import memory_mib
from scantriage.pipeline.engines import settle
from scantriage.pipeline.pair_run import read_pair

_SCALES = (0.25, 0.5, 1.0)
_SEEDS = (5, 6, 7)  # pairs are taken by turns
_N_ROUNDS = 5
_N_MANY, _BLOCK = 60, 10


@dataclass(frozen=True, slots=True)
class Read:
    """One pair read in a worker. resident_mib: after it; peak_mib: the most so far."""

    stage_ms: dict[str, float]
    wall_ms: float
    resident_mib: float
    peak_mib: float


def read(pair: FullSizePair) -> Read:
    """From files to reading."""
    begun = time.perf_counter()
    reading, _ = read_pair(pair.origin, pair.rescan, pair.manifest)
    wall_ms = 1000 * (time.perf_counter() - begun)
    assert reading.outcome == "compared", reading.reason
    return Read(dict(reading.stage_ms), wall_ms, memory_mib("VmRSS"), memory_mib("VmHWM"))


def main() -> None:
    """Measure, print and keep."""
    measured = {**stamp(), "rows": N_ROWS, "columns": N_COLS, "energies": 2, "threads per worker": 1}
    with tempfile.TemporaryDirectory() as folder:
        pairs = {scale: _pairs(Path(folder) / f"{scale}", scale) for scale in _SCALES}
        with _workers(1) as one:
            by_pixels = [_by_pixels(scale, one.map(read, pairs[scale] * (_N_ROUNDS + 1))) for scale in _SCALES]
        full = pairs[1.0]
        many, alone_s = _timed(1, full)
        _, both_s = _timed(2, full)
    tables = [
        Table("Time by pixels, ms", by_pixels, "Medians of one worker; the first round is not counted."),
        Table("Many pairs, one worker", _many(many), "In the order in which they were read."),
        Table("Workers", _throughput({1: alone_s / _N_MANY, 2: both_s / _N_MANY})),
    ]
    print(f"kept as {keep('scaling', measured=measured, tables=tables).name} and .json")


def _pairs(folder: Path, scale: float) -> list[FullSizePair]:
    return [full_size_pair(folder / str(seed), seed=seed, scale=scale) for seed in _SEEDS]


def _timed(n_workers: int, pairs: Sequence[FullSizePair]) -> tuple[list[Read], float]:
    """Many pairs read by so many workers, and the seconds it took once they had started."""
    with _workers(n_workers) as workers:
        workers.map(read, pairs[:n_workers], chunksize=1)
        begun = time.perf_counter()
        reads = workers.map(read, [pairs[i % len(pairs)] for i in range(_N_MANY)], chunksize=1)
        return reads, time.perf_counter() - begun


def _workers(n_workers: int) -> Pool:
    """Fresh processes that compute as the main job's workers do."""
    return multiprocessing.get_context("spawn").Pool(n_workers, initializer=settle)


def _by_pixels(scale: float, reads: Sequence[Read]) -> Row:
    counted = reads[len(_SEEDS) :]
    stages = {stage: float(np.median([one.stage_ms[stage] for one in counted])) for stage in counted[0].stage_ms}
    pixels = round(scale * N_ROWS) * round(scale * N_COLS)
    whole = float(np.median([one.wall_ms for one in counted]))
    return {"scale": scale, "megapixels": pixels / 1e6, "n": len(counted), **stages, "whole pair": whole}


def _many(reads: Sequence[Read]) -> list[Row]:
    rows: list[Row] = []
    for start in range(0, len(reads), _BLOCK):
        block = reads[start : start + _BLOCK]
        rows.append(
            {"pairs": f"{start + 1} to {start + len(block)}", "median ms": float(np.median([b.wall_ms for b in block])),
             "resident MiB": block[-1].resident_mib, "peak MiB": block[-1].peak_mib}
        )  # fmt: skip
    return rows


def _throughput(s_per_pair: dict[int, float]) -> list[Row]:
    return [
        {"workers": n, "pairs a second": 1 / each, "times one worker": s_per_pair[1] / each}
        for n, each in s_per_pair.items()
    ]


if __name__ == "__main__":
    main()
