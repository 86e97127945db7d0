"""The queue: the ranking as the last run left it, and how the work on each container stands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypeVar, get_args

from sqlalchemy import ColumnElement, Connection, Select, case, delete, exists, func, or_, select, tuple_
from sqlalchemy.dialects.sqlite import insert as upsert

from scantriage.store.encoding import utc_text
from scantriage.store.workbench_schema import decisions, queue_counts, queue_rows

QueueState = Literal[
    "waiting", "open", "second", "second_open", "disagreement", "referred", "released", "not_comparable"
]
STATES: tuple[QueueState, ...] = get_args(QueueState)
FACETS = ("state", "place", "outcome", "zone", "flow")
_COLUMNS = queue_rows.c
_PART = 1000  # rows of one statement: SQLite takes 32,766 values
T = TypeVar("T")


@dataclass(frozen=True)
class QueueRow:
    """One container of the queue; the columns of `queue_rows`, times as RFC 3339 text in UTC.

    place: the port that acts. zone, why: of the strongest finding. due_at: when it sails or arrives. flow: port of
    loading-port of discharge. commodity: two digits of the HS code. row: JSON, its line of ranking.jsonl. manifest:
    JSON or None. drawn_for: the analyst drawn for the second look.
    """

    container_id: str
    reading_digest: str
    rank: int
    priority: float
    outcome: str
    action: str
    place: str | None
    zone: str | None
    why: str
    vessel: str | None
    due_at: str | None
    flow: str | None
    commodity: str | None
    acquired_at: str | None
    row: str
    manifest: str | None
    ranked_at: str
    state: QueueState = "waiting"
    state_at: str | None = None
    drawn_for: int | None = None
    drawn_at: str | None = None

    @cached_property
    def line(self) -> dict[str, Any]:
        """Its line of ranking.jsonl, decoded."""
        line: dict[str, Any] = json.loads(self.row)
        return line


_RANKED = [one.name for one in fields(QueueRow) if one.name not in ("state", "state_at", "drawn_for", "drawn_at")]


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What of the queue is asked for; None: all. An empty text asks for the rows that have no such value.

    scanned_since, scanned_before: moments between which the latest scan was made; the second is left out.
    """

    place: str | None = None
    flow: str | None = None
    outcome: str | None = None
    zone: str | None = None
    state: str | None = None
    scanned_since: datetime | None = None
    scanned_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of rows, and where the next begins: hand `next_after` back as ``after``; None at the end."""

    rows: tuple[QueueRow, ...]
    next_after: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many rows there are of each value of each facet, under all the other filters; total under all of them."""

    total: int
    by: dict[str, dict[str, int]] = field(default_factory=dict)


def replace_queue(connection: Connection, rows: Sequence[QueueRow], at: datetime) -> None:
    """Put a new ranking in the place of the last one.

    How the work stands is kept where the reading is the same, and begins anew where it is another. Containers that
    are not ranked any more go, unless somebody has them open or decided on them: those move behind all others.
    """
    for some in _in_parts(rows):
        connection.execute(_put(at), [{name: getattr(row, name) for name in _RANKED} for row in some])
    ranked = {row.container_id for row in rows}
    known = connection.execute(select(_COLUMNS.container_id)).scalars()
    undecided = ~exists().where(decisions.c.container_id == _COLUMNS.container_id)
    for some in _in_parts([name for name in known if name not in ranked]):
        gone = _COLUMNS.container_id.in_(some)
        connection.execute(delete(queue_rows).where(gone, _COLUMNS.state == "waiting", undecided))
        connection.execute(queue_rows.update().where(gone).values(rank=len(rows) + 1))


