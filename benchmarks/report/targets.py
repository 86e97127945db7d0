"""What the project sets out to reach, beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from benchmarks.detection_tables import HIDDEN, REPLACES, SAID, room, said, sight
from benchmarks.kept import Row
from benchmarks.metrics import auc, detection_at
from benchmarks.report.derived import beyond, column, false_alarms, is_clean, split
from benchmarks.report.results import Result, Results
from scantriage.rank.action import OPENING_WORTH

_FALSE_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Target:
    """least, most: what it must be between; None where only one end counts."""

    what: str
    measured: float
    least: float | None = None
    most: float | None = None

    @property
    def row(self) -> Row:
        """For the table."""
        low, high = self.least, self.most
        wanted = f"{low:g} to {high:g}" if low and high else f"at least {low:g}" if low else f"at most {high:g}"
        met = (low is None or self.measured >= low) and (high is None or self.measured <= high)
        said = "not measured" if isnan(self.measured) else "yes" if met else "MISSED"
        return {"target": self.what, "wanted": wanted, "measured": self.measured, "met": said}


def quality_targets(detection: Result) -> list[Target]:
    """Of detection, places, masses and significance."""
    rows = detection.details
    heavy = [row for row in rows if is_clean(row) or float(row["kg"] or 0) >= 20]
    shows = [row for row in rows if is_clean(row) or _shows(row)]
    told = [row for row in rows if is_clean(row) or _told(row)]
    places, clean = "Where and how much", [row for row in rows if is_clean(row)]
    spread = "Significance maps of clean containers"
    return [
        Target("area under the curve, loads of 20 kg and more", auc(*split(heavy)), 0.97),
        Target("area under the curve, all", auc(*split(rows)), 0.92),
        Target("area under the curve, sources on the same side", auc(*split(_of(rows, side="same"))), 0.99),
        Target("detected at 1 % false positives, 40 kg and more", _detected(rows, 40, np.inf), 0.95),
        Target("the same without what is out of reach", _detected(shows, 40, np.inf), 0.95),
        Target("the same, of loads that it said would show", _detected(told, 40, np.inf), 0.95),
        Target("detected at 1 % false positives, 20 to 40 kg", _detected(rows, 20, 40), 0.80),
        Target("the same without what is out of reach", _detected(shows, 20, 40), 0.80),
        Target("the same, of loads that it said would show", _detected(told, 20, 40), 0.80),
        Target("detected loads that a finding's box overlaps",
               detection.value(places, "of these located by a finding's box", "value"), 0.90),
        Target("mass of loads that stand free, median of |error| / truth",
               detection.value(places, "their mass: median of |error| / truth", "value"), None, 0.35),
        Target("findings per clean container, all", float(column(clean, "findings").mean()), None, 0.2),
        Target("the same, only of containers from the acting priority", _acting(clean), None, 0.2),
        Target("width of the significance's core on clean containers, median",
               detection.value(spread, "width of the core, median", "value"), 0.9, 1.1),
        *(Target(f"share of clean maps beyond {row['sigma']:g} sigma, measured / predicted",
                 float(row["measured / predicted"] or 0), 0.5, 2)
          for row in beyond(detection.rows("Histogram of significance")) if row["sigma"] in (2.0, 3.0, 4.0)),
        *(Target(f"clean containers from priority {row['priority']:g}, measured / predicted",
                 float(row["measured / predicted"] or np.nan), 0.5, 2)
          for row in false_alarms(rows) if row["priority"] in (0.01, 0.03, 0.1)),
    ]  # fmt: skip


def speed_targets(results: Results) -> list[Target]:
    """Of time, memory, hot kernels and the comparison with peers; of what has been measured."""
    targets: list[Target] = []
    if results.speed is not None:
        ms = {str(row["stage"]): row for row in results.speed.rows("Time, ms")}
        both = sum(float(ms[stage]["median"] or 0) for stage in ("register", "compare"))
        targets += [
            Target("whole pair at full size, one core, ms", float(ms["pair"]["median"] or 0), None, 500),
            Target("of which register and compare, ms", both, None, 200),
            Target("memory of a worker, MiB", float(ms["worker_memory"]["peak MiB"] or 0), None, 668),  # 700 MB
        ]
    if results.scaling is not None:
        gained = float(results.scaling.rows("Workers")[-1]["times one worker"] or 0)
        targets.append(Target("two workers, times one", gained, 1.8))
    if results.bandwidth is not None:
        for row in results.bandwidth.rows("Kernels against memory"):
            targets.append(Target(f"{row['kernel']}, times moving its bytes", float(row["times"] or 0), None, 4))
    if results.peers is not None and results.peers.measured["timing"]:
        for row in results.peers.rows("Time per pair")[1:]:
            name = str(row["peer"])
            if not name.startswith(("unaligned", "scantriage")):
                least = 8 if name.startswith("elastix") else 1
                targets.append(Target(f"times faster than {name}", float(row["times scantriage"] or 0), least))
    return targets


def _of(rows: Sequence[Row], **wanted: str) -> list[Row]:
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def _shows(row: Row) -> bool:
    """Whether a load changes the mass that is there, and lies where the comparison does not say that it is blind."""
    made_room = room(str(row["label"]), float(row["kg"] or 0), float(row["net kg"] or 0))
    return made_room != REPLACES and sight(None if row["unseen"] is None else float(row["unseen"])) != HIDDEN


def _told(row: Row) -> bool:
    """Whether the comparison said of the load's zone that so much would show there."""
    shows_from_kg = row.get("shows from kg")
    return said(str(row["label"]), float(row["net kg"] or 0), shows_from_kg and float(shows_from_kg)) == SAID


def _detected(rows: Sequence[Row], from_kg: float, below_kg: float) -> float:
    chosen = [row for row in rows if is_clean(row) or from_kg <= float(row["kg"] or 0) < below_kg]
    return detection_at(*split(chosen), _FALSE_SHARE)


def _acting(clean: Sequence[Row]) -> float:
    return float(
        np.mean([float(row["findings"] or 0) * (float(row["priority"] or 0) >= OPENING_WORTH) for row in clean])
    )
