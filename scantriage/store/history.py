"""One container from its first scan to what was found in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from scantriage.store.trail import trail_of


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to a container.

    kind: ``scan_received``, ``manifest_received``, ``reading_made``, or that of an entry of the trail; entry: its
    number there. who: None for the system. said: the reason or note that was written, where it is still kept.
    """

    at: str
    kind: str
    who: str | None
    facts: dict[str, Any]
    entry: int | None = None
    said: str | None = None


def history_of(connection: Connection, container_id: str) -> list[Happened]:
    """All that is known of the container, oldest first; nothing for one that never was here."""
    values = {"box": container_id}
    received = [
        Happened(at, kind, None, json.loads(facts))
        for kind, statement in _RECORDS.items()
        for at, facts in connection.execute(text(statement), values)
    ]
    written = {
        kind: {key: said for key, said in connection.execute(text(statement), values) if said}
        for kind, (_, statement) in _WRITTEN.items()
    }
    acts = [
        Happened(
            line.at, line.kind, line.who or line.actor, line.facts, line.id,
            written[line.kind].get(line.facts.get(_WRITTEN[line.kind][0])) if line.kind in written else None,
        )
        for line in trail_of(connection, container_id)
    ]  # fmt: skip
    return sorted(received + acts, key=lambda one: (one.at, one.entry or 0))


_RECORDS = {
    "scan_received": """
        SELECT s.received_at, json_object('scan', s.scan_id, 'role', s.role, 'site', s.site, 'taken', s.acquired_at,
            'state', s.state, 'file', s.delivered_as)
        FROM scan_containers c JOIN scans s ON s.sha256 = c.sha256 AND s.scan_id = c.scan_id WHERE c.container_id = :box
    """,
    "manifest_received": """
        SELECT received_at, json_object('delivery', delivery, 'goods', json_extract(entry, '$.goods'),
            'from', json_extract(entry, '$.port_of_loading'), 'to', json_extract(entry, '$.port_of_discharge'))
        FROM manifest_entries WHERE container_id = :box
    """,
    "reading_made": """
        SELECT made_at, json_object('outcome', outcome, 'reason', json_extract(reading, '$.reason'),
            'findings', json_array_length(reading, '$.findings'), 'digest', digest)
        FROM readings WHERE container_id = :box
    """,
}
# by kind of entry: the fact that names the record, and what was written there
_WRITTEN = {
    "decision_made": ("decision", "SELECT id, reason FROM decisions WHERE container_id = :box"),
    "outcome_entered": ("inspection", "SELECT id, note FROM inspections WHERE container_id = :box"),
    "assignment_skipped": ("assignment", "SELECT id, skip_reason FROM assignments WHERE container_id = :box"),
    "annotation_made": ("annotation", "SELECT id, text FROM annotations WHERE container_id = :box"),
}
