"""What came in: deliveries, their files, their manifests, and what was wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from scantriage.scan.record import ManifestEntry
from scantriage.store.encoding import digest, from_json, to_json, utc_text
from scantriage.store.schema import delivered_files, deliveries, manifest_entries, problems


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a delivery that could not be used, in one sentence that names the file.

    delivery: its path. path: the file inside it. container_id: whose scan it was, None where nobody knows.
    """

    delivery: str
    path: str
    sentence: str
    container_id: str | None = None


def note_delivery(connection: Connection, delivery: str, *, at: datetime) -> None:
    """Write down that the delivery came in."""
    statement = insert(deliveries).values(path=delivery, received_at=utc_text(at))
    connection.execute(statement.on_conflict_do_nothing())


def note_file(connection: Connection, delivery: str, path: str, *, sha256: str) -> None:
    """Write down under which name the content came."""
    statement = insert(delivered_files).values(delivery=delivery, path=path, sha256=sha256)
    connection.execute(statement.on_conflict_do_nothing())


def note_problem(connection: Connection, problem: Problem, *, at: datetime) -> None:
    """Write the problem down, once."""
    statement = insert(problems).values(
        delivery=problem.delivery,
        path=problem.path,
        container_id=problem.container_id or "",
        sentence=problem.sentence,
        noticed_at=utc_text(at),
    )
    connection.execute(statement.on_conflict_do_nothing())


def all_problems(connection: Connection) -> list[Problem]:
    """Every problem noticed so far, in the order of deliveries and files."""
    columns = (problems.c.delivery, problems.c.path, problems.c.sentence, problems.c.container_id)
    rows = connection.execute(select(*columns).order_by(*columns))
    return [Problem(delivery, path, sentence, container_id or None) for delivery, path, sentence, container_id in rows]


def add_manifest(connection: Connection, delivery: str, entries: Iterable[ManifestEntry], *, at: datetime) -> int:
    """Add the rows that are new, and say how many were."""
    n_new = 0
    for entry in entries:
        text = to_json(entry)
        statement = insert(manifest_entries).values(
            container_id=entry.container_id,
            digest=digest(text),
            entry=text,
            delivery=delivery,
            received_at=utc_text(at),
        )
        n_new += connection.execute(statement.on_conflict_do_nothing()).rowcount
    return n_new


def latest_manifest(connection: Connection) -> dict[str, ManifestEntry]:
    """The row of each container that came last."""
    columns = (manifest_entries.c.container_id, manifest_entries.c.entry)
    rows = connection.execute(select(*columns).order_by(manifest_entries.c.id))
    return {container_id: from_json(ManifestEntry, entry) for container_id, entry in rows}
