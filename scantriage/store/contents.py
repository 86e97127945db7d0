"""Files kept by what is in them: a file appears whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from scantriage.errors import WorkspaceError
from scantriage.store.encoding import utc_text
from scantriage.store.places import Places
from scantriage.store.schema import contents


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep_file(source: Path, target: Path, *, sha256: str) -> None:
    """Copy the file to where it is kept; a copy that is already there is left alone.

    Raises WorkspaceError when the copy does not have the content it should have.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # a fixed name: what an interrupted run left behind is overwritten by the next
    part = target.with_name(f"{target.name}.part")
    try:
        shutil.copyfile(source, part)
        _flush(part)
        if sha256_of(part) != sha256:
            raise WorkspaceError(f"{source.name} changed while it was copied into the workspace.", sha256=sha256)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    _flush(target.parent)


def note_content(connection: Connection, places: Places, path: Path, *, sha256: str, at: datetime) -> None:
    """Write down where the content lies; the latest place counts."""
    row = {"path": str(path.relative_to(places.root)), "n_bytes": path.stat().st_size}
    statement = insert(contents).values(sha256=sha256, kept_at=utc_text(at), **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["sha256"], set_=row))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
