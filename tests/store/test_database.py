import sqlite3
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from scantriage.errors import WorkspaceError
from scantriage.store import deliveries
from scantriage.store.database import Database
from scantriage.store.schema import metadata

NOW = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "scantriage.db")
    yield opened
    opened.close()


def test_a_migrated_database_has_the_form_the_program_declares(database):
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_indexes_hold_under_the_conditions_that_the_program_declares(database, tmp_path):
    declared = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")  # what alembic compares leaves conditions out
    metadata.create_all(declared)
    wanted = "SELECT name, replace(sql, '\n', ' ') FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    with database.reading() as migrated, declared.connect() as fresh:
        assert set(migrated.exec_driver_sql(wanted)) == set(fresh.exec_driver_sql(wanted))
    declared.dispose()


def test_a_database_is_durable_and_lets_readers_in_while_somebody_writes(database):
    with database.writing() as writer:
        assert writer.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert writer.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert writer.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        deliveries.note_delivery(writer, "/somewhere", at=NOW)
        deliveries.note_problem(writer, deliveries.Problem("/somewhere", "a.tif", "Broken."), at=NOW)
        with database.reading() as reader:
            assert deliveries.all_problems(reader) == []
    with database.reading() as reader:
        assert len(deliveries.all_problems(reader)) == 1


def test_a_transaction_that_fails_leaves_nothing_behind(database):
    unfinished = database.writing()
    deliveries.note_delivery(unfinished.__enter__(), "/somewhere", at=NOW)
    assert not unfinished.__exit__(RuntimeError, RuntimeError(), None)
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM deliveries").scalar() == 0


def test_opening_twice_keeps_what_is_there(tmp_path):
    for expected in (0, 1):
        database = Database(tmp_path / "scantriage.db")
        with database.writing() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM deliveries").scalar() == expected
            deliveries.note_delivery(connection, "/somewhere", at=NOW)
        database.close()


def test_a_database_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "scantriage.db"
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(WorkspaceError, match="newer version"):
        Database(path)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "scantriage.db"
    path.write_bytes(b"something else entirely, long enough to have a header" * 10)
    before = path.read_bytes()
    with pytest.raises(WorkspaceError, match="cannot be used"):
        Database(path)
    assert path.read_bytes() == before


def test_a_full_disk_is_said_in_one_sentence(database):
    with database.writing() as connection:
        deliveries.note_delivery(connection, "/somewhere", at=NOW)
    with database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    with pytest.raises(WorkspaceError, match="The disk is full"):
        _write_much(database, pages)


def _write_much(database, pages):
    with database.writing() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for number in range(10_000):
            deliveries.note_problem(connection, deliveries.Problem("/somewhere", f"{number}.tif", "x" * 200), at=NOW)
