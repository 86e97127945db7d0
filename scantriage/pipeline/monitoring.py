"""The monitoring report of a workspace: made by `figures_run`, read by whoever shows it; it needs no numerics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

from scantriage.store.daily_counts import DailyCounts, Dimension
from scantriage.store.encoding import from_json

Measure = Literal["flags", "finds"]


@dataclass(frozen=True, slots=True)
class RateChange:
    """A rate that rose or fell.

    measure: flagged containers among those read, or finds among openings. value: of the dimension. first: day from
    which the new rate is likeliest. seen: day on which it was certain enough. before, since: the rates.
    """

    measure: Measure
    dimension: Dimension
    value: str
    first: date
    seen: date
    before: float
    since: float


@dataclass(frozen=True, slots=True)
class Unseen:
    """A container that a manifest names and no scan shows; day: on which the manifest came."""

    day: date
    container_id: str
    port_of_loading: str | None
    port_of_discharge: str | None
    size_type: str | None
    goods: str | None
    gross_kg: float | None
    vessel: str | None
    eta: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """What the workspace did in some days.

    first, last: days in UTC, both included. flagged_from: priority from which a container counts as flagged.
    n_series: rates that are watched together. mean_days: while none of them changes, the first false alarm among
    all comes after so many days or more, on average. changes: latest first. unseen: latest first.
    """

    made_at: datetime
    first: date
    last: date
    flagged_from: float
    n_series: int
    mean_days: float
    changes: list[RateChange]
    counts: DailyCounts
    unseen: list[Unseen]


def read_report(file: Path) -> Report | None:
    """The report in this file; None where none was made yet. It is parsed again only when the file is another one."""
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return _parsed(file, stat.st_mtime_ns, stat.st_ino)


@lru_cache(maxsize=2)
def _parsed(file: Path, _changed_ns: int, _inode: int) -> Report:
    return from_json(Report, file.read_text(encoding="utf-8"))
