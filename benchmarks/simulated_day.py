"""Simulated pairs with truth, read as the main job reads them: written as files, then from files to a reading."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.metrics import core_width
from scantriage.pipeline.engines import Engine, Failure
from scantriage.pipeline.pair_run import read_pair
from scantriage.pipeline.prepare import ScanSource
from scantriage.pipeline.simulate_run import write_scan
from scantriage.rank.priority import Case
from scantriage.scan.geometry import MetreBox
from scantriage.scan.views import PairViews
from scantriage.simulate.case import SimulatedCase, Truth
from scantriage.simulate.display import export_case
from scantriage.simulate.pair import simulate_pair, simulate_twins
from scantriage.simulate.scanner import Split

# as `scantriage simulate` mixes them
TWIN_SHARE, DISPLAY_SHARE = 0.04, 0.04
HISTOGRAM_EDGES = np.array([-np.inf, *np.arange(-8.0, 8.1, 0.5), np.inf])


@dataclass(frozen=True, slots=True)
class Order:
    """One vehicle to be simulated and read."""

    seed: int
    scale: float
    split: Split


@dataclass(frozen=True, slots=True)
class Spread:
    """How the significance map of one comparison is distributed, where both scans could be read.

    core: width of its core in standard deviations, 1 for noise that is known rightly. beyond_4: share of the map
    beyond 4. peak: the largest of the map, sign aside. counts: in `HISTOGRAM_EDGES`.
    """

    core: float
    beyond_4: float
    peak: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """One container of a simulated pair: what was done, and what was read.

    case: as the ranking takes it. scanners: names of the two. opposite: the sources stood on opposite sides.
    spread: None where nothing was compared. unseen: part of the load's side view that was reported as blind, None
    where nothing was compared or nothing has a place. wall_s: from files to reading.
    """

    seed: int
    truth: Truth
    case: Case
    scanners: tuple[str, str]
    opposite: bool
    spread: Spread | None
    unseen: float | None
    wall_s: float

    @property
    def geometry(self) -> str:
        """Whether the sidecars tell where the sources stood."""
        known = sum(scan is not None and scan.geometry is not None for scan in (self.case.origin, self.case.rescan))
        return ("unknown", "one known", "known")[known]

    @property
    def form(self) -> str:
        """What was delivered: raw counts or display exports, of one container or two."""
        origin = self.case.origin
        if origin is None:
            raise ValueError(f"pair {self.seed} has no origin scan")
        return f"{origin.kind}, two boxes" if len(origin.container_ids) == 2 else origin.kind


def orders(n_pairs: int, *, seed: int, scale: float, split: Split) -> list[Order]:
    """A day of pairs; the same arguments give the same day, and a longer one begins with the shorter."""
    seeds = np.random.SeedSequence(seed).generate_state(n_pairs, np.uint32)
    return [Order(pair_seed, scale, split) for pair_seed in seeds.tolist()]


def simulated(order: Order) -> SimulatedCase:
    """The vehicle's two scans: a few show two boxes, a few are display exports."""
    rng = np.random.default_rng([order.seed, 1])
    simulate = simulate_twins if rng.random() < TWIN_SHARE else simulate_pair
    case = simulate(order.seed, scale=order.scale, split=order.split)
    return export_case(case, rng, scale=order.scale) if rng.random() < DISPLAY_SHARE else case


def read_order(order: Order) -> list[Trial]:
    """Simulate, write, read: one trial for each container on the vehicle."""
    case = simulated(order)
    with tempfile.TemporaryDirectory() as folder:
        return read_written(order, case, written(case, Path(folder)))


def read_written(order: Order, case: SimulatedCase, sources: list[tuple[ScanSource, ScanSource]]) -> list[Trial]:
    """Read what `written` wrote: one trial for each container on the vehicle."""
    return [_trial(order, case, index, pair) for index, pair in enumerate(sources)]


def written(case: SimulatedCase, folder: Path) -> list[tuple[ScanSource, ScanSource]]:
    """Write both scans into the folder; origin scan and rescan of each container on the vehicle."""
    first, second = (write_scan(folder / scan.record.role, scan) for scan in (case.origin, case.rescan))
    return [
        (
            ScanSource(first, case.origin.record, truth.container_id),
            ScanSource(second, case.rescan.record, truth.container_id),
        )
        for truth in case.truths
    ]


def read_day(day: list[Order], *, engine: Engine) -> Iterator[list[Trial] | tuple[Order, Failure]]:
    """Read all, as they come; what a worker could not do comes with its order."""
    for order, result in engine.run(read_order, day):
        yield (order, result) if isinstance(result, Failure) else result


def _trial(order: Order, case: SimulatedCase, index: int, pair: tuple[ScanSource, ScanSource]) -> Trial:
    truth, manifest = case.truths[index], case.manifest[index]
    box = truth.container_box
    begun = time.perf_counter()
    reading, views = read_pair(*pair, manifest)
    wall_s = time.perf_counter() - begun
    return Trial(
        seed=order.seed,
        truth=truth,
        case=Case(truth.container_id, reading, case.origin.record, case.rescan.record, manifest),
        scanners=(case.origin.scanner.name, case.rescan.scanner.name),
        opposite=case.opposite_sides,
        spread=None if views is None else _spread(views),
        unseen=None if views is None or box is None else unseen(box, views, mirrored=_mirrored(case, views)),
        wall_s=wall_s,
    )


def unseen(box: MetreBox, views: PairViews, *, mirrored: bool) -> float:
    """Part of a box that could not be compared. mirrored: front and doors were taken for each other."""
    x, z = views.grid.x_m(), views.grid.z_m()
    inside = ((z > box.z0) & (z < box.z1))[:, np.newaxis] & (x > box.x0) & (x < box.x1)
    usable = views.usable[:, ::-1] if mirrored else views.usable
    return 1 - float(usable[inside].mean())


def _mirrored(case: SimulatedCase, views: PairViews) -> bool:
    assert views.fine is not None
    return views.fine.files["origin_file"].flipped != case.origin.passage.doors_first


def _spread(views: PairViews) -> Spread | None:
    if views.significance is None or views.usable is None:
        return None
    values = views.significance[views.usable & (views.significance != 0)]
    if not len(values):
        return None
    counts = np.histogram(values, HISTOGRAM_EDGES)[0]
    size = np.abs(values)
    return Spread(core_width(values), float(np.mean(size > 4)), float(size.max()), tuple(counts.tolist()))
