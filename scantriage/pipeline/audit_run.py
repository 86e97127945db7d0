"""Check the trail of a workspace: the chain, its signed checkpoints, and the records that it tells of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from scantriage.errors import WorkspaceError
from scantriage.settings import Settings, load_settings
from scantriage.store import audit
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.seals import Sealer, read_public_key, read_witness, verify
from scantriage.store.trail_against_records import differing_records
from scantriage.store.workbench_schema import audit_checkpoints, audit_entries


@dataclass(frozen=True, slots=True)
class TrailReport:
    """What the check found; faults: one sentence each, none where the trail is whole."""

    n_entries: int
    n_checkpoints: int
    faults: tuple[str, ...]


def sealer_of(places: Places, settings: Settings, database: Database) -> Sealer:
    """What seals the trail of this workspace."""
    return Sealer(database, settings.audit.key or places.audit_key, _witness(places, settings))


def verify_trail(root: Path, *, checkpoints: Path | None = None) -> TrailReport:
    """Check the trail of the workspace at ``root``, which may be in use; that it was checked is an entry of its own.

    checkpoints: a copy of the checkpoint file that was kept elsewhere, in the place of the workspace's own. Raises
    WorkspaceError where there is no workspace, or no checkpoints where they should be.
    """
    places = Places(root.resolve())
    if not places.database.exists():
        raise WorkspaceError(f"There is no workspace {root}.")
    settings = load_settings(places.settings)
    if checkpoints is not None and not checkpoints.exists():
        raise WorkspaceError(f"There is no file {checkpoints}.")
    witnessed, faults = read_witness(checkpoints or _witness(places, settings))
    database = Database(places.database)
    try:
        with database.reading() as connection:
            n_entries, n_kept = (
                int(connection.execute(select(func.count()).select_from(table)).scalar_one())
                for table in (audit_entries, audit_checkpoints)
            )
            public_key = read_public_key(settings.audit.key or places.audit_key) if n_kept or witnessed else None
            faults += verify(connection, public_key=public_key, witnessed=witnessed)
            faults += differing_records(connection)
        with database.writing() as connection:
            facts = {"entries": n_entries, "faults": len(faults)}
            audit.append(connection, actor=audit.SYSTEM, kind="trail_verified", at=datetime.now(UTC), facts=facts)
    finally:
        database.close()
    return TrailReport(n_entries, n_kept, tuple(faults))


def _witness(places: Places, settings: Settings) -> Path:
    return settings.audit.checkpoints or places.audit_checkpoints
