"""The server killed at random moments under load, twenty times: what was confirmed is kept, and kept once.

python -m benchmarks.killed [--times N]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from random import Random

from benchmarks.kept import Row, Table, keep, stamp
from benchmarks.workbench_day import Analyst, Day, Kept, Server, Worked, make_day, what_was_kept, work_all
from scantriage.pipeline.audit_run import verify_trail

N_ANALYSTS, N_CONTAINERS = 10, 3_000
THINK_S = (0.0, 0.3)  # quick hands: a decision is under way at every moment
LIFE_S = (0.2, 4.0)  # from answering to the kill


def main() -> None:
    """Kill, restart, hold what was confirmed against what is kept; assert and keep the tables."""
    parser = argparse.ArgumentParser(description="The workbench under SIGKILL.")
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args().times
    measured = stamp()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        people = make_day(root, n_containers=N_CONTAINERS, n_analysts=N_ANALYSTS, scale=0.3)
        worked = Worked()
        with Server(root) as server:
            analysts = [
                Analyst(who, server.address, worked, Random(n), THINK_S, looks=False)  # noqa: S311
                for n, who in enumerate(people)
            ]
            rows = asyncio.run(_killed_and_worked(server, analysts, worked, times=times))
        kept, trail = what_was_kept(root, worked), verify_trail(root)
    _assert_whole(kept, trail.faults)
    result: Row = {
        "kills": times, "decisions confirmed": kept.n_confirmed, "kept": kept.n_kept, "lost": kept.n_lost,
        "doubled": kept.n_doubled, "containers read by two unknowingly": kept.n_read_twice,
        "requests sent again": worked.n_sent_again, "entries of the trail": trail.n_entries,
        "checkpoints": trail.n_checkpoints, "faults of the trail": len(trail.faults),
    }  # fmt: skip
    tables = [
        Table("Decisions", [result], "A request without an answer is sent again, with the same key of its form."),
        Table("Each life of the server", rows, "confirmed: decisions by then, in all lives."),
    ]
    settings: Row = {**measured, "analysts": N_ANALYSTS, "containers": N_CONTAINERS}
    print(f"kept as {keep('killed', measured=settings, tables=tables).name} and .json")


async def _killed_and_worked(server: Server, analysts: list[Analyst], worked: Worked, *, times: int) -> list[Row]:
    """Let them work while the server dies and comes back."""
    rng, rows = Random(20), []  # noqa: S311
    day = Day(len(analysts), seconds=float("inf"), starts_within_s=max(THINK_S))
    working = asyncio.create_task(work_all(analysts, day))
    for n in range(times):
        lived_s = rng.uniform(*LIFE_S)
        await asyncio.sleep(lived_s)
        assert not working.done(), "the work ended before the last kill"
        await asyncio.to_thread(server.kill)
        back_s = await asyncio.to_thread(server.start)
        rows.append({"life": n + 1, "lived s": lived_s, "back after s": back_s, "confirmed": len(worked.confirmed)})
    day.end()
    await working
    return rows


def _assert_whole(kept: Kept, faults: tuple[str, ...]) -> None:
    assert kept.n_confirmed > 0
    assert kept.n_lost == kept.n_doubled == kept.n_read_twice == 0, kept
    assert not faults, faults


if __name__ == "__main__":
    main()
