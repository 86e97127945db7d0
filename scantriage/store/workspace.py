"""A workspace: opened by one writing run at a time."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from scantriage.errors import WorkspaceError
from scantriage.store.database import Database
from scantriage.store.places import Places


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open workspace; use it as a context manager, so that it is closed and the next run may begin."""

    places: Places
    database: Database
    _lock: IO[bytes]

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open the workspace for writing, made if it does not exist.

        Raises WorkspaceError when it cannot be written, another run is writing it, or it is of a newer version.
        """
        places = Places(root.resolve())
        try:
            root.mkdir(parents=True, exist_ok=True)
            lock = places.lock.open("ab")
        except OSError as error:
            raise WorkspaceError(f"The workspace {root} cannot be written: {error.strerror}.") from error
        try:
            # let go by the system when the process ends, however it ends
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(places, Database(places.database), lock)
        except BlockingIOError as error:
            lock.close()
            raise WorkspaceError(f"Another run is working on {root}; wait until it is done.") from error
        except WorkspaceError:
            lock.close()
            raise

    def __enter__(self) -> Self:
        """The workspace itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the database and let the next run in."""
        self.database.close()
        self._lock.close()
