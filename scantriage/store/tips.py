"""Threat image projection: loads projected into copies of readings for training.

They lie in tables of their own. Nothing here touches readings, the queue, decisions, referrals or outcomes, and none
of those is asked for anything here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, func, insert, select

from scantriage.scan.finding import Zone
from scantriage.scan.geometry import MetreBox
from scantriage.store.encoding import utc_text
from scantriage.store.workbench_schema import assignments, queue_rows, tips

_QUEUED = and_(queue_rows.c.container_id == tips.c.container_id, queue_rows.c.reading_digest == tips.c.reading_digest)


@dataclass(frozen=True, slots=True)
class Tip:
    """A projected load. row: what the line of ranking.jsonl would be. views: path below the workspace."""

    id: int
    container_id: str
    reading_digest: str
    zone: Zone
    mass_kg: float
    box: MetreBox
    row: Mapping[str, Any]
    views: Path
    made_at: str


class Candidate(NamedTuple):
    """A container of the queue that looks clean. ranked_at: RFC 3339 text."""

    container_id: str
    reading_digest: str
    ranked_at: str


def put_tip(
    connection: Connection,
    *,
    container_id: str,
    reading_digest: str,
    zone: Zone,
    mass_kg: float,
    box: MetreBox,
    row: Mapping[str, Any],
    views: Path,
    at: datetime,
) -> int:
    """Keep a projected load, and give its number. reading_digest: of the real reading. views: below the workspace."""
    values = {
        "container_id": container_id, "reading_digest": reading_digest, "zone": zone, "mass_kg": mass_kg,
        "box_m": json.dumps(box.as_list()), "row": json.dumps(row, ensure_ascii=False), "views": str(views),
        "made_at": utc_text(at),
    }  # fmt: skip
    number: int = connection.execute(insert(tips).values(values).returning(tips.c.id)).scalar_one()
    return number


def find_tip(connection: Connection, tip_id: int) -> Tip | None:
    """The projected load of this number."""
    found = connection.execute(select(tips).where(tips.c.id == tip_id)).first()
    if found is None:
        return None
    return Tip(
        found.id, found.container_id, found.reading_digest, found.zone, found.mass_kg,
        MetreBox(*json.loads(found.box_m)), json.loads(found.row), Path(found.views), found.made_at,
    )  # fmt: skip


def files_of(views: Path) -> tuple[Path, Path, Path]:
    """All files of a projected load: its views, their small picture, and the changed scan. views: any path."""
    return views, views.with_suffix(".jpg"), views.with_suffix(".rescan.tif")


def all_files(connection: Connection) -> set[Path]:
    """Every file of every projected load, as paths below the workspace."""
    return {file for path in connection.execute(select(tips.c.views)).scalars() for file in files_of(Path(path))}


def wanted(connection: Connection, *, share: float) -> tuple[int, list[Candidate]]:
    """How many loads are missing to this share of the compared containers that wait, and where one may go.

    Into what looks clean: compared without a finding, nothing to be done about it, and no load so far.
    """
    rows = queue_rows.c
    waits = (rows.outcome == "compared") & (rows.state == "waiting")
    n_waiting = connection.execute(select(func.count()).where(waits)).scalar_one()
    with_one = select(func.count(tips.c.container_id.distinct())).join(queue_rows, _QUEUED).where(waits)
    n_missing = math.ceil(share * n_waiting) - connection.execute(with_one).scalar_one()
    fit = waits & rows.zone.is_(None) & (rows.action == "none") & ~select(tips.c.id).where(_QUEUED).exists()
    found = select(rows.container_id, rows.reading_digest, rows.ranked_at).where(fit).order_by(rows.container_id)
    return max(n_missing, 0), [Candidate(*row) for row in connection.execute(found)]


def drop_stale(connection: Connection) -> int:
    """Delete loads whose container was read anew or left the queue before anybody saw them, and say how many.

    What somebody was shown stays for the scores. Their files are for the next sweep.
    """
    current = select(queue_rows.c.container_id).where(_QUEUED).exists()
    shown = select(assignments.c.id).where(assignments.c.tip_id == tips.c.id).exists()
    return connection.execute(delete(tips).where(~current, ~shown)).rowcount
