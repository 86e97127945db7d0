"""What a workspace did, counted by day: for the monitoring report, once at the end of a run.

Reading 270,000 containers takes seconds, so it is done on a connection that reads, and never while a page waits. What
each container was goes into a temporary table of its own connection first, narrow, and is counted from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from sqlalchemy import Connection, text

from scantriage.scan.record import ManifestEntry
from scantriage.store.encoding import from_json, utc_text

Dimension = Literal["port", "flow", "commodity", "zone"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


@dataclass(frozen=True, slots=True)
class Days:
    """Days in UTC, first and last included."""

    first: date
    last: date

    @property
    def bounds(self) -> dict[str, str]:
        """As what the times of these days lie between in the database; the second is left out."""
        return {"since": self.first.isoformat(), "before": (self.last + timedelta(days=1)).isoformat()}


class Read(NamedTuple):
    """Containers of one day, port and value of a dimension.

    day: of the latest scan, in UTC. port: where the flow ends; empty: not known. n_flagged:
    priority at or above the limit. blind: sum of their blind fractions, over n_seen containers. For a zone: those
    whose strongest finding lies there.
    """

    day: str
    port: str
    value: str
    n: int
    n_compared: int
    n_single: int
    n_not_comparable: int
    n_unprocessable: int
    n_no_origin: int
    n_no_rescan: int
    n_flagged: int
    blind: float
    n_seen: int


class Missing(NamedTuple):
    """Containers of a manifest that no scan shows, by the day on which the manifest came."""

    day: str
    port: str
    flow: str
    n: int


class Opened(NamedTuple):
    """Openings of one day and port, by what the container was; zone: of the find, else of the strongest finding."""

    day: str
    port: str
    flow: str
    commodity: str
    zone: str
    priority: float
    n: int
    n_finds: int


class Quality(NamedTuple):
    """Scans of one day, site and scanner.

    n_read: readings in which they took part, both scanners of a pair; agreement and blind: sums over those n_agreed
    and n_seen of them that have one. n_broken: not to be used. n_altered: checksums that do not match.
    """

    day: str
    site: str
    scanner: str
    n: int
    n_broken: int
    n_conflict: int
    n_altered: int
    n_display: int
    n_read: int
    agreement: float
    n_agreed: int
    blind: float
    n_seen: int


class Flagged(NamedTuple):
    """How often a scanner's scans, and readings in which they took part, carry a flag of weakness."""

    day: str
    site: str
    scanner: str
    flag: str
    n: int


class Decided(NamedTuple):
    """Decisions of one day and port whose time from assignment to decision lies in a class of `SECONDS`."""

    day: str
    port: str
    verdict: str
    seconds: int  # the class's upper end; 0: longer than all
    n: int


SECONDS = (15, 30, 45, 60, 90, 120, 180, 300, 600, 1200)


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """All daily counts of a workspace."""

    read: dict[Dimension, list[Read]]
    missing: list[Missing]
    opened: list[Opened]
    quality: list[Quality]
    flags: list[Flagged]
    decided: list[Decided]


def count_days(connection: Connection, *, days: Days, flagged_from: float) -> DailyCounts:
    """Count these days; flagged_from: the priority from which a container counts as flagged."""
    period = days.bounds
    with _laid_out(connection, period, flagged_from):
        return DailyCounts(
            read={name: [Read(*row) for row in connection.execute(text(_by(name)))] for name in DIMENSIONS},
            missing=[Missing(*row) for row in connection.execute(text(_MISSING), period)],
            opened=[Opened(*row) for row in connection.execute(text(_OPENED), period)],
            quality=[Quality(*row) for row in connection.execute(text(_QUALITY))],
            flags=[Flagged(*row) for row in connection.execute(text(_FLAGS))],
            decided=[Decided(*row) for row in connection.execute(text(_DECIDED), period)],
        )


def last_day(connection: Connection, *, at: datetime) -> date:
    """The day of the latest scan in the queue that is not later than ``at``; the day of ``at`` where there is none."""
    latest = connection.execute(
        text("SELECT max(acquired_at) FROM queue_rows WHERE acquired_at <= :at"), {"at": utc_text(at)}
    ).scalar()
    return date.fromisoformat(latest[:10]) if latest else at.astimezone(UTC).date()


def containers_without_scan(connection: Connection, *, days: Days) -> list[tuple[str, ManifestEntry]]:
    """(day, manifest row) of every container that a manifest names and no scan shows, latest first."""
    rows = connection.execute(text(_WITHOUT_SCAN), days.bounds)
    return [(day, from_json(ManifestEntry, entry)) for day, entry in rows]


def _by(column: str) -> str:
    return f"SELECT day, port, {column}, {_READ_COUNTS} FROM boxes WHERE {column} != '' GROUP BY 1, 2, 3"  # noqa: S608


@contextmanager
def _laid_out(connection: Connection, period: dict[str, str], flagged_from: float) -> Iterator[None]:
    try:
        connection.execute(text(_SCANS), period)
        connection.execute(text("CREATE INDEX temp.ix_shots ON shots(sha256)"))
        connection.execute(text(_CONTAINERS), period | {"flagged_from": flagged_from})
        connection.execute(text("CREATE INDEX temp.ix_boxes ON boxes(container_id)"))
        yield
    finally:
        connection.execute(text("DROP TABLE IF EXISTS temp.shots"))
        connection.execute(text("DROP TABLE IF EXISTS temp.boxes"))


# a pair's origin scan is weeks older than its rescan, so scans are laid out from half a year before
_SCANS = """
CREATE TEMP TABLE shots AS
SELECT sha256, substr(acquired_at, 1, 10) AS day, site, coalesce(json_extract(record, '$.scanner_id'), '') AS scanner,
    role, kind, state, json_extract(record, '$.flags') AS flags
FROM scans WHERE acquired_at >= date(:since, '-180 days') AND acquired_at < :before
"""

