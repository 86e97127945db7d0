"""Reading the trail: a page of it under filters, however long it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

# entries are numbered as they are written, a moment after their time was taken: so many may lie across a midnight
_ASTRAY = 1000


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What of the trail is asked for; None: all. first, last: days in UTC, both included."""

    actor: str | None = None
    kind: str | None = None
    container_id: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One entry. who: the display name behind the actor, None for the system, for nobody and for who was forgotten."""

    id: int
    at: str
    actor: str
    who: str | None
    kind: str
    container_id: str | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chain:
    """State of the chain: the newest entry's number, and the newest signed checkpoint and check with their moments.

    faults: what the last check found, None where there was none.
    """

    n_entries: int
    n_checkpoints: int
    sealed_entry: int | None
    sealed_at: str | None
    verified_at: str | None
    faults: int | None


def trail_page(
    connection: Connection, wanted: TrailFilter, *, before: int | None, limit: int
) -> tuple[list[TrailLine], int | None]:
    """The newest entries with a number below ``before``, and the ``before`` of the next page; None at the end."""
    conditions, values = _conditions(connection, wanted)
    if before is not None:
        conditions.append("e.id < :under")
        values["under"] = before
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    found = text(f"{_LINES} {where} ORDER BY e.id DESC LIMIT :n")
    lines = [_line(*row) for row in connection.execute(found, values | {"n": limit + 1})]
    return lines[:limit], lines[limit - 1].id if len(lines) > limit else None


def trail_of(connection: Connection, container_id: str) -> Iterator[TrailLine]:
    """Everything that the trail knows of a container, oldest first."""
    found = text(f"{_LINES} WHERE e.container_id = :box ORDER BY e.id")
    return (_line(*row) for row in connection.execute(found, {"box": container_id}))


def kinds(connection: Connection) -> list[str]:
    """Every kind of entry there is: one step in the index for each, not one for each entry."""
    found = text("""
        WITH RECURSIVE k(kind) AS (
            SELECT min(kind) FROM audit_entries
            UNION ALL SELECT (SELECT min(kind) FROM audit_entries WHERE kind > k.kind) FROM k WHERE kind IS NOT NULL
        ) SELECT kind FROM k WHERE kind IS NOT NULL
    """)
    return list(connection.execute(found).scalars())


def actors(connection: Connection) -> list[tuple[str, str]]:
    """Whoever may stand in the trail: the actor's name there, and what to call them."""
    people = connection.execute(text("SELECT id, display_name, name FROM accounts ORDER BY display_name, id"))
    tokens = connection.execute(text("SELECT id, name FROM api_tokens ORDER BY name, id"))
    return [
        *((f"account:{number}", f"{shown} ({name})") for number, shown, name in people),
        *((f"token:{number}", f"API: {name}") for number, name in tokens),
    ]


def chain(connection: Connection) -> Chain:
    """How the chain stands."""
    n_entries = connection.execute(text("SELECT coalesce(max(id), 0) FROM audit_entries")).scalar_one()
    n_sealed = connection.execute(text("SELECT count(*) FROM audit_checkpoints")).scalar_one()
    sealed = connection.execute(
        text("SELECT entry_id, at FROM audit_checkpoints ORDER BY entry_id DESC LIMIT 1")
    ).first()
    checked = connection.execute(
        text("SELECT at, facts FROM audit_entries WHERE kind = 'trail_verified' ORDER BY id DESC LIMIT 1")
    ).first()
    return Chain(
        n_entries, n_sealed, sealed[0] if sealed else None, sealed[1] if sealed else None,
        checked[0] if checked else None, json.loads(checked[1]).get("faults") if checked else None,
    )  # fmt: skip


def _conditions(connection: Connection, wanted: TrailFilter) -> tuple[list[str], dict[str, Any]]:
    values: dict[str, Any] = {
        name: value
        for name in ("actor", "kind", "container_id")
        if (value := getattr(wanted, name)) is not None
    }  # fmt: skip
    conditions = [f"e.{name} = :{name}" for name in values]
    # a period bounds the numbers, so that pages go on along the key; the plus keeps the index of times out of it
    if wanted.first is not None:
        values["since"] = wanted.first.isoformat()
        conditions += ["e.id >= :lowest", "+e.at >= :since"]
        values["lowest"] = _first_since(connection, wanted.first) - _ASTRAY
    if wanted.last is not None and wanted.last < date.max:
        values["until"] = (wanted.last + timedelta(days=1)).isoformat()
        conditions += ["e.id <= :highest", "+e.at < :until"]
        values["highest"] = _first_since(connection, wanted.last + timedelta(days=1)) + _ASTRAY
    return conditions, values


def _first_since(connection: Connection, day: date) -> int:
    """The number of the first entry of this day or later; behind the last entry where there is none."""
    found = connection.execute(
        text("SELECT id FROM audit_entries WHERE at >= :day ORDER BY at LIMIT 1"), {"day": day.isoformat()}
    ).scalar()
    if found is None:
        found = connection.execute(text("SELECT coalesce(max(id), 0) + 1 FROM audit_entries")).scalar_one()
    return int(found)


def _line(
    number: int, at: str, actor: str, kind: str, container_id: str | None, facts: str, who: str | None
) -> TrailLine:
    return TrailLine(number, at, actor, who or None, kind, container_id, json.loads(facts))


_LINES = """
SELECT e.id, e.at, e.actor, e.kind, e.container_id, e.facts,
    CASE WHEN e.actor LIKE 'account:%' THEN
        (SELECT a.display_name FROM accounts a WHERE a.id = CAST(substr(e.actor, 9) AS INTEGER))
    WHEN e.actor LIKE 'token:%' THEN
        (SELECT 'API: ' || t.name FROM api_tokens t WHERE t.id = CAST(substr(e.actor, 7) AS INTEGER)) END
FROM audit_entries e
"""
