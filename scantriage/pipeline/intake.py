"""Takes one delivered scan into the workspace: new, known, broken, or under the id of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from scantriage.io.checksums import sha256_of
from scantriage.io.delivery import DeliveredScan
from scantriage.pipeline.describe import Described, decoding_trouble
from scantriage.pipeline.engines import Engine, Failure
from scantriage.scan.record import ScanRecord
from scantriage.store import events
from scantriage.store.contents import keep_file, note_content
from scantriage.store.deliveries import Problem, note_file, note_problem
from scantriage.store.scans import ScanState, StoredScan, find_scan, put_scan, set_aside, used_scan
from scantriage.store.workspace import Workspace

_MAY_COME_LATER = ("scanner_id", "energies_mev", "column_pitch_mm", "dark_level", "geometry")


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of a new scan. displaced: the undecodable one that loses its id to it, with the reason."""

    state: ScanState
    trouble: str | None = None
    displaced: StoredScan | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """One delivery, known by its path, on its way into one workspace."""

    workspace: Workspace
    delivery: str
    engine: Engine

    def take(self, scan: DeliveredScan, found: Described) -> None:
        """Keep the scan unless it is known, and note what is wrong with it.

        A scan id goes on meaning the recording that came first, unless that one cannot be decoded and this one can.
        """
        record = found.record
        if record is None:
            with self.workspace.database.writing() as connection:
                self._note(connection, scan, found, found.trouble)
            return
        with self.workspace.database.reading() as connection:
            known = find_scan(connection, sha256=record.sha256, scan_id=record.scan_id)
            rival = used_scan(connection, record.scan_id)
        if known is not None and (known.state != "broken" or found.trouble is not None):
            self._meet_again(scan, found, known, record)
        else:
            self._keep(scan, found, record, self._fate(scan, found, rival))

    def note_problem(self, connection: Connection, path: str, sentence: str, container_ids: Sequence[str] = ()) -> None:
        """Note what was wrong with a file, for each container it belongs to, or for none."""
        for container_id in container_ids or (None,):
            note_problem(connection, Problem(self.delivery, path, sentence, container_id), at=_now())

    def _fate(self, scan: DeliveredScan, found: Described, rival: StoredScan | None) -> _Fate:
        if found.trouble is not None:
            return _Fate("broken", found.trouble)
        if rival is None:
            return _Fate("used")
        rival_trouble = self._decoding_trouble(self.workspace.places.root / rival.path)
        if rival_trouble is not None and self._decoding_trouble(scan.image) is None:
            rival_trouble = rival_trouble.replace(rival.path.name, rival.delivered_as)
            return _Fate("used", displaced=replace(rival, trouble=rival_trouble))
        sentence = f"{scan.image.name} came under the id of another scan, {rival.record.scan_id}, and is not used."
        return _Fate("conflict", sentence)

    def _decoding_trouble(self, path: Path) -> str | None:
        ((_, trouble),) = self.engine.run(decoding_trouble, [path])
        return f"Decoding {path.name} {trouble.what}." if isinstance(trouble, Failure) else trouble

    def _keep(self, scan: DeliveredScan, found: Described, record: ScanRecord, fate: _Fate) -> None:
        """File first, then the database: it never names a file that is not there."""
        places = self.workspace.places
        path = self._keep_files(scan, record, fate.state)
        stored = StoredScan(record, path.relative_to(places.root), scan.image.name, fate.state, fate.trouble)
        with self.workspace.database.writing() as connection:
            if fate.displaced is not None:
                set_aside(connection, fate.displaced)
            note_content(connection, places, path, sha256=record.sha256, at=_now())
            note_file(connection, self.delivery, scan.name, sha256=record.sha256)
            put_scan(connection, stored, at=_now())
            self._note(connection, scan, found, fate.trouble)
            for event in self._events(scan, stored, fate):
                events.record(connection, event, at=_now())
        if fate.state != "broken":  # it was in quarantine if a checksum did not match, and another delivery's does
            places.quarantined(record.sha256, path.suffix).unlink(missing_ok=True)

    def _keep_files(self, scan: DeliveredScan, record: ScanRecord, state: ScanState) -> Path:
        """The image where its content is kept, and its sidecar beside it."""
        suffix = scan.image.suffix.lower()
        path = self.workspace.places.scan(record.sha256, suffix)
        if state == "broken" and not path.exists():
            path = self.workspace.places.quarantined(record.sha256, suffix)
        keep_file(scan.image, path, sha256=record.sha256)
        if scan.sidecar is not None:
            sha256 = sha256_of(scan.sidecar)
            keep_file(scan.sidecar, path.with_name(f"{path.stem}-{sha256[:12]}.json"), sha256=sha256)
        return path

    def _meet_again(self, scan: DeliveredScan, found: Described, known: StoredScan, again: ScanRecord) -> None:
        """Nothing new but, perhaps, facts that were missing before; facts that differ are not taken over."""
        missing = {name: getattr(again, name) for name in _MAY_COME_LATER if getattr(known.record, name) is None}
        merged = replace(known.record, **missing)
        compared = {field.name for field in fields(ScanRecord)} - {"flags", "rows"}
        trouble = found.trouble
        if trouble is None and any(getattr(again, name) not in (None, getattr(merged, name)) for name in compared):
            trouble = f"{scan.image.name} came with another description of scan {again.scan_id}; the first one is used."
        with self.workspace.database.writing() as connection:
            note_file(connection, self.delivery, scan.name, sha256=again.sha256)
            self._note(connection, scan, found, trouble)
            if merged != known.record:
                put_scan(connection, replace(known, record=merged), at=_now())

    def _note(self, connection: Connection, scan: DeliveredScan, found: Described, trouble: str | None) -> None:
        if trouble is not None:
            self.note_problem(connection, scan.name, trouble, found.container_ids)
        for remark in found.remarks:
            self.note_problem(connection, "scanners", remark)

    def _events(self, scan: DeliveredScan, stored: StoredScan, fate: _Fate) -> list[events.Event]:
        record = stored.record
        happened: list[events.Event] = [
            events.ScanReceived(record.scan_id, record.sha256, self.delivery, scan.name, stored.state)
        ]
        if fate.displaced is not None:
            displaced = fate.displaced
            happened.append(events.ScanSetAside(record.scan_id, displaced.record.sha256, displaced.trouble or ""))
        return happened


def _now() -> datetime:
    return datetime.now(UTC)
