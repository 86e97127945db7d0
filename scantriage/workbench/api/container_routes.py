"""Queue, containers, decisions and figures: for programs of the supervisor and the auditor."""

from __future__ import annotations

import json
import re
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Security

from scantriage.pipeline.monitoring import read_report
from scantriage.pipeline.monitoring_tables import as_rows
from scantriage.store import audit, decisions, figures, inspections, queue
from scantriage.workbench.api.bearer import Holder, holder
from scantriage.workbench.api.models import (
    Container,
    DecisionOut,
    DecisionPart,
    FiguresNow,
    FiguresTable,
    InspectionOut,
    QueueEntry,
    QueuePart,
)
from scantriage.workbench.api.problems import described
from scantriage.workbench.context import Here
from scantriage.workbench.pages.monitoring import TABLES, Asked, TableName
from scantriage.workbench.shown import shown_manifest

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=200)]
Number = Annotated[int, Query(ge=0, le=2**53)]
Facet = Annotated[str | None, Query(max_length=20)]
_CURSOR = r"^[0-9]{1,9}\.[A-Z0-9]{1,11}$"


@router.get("/queue", responses=described(401, 403, 422, 429))
def read_queue(
    here: Here, who: Annotated[Holder, Security(holder, scopes=["queue:read"])],
    place: Facet = None, flow: Facet = None, outcome: Facet = None, zone: Facet = None, state: Facet = None,
    cursor: Annotated[str | None, Query(pattern=_CURSOR)] = None, limit: Limit = 50,
) -> QueuePart:  # fmt: skip
    """The queue under these filters, from behind ``cursor``; at the sites of the token's account."""
    wanted = queue.QueueFilter(place=place, flow=flow, outcome=outcome, zone=zone, state=state)
    after = re.fullmatch(r"(\d+)\.([A-Z0-9]+)", cursor) if cursor else None
    with here.database.writing() as connection:
        part = queue.page_of_queue(connection, wanted, after=(int(after[1]), after[2]) if after else None, limit=limit)
        facts = {"containers": [row.container_id for row in part.rows]}
        audit.append(connection, actor=who.actor, kind="queue_viewed", at=here.clock(), facts=facts)
    return QueuePart(
        containers=[QueueEntry.of(row) for row in part.rows],
        cursor="{}.{}".format(*part.next_after) if part.next_after else None,
    )


@router.get("/containers/{container_id}", responses=described(401, 403, 404, 422, 429))
def read_container(
    here: Here, who: Annotated[Holder, Security(holder, scopes=["containers:read"])],
    container_id: Annotated[str, Path(pattern=r"^[A-Z0-9]{1,11}$")],
) -> Container:  # fmt: skip
    """One container, with its manifest as far as the account's role may see it."""
    with here.database.writing() as connection:
        row = queue.row_of(connection, container_id)
        if row is None:
            raise HTTPException(404, "There is no such container in the queue.")
        audit.append(
            connection, actor=who.actor, kind="container_viewed", at=here.clock(), container_id=row.container_id
        )
        return Container(
            entry=QueueEntry.of(row), ranking=row.line,
            manifest=shown_manifest(json.loads(row.manifest or "{}"), who.account.role),
            decisions=[DecisionOut.of(one) for one in decisions.decisions_on(connection, container_id)],
            inspections=[InspectionOut.of(one) for one in inspections.inspections_of(connection, container_id)],
        )  # fmt: skip


@router.get("/decisions", responses=described(401, 403, 422, 429))
def read_decisions(
    here: Here, who: Annotated[Holder, Security(holder, scopes=["decisions:read"])],
    cursor: Number = 0, limit: Limit = 50,
) -> DecisionPart:  # fmt: skip
    """Decisions in the order in which they were given, from behind ``cursor``; the undone ones too."""
    with here.database.writing() as connection:
        found = decisions.page_of_decisions(connection, after=cursor, limit=limit + 1)
        facts = {"after": cursor, "limit": limit}
        audit.append(connection, actor=who.actor, kind="decisions_viewed", at=here.clock(), facts=facts)
    return DecisionPart(
        decisions=[DecisionOut.of(one) for one in found[:limit]],
        cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.get("/figures", responses=described(401, 403, 429))
def read_figures(here: Here, who: Annotated[Holder, Security(holder, scopes=["figures:read"])]) -> FiguresNow:
    """How the work stands, at the sites of the token's account."""
    with here.database.reading() as connection:
        now = figures.now(connection, ports=who.account.sites, at=here.clock())
    return FiguresNow(states=now.states, decided_today=now.decided_today, oldest_days=now.oldest_days)


@router.get("/figures/{name}", responses=described(401, 403, 404, 422, 429))
def read_table(
    here: Here, who: Annotated[Holder, Security(holder, scopes=["figures:read"])], name: TableName
) -> FiguresTable:
    """A table of the monitoring report, over its last 90 days."""
    report = read_report(here.places.monitoring)
    if report is None:
        raise HTTPException(404, "There is no monitoring report yet.")
    table = TABLES[name](report, Asked().scope(report))
    with here.database.writing() as connection:
        facts = {"table": name, "rows": len(table.rows)}
        audit.append(connection, actor=who.actor, kind="figures_exported", at=here.clock(), facts=facts)
    return FiguresTable(
        name=name, columns=[column.name for column in table.columns],
        rows=[[_cell(value) for value in row] for row in as_rows(table)],
    )  # fmt: skip


def _cell(value: object) -> str | int | float | None:
    return value if value is None or isinstance(value, str | int | float) else str(value)
