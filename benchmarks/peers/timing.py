"""All peers in one process on the same full-size pairs, by turns: time from files to a score."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.full_size import N_COLS, N_ROWS, full_size_pair
from benchmarks.kept import Row, Table
from benchmarks.peers.ours import Scantriage
from benchmarks.peers.pair import located
from benchmarks.peers.roster import peers
from scantriage.pipeline.engines import settle

_SEEDS = (5, 6, 7)  # of the pairs: three, so that none of them stays in the processor's cache
_N_ROUNDS = 3
_SHOWN = "scantriage, with what analysts see"


def timing_table() -> Table:
    """Least and median time of every peer, milliseconds, after one round to warm up."""
    settle()
    with tempfile.TemporaryDirectory() as folder:
        written = [full_size_pair(Path(folder) / str(seed), seed=seed) for seed in _SEEDS]
        pairs = [located(pair.origin, pair.rescan, pair.manifest) for pair in written]
        roster = [*peers(), Scantriage(_SHOWN, show=True)]
        times_ms: dict[str, list[float]] = {peer.name: [] for peer in roster}
        for n_round in range(_N_ROUNDS + 1):
            for pair in pairs:
                for peer in roster:
                    begun = time.perf_counter()
                    score = peer.score(pair)
                    taken_ms = 1000 * (time.perf_counter() - begun)
                    assert np.isfinite(score), f"{peer.name} gave no score"
                    if n_round:
                        times_ms[peer.name].append(taken_ms)
    ours = float(np.median(times_ms[roster[0].name]))
    rows: list[Row] = [
        {"peer": name, "n": len(taken), "min": min(taken), "median": float(np.median(taken)), "max": max(taken),
         "times scantriage": float(np.median(taken)) / ours}
        for name, taken in times_ms.items()
    ]  # fmt: skip
    note = (
        f"Files to score, {N_ROWS} x {N_COLS}, two energies, one thread each, by turns in one process. The peers are "
        "given the outlines that scantriage finds on its own time. A score takes one energy of each scan, whoever "
        "gives it; what analysts see, layers and another energy, only scantriage makes, and a day's run makes it."
    )
    return Table("Time per pair, ms", rows, note)
