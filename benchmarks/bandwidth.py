"""How near each hot kernel comes to the speed of memory, on this machine, in one run.

python -m benchmarks.bandwidth

A kernel must at least read its inputs and write its results once, each from and to memory. How long that takes is
measured by copying: over more data than any cache holds, because a copy inside the cache is several times faster.
The kernels get their inputs by turns as well, so that none finds them in the cache from the round before.
"""

from __future__ import annotations

import tempfile
import time
from collections import deque
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.full_size import N_COLS, N_ROWS, full_size_pair
from benchmarks.hot_kernels import Kernel, hot_kernels
from benchmarks.kept import Row, Table, keep, stamp
from scantriage.pipeline.engines import settle

_IN_TURN_BYTES = 1_200 * 2**20  # of data taken by turns: more than the largest caches of servers
_N_COPIES = 24  # of a kernel's inputs at most: small ones are in the cache of a real pair as well
_BUFFER = 16 * 2**20  # numbers in a buffer that is copied, 64 MiB
_N_TURNS = 15
_TARGET = 4.0  # times the time of moving the bytes


def main() -> None:
    """Measure, print and keep."""
    settle()
    measured = {**stamp(), "rows": N_ROWS, "columns": N_COLS, "energies": 2, "threads": 1}
    with tempfile.TemporaryDirectory() as folder:
        kernels = hot_kernels(full_size_pair(Path(folder)))
    speed = copy_speed()
    table = Table(
        "Kernels against memory",
        [_row(kernel, speed) for kernel in kernels],
        f"Copying moves {speed / 1e9:.1f} GB/s, read and written, over {_IN_TURN_BYTES / 2**20:.0f} MiB by turns. "
        f"moving: the time that the bytes take at that speed; a best round shall take at most {_TARGET:.0f} times it.",
    )
    print(
        f"kept as {keep('bandwidth', measured={**measured, 'copy_gb_s': speed / 1e9}, tables=[table]).name} and .json"
    )


def copy_speed() -> float:
    """Bytes read and written a second by the best copy, on data that no cache holds."""
    n_buffers = _IN_TURN_BYTES // (4 * _BUFFER)
    buffers = [np.ones(_BUFFER, np.float32) for _ in range(n_buffers)]
    seconds = []
    for turn in range(2 * n_buffers):
        begun = time.perf_counter()
        np.copyto(buffers[(turn + n_buffers // 2) % n_buffers], buffers[turn % n_buffers])
        seconds.append(time.perf_counter() - begun)
    return 2 * 4 * _BUFFER / min(seconds)


def _row(kernel: Kernel, speed: float) -> Row:
    n_copies = int(min(max(_IN_TURN_BYTES // kernel.n_bytes, 2), _N_COPIES))
    inputs = [deepcopy(kernel.inputs) for _ in range(n_copies)]
    results: deque[Any] = deque(maxlen=n_copies // 2)  # kept a while, so that their memory is not the next one's
    seconds = []
    for turn in range(n_copies + _N_TURNS):
        begun = time.perf_counter()
        results.append(kernel.run(inputs[turn % n_copies]))
        seconds.append(time.perf_counter() - begun)
    counted = seconds[n_copies:]
    moving_ms = 1000 * kernel.n_bytes / speed
    median_ms, min_ms = 1000 * float(np.median(counted)), 1000 * min(counted)
    return {
        "kernel": kernel.name,
        "median": median_ms,
        "min": min_ms,
        "MB": kernel.n_bytes / 1e6,
        "moving": moving_ms,
        "times": min_ms / moving_ms,
        "must move": kernel.moves,
    }


if __name__ == "__main__":
    main()
