"""How looking at each container ended, kept under a digest of all that went in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from scantriage.scan.finding import Reading
from scantriage.store.encoding import from_json, to_json, utc_text
from scantriage.store.schema import readings


@dataclass(frozen=True, slots=True)
class ReadingKey:
    """What a reading was made of.

    digest: of the program's version, its model, both scans' records and the manifest's row, so that a reading is
    made again when, and only when, one of them changed.
    """

    container_id: str
    digest: str
    origin_sha256: str | None
    rescan_sha256: str | None


def put_reading(connection: Connection, key: ReadingKey, reading: Reading, *, at: datetime) -> None:
    """Keep the reading; one that is already there stays."""
    statement = insert(readings).values(
        container_id=key.container_id,
        digest=key.digest,
        origin_sha256=key.origin_sha256,
        rescan_sha256=key.rescan_sha256,
        outcome=reading.outcome,
        reading=to_json(reading),
        total_ms=sum(reading.stage_ms.values()),
        made_at=utc_text(at),
    )
    connection.execute(statement.on_conflict_do_nothing())


def find_reading(connection: Connection, key: ReadingKey) -> Reading | None:
    """The reading made of exactly this, if there is one."""
    here = (readings.c.container_id == key.container_id) & (readings.c.digest == key.digest)
    text = connection.execute(select(readings.c.reading).where(here)).scalar()
    return None if text is None else from_json(Reading, text)
