"""What the trail says was decided and found, held against the records: they are written together and must agree.

Somebody with the database in hand need not touch the trail to turn a referral into a release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, select

from scantriage.store.audit import stands_for
from scantriage.store.workbench_schema import audit_entries, decisions, inspections, tip_verdicts

# kind of entry: the record's name, its table, what the fact that names it is called, and its key there;
# columns that both hold; the text of which the entry holds a digest
_RECORDS: dict[str, tuple[str, Table, str, str, tuple[str, ...], str | None]] = {
    "decision_made": (
        "decision", decisions, "decision", "id", ("verdict", "action", "place", "replaces", "reading_digest"), "reason",
    ),
    "outcome_entered": (
        "inspection", inspections, "inspection", "id",
        ("result", "kind", "mass_kg", "zone", "place", "inspected_at", "replaces"), "note",
    ),
    "projection_judged": (
        "verdict on a projected load", tip_verdicts, "assignment", "assignment_id", ("tip_id", "verdict"), None,
    ),
}  # fmt: skip


def differing_records(connection: Connection) -> list[str]:
    """A sentence for each decision, inspection or verdict that is not what the trail says, or that it does not know."""
    return [sentence for kind in _RECORDS for sentence in _differing(connection, kind)]


def _differing(connection: Connection, kind: str) -> Iterator[str]:
    name, table, fact, key, columns, text = _RECORDS[kind]
    records = {row[key]: row for row in connection.execute(select(table)).mappings()}
    made = connection.execute(select(audit_entries).where(audit_entries.c.kind == kind).order_by(audit_entries.c.id))
    for entry in made.mappings().all():
        facts = json.loads(entry["facts"])
        record = records.pop(facts[fact], None)
        if record is None:
            yield f"The {name} {facts[fact]} of entry {entry['id']} is missing."
            continue
        told = facts | {"tip_id": facts.get("tip"), "actor": entry["actor"], "container_id": entry["container_id"]}
        wrong = [column for column in columns if record[column] != told[column]]
        wrong += _wrong_signature(record, table, told)
        if text and record[text] and stands_for(connection, entry["id"], text, record[text]) is False:
            wrong.append(text)
        if wrong:
            yield f"The {name} {facts[fact]} is not what entry {entry['id']} says: {', '.join(wrong)}."
    yield from (f"The {name} {left} is not in the trail." for left in records)


def _wrong_signature(record: Any, table: Table, told: dict[str, Any]) -> list[str]:
    """Who and which container; a verdict on a projected load names no container of its own."""
    account = record["entered_by"] if table is inspections else record["account_id"]
    wrong = [] if told["actor"] == f"account:{account}" else ["account"]
    if "container_id" in table.c and record["container_id"] != told["container_id"]:
        wrong.append("container_id")
    return wrong
