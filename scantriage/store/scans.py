"""The scans the workspace knows: a content under a scan id, and whether it is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.dialects.sqlite import insert

from scantriage.scan.record import Role, ScanRecord
from scantriage.store.encoding import from_json, to_json, utc_text
from scantriage.store.schema import contents, readings, scan_containers, scans

ScanState = Literal["used", "conflict", "broken"]


@dataclass(frozen=True, slots=True)
class StoredScan:
    """One scan of the workspace.

    path: of the kept file, below the workspace. delivered_as: the name it came with. state ``used``: the
    recording that its scan id means; ``conflict``: other content that came under the same id; ``broken``: not to
    be used, ``trouble`` is the sentence that says why.
    """

    record: ScanRecord
    path: Path
    delivered_as: str
    state: ScanState
    trouble: str | None = None


def put_scan(connection: Connection, scan: StoredScan, *, at: datetime) -> None:
    """Write the scan down; one that is known by content and id gets the new state."""
    record = scan.record
    key = {"sha256": record.sha256, "scan_id": record.scan_id}
    state = {"state": scan.state, "trouble": scan.trouble, "record": to_json(record), "delivered_as": scan.delivered_as}
    statement = insert(scans).values(
        **key,
        **state,
        role=record.role,
        site=record.site,
        acquired_at=utc_text(record.acquired_at),
        kind=record.kind,
        received_at=utc_text(at),
    )
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=state))
    rows = [{**key, "container_id": container_id} for container_id in record.container_ids]
    connection.execute(insert(scan_containers).values(rows).on_conflict_do_nothing())


def set_aside(connection: Connection, scan: StoredScan) -> None:
    """From now on the scan is broken, by its trouble, and its id free for another recording."""
    here = (scans.c.sha256 == scan.record.sha256) & (scans.c.scan_id == scan.record.scan_id)
    connection.execute(update(scans).where(here).values(state="broken", trouble=scan.trouble))


def find_scan(connection: Connection, *, sha256: str, scan_id: str) -> StoredScan | None:
    """The scan with this content under this id, if it is known."""
    return _first(connection, _select().where(scans.c.sha256 == sha256, scans.c.scan_id == scan_id))


def used_scan(connection: Connection, scan_id: str) -> StoredScan | None:
    """The recording that this scan id means, if there is one."""
    return _first(connection, _select().where(scans.c.scan_id == scan_id, scans.c.state == "used"))


def all_scans(connection: Connection) -> list[StoredScan]:
    """Every scan of the workspace, in the order of their ids."""
    rows = connection.execute(_select().order_by(scans.c.scan_id, scans.c.sha256))
    return [_stored(*row) for row in rows]


def scans_read(connection: Connection, container_id: str, reading_digest: str) -> dict[Role, StoredScan]:
    """The scans that a reading of a container was made of."""
    here = (readings.c.container_id == container_id) & (readings.c.digest == reading_digest)
    content = select(readings.c.origin_sha256).where(here).union(select(readings.c.rescan_sha256).where(here))
    shown = select(scan_containers.c.scan_id).where(scan_containers.c.container_id == container_id)
    found = connection.execute(_select().where(scans.c.sha256.in_(content), scans.c.scan_id.in_(shown)))
    stored = sorted((_stored(*row) for row in found), key=lambda scan: scan.state == "used")
    return {scan.record.role: scan for scan in stored}  # of several descriptions of one content, the used one


def by_container(stored: Iterable[StoredScan]) -> dict[str, list[StoredScan]]:
    """The scans of each container; a scan that shows two containers stands under both."""
    sorted_out: dict[str, list[StoredScan]] = {}
    for scan in stored:
        for container_id in scan.record.container_ids:
            sorted_out.setdefault(container_id, []).append(scan)
    return sorted_out


def _select() -> Select[Any]:
    columns = (scans.c.record, contents.c.path, scans.c.delivered_as, scans.c.state, scans.c.trouble)
    return select(*columns).join(contents, scans.c.sha256 == contents.c.sha256)


def _first(connection: Connection, statement: Select[Any]) -> StoredScan | None:
    row = connection.execute(statement).first()
    return None if row is None else _stored(*row)


def _stored(record: str, path: str, delivered_as: str, state: ScanState, trouble: str | None) -> StoredScan:
    return StoredScan(from_json(ScanRecord, record), Path(path), delivered_as, state, trouble)
