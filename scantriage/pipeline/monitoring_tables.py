"""The monitoring report as tables: cut to a period and to ports, summed, with intervals.

Columns have one of a few kinds, so that one template shows them all and one writer exports them all.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple, TypeVar

from scantriage.pipeline.monitoring import Report
from scantriage.store.daily_counts import SECONDS, Dimension, Opened, Read
from scantriage.store.figures import MASSES_KG, Detection, Referring

T = TypeVar("T", bound=Any)  # a row with a day, and a port where that matters
# share: 0 to 1. zone, flag, verdict: a name that the page says in the reader's language
Kind = Literal["text", "day", "zone", "flag", "verdict", "count", "share", "seconds", "priority", "moment", "kilos"]
Value = str | int | float | date | None

# upper ends of the classes of priority; an opening is worth it from 0.026
PRIORITIES = (0.01, 0.026, 0.05, 0.1, 0.2, 0.4, 1.0)
_Z = 1.96  # of a 95 % interval


class Column(NamedTuple):
    """A column: its name in exports, and what its values are."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; the first column names the row."""

    name: str
    columns: tuple[Column, ...]
    rows: list[tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: days, both included, and one port or, where it is empty, all."""

    first: date
    last: date
    port: str = ""

    def part(self, rows: Iterable[T], *, of_port: bool = True) -> Iterator[T]:
        """The rows that belong to it; of_port: where rows of other ports do not."""
        first, last = self.first.isoformat(), self.last.isoformat()
        inside = (row for row in rows if first <= row.day <= last)
        return (row for row in inside if row.port == self.port) if self.port and of_port else inside


class Sums(NamedTuple):
    """Sums of `Read`, beside what was missing."""

    n: int = 0
    n_compared: int = 0
    n_single: int = 0
    n_not_comparable: int = 0
    n_unprocessable: int = 0
    n_no_origin: int = 0
    n_no_rescan: int = 0
    n_flagged: int = 0
    blind: float = 0.0
    n_seen: int = 0
    n_missing: int = 0

    def plus(self, row: Read) -> Sums:
        """With these containers."""
        return Sums._make(a + b for a, b in zip(self, (*row[3:], 0), strict=True))


def coverage(report: Report, scope: Scope, by: Literal["port", "flow"]) -> Table:
    """What was announced, scanned, read and compared, largest first."""
    sums = _summed(report, scope, by, lambda row: row.value)
    for missing in scope.part(report.counts.missing):
        if value := missing.port if by == "port" else missing.flow:
            sums[value] = sums[value]._replace(n_missing=sums[value].n_missing + missing.n)
    columns = (
        Column(by, "text"), Column("announced", "count"), Column("missing", "count"), Column("scanned", "count"),
        Column("no_origin", "count"), Column("no_rescan", "count"), Column("compared", "count"),
        Column("single", "count"), Column("not_comparable", "count"), Column("unprocessable", "count"),
        Column("compared_share", "share"), Column("blind_share", "share"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = [
        (
            value, s.n + s.n_missing, s.n_missing, s.n, s.n_no_origin, s.n_no_rescan, s.n_compared, s.n_single,
            s.n_not_comparable, s.n_unprocessable, _share(s.n_compared, s.n + s.n_missing), _share(s.blind, s.n_seen),
        )
        for value, s in sorted(sums.items(), key=lambda item: (-item[1].n - item[1].n_missing, item[0]))
    ]  # fmt: skip
    return Table(f"coverage_{by}", columns, rows)


def coverage_days(report: Report, scope: Scope) -> Table:
    """How the containers of each day ended."""
    sums = _summed(report, scope, "port", lambda row: row.day)
    for missing in scope.part(report.counts.missing):
        sums[missing.day] = sums[missing.day]._replace(n_missing=sums[missing.day].n_missing + missing.n)
    columns = (
        Column("day", "day"), Column("compared", "count"), Column("single", "count"),
        Column("not_comparable", "count"), Column("unprocessable", "count"), Column("missing", "count"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = [
        (date.fromisoformat(day), s.n_compared, s.n_single, s.n_not_comparable, s.n_unprocessable, s.n_missing)
        for day, s in sorted(sums.items())
    ]
    return Table("coverage_days", columns, rows)


def rates(report: Report, scope: Scope, by: Dimension) -> Table:
    """Flagged among those read and finds among openings, with 95 % intervals; most containers first."""
    sums = _summed(report, scope, by, lambda row: row.value)
    opened: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    inside = list(scope.part(report.counts.opened))
    for one in inside:
        if value := getattr(one, by):
            opened[value][0] += one.n
            opened[value][1] += one.n_finds
    everything = sum((s.n for s in _summed(report, scope, "port", lambda row: row.port).values()), 0)
    all_opened = sum(one.n for one in inside)
    columns = (
        Column(by, "zone" if by == "zone" else "text"), Column("read", "count"), Column("flagged", "count"),
        Column("flag_rate", "share"), Column("flag_rate_low", "share"), Column("flag_rate_high", "share"),
        Column("opened", "count"), Column("finds", "count"), Column("find_rate", "share"),
        Column("find_rate_low", "share"), Column("find_rate_high", "share"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for value in sorted(sums.keys() | opened.keys(), key=lambda value: (-sums[value].n, value)):
        n, n_opened = (everything, all_opened) if by == "zone" else (sums[value].n, opened[value][0])
        flagged, finds = sums[value].n_flagged, opened[value][1]
        rows.append((value, n, flagged, *_rate(flagged, n), n_opened, finds, *_rate(finds, n_opened)))
    return Table(f"rates_{by}", columns, rows)


def rate_days(report: Report, scope: Scope, by: Dimension) -> Table:
    """Read, flagged, opened and finds of each day and value."""
    cells: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in scope.part(report.counts.read[by]):
        cell = cells[row.day, row.value]
        cell[0] += row.n
        cell[1] += row.n_flagged
    n_opened: defaultdict[str, int] = defaultdict(int)
    for opened in scope.part(report.counts.opened):
        n_opened[opened.day] += opened.n
        if value := getattr(opened, by):
            cell = cells[opened.day, value]
            cell[2] += opened.n
            cell[3] += opened.n_finds
    if by == "zone":  # of all that was read and opened that day, as in `rates`
        of_day = _summed(report, scope, "port", lambda row: row.day)
        for (day, _), cell in cells.items():
            cell[0], cell[2] = of_day[day].n, n_opened[day]
    columns = (
        Column("day", "day"), Column(by, "zone" if by == "zone" else "text"), Column("read", "count"),
        Column("flagged", "count"), Column("opened", "count"), Column("finds", "count"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = [
        (date.fromisoformat(day), value, *cell) for (day, value), cell in sorted(cells.items())
    ]
    return Table(f"rate_days_{by}", columns, rows)


def quality(report: Report, scope: Scope) -> Table:
    """What each scanner delivers; the port does not matter here."""
    sums: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * 10)
    for row in scope.part(report.counts.quality, of_port=False):
        sums[row.site, row.scanner] = [a + b for a, b in zip(sums[row.site, row.scanner], row[3:], strict=True)]
    columns = (
        Column("site", "text"), Column("scanner", "text"), Column("scans", "count"), Column("unreadable", "count"),
        Column("unreadable_share", "share"), Column("conflicting", "count"), Column("altered", "count"),
        Column("display_exports", "count"), Column("readings", "count"), Column("agreement", "share"),
        Column("blind_share", "share"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = [
        (
            site, scanner, int(n), int(broken), _share(broken, n), int(conflict), int(altered), int(display),
            int(n_read), _share(agreement, n_agreed), _share(blind, n_seen),
        )
        for (site, scanner), (n, broken, conflict, altered, display, n_read, agreement, n_agreed, blind, n_seen)
        in sorted(sums.items())
    ]  # fmt: skip
    return Table("quality", columns, rows)


def flags(report: Report, scope: Scope) -> Table:
    """How often each scanner's scans carry each flag of weakness."""
    sums: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for row in scope.part(report.counts.flags, of_port=False):
        sums[row.site, row.scanner, row.flag] += row.n
    scans = {(site, scanner): n for site, scanner, n, *_ in quality(report, scope).rows}
    columns = (
        Column("site", "text"), Column("scanner", "text"), Column("flag", "flag"), Column("scans", "count"),
        Column("per_scan", "share"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for (site, scanner, flag), n in sorted(sums.items(), key=lambda item: (item[0][:2], -item[1])):
        of = scans.get((site, scanner))
        rows.append((site, scanner, flag, n, _share(n, of) if isinstance(of, int) else None))
    return Table("flags", columns, rows)


def calibration(report: Report, scope: Scope) -> Table:
    """What opening found, by classes of priority: whether the priority is the probability it claims to be."""
    classes: list[list[Opened]] = [[] for _ in PRIORITIES]
    for one in scope.part(report.counts.opened):
        classes[bisect_left(PRIORITIES, one.priority)].append(one)
    columns = (
        Column("from", "priority"), Column("to", "priority"), Column("opened", "count"), Column("finds", "count"),
        Column("mean_priority", "share"), Column("find_rate", "share"), Column("find_rate_low", "share"),
        Column("find_rate_high", "share"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for lower, upper, ones in zip((0.0, *PRIORITIES), PRIORITIES, classes, strict=False):
        n, finds = sum(one.n for one in ones), sum(one.n_finds for one in ones)
        mean = _share(math.fsum(one.priority * one.n for one in ones), n)
        if n:
            rows.append((lower, upper, n, finds, mean, *_rate(finds, n)))
    return Table("calibration", columns, rows)


def hits(report: Report, scope: Scope) -> Table:
    """Openings and what they found, by port."""
    ports: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in scope.part(report.counts.opened):
        ports[one.port][0] += one.n
        ports[one.port][1] += one.n_finds
    columns = (
        Column("port", "text"), Column("opened", "count"), Column("finds", "count"), Column("find_rate", "share"),
        Column("find_rate_low", "share"), Column("find_rate_high", "share"),
    )  # fmt: skip
    return Table("hits", columns, [(port, n, finds, *_rate(finds, n)) for port, (n, finds) in sorted(ports.items())])


def decision_times(report: Report, scope: Scope) -> Table:
    """How long decisions took, by verdict: median and ninth tenth, interpolated in classes of seconds."""
    classes: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(SECONDS) + 1))
    for row in scope.part(report.counts.decided):
        classes[row.verdict][SECONDS.index(row.seconds) if row.seconds else len(SECONDS)] += row.n
    columns = (
        Column("verdict", "verdict"), Column("decisions", "count"), Column("median", "seconds"),
        Column("ninth_tenth", "seconds"),
    )  # fmt: skip
    return Table("decision_times", columns, [
        (verdict, sum(counted), _quantile(counted, 0.5), _quantile(counted, 0.9))
        for verdict, counted in sorted(classes.items())
    ])  # fmt: skip


def unseen(report: Report, scope: Scope) -> Table:
    """Containers that a manifest names and no scan shows, latest first."""
    columns = (
        Column("container", "text"), Column("manifest_of", "day"), Column("loading", "text"),
        Column("discharge", "text"), Column("size_type", "text"), Column("goods", "text"), Column("gross", "kilos"),
        Column("vessel", "text"), Column("eta", "moment"),
    )  # fmt: skip
    return Table("unseen", columns, [
        (
            one.container_id, one.day, one.port_of_loading, one.port_of_discharge, one.size_type, one.goods,
            one.gross_kg, one.vessel, one.eta.isoformat() if one.eta else None,
        )
        for one in report.unseen
        if scope.first <= one.day <= scope.last and scope.port in ("", one.port_of_discharge)
    ])  # fmt: skip


def detection(found: Iterable[Detection]) -> Table:
    """What each analyst noticed of the loads projected into each zone, by mass, with 95 % intervals."""
    columns = (
        Column("analyst", "text"), Column("zone", "zone"), Column("mass", "text"), Column("shown", "count"),
        Column("noticed", "count"), Column("detection", "share"), Column("detection_low", "share"),
        Column("detection_high", "share"),
    )  # fmt: skip
    return Table("detection", columns, [
        (one.analyst, one.zone, _mass_class(one.up_to_kg), one.n_shown, one.n_found, *_rate(one.n_found, one.n_shown))
        for one in found
    ])  # fmt: skip


def _mass_class(up_to_kg: float | None) -> str:
    """The class of a load's mass, in signs that every language has."""
    lower = [0.0, *(upper for upper in MASSES_KG if up_to_kg is None or upper < up_to_kg)][-1]
    return f"> {lower:g} kg" if up_to_kg is None else f"{lower:g}–{up_to_kg:g} kg"


def referring(done: Iterable[Referring]) -> Table:
    """What came of each analyst's referrals, with 95 % intervals."""
    columns = (
        Column("analyst", "text"), Column("decisions", "count"), Column("referred", "count"),
        Column("opened", "count"), Column("in_vain", "count"), Column("false_alarms", "share"),
        Column("false_alarms_low", "share"), Column("false_alarms_high", "share"),
    )  # fmt: skip
    return Table("referring", columns, [
        (one.analyst, one.n_decided, one.n_referred, one.n_opened, one.n_nothing, *_rate(one.n_nothing, one.n_opened))
        for one in done
    ])  # fmt: skip


def _summed(report: Report, scope: Scope, by: Dimension, key: Callable[[Read], str]) -> defaultdict[str, Sums]:
    sums: defaultdict[str, Sums] = defaultdict(Sums)
    for row in scope.part(report.counts.read[by]):
        sums[key(row)] = sums[key(row)].plus(row)
    return sums


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _rate(events: int, n: int) -> tuple[float | None, float | None, float | None]:
    """The rate and its 95 % interval (Wilson 1927); nothing where nothing was tried."""
    if n == 0:
        return None, None, None
    rate, z2 = events / n, _Z**2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    reach = _Z * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return rate, max(0.0, middle - reach), min(1.0, middle + reach)


def _quantile(classes: Sequence[int], part: float) -> float | None:
    """Seconds below which this part lies; None where that is longer than the classes reach."""
    edges = (0, *SECONDS)
    wanted = part * sum(classes)
    below: float = 0
    for lower, upper, n in zip(edges, edges[1:], classes, strict=False):
        if n and below + n >= wanted:
            return lower + (upper - lower) * (wanted - below) / n
        below += n
    return None


def as_rows(table: Table) -> Iterable[tuple[Value, ...]]:
    """The rows for an export: days and moments as ISO 8601, numbers as they are."""
    for row in table.rows:
        yield tuple(value.isoformat() if isinstance(value, date) else value for value in row)
