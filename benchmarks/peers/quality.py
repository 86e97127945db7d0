"""The same simulated pairs read by every peer: how far each tells changed containers from clean ones."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from rich.progress import track

from benchmarks.detection_tables import FALSE_SHARES
from benchmarks.kept import Row, Table
from benchmarks.metrics import auc, bootstrap, detection_at
from benchmarks.peers.pair import Peer, located
from benchmarks.peers.roster import peers
from benchmarks.simulated_day import Order, simulated, written
from scantriage.pipeline.engines import Engine, Failure

_MEMORY_BYTES = 8 * 2**30
_DEADLINE_S = 300.0
_HEAVY_KG = 20.0


@dataclass(frozen=True, slots=True)
class Scored:
    """A container and what each peer makes of it. label: what was done. opposite: sources on opposite sides."""

    name: str
    label: str
    mass_kg: float
    opposite: bool
    scores: Mapping[str, float]

    @property
    def clean(self) -> bool:
        """Whether nothing was done to it."""
        return self.label == "clean"

    @property
    def row(self) -> Row:
        """For the details of the kept result."""
        side = "opposite" if self.opposite else "same"
        return {"pair": self.name, "label": self.label, "kg": self.mass_kg or None, "side": side, **self.scores}


def score_day(day: Sequence[Order], *, n_workers: int) -> tuple[list[Scored], list[Row]]:
    """Every container by every peer, and the pairs that failed."""
    engine = Engine(n_workers, _MEMORY_BYTES, _DEADLINE_S)
    scored: list[Scored] = []
    failures: list[Row] = []
    for order, result in track(engine.run(score_order, day), description="pairs", total=len(day)):
        if isinstance(result, Failure):
            failures.append({"seed": order.seed, "failure": result.what, "details": result.details[-200:]})
        else:
            scored += result
    return scored, failures


def score_order(order: Order) -> list[Scored]:
    """Simulate a vehicle, write its scans, and let every peer read them."""
    case = simulated(order)
    with tempfile.TemporaryDirectory() as folder:
        sources = written(case, Path(folder))
        files = [located(*pair, manifest) for pair, manifest in zip(sources, case.manifest, strict=True)]
        return [
            Scored(
                str(order.seed), truth.label, truth.mass_kg, case.opposite_sides,
                {peer.name: peer.score(pair) for peer in _roster()},
            )
            for truth, pair in zip(case.truths, files, strict=True)
        ]  # fmt: skip


@cache
def _roster() -> list[Peer]:
    """Made once a process: a library may take seconds to load."""
    return peers()


def quality_tables(day: Sequence[Scored]) -> list[Table]:
    """All containers, heavy loads, and each arrangement of the two sources; every peer a row."""
    groups: list[tuple[str, Callable[[Scored], bool]]] = [
        ("All", lambda _: True),
        (f"Loads of {_HEAVY_KG:.0f} kg and more", lambda one: one.clean or one.mass_kg >= _HEAVY_KG),
        ("Sources on the same side", lambda one: not one.opposite),
        ("Sources on opposite sides", lambda one: one.opposite),
    ]
    return [separation(title, [one for one in day if belongs(one)]) for title, belongs in groups]


def separation(title: str, group: Sequence[Scored]) -> Table:
    """How far each peer's scores tell the changed from the clean; intervals over redrawn containers."""
    n_clean = sum(one.clean for one in group)
    title = f"{title}: {len(group) - n_clean} changed against {n_clean} clean"
    if not 0 < n_clean < len(group):
        return Table(title, [])
    rows: list[Row] = []
    for name in group[0].scores:
        clean = np.array([one.scores[name] for one in group if one.clean])
        changed = np.array([one.scores[name] for one in group if not one.clean])
        low, high = bootstrap(auc, clean, changed, rng=np.random.default_rng(0))
        found = {f"at {share:.0%}": partial(detection_at, false_share=share)(clean, changed) for share in FALSE_SHARES}
        rows.append({"peer": name, "AUC": auc(clean, changed), "from": low, "to": high, **found})
    return Table(title, rows, "at 1, 5, 10 %: share detected when this share of the clean is flagged.")
