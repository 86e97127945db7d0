"""Counting the days of a workspace and looking for rates that changed; the result is kept as ``monitoring.json``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import numpy as np

from scantriage.errors import WorkspaceError
from scantriage.io.whole_file import write_whole
from scantriage.monitor.changes import changes
from scantriage.pipeline.monitoring import Measure, RateChange, Report, Unseen
from scantriage.rank.action import OPENING_WORTH
from scantriage.scan.record import ManifestEntry
from scantriage.store.daily_counts import (
    DIMENSIONS,
    DailyCounts,
    Days,
    Dimension,
    containers_without_scan,
    count_days,
    last_day,
)
from scantriage.store.database import Database
from scantriage.store.encoding import to_json
from scantriage.store.places import Places

# longer than a detector remembers (reference and memory: 116 days), so that the first day shown does not matter today
_N_DAYS = 180
# while no rate changes, a false alarm among all series comes at most so often, on average
_MEAN_DAYS = 200.0
# series with fewer a day show nothing within a season, and each that is watched makes all others slower
_FEWEST_A_DAY: dict[Measure, float] = {"flags": 5.0, "finds": 1.0}

Series = tuple[Measure, Dimension, str]
Tallies = dict[Series, dict[str, tuple[int, int]]]


def make_report(database: Database, places: Places, *, now: datetime) -> Report:
    """Count the 180 days up to the latest scan, look for changes, and write the report into the workspace.

    now: with a time zone; scans dated later are left out, their clocks are wrong. Raises WorkspaceError where the
    workspace cannot be read or written.
    """
    with database.reading() as connection:
        last = last_day(connection, at=now)
        days = Days(last - timedelta(days=_N_DAYS - 1), last)
        counts = count_days(connection, days=days, flagged_from=OPENING_WORTH)
        unseen = [_unseen(day, entry) for day, entry in containers_without_scan(connection, days=days)]
    n_series, found = _changes(counts, days)
    first = min((date.fromisoformat(row.day) for row in counts.read["port"]), default=last)
    report = Report(now, first, last, OPENING_WORTH, n_series, _MEAN_DAYS, found, counts, unseen)
    try:
        write_whole(places.monitoring, to_json(report).encode())
    except OSError as error:
        raise WorkspaceError(f"{places.monitoring} cannot be written: {error.strerror}.") from error
    return report


def _changes(counts: DailyCounts, days: Days) -> tuple[int, list[RateChange]]:
    """How many series are watched, and what changed in them, latest first."""
    names = [(days.first + timedelta(days=day)).isoformat() for day in range((days.last - days.first).days + 1)]
    names = names[next((i for i, name in enumerate(names) if any(row.day == name for row in counts.read["port"])), 0) :]
    watched = {
        series: tally
        for series, tally in _tallies(counts).items()
        if sum(n for n, _ in tally.values()) >= _FEWEST_A_DAY[series[0]] * len(names)
    }
    found = [one for series, tally in watched.items() for one in _in_series(series, tally, names, len(watched))]
    return len(watched), sorted(found, key=lambda one: (one.seen, one.first), reverse=True)


def _in_series(
    series: Series, tally: dict[str, tuple[int, int]], names: list[str], n_series: int
) -> Iterator[RateChange]:
    trials, events = np.array([tally.get(name, (0, 0)) for name in names], dtype=np.int64).T
    day = [date.fromisoformat(name) for name in names]
    for one in changes(trials, events, mean_days=_MEAN_DAYS, n_series=n_series):
        yield RateChange(*series, day[one.first], day[one.seen], one.before, one.since)


def _tallies(counts: DailyCounts) -> Tallies:
    """(trials, events) of every day, of every series."""
    tallies: defaultdict[Series, defaultdict[str, tuple[int, int]]] = defaultdict(lambda: defaultdict(lambda: (0, 0)))

    def add(measure: Measure, dimension: Dimension, value: str, day: str, n: int, events: int) -> None:
        if value:
            before = tallies[measure, dimension, value][day]
            tallies[measure, dimension, value][day] = before[0] + n, before[1] + events

    zones = {row.value for row in counts.read["zone"]} | {row.zone for row in counts.opened} - {""}
    for row in counts.read["port"]:
        for zone in zones:
            add("flags", "zone", zone, row.day, row.n, 0)
    for dimension in DIMENSIONS:
        for row in counts.read[dimension]:
            add("flags", dimension, row.value, row.day, 0 if dimension == "zone" else row.n, row.n_flagged)
    for opened in counts.opened:
        finds = opened.n_finds
        for dimension, value in (("port", opened.port), ("flow", opened.flow), ("commodity", opened.commodity)):
            add("finds", dimension, value, opened.day, opened.n, finds)
        for zone in zones:
            add("finds", "zone", zone, opened.day, opened.n, finds if zone == opened.zone else 0)
    return {series: dict(tally) for series, tally in tallies.items()}


def _unseen(day: str, entry: ManifestEntry) -> Unseen:
    return Unseen(
        date.fromisoformat(day), entry.container_id, entry.port_of_loading, entry.port_of_discharge, entry.size_type,
        entry.goods, entry.gross_kg, entry.vessel, entry.eta,
    )  # fmt: skip
