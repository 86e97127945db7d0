"""Opening, migrating, reading and writing the embedded database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from scantriage.errors import WorkspaceError

# as many as the workbench has threads: opening one takes four times as long as a short query (0.4 against 0.09 ms)
_CONNECTIONS = 40
_BUSY_TIMEOUT_MS = 30_000  # a reader or a backup may hold the file for seconds, never for minutes


class Database:
    """The SQLite database of a workspace: many readers, one writer at a time, durable at each commit."""

    def __init__(self, path: Path) -> None:
        """Open the database, made if it does not exist, and bring it to this program's version.

        Raises WorkspaceError when the file is not a database of ours, or one of a newer version.
        """
        self.path = path
        with suppress(OSError):  # opening it says what is wrong
            path.touch(mode=0o600)  # it holds secrets of people, which other users of the machine must not read
        self._engine = _engine(path)
        try:
            with _as_workspace_error(path):
                _migrate(self._engine, path)
        except WorkspaceError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database."""
        with _as_workspace_error(self.path), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or nothing."""
        with _as_workspace_error(self.path), self._engine.execution_options(writes=True).begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", pool_size=_CONNECTIONS)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say so, below
        for pragma in (
            f"busy_timeout={_BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a transaction that reads first and writes later cannot wait for the lock, so writers take it at once
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _migrate(engine: Engine, path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", "scantriage.store:migrations")
    script = ScriptDirectory.from_config(config)
    with engine.execution_options(writes=True).begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise WorkspaceError(f"{path} was made by a newer version of scantriage.", revision=current)
        if current != script.get_current_head():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


@contextmanager
def _as_workspace_error(path: Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        what = str(error.orig)
        sentence = f"The disk is full: {path}." if "full" in what else f"The database {path} cannot be used: {what}."
        raise WorkspaceError(sentence) from error
