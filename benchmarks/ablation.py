"""Each way's own contribution: one simulated day, read once whole and once without each of them.

python -m benchmarks.ablation [--pairs N] [--seed S] [--split held_out|train] [--workers W] [--scale X]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.detection import failure_row, ranked_trials
from benchmarks.detection_tables import RankedTrial
from benchmarks.kept import Row, Table, keep, stamp
from benchmarks.metrics import Priorities, auc, detection_at
from benchmarks.simulated_day import Order, Trial, orders, read_written, simulated, written
from scantriage.pipeline.engines import Engine, Failure
from scantriage.register.height import HeightFit, align_height

WHOLE = "all"
NOTE = (
    "One part taken away at a time, the rest left as it is: nothing is tuned or learned anew. change: of the AUC over "
    "all, against the first row, with its 95 % interval (bootstrap over containers, the same in both). 20 kg: added "
    "and removed loads of that net mass and more, against all clean containers. by peak: ranked by the peak of the "
    "significance map instead of by priority."
)
_HEAVY_KG = 20.0
_N_DRAWS = 1_000
_MEMORY_BYTES = 6 * 2**30
_DEADLINE_S = 300.0

Group = Sequence[RankedTrial]


def _no_model() -> None:
    return None


def _one_scale(*_: object, **__: object) -> float:
    return 1.0


def _not_raised(*scans: Any, **energies: Any) -> HeightFit:
    """The fit, without the lift: its misfit still tells the side of a scanner that nobody described."""
    fit = align_height(*scans, **energies)
    return replace(fit, lift_m=np.zeros_like(fit.lift_m))


def _bare(ratio: NDArray[np.floating[Any]], **_: object) -> NDArray[np.floating[Any]]:
    return ratio


# what stands in whose place while a variant is read
VARIANTS: Mapping[str, Mapping[str, object]] = {
    WHOLE: {},
    "without what was learned": {"scantriage.pipeline.pair_run.load_model": _no_model},
    "even travel": {"scantriage.register.pair.MIN_LIKENESS": float("inf")},
    "heights of outlines": {"scantriage.register.pair.align_height": _not_raised},
    "without a common scale": {"scantriage.compare.pair.level": _one_scale},
    "one round": {"scantriage.compare.pair.N_ITERATIONS": (60,)},
    "loads not tied along and across": {
        "scantriage.section.explain.EVENNESS": 0.0,
        "scantriage.section.explain.CONTINUITY": 0.0,
    },
    "noise of photons and models alone": {"scantriage.compare.changes.normal_significance": _bare},
}


@contextmanager
def variant(name: str) -> Iterator[None]:
    """Read so while it lasts. KeyError for a name that `VARIANTS` has not."""
    with ExitStack() as stack:
        for target, value in VARIANTS[name].items():
            stack.enter_context(patch(target, value))
        yield


def read_variants(order: Order) -> dict[str, list[Trial]]:
    """Simulate and write once, read once for each variant."""
    case = simulated(order)
    trials = {}
    with tempfile.TemporaryDirectory() as folder:
        sources = written(case, Path(folder))
        for name in VARIANTS:
            with variant(name):
                trials[name] = read_written(order, case, sources)
    return trials


def ablation_rows(days: Mapping[str, Group]) -> list[Row]:
    """One row for each variant's day, the whole one first; all of the same containers."""
    return [{"variant": name, **_quality(day), **_change(days[WHOLE], day)} for name, day in days.items()]


def _quality(day: Group) -> Row:
    clean = [one for one in day if one.clean]
    changed = [one for one in day if not one.clean]
    heavy = [one for one in changed if _is_heavy(one)]
    against = _priorities(clean), _priorities(heavy)
    return {
        "AUC": auc(_priorities(clean), _priorities(changed)),
        "AUC 20 kg": auc(*against),
        "20 kg at 1 %": detection_at(*against, 0.01),
        "20 kg at 10 %": detection_at(*against, 0.10),
        "findings per clean": float(np.mean([len(one.reading.findings) for one in clean])),
        "AUC by peak": auc(_peaks(clean), _peaks(changed)),
        "AUC 20 kg by peak": auc(_peaks(clean), _peaks(heavy)),
    }


def _change(whole: Group, day: Group) -> Row:
    """Change of the AUC over all, drawn anew with the same containers on both sides."""
    if day is whole:
        return {"change": None, "from": None, "to": None}
    there = {_container(one): one.ranked.priority for one in day}
    clean, changed = (
        np.array([(one.ranked.priority, there[_container(one)]) for one in whole if one.clean is wanted])
        for wanted in (True, False)
    )
    rng = np.random.default_rng(0)
    drawn = [_gain(rng.choice(clean, len(clean)), rng.choice(changed, len(changed))) for _ in range(_N_DRAWS)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {"change": _gain(clean, changed), "from": float(low), "to": float(high)}


def _gain(clean: NDArray[np.float64], changed: NDArray[np.float64]) -> float:
    """(N, 2) and (M, 2) priorities before and after."""
    return auc(clean[:, 1], changed[:, 1]) - auc(clean[:, 0], changed[:, 0])


def _container(one: RankedTrial) -> tuple[int, str]:
    return one.trial.seed, one.trial.truth.container_id


def _is_heavy(one: RankedTrial) -> bool:
    return one.trial.truth.label in ("added", "removed") and one.trial.truth.net_kg >= _HEAVY_KG


def _priorities(group: Group) -> Priorities:
    return np.array([one.ranked.priority for one in group], dtype=np.float64)


def _peaks(group: Group) -> Priorities:
    """Zero where nothing was compared."""
    return np.array([one.trial.spread.peak if one.trial.spread else 0.0 for one in group], dtype=np.float64)


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description="Each way's own contribution to quality.")
    parser.add_argument("--pairs", type=int, default=120)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--split", choices=("held_out", "train"), default="held_out")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=float, default=0.4)
    chosen = parser.parse_args()
    measured = {**stamp(), **vars(chosen)}
    engine = Engine(chosen.workers, _MEMORY_BYTES, _DEADLINE_S)
    day = orders(chosen.pairs, seed=chosen.seed, scale=chosen.scale, split=chosen.split)
    trials: dict[str, list[Trial]] = {name: [] for name in VARIANTS}
    failures: list[Row] = []
    for order, result in track(engine.run(read_variants, day), description="pairs", total=len(day)):
        if isinstance(result, Failure):
            failures.append(failure_row(order, result))
        else:
            for name, read in result.items():
                trials[name] += read
    rows = ablation_rows({name: ranked_trials(read) for name, read in trials.items()})
    path = keep(
        "ablation", measured=measured,
        tables=[Table("Ablation", rows, NOTE), Table("Failed for a fault of ours", failures)],
    )  # fmt: skip
    print(f"kept as {path.name} and .json")


if __name__ == "__main__":
    main()