_CONTAINERS = """
CREATE TEMP TABLE boxes AS
SELECT q.container_id, substr(coalesce(q.acquired_at, q.ranked_at), 1, 10) AS day,
    coalesce(nullif(substr(q.flow, instr(q.flow, '-') + 1), '?'), '') AS port,
    coalesce(q.flow, '') AS flow, coalesce(q.commodity, '') AS commodity, coalesce(q.zone, '') AS zone, q.outcome,
    q.priority, q.priority >= :flagged_from AS flagged,
    r.origin_sha256 AS origin, r.rescan_sha256 AS rescan, json_extract(r.reading, '$.flags') AS flags,
    json_extract(r.reading, '$.agreement') AS agreement, json_extract(r.reading, '$.blind_fraction') AS blind
FROM queue_rows q
LEFT JOIN readings r ON r.container_id = q.container_id AND r.digest = q.reading_digest
WHERE coalesce(q.acquired_at, q.ranked_at) >= :since AND coalesce(q.acquired_at, q.ranked_at) < :before
"""

_READ_COUNTS = """
    count(*), sum(outcome = 'compared'), sum(outcome = 'single'), sum(outcome = 'not_comparable'),
    sum(outcome = 'unprocessable'), sum(origin IS NULL), sum(rescan IS NULL), sum(flagged), total(blind), count(blind)
"""
_LATEST_UNSEEN = """
FROM manifest_entries m
WHERE m.received_at >= :since AND m.received_at < :before
    AND NOT EXISTS (SELECT 1 FROM manifest_entries l WHERE l.container_id = m.container_id AND l.id > m.id)
    AND NOT EXISTS (SELECT 1 FROM scan_containers s WHERE s.container_id = m.container_id)
"""
_MISSING = f"""
SELECT substr(m.received_at, 1, 10), coalesce(json_extract(m.entry, '$.port_of_discharge'), ''),
    coalesce(json_extract(m.entry, '$.port_of_loading'), '?') || '-'
        || coalesce(json_extract(m.entry, '$.port_of_discharge'), '?'),
    count(*)
{_LATEST_UNSEEN} GROUP BY 1, 2, 3
"""
_WITHOUT_SCAN = f"SELECT substr(m.received_at, 1, 10), m.entry {_LATEST_UNSEEN} ORDER BY m.id DESC"

_OPENED = """
SELECT substr(i.inspected_at, 1, 10), i.place, coalesce(q.flow, ''), coalesce(q.commodity, ''),
    coalesce(i.zone, q.zone, ''), coalesce(q.priority, 0), 1, i.result = 'find'
FROM inspections i LEFT JOIN queue_rows q ON q.container_id = i.container_id
WHERE i.inspected_at >= :since AND i.inspected_at < :before
    AND NOT EXISTS (SELECT 1 FROM inspections l WHERE l.replaces = i.id)
"""

_QUALITY = """
WITH part AS (
    SELECT origin AS sha256, agreement, blind FROM boxes WHERE origin IS NOT NULL
    UNION ALL SELECT rescan, agreement, blind FROM boxes WHERE rescan IS NOT NULL
), parts AS (
    SELECT sha256, count(*) AS n, total(agreement) AS agreement, count(agreement) AS n_agreed,
        total(blind) AS blind, count(blind) AS n_seen
    FROM part GROUP BY sha256
)
SELECT s.day, s.site, s.scanner, count(*), sum(s.state = 'broken'), sum(s.state = 'conflict'),
    sum(instr(s.flags, '"checksum_mismatch"') > 0), sum(s.kind = 'display'), sum(coalesce(p.n, 0)), total(p.agreement),
    sum(coalesce(p.n_agreed, 0)), total(p.blind), sum(coalesce(p.n_seen, 0))
FROM shots s LEFT JOIN parts p ON p.sha256 = s.sha256 AND s.state = 'used'
GROUP BY 1, 2, 3
"""
_FLAGS = """
WITH part AS (
    SELECT origin AS sha256, flags FROM boxes WHERE origin IS NOT NULL AND flags != '[]'
    UNION ALL SELECT rescan, flags FROM boxes WHERE rescan IS NOT NULL AND flags != '[]'
), flagged AS (
    SELECT s.day, s.site, s.scanner, f.value AS flag FROM shots s, json_each(s.flags) f WHERE s.flags != '[]'
    UNION ALL
    SELECT s.day, s.site, s.scanner, f.value FROM part p, json_each(p.flags) f
        JOIN shots s ON s.sha256 = p.sha256 AND s.state = 'used'
)
SELECT day, site, scanner, flag, count(*) FROM flagged GROUP BY 1, 2, 3, 4
"""

_CLASSES = " ".join(f"WHEN s <= {upper} THEN {upper}" for upper in SECONDS)
_DECIDED = f"""
SELECT day, port, verdict, CASE {_CLASSES} ELSE 0 END, count(*) FROM (
    SELECT substr(d.decided_at, 1, 10) AS day, coalesce(b.port, d.place, '') AS port, d.verdict,
        (julianday(d.decided_at) - julianday(a.given_at)) * 86400 AS s
    FROM decisions d JOIN assignments a ON a.id = d.assignment_id
    LEFT JOIN boxes b ON b.container_id = d.container_id
    WHERE d.decided_at >= :since AND d.decided_at < :before AND a.kind != 'settling' AND d.replaces IS NULL
) GROUP BY 1, 2, 3, 4
"""  # noqa: S608 (numbers of this program)
