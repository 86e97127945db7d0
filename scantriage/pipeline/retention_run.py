"""Deleting what was kept long enough; for an operator's daily timer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from scantriage.errors import WorkspaceError
from scantriage.store import preferences
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.retention import delete_expired, unlink


def delete_what_is_due(root: Path, *, now: datetime | None = None) -> Mapping[str, int]:
    """Delete from the workspace what is older than its supervisor's settings; how many pieces of each kind.

    A workbench may serve meanwhile. WorkspaceError where there is no workspace.
    """
    places = Places(root.resolve())
    if not places.database.is_file():
        raise WorkspaceError(f"{root} is not a workspace.")
    database = Database(places.database)
    try:
        with database.writing() as connection:
            days = preferences.load(connection).retention_days
            deleted = delete_expired(connection, places, days, at=now or datetime.now(UTC))
        unlink(deleted.files, places)
    finally:
        database.close()
    return deleted.counts
