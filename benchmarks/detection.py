"""Quality on simulated days with truth: how far the ranking tells changed containers from clean ones.

python -m benchmarks.detection [--pairs N] [--seed S] [--split held_out|train] [--workers W] [--scale X]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.progress import track

from benchmarks.detection_tables import RankedTrial, detail_rows, tables
from benchmarks.kept import keep, stamp
from benchmarks.simulated_day import Order, Trial, orders, read_day
from scantriage.pipeline.engines import Engine, Failure
from scantriage.rank.priority import rank

_NOW = datetime(2026, 12, 1, tzinfo=UTC)  # after the last simulated rescan
_MEMORY_BYTES = 6 * 2**30
_DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True)
class Day:
    """What came of a simulated day: ranked containers, and the pairs that failed for a fault of ours."""

    ranked: list[RankedTrial]
    failures: list[dict[str, str | int]]


def run_day(*, n_pairs: int, seed: int, split: str, scale: float, n_workers: int) -> Day:
    """Simulate, read and rank a day."""
    engine = Engine(n_workers, _MEMORY_BYTES, _DEADLINE_S)
    day = orders(n_pairs, seed=seed, scale=scale, split="train" if split == "train" else "held_out")
    trials: list[Trial] = []
    failures: list[dict[str, str | int]] = []
    for result in track(read_day(day, engine=engine), description="pairs", total=n_pairs):
        if isinstance(result, tuple):
            failures.append(failure_row(*result))
        else:
            trials += result
    return Day(ranked_trials(trials), failures)


def ranked_trials(trials: Sequence[Trial]) -> list[RankedTrial]:
    """The trials in the order in which their containers deserve opening."""
    trial_of = {id(trial.case): trial for trial in trials}
    ranked = rank([trial.case for trial in trials], now=_NOW)
    return [RankedTrial(trial_of[id(one.case)], one) for one in ranked]


def failure_row(order: Order, failure: Failure) -> dict[str, str | int]:
    """What a worker could not do, for a table."""
    return {"seed": order.seed, "failure": failure.what, "last line": _last_line(failure.details)}


def asked_day(description: str, *, n_pairs: int, seed: int) -> argparse.Namespace:
    """Which day the command line asks for: pairs, seed, split, workers and scale. n_pairs, seed: unless told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--pairs", type=int, default=n_pairs)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--split", choices=("held_out", "train"), default="held_out")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=float, default=0.4)
    return parser.parse_args()


def main() -> None:
    """Measure, print and keep."""
    chosen = asked_day("Quality on simulated days with truth.", n_pairs=200, seed=1)
    measured = {**stamp(), **vars(chosen)}
    day = run_day(
        n_pairs=chosen.pairs, seed=chosen.seed, split=chosen.split, scale=chosen.scale, n_workers=chosen.workers
    )
    path = keep(
        "detection", measured=measured, tables=tables(day.ranked, day.failures), details=detail_rows(day.ranked)
    )
    print(f"kept as {path.name} and .json")


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else ""


if __name__ == "__main__":
    main()
