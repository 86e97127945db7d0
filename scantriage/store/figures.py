"""Live figures of the work: what waits and for how long, what was decided today, how each analyst sees.

All of it is answered from small tables and indexes, while a page waits; what is counted over months is kept in the
monitoring report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, text

from scantriage.store.encoding import utc_text

# days since the latest scan, upper ends of the classes of the queue's age
AGES = (1, 2, 3, 7, 14, 30)
# of projected loads, upper ends of the classes: half a bag and less, up to three bags, more
MASSES_KG = (20.0, 60.0)


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand.

    states: containers in each state of the queue. decided_today: decisions since midnight UTC. ages: containers not
    decided yet, by the class of `AGES` in which the days since their latest scan lie, the last for all that are older;
    those without a day of a scan are not counted. oldest_days: of the oldest, None where nothing waits.
    """

    states: dict[str, int]
    decided_today: int
    ages: tuple[int, ...]
    oldest_days: int | None


@dataclass(frozen=True, slots=True)
class Detection:
    """What an analyst saw of the loads of a class of mass that were projected into a zone.

    up_to_kg: upper end of the class, of `MASSES_KG`; None for all that are heavier.
    """

    analyst: str
    zone: str
    up_to_kg: float | None
    n_shown: int
    n_found: int


@dataclass(frozen=True, slots=True)
class Referring:
    """What came of an analyst's referrals: n_opened were opened, n_nothing of these in vain."""

    analyst: str
    n_decided: int
    n_referred: int
    n_opened: int
    n_nothing: int


def now(connection: Connection, *, ports: Sequence[str], at: datetime) -> Now:
    """How the queue stands; ports: UN/LOCODEs that act, empty for all and for what no port acts on."""
    chosen = "AND place IN :ports" if ports else ""
    counted = text(f"SELECT state, sum(n) FROM queue_counts WHERE n > 0 {chosen} GROUP BY 1")  # noqa: S608
    states = {state: int(n) for state, n in connection.execute(*_with_ports(counted, ports))}
    waiting = text(f"""
        SELECT substr(acquired_at, 1, 10), count(*) FROM queue_rows
        WHERE state IN ('waiting', 'open', 'second', 'second_open', 'disagreement') {chosen} GROUP BY 1
    """)  # noqa: S608
    ages, oldest = [0] * (len(AGES) + 1), None
    for day, n in connection.execute(*_with_ports(waiting, ports)):
        if day is not None:
            age = max(0, (at.date() - date.fromisoformat(day)).days)
            ages[next((i for i, upper in enumerate(AGES) if age < upper), len(AGES))] += n
            oldest = max(age, oldest or 0)
    return Now(states, _decided_today(connection, ports, at), tuple(ages), oldest)


def detections(connection: Connection, *, since: date, until: date) -> list[Detection]:
    """What each analyst saw of projected loads in these days, both included, by zone and class of mass."""
    classes = " ".join(f"WHEN t.mass_kg <= {upper} THEN {upper}" for upper in MASSES_KG)
    wanted = text(f"""
        SELECT a.display_name, t.zone, CASE {classes} END AS up_to_kg, count(*), sum(v.found)
        FROM tip_verdicts v JOIN tips t ON t.id = v.tip_id JOIN accounts a ON a.id = v.account_id
        WHERE v.decided_at >= :since AND v.decided_at < :before
        GROUP BY v.account_id, t.zone, up_to_kg ORDER BY 1, 2, up_to_kg IS NULL, up_to_kg
    """)  # noqa: S608 (numbers of this program)
    return [Detection(*row) for row in connection.execute(wanted, _bounds(since, until))]


def referring(connection: Connection, *, since: date, until: date) -> list[Referring]:
    """What came of each analyst's decisions in these days, both included; decisions that were undone do not count."""
    wanted = text("""
        SELECT a.display_name, s.n, s.n_referred, coalesce(o.n, 0), coalesce(o.n_nothing, 0)
        FROM (
            SELECT account_id, count(*) AS n, sum(verdict = 'refer') AS n_referred FROM decisions
            WHERE decided_at >= :since AND decided_at < :before
                AND id NOT IN (SELECT replaces FROM decisions WHERE replaces IS NOT NULL)
            GROUP BY account_id
        ) s JOIN accounts a ON a.id = s.account_id
        LEFT JOIN (
            SELECT d.account_id, count(*) AS n, sum(i.result = 'nothing') AS n_nothing
            FROM inspections i CROSS JOIN decisions d ON d.container_id = i.container_id
            WHERE i.inspected_at >= :since AND d.decided_at >= :since AND d.decided_at < :before AND d.verdict = 'refer'
                AND i.id NOT IN (SELECT replaces FROM inspections WHERE replaces IS NOT NULL)
                AND d.id NOT IN (SELECT replaces FROM decisions WHERE replaces IS NOT NULL)
            GROUP BY d.account_id
        ) o ON o.account_id = s.account_id
        ORDER BY 1
    """)
    return [Referring(*row) for row in connection.execute(wanted, _bounds(since, until))]


def _decided_today(connection: Connection, ports: Sequence[str], at: datetime) -> int:
    chosen = "JOIN queue_rows q ON q.container_id = d.container_id AND q.place IN :ports" if ports else ""
    wanted = text(f"SELECT count(*) FROM decisions d {chosen} WHERE d.decided_at >= :today")  # noqa: S608
    statement, values = _with_ports(wanted, ports)
    today = utc_text(at.replace(hour=0, minute=0, second=0, microsecond=0))
    return int(connection.execute(statement, values | {"today": today}).scalar_one())


def _with_ports(statement: Any, ports: Sequence[str]) -> tuple[Any, dict[str, object]]:
    if not ports:
        return statement, {}
    return statement.bindparams(bindparam("ports", expanding=True)), {"ports": list(ports)}


def _bounds(since: date, until: date) -> dict[str, str]:
    return {"since": since.isoformat(), "before": (until + timedelta(days=1)).isoformat()}
