"""The queue as the supervisor sees it: the day's containers by priority, under what the ports can open."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from scantriage.store import audit, queue, sites
from scantriage.store.openings import PortOpenings, openings_of_the_day
from scantriage.store.places import Places
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.render import page

router = APIRouter()
Overseer = Annotated[SignedIn, Depends(signed_in("supervisor", "auditor"))]
Supervisor = Annotated[SignedIn, Depends(signed_in("supervisor"))]

_ROWS = 50
# name: days since the latest scan, from and to
AGES: dict[str, tuple[int, int | None]] = {"day": (0, 1), "days": (1, 3), "week": (3, 7), "older": (7, None)}


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address; an empty text asks for all, and unasked the page shows what waits."""

    place: str = ""
    flow: str = ""
    outcome: str = ""
    zone: str = ""
    state: str = "waiting"
    age: str = ""

    def link(self, **changed: object) -> str:
        """The address of the queue under these filters, some of them changed."""
        asked = {one.name: getattr(self, one.name) for one in fields(self)} | changed
        unasked = {one.name: one.default for one in fields(self)}
        return "/queue?" + urlencode({name: value for name, value in asked.items() if value != unasked.get(name)})

    def as_filter(self, now: datetime) -> queue.QueueFilter:
        """The filter that the store understands."""
        since, before = AGES.get(self.age, (0, None))
        return queue.QueueFilter(
            place=self.place or None, flow=self.flow or None, outcome=self.outcome or None, zone=self.zone or None,
            state=self.state or None,
            scanned_since=None if before is None else now - timedelta(days=before),
            scanned_before=now - timedelta(days=since) if since else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One container of the queue.

    minutes_left: until it sails or arrives, negative when it has; None where nobody knows. openings_end: the ports
    for which the day's openings end behind this container. has_picture: none was made, or its time is up, where not.
    """

    row: queue.QueueRow
    minutes_left: int | None
    openings_end: tuple[PortOpenings, ...]
    has_picture: bool


@dataclass(frozen=True, slots=True)
class QueuePage:
    """The page: lines of this part, counts for each choice of a filter, and what the ports have left.

    next_link: of the next part, None at the end. not_found: a container number that was looked for and is not here.
    """

    asked: Asked
    lines: tuple[QueueLine, ...]
    counts: queue.QueueCounts
    ports: tuple[PortOpenings, ...]
    first_link: str | None
    next_link: str | None
    not_found: str | None = None


def _asked(
    place: Annotated[str, Query(max_length=5)] = "",
    flow: Annotated[str, Query(max_length=11)] = "",
    outcome: Annotated[str, Query(max_length=20)] = "",
    zone: Annotated[str, Query(max_length=20)] = "",
    state: Annotated[str, Query(max_length=20)] = "waiting",
    age: Annotated[str, Query(max_length=10)] = "",
) -> Asked:
    return Asked(place, flow, outcome, zone, state, age)


AskedHere = Annotated[Asked, Depends(_asked)]


@router.get("/queue")
def show_queue(
    request: Request, here: Here, who: Overseer, asked: AskedHere, after: Annotated[str, Query(max_length=40)] = ""
) -> HTMLResponse:
    """The queue under these filters, from behind ``after`` (rank.container)."""
    return page(request, "queue.html", _page(here, who, asked, after), who)


@router.get("/queue/counts")
def counts(here: Here, who: Overseer, asked: AskedHere) -> JSONResponse:  # noqa: ARG001
    """The counts of every filter's choices, for the page to keep itself up to date."""
    with here.database.reading() as connection:
        counted = queue.counts_of_queue(connection, asked.as_filter(here.clock()))
    return JSONResponse({"total": counted.total, "by": counted.by})


@router.post("/queue/find")
async def find(request: Request, here: Here, who: Supervisor) -> Response:
    """Go to the container of this number; a search is written into the trail, whether it finds or not."""
    number = re.sub(r"[^A-Z0-9]", "", str((await request.form()).get("number", "")).upper())[:11]
    with here.database.writing() as connection:
        found = queue.row_of(connection, number)
        audit.append(
            connection, actor=audit.actor_of(who.account_id), kind="container_searched", at=here.clock(),
            container_id=found.container_id if found else None, facts={"asked": number, "found": found is not None},
        )  # fmt: skip
    if found:
        return RedirectResponse(f"/containers/{found.container_id}", status_code=303)
    return page(request, "queue.html", _page(here, who, Asked(), "", not_found=number), who, status=404)


def _page(here: Workbench, who: SignedIn, asked: Asked, after: str, *, not_found: str | None = None) -> QueuePage:
    now = here.clock()
    wanted = asked.as_filter(now)
    with here.database.reading() as connection:
        part = queue.page_of_queue(connection, wanted, after=_place_in_queue(after), limit=_ROWS)
        counted = queue.counts_of_queue(connection, wanted)
        known = sites.all_sites(connection)
        per_day = {one.code: one.openings_per_day for one in known if one.openings_per_day is not None}
        ports = openings_of_the_day(connection, per_day, otherwise=here.settings.openings_per_day, at=now)
    with here.database.writing() as connection:
        facts = {"filters": asked.link(), "containers": [row.container_id for row in part.rows]}
        audit.append(connection, actor=audit.actor_of(who.account_id), kind="queue_viewed", at=now, facts=facts)
    return QueuePage(
        asked, tuple(_lines(here.places, part.rows, ports, now)), counted, ports,
        first_link=asked.link() if after else None,
        next_link=asked.link(after="{}.{}".format(*part.next_after)) if part.next_after else None,
        not_found=not_found,
    )  # fmt: skip


def _place_in_queue(after: str) -> tuple[int, str] | None:
    found = re.fullmatch(r"(\d{1,9})\.([A-Z0-9]{1,11})", after)
    return (int(found[1]), found[2]) if found else None


def _lines(
    places: Places, rows: tuple[queue.QueueRow, ...], ports: tuple[PortOpenings, ...], now: datetime
) -> list[QueueLine]:
    """Each port's line stands behind the last row that it reaches, whatever the filter leaves out between."""
    following = [row.rank for row in rows[1:]]
    lines = []
    for row, next_rank in zip_longest(rows, following):
        ends = tuple(
            port for port in ports
            if port.last_rank and row.rank <= port.last_rank and next_rank is not None and next_rank > port.last_rank
        )  # fmt: skip
        due = datetime.fromisoformat(row.due_at) if row.due_at else None
        minutes_left = None if due is None else int((due - now).total_seconds() // 60)
        lines.append(QueueLine(row, minutes_left, ends, places.thumbnail(row.reading_digest).is_file()))
    return lines
