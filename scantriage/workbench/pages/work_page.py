"""Where an analyst begins: how much waits, what they did today, and the next container at one key."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import SystemRandom
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection

from scantriage.store import assignments, preferences, queue
from scantriage.store.own_day import OwnDay, own_day
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here
from scantriage.workbench.render import page

router = APIRouter()
Worker = Annotated[SignedIn, Depends(signed_in("analyst", "supervisor"))]


@dataclass(frozen=True, slots=True)
class WorkPage:
    """What an analyst sees of the queue: how many containers wait in each state, and nothing of any of them.

    assignment_id: of the container that is still before them. all_done: nothing was left when they asked for the
    next. skips_left: of today.
    """

    waiting: dict[str, int]
    assignment_id: str | None
    skips_left: int
    own_day: OwnDay
    all_done: bool


@router.get("/work")
def work(request: Request, here: Here, who: Worker, done: bool = False) -> HTMLResponse:
    """Counts, own figures, and the button *next*; for a supervisor the disagreements that wait."""
    at = here.clock()
    with here.database.reading() as connection:
        now_open = assignments.open_assignment(connection, who.account_id)
        context = WorkPage(
            waiting=_waiting(connection, who),
            assignment_id=now_open.id if now_open else None,
            skips_left=assignments.skips_left(
                connection, who.account_id, at=at, preferences=preferences.load(connection)
            ),
            own_day=own_day(connection, who.account_id, at=at),
            all_done=done,
        )
    return page(request, "work.html", context, who)


@router.post("/work/next")
def next_container(here: Here, who: Worker) -> RedirectResponse:
    """Lay the next container before them; the one that is still open comes first."""
    with here.database.writing() as connection:
        given = assignments.next_assignment(
            connection, who.account_id, rng=SystemRandom(), at=here.clock(), preferences=preferences.load(connection)
        )
    return RedirectResponse(f"/work/{given.id}" if given else "/work?done=true", status_code=303)


def _waiting(connection: Connection, who: SignedIn) -> dict[str, int]:
    """Rows of the queue by state, at the ports that this account works for."""
    if not who.sites:
        return queue.counts_of_queue(connection, queue.QueueFilter()).by["state"]
    counted: dict[str, int] = {}
    for place in ("", *who.sites):
        for state, n in queue.counts_of_queue(connection, queue.QueueFilter(place=place)).by["state"].items():
            counted[state] = counted.get(state, 0) + n
    return counted