def page_of_queue(
    connection: Connection, wanted: QueueFilter, *, after: tuple[int, str] | None = None, limit: int = 50
) -> QueuePage:
    """The rows behind ``after``, most urgent first."""
    chosen = select(queue_rows.c.container_id).where(*_conditions(replace(wanted, state=None)))
    if wanted.state is not None:
        # as an expression, so that SQLite does not take the index of states and read each long row for zone and port:
        # 12 ms instead of 420 for the few of a zone and port among 100,000 that wait
        chosen = chosen.where(_COLUMNS.state.concat("") == wanted.state)
    if after is not None:
        chosen = chosen.where(tuple_(_COLUMNS.rank, _COLUMNS.container_id) > tuple_(*after))
    chosen = chosen.order_by(_COLUMNS.rank, _COLUMNS.container_id).limit(limit + 1)
    # the numbers first, from an index that holds all that is filtered by; the long rows of this page alone are read
    names = list(connection.execute(chosen).scalars())
    found = select(queue_rows).where(_COLUMNS.container_id.in_(names[:limit]))
    rows = tuple(_row(one) for one in connection.execute(found.order_by(_COLUMNS.rank, _COLUMNS.container_id)))
    return QueuePage(rows, (rows[-1].rank, rows[-1].container_id) if len(names) > limit else None)


def counts_of_queue(connection: Connection, wanted: QueueFilter) -> QueueCounts:
    """How many rows each choice of a filter would give."""
    cells = connection.execute(_cells(wanted))
    by: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    asked = [(place, getattr(wanted, name)) for place, name in enumerate(FACETS) if getattr(wanted, name) is not None]
    total = 0
    for *values, n in cells:
        misses = [place for place, value in asked if values[place] != value]
        if not misses:
            total += n
        for place, name in enumerate(FACETS):
            if not misses or misses == [place]:
                by[name][values[place]] += n
    return QueueCounts(total, {name: dict(counted) for name, counted in by.items()})


def row_of(connection: Connection, container_id: str) -> QueueRow | None:
    """The container's row, if it is in the queue."""
    found = connection.execute(select(queue_rows).where(_COLUMNS.container_id == container_id)).first()
    return None if found is None else _row(found)


def set_state(
    connection: Connection, container_id: str, reading_digest: str, state: QueueState, *, at: datetime
) -> bool:
    """Write down how the work stands; False where the container has another reading by now, or left the queue."""
    here = (_COLUMNS.container_id == container_id) & (_COLUMNS.reading_digest == reading_digest)
    changed = {"state": state, "state_at": utc_text(at), "drawn_for": None, "drawn_at": None}
    return connection.execute(queue_rows.update().where(here).values(changed)).rowcount == 1


def _conditions(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    chosen = [(_COLUMNS[name], getattr(wanted, name)) for name in FACETS]
    conditions = [
        or_(column == value, column.is_(None)) if value == "" else column == value
        for column, value in chosen
        if value is not None
    ]
    return conditions + _scanned(wanted)


def _scanned(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    since, before = wanted.scanned_since, wanted.scanned_before
    return [
        *([_COLUMNS.acquired_at >= utc_text(since)] if since else []),
        *([_COLUMNS.acquired_at < utc_text(before)] if before else []),
    ]


def _cells(wanted: QueueFilter) -> Select[Any]:
    """How many rows there are of each combination: as counted beforehand, unless an age is asked for."""
    scanned = _scanned(wanted)
    if not scanned:
        return select(*(queue_counts.c[name] for name in FACETS), queue_counts.c.n).where(queue_counts.c.n > 0)
    facets = [func.coalesce(_COLUMNS[name], "") for name in FACETS]
    return select(*facets, func.count()).where(*scanned).group_by(*(_COLUMNS[name] for name in FACETS))


def _in_parts(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), _PART):
        yield things[start : start + _PART]


def _row(found: Any) -> QueueRow:
    return QueueRow(**found._mapping)


def _put(at: datetime) -> Any:
    statement = upsert(queue_rows)
    new = statement.excluded
    same = _COLUMNS.reading_digest == new.reading_digest
    ranked: dict[str, Any] = {name: new[name] for name in _RANKED if name != "container_id"}
    kept = {
        "state": case((same, _COLUMNS.state), else_="waiting"),
        "state_at": case((same, _COLUMNS.state_at), else_=utc_text(at)),
        "drawn_for": case((same, _COLUMNS.drawn_for)),
        "drawn_at": case((same, _COLUMNS.drawn_at)),
    }
    return statement.on_conflict_do_update(index_elements=["container_id"], set_=ranked | kept)
