"""The log of what happened in a workspace: appended to, never changed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from scantriage.scan.finding import OutcomeName
from scantriage.store.encoding import utc_text
from scantriage.store.scans import ScanState
from scantriage.store.schema import events


@dataclass(frozen=True, slots=True)
class ScanReceived:
    """A scan came in that was not known, or was known as broken; state says whether it is used."""

    scan_id: str
    sha256: str
    delivery: str
    path: str
    state: ScanState


@dataclass(frozen=True, slots=True)
class ScanSetAside:
    """A scan that was used cannot be decoded, and another recording took its id."""

    scan_id: str
    sha256: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ManifestReceived:
    """A manifest brought rows that were not known."""

    delivery: str
    path: str
    n_new: int


@dataclass(frozen=True, slots=True)
class ReadingMade:
    """A container was read."""

    container_id: str
    digest: str
    outcome: OutcomeName


@dataclass(frozen=True, slots=True)
class ReadingFailed:
    """A container could not be read, and the fault is ours."""

    container_id: str
    sentence: str


Event = ScanReceived | ScanSetAside | ManifestReceived | ReadingMade | ReadingFailed


@dataclass(frozen=True, slots=True)
class Logged:
    """One line of the log: when, what (the event's name), and its facts."""

    at: str
    kind: str
    facts: dict[str, object]


def record(connection: Connection, event: Event, *, at: datetime) -> None:
    """Append the event."""
    facts = json.dumps(asdict(event), sort_keys=True)
    connection.execute(insert(events).values(at=utc_text(at), kind=type(event).__name__, facts=facts))


def all_events(connection: Connection) -> list[Logged]:
    """The whole log, oldest first."""
    rows = connection.execute(select(events.c.at, events.c.kind, events.c.facts).order_by(events.c.id))
    return [Logged(at, kind, json.loads(facts)) for at, kind, facts in rows]
