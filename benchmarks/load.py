"""Fifty analysts at once for two minutes against a real server: how long pages take, and whether a decision is lost.

python -m benchmarks.load [--analysts N] [--seconds S]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path
from random import Random

from benchmarks.kept import Row, Table, keep, stamp
from benchmarks.workbench_day import Analyst, Day, Server, Worked, make_day, what_was_kept, work_all
from scantriage.pipeline.audit_run import verify_trail

N_CONTAINERS = 5_000
THINK_S = (15.0, 30.0)  # field: about 76 s on a scan; fifty of these ask as much as 160 people at that pace
TARGET_MS = 200.0
PAGES = ("work", "next", "container", "decide", "decided", "reserve")  # tiles and meta are pictures


def main() -> None:
    """Measure, assert the answers, keep the tables."""
    parser = argparse.ArgumentParser(description="Pages of the workbench under load.")
    parser.add_argument("--analysts", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120.0)
    asked = parser.parse_args()
    measured = {**stamp(), "load average before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        people = make_day(root, n_containers=N_CONTAINERS, n_analysts=asked.analysts, scale=1.0)
        worked = Worked()
        with Server(root) as server:
            analysts = [Analyst(who, server.address, worked, Random(n), THINK_S) for n, who in enumerate(people)]  # noqa: S311
            asyncio.run(_work(analysts, seconds=asked.seconds))
            cpu_s = server.cpu_s()
        kept, trail = what_was_kept(root, worked), verify_trail(root)
    assert kept.n_lost == kept.n_doubled == kept.n_read_twice == 0, kept
    assert not trail.faults, trail.faults
    pages: list[Row] = [
        {"page": page, "n": len(took), "p50 ms": worked.percentile(page, 50), "p95 ms": worked.percentile(page, 95),
         "max ms": max(took)}
        for page, took in sorted(worked.took_ms.items())
    ]  # fmt: skip
    result: Row = {
        "decisions confirmed": kept.n_confirmed, "kept": kept.n_kept, "lost": kept.n_lost, "doubled": kept.n_doubled,
        "containers read by two unknowingly": kept.n_read_twice, "refused": worked.n_refused,
        "requests sent again": worked.n_sent_again, "entries of the trail": trail.n_entries,
        "faults of the trail": len(trail.faults),
        "server's CPU ms a request": 1000 * cpu_s / sum(map(len, worked.took_ms.values())),
        f"pages under {TARGET_MS:.0f} ms at p95": all(worked.percentile(page, 95) < TARGET_MS for page in PAGES),
    }  # fmt: skip
    tables = [
        Table("Requests", pages, "Measured where they are sent; client and server share the machine."),
        Table("Decisions", [result]),
    ]
    settings: Row = {
        **measured, "analysts": asked.analysts, "seconds": asked.seconds, "containers": N_CONTAINERS,
        "think s": f"{THINK_S[0]:g} to {THINK_S[1]:g}",
    }  # fmt: skip
    print(f"kept as {keep('load', measured=settings, tables=tables).name} and .json")


async def _work(analysts: list[Analyst], *, seconds: float) -> None:
    await work_all(analysts, Day(len(analysts), seconds=seconds, starts_within_s=max(THINK_S)))


if __name__ == "__main__":
    main()
