"""Which runs there were, and how each ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert

from scantriage.store.encoding import utc_text
from scantriage.store.schema import runs

Ending = Literal["done", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the main job; without an ending it is under way, or its process was killed."""

    version: str
    started_at: str
    ended_at: str | None
    ending: Ending | None


def begin_run(connection: Connection, *, version: str, at: datetime) -> int:
    """Write down that a run began, and give its number."""
    number = connection.execute(
        insert(runs).values(version=version, started_at=utc_text(at)).returning(runs.c.id)
    ).scalar_one()
    return int(number)


def end_run(connection: Connection, number: int, ending: Ending, *, at: datetime) -> None:
    """Write down how the run ended."""
    connection.execute(update(runs).where(runs.c.id == number).values(ended_at=utc_text(at), ending=ending))


def all_runs(connection: Connection) -> list[Run]:
    """Every run, oldest first."""
    columns = (runs.c.version, runs.c.started_at, runs.c.ended_at, runs.c.ending)
    return [Run(*row) for row in connection.execute(select(*columns).order_by(runs.c.id))]
