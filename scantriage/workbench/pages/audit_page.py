"""The trail, for the auditor: who saw what, who decided what, one container's whole history."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from scantriage.io.safe_csv import csv_text
from scantriage.scan.container import is_container_number
from scantriage.store import audit, trail
from scantriage.store.history import Happened, history_of
from scantriage.store.trail import Chain, TrailFilter, TrailLine
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.render import page

router = APIRouter()
Auditor = Annotated[SignedIn, Depends(signed_in("auditor"))]

_LINES, _LINES_EXPORTED_AT_ONCE = 100, 5000


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address; an empty text asks for all."""

    actor: str = ""
    kind: str = ""
    container: str = ""
    first: str = ""
    last: str = ""

    @property
    def wanted(self) -> TrailFilter:
        """The filter that the store understands; days that are none are left out."""
        return TrailFilter(
            self.actor or None, self.kind or None, self.container or None, _day(self.first), _day(self.last)
        )

    def link(self, place: str = "/audit", **changed: object) -> str:
        """The address of the page, or of its export, under these filters."""
        asked = {
            "actor": self.actor, "kind": self.kind, "container": self.container, "first": self.first, "last": self.last,
        } | changed  # fmt: skip
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{place}?{query}" if query else place


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A part of the trail, newest first. actors: (as the trail names them, what to call them)."""

    asked: Asked
    chain: Chain
    lines: tuple[TrailLine, ...]
    kinds: tuple[str, ...]
    actors: tuple[tuple[str, str], ...]
    next_link: str | None
    first_link: str | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One container's history, oldest first."""

    container_id: str
    events: tuple[Happened, ...]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _asked(
    actor: Annotated[str, Query(max_length=40)] = "",
    kind: Annotated[str, Query(max_length=60)] = "",
    container: Annotated[str, Query(max_length=20)] = "",
    first: Annotated[str, Query(max_length=10)] = "",
    last: Annotated[str, Query(max_length=10)] = "",
) -> Asked:
    return Asked(actor, kind, re.sub(r"[^A-Z0-9]", "", container.upper()), first, last)


AskedHere = Annotated[Asked, Depends(_asked)]


@router.get("/audit")
def show_trail(
    request: Request,
    here: Here,
    who: Auditor,
    asked: AskedHere,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> HTMLResponse:
    """The trail under these filters, below the entry ``before``; looking at it is an entry too."""
    with here.database.reading() as connection:
        lines, next_before = trail.trail_page(connection, asked.wanted, before=before, limit=_LINES)
        shown = AuditPage(
            asked, trail.chain(connection), tuple(lines), tuple(trail.kinds(connection)),
            tuple(trail.actors(connection)),
            next_link=asked.link(before=next_before) if next_before else None,
            first_link=asked.link() if before else None,
        )  # fmt: skip
    _note(here, who, "trail_viewed", {"filters": asked.link(before=before)})
    return page(request, "audit.html", shown, who)


@router.get("/audit.csv")
def export_trail(here: Here, who: Auditor, asked: AskedHere) -> StreamingResponse:
    """All of the trail under these filters, newest first; that it was exported is written down before."""
    _note(here, who, "trail_exported", {"filters": asked.link()})
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(_exported(here, asked.wanted), media_type="text/csv", headers=headers)


@router.get("/audit/container")
def find_container(who: Auditor, number: Annotated[str, Query(max_length=20)] = "") -> RedirectResponse:  # noqa: ARG001
    """Go to the container of this number."""
    return RedirectResponse(f"/audit/container/{re.sub(r'[^A-Z0-9]', '', number.upper()) or '-'}", status_code=303)


@router.get("/audit/container/{container_id}")
def show_history(request: Request, here: Here, who: Auditor, container_id: str) -> Response:
    """Everything that happened to the container, from its first scan to its outcome."""
    if not is_container_number(container_id):
        raise HTTPException(404)
    with here.database.reading() as connection:
        events = tuple(history_of(connection, container_id))
    if not events:
        raise HTTPException(404)
    _note(here, who, "history_viewed", {}, container_id=container_id)
    return page(request, "audit_container.html", HistoryPage(container_id, events), who)


def _exported(here: Workbench, wanted: TrailFilter) -> Iterator[str]:
    """The table in parts, each read on its own: an export of a million entries holds nobody up."""
    yield csv_text(("entry", "at", "actor", "who", "kind", "container", "facts"), ())
    before: int | None = None
    while True:
        with here.database.reading() as connection:
            lines, before = trail.trail_page(connection, wanted, before=before, limit=_LINES_EXPORTED_AT_ONCE)
        rows = (
            (one.id, one.at, one.actor, one.who, one.kind, one.container_id, json.dumps(one.facts, sort_keys=True))
            for one in lines
        )
        yield csv_text((), rows).removeprefix("\n")
        if before is None:
            return


def _note(
    here: Workbench, who: SignedIn, kind: str, facts: dict[str, object], *, container_id: str | None = None
) -> None:
    with here.database.writing() as connection:
        actor = audit.actor_of(who.account_id)
        audit.append(connection, actor=actor, kind=kind, at=here.clock(), container_id=container_id, facts=facts)
