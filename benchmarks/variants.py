"""One simulated day read in several variants: a row for each, and what it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.detection import asked_day, failure_row, ranked_trials
from benchmarks.detection_tables import RankedTrial
from benchmarks.kept import Row, Table, keep, stamp
from benchmarks.metrics import Priorities, auc, detection_at
from benchmarks.simulated_day import Order, Trial, orders
from scantriage.pipeline.engines import Engine, Failure
from scantriage.rank.action import OPENING_WORTH

COLUMNS = (
    "change: of the AUC over all, against the first row, with its 95 % interval (bootstrap over containers, the same "
    "in both). 20 kg: added and removed loads of that net mass and more, against all clean containers. clean acted on: "
    "how many stand above the priority from which an opening is worth it. by peak: ranked by the peak of the "
    "significance map instead of by priority."
)
_HEAVY_KG = 20.0
_N_DRAWS = 1_000
_MEMORY_BYTES = 6 * 2**30
_DEADLINE_S = 600.0

Group = Sequence[RankedTrial]


def measure_variants(name: str, read: Callable[[Order], Mapping[str, list[Trial]]], *, note: str) -> None:
    """Read a day as the command line asks, in each variant, and keep a table of this name.

    read: makes of one pair the trials of each variant, the same ones in the same order for every pair; with the first
    all others are compared.
    """
    chosen = asked_day(note, n_pairs=120, seed=3)
    measured = {**stamp(), **vars(chosen)}
    engine = Engine(chosen.workers, _MEMORY_BYTES, _DEADLINE_S)
    day = orders(chosen.pairs, seed=chosen.seed, scale=chosen.scale, split=chosen.split)
    trials: dict[str, list[Trial]] = {}
    failures: list[Row] = []
    for order, result in track(engine.run(read, day), description="pairs", total=len(day)):
        if isinstance(result, Failure):
            failures.append(failure_row(order, result))
        else:
            for variant, of_pair in result.items():
                trials.setdefault(variant, []).extend(of_pair)
    rows = variant_rows({variant: ranked_trials(read_so) for variant, read_so in trials.items()})
    title = name.replace("_", " ").capitalize()
    path = keep(
        name, measured=measured, tables=[Table(title, rows, note), Table("Failed for a fault of ours", failures)]
    )
    print(f"kept as {path.name} and .json")


def variant_rows(days: Mapping[str, Group]) -> list[Row]:
    """One row for each variant of a day, compared with the first; all of the same containers."""
    whole = next(iter(days.values()))
    return [{"variant": name, **_quality(day), **_change(whole, day)} for name, day in days.items()]


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
        "clean acted on": int((_priorities(clean) >= OPENING_WORTH).sum()),
        "not compared": sum(one.reading.outcome != "compared" for one in day),
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
