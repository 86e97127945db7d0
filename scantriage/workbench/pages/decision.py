"""Deciding, skipping, undoing, and what may be known afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import SystemRandom
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from scantriage.errors import ActRefused
from scantriage.store import assignments, audit, decisions, preferences
from scantriage.store.assignments import Assignment
from scantriage.store.decisions import Act, Decision
from scantriage.store.queue import QueueRow, row_of
from scantriage.store.tips import Tip, find_tip
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.language import N_
from scantriage.workbench.pages.decision_form import DecisionForm, act_of, decision_form
from scantriage.workbench.render import page
from scantriage.workbench.shown import shown_manifest

router = APIRouter()
Worker = Annotated[SignedIn, Depends(signed_in("analyst", "supervisor"))]

# what became of a container whose assignment ended before its decision came
_MEANWHILE = {
    "waiting": N_("Nobody has decided on it: it waits again."),
    "second": N_("It waits for a second look by somebody else."),
    "open": N_("It was given out again since."),
    "second_open": N_("It was given out again since."),
}
_DECIDED_BY_OTHERS = N_("Somebody else has decided on it.")


@dataclass(frozen=True, slots=True)
class DecidedPage:
    """What may be known once a decision is given.

    container_id, manifest: None and empty for a projected load, whose container is still to be read by others.
    state: how the work on it stands, None where it was read anew since. found: whether the projected load was
    noticed. may_change: whether the decision can still be undone here.
    """

    assignment_id: str
    container_id: str | None
    manifest: Mapping[str, object]
    decision: Decision | None
    state: str | None
    tip: Tip | None
    found: bool
    may_change: bool


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """Why a decision was not taken, what became of the container, and the text that was typed.

    back: address of the container where it is still before the reader, None where it is not.
    """

    sentence: str
    meanwhile: str
    text: str
    back: str | None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A decision that is to be undone by a further one, and the form for that."""

    container_id: str
    old: Decision
    decision: DecisionForm


@router.post("/work/{assignment_id}/decide")
async def decide(request: Request, here: Here, who: Worker, assignment_id: str) -> Response:
    """Take the decision, and go on to what may be known afterwards."""
    form = await request.form()
    because = [str(value) for value in form.getlist(f"{form.get('verdict')}_because")]
    return await run_in_threadpool(_decide, request, here, who, assignment_id, dict(form), because)


@router.post("/work/{assignment_id}/change")
async def change(request: Request, here: Here, who: Worker, assignment_id: str) -> Response:
    """Undo the decision by a further one."""
    form = await request.form()
    because = [str(value) for value in form.getlist(f"{form.get('verdict')}_because")]
    return await run_in_threadpool(_change, request, here, who, assignment_id, dict(form), because)


@router.post("/work/{assignment_id}/skip")
async def skip(request: Request, here: Here, who: Worker, assignment_id: str) -> Response:
    """Give it back unread, and lay the next before them."""
    reason = str((await request.form()).get("reason", ""))
    return await run_in_threadpool(_skip, request, here, who, assignment_id, reason)


@router.get("/work/{assignment_id}/decided")
def decided(request: Request, here: Here, who: Worker, assignment_id: str) -> HTMLResponse:
    """What may be known now: number and ship, or the projected load; and the way to the next."""
    with here.database.writing() as connection:
        assignment = _mine(connection, assignment_id, who)
        if assignment.state != "decided":
            raise HTTPException(404)
        context = _decided_page(connection, assignment, at=here.clock())
        audit.append(
            connection, actor=audit.actor_of(who.account_id), kind="container_revealed", at=here.clock(),
            container_id=context.container_id, facts={"assignment": assignment.id},
        )  # fmt: skip
    return page(request, "decided.html", context, who)


@router.get("/work/{assignment_id}/change")
def change_form(request: Request, here: Here, who: Worker, assignment_id: str) -> HTMLResponse:
    """The form for undoing a decision of the same day."""
    with here.database.reading() as connection:
        assignment = _mine(connection, assignment_id, who)
        old = _decision_of(connection, assignment)
        if old is None or not _is_of_today(old, here.clock()):
            raise HTTPException(404)
        form = replace(
            decision_form(connection, assignment, skips_left=0), kind="first", url=f"/work/{assignment.id}/change",
            verdict=old.verdict, action=old.action or "inspect_at_port", place=old.place or "", skips_left=None,
            earlier=(), reason_always=True,
        )  # fmt: skip
    return page(request, "change.html", ChangePage(assignment.container_id, old, form), who)


def _decide(
    request: Request, here: Workbench, who: SignedIn, assignment_id: str, form: Mapping[str, object], because: list[str]
) -> Response:
    try:
        act = act_of(form, because)
        with here.database.writing() as connection:
            decisions.decide(
                connection, assignment_id, who.account_id, act, at=here.clock(),
                preferences=preferences.load(connection),
            )  # fmt: skip
    except ActRefused as refused:
        return _refused(request, here, who, assignment_id, refused, str(form.get("text", "")))
    return RedirectResponse(f"/work/{assignment_id}/decided", status_code=303)


def _change(
    request: Request, here: Workbench, who: SignedIn, assignment_id: str, form: Mapping[str, object], because: list[str]
) -> Response:
    try:
        act = act_of(form, because)
        with here.database.writing() as connection:
            old = _decision_of(connection, _mine(connection, assignment_id, who), before=act)
            if old is None or not _is_of_today(old, here.clock()):
                raise ActRefused("A decision can be changed on the day it was given; after that by a supervisor.")
            decisions.revise(
                connection, old.id, who.account_id, act, at=here.clock(), preferences=preferences.load(connection)
            )
    except ActRefused as refused:
        return _refused(request, here, who, assignment_id, refused, str(form.get("text", "")))
    return RedirectResponse(f"/work/{assignment_id}/decided", status_code=303)


def _skip(request: Request, here: Workbench, who: SignedIn, assignment_id: str, reason: str) -> Response:
    try:
        with here.database.writing() as connection:
            set_by = preferences.load(connection)
            assignments.skip(
                connection, assignment_id, who.account_id, reason=reason, at=here.clock(), preferences=set_by
            )
            given = assignments.next_assignment(
                connection, who.account_id, rng=SystemRandom(), at=here.clock(), preferences=set_by
            )
    except ActRefused as refused:
        return _refused(request, here, who, assignment_id, refused, reason)
    return RedirectResponse(f"/work/{given.id}" if given else "/work?done=true", status_code=303)


def _refused(
    request: Request, here: Workbench, who: SignedIn, assignment_id: str, refused: ActRefused, text: str
) -> HTMLResponse:
    """Say what happened in clear words, and give the text back."""
    with here.database.reading() as connection:
        assignment = assignments.find(connection, assignment_id)
        mine = assignment is not None and assignment.account_id == who.account_id
        still_open = mine and assignment is not None and assignment.state == "open"
        meanwhile = _meanwhile(row_of(connection, assignment.container_id), assignment) if mine and assignment else ""
    context = RefusedPage(refused.sentence, meanwhile, text[:2000], f"/work/{assignment_id}" if still_open else None)
    return page(request, "refused.html", context, who, status=422 if still_open else 409)


def _meanwhile(row: QueueRow | None, assignment: Assignment) -> str:
    if assignment.state not in ("expired", "skipped") or row is None:
        return ""
    if assignment.tip_id is not None:  # what is said of most that ran out: silence would tell it from a real one
        return _MEANWHILE["waiting"]
    return _MEANWHILE.get(row.state, _DECIDED_BY_OTHERS)


def _mine(connection: Connection, assignment_id: str, who: SignedIn) -> Assignment:
    assignment = assignments.find(connection, assignment_id)
    if assignment is None or assignment.account_id != who.account_id:
        raise HTTPException(404)
    return assignment


def _decision_of(connection: Connection, assignment: Assignment, *, before: Act | None = None) -> Decision | None:
    """What stands of it; of a form that comes twice, what stood when it came first."""
    given = [
        one for one in decisions.decisions_on(connection, assignment.container_id) if one.assignment_id == assignment.id
    ]
    if before is not None:
        given = [one for one in given if one.request_key != before.request_key]
    return given[-1] if given else None


def _decided_page(connection: Connection, assignment: Assignment, *, at: datetime) -> DecidedPage:
    if assignment.tip_id is not None:
        tip = find_tip(connection, assignment.tip_id)
        return DecidedPage(
            assignment.id, None, {}, None, None, tip, decisions.tip_found(connection, assignment.id), may_change=False
        )
    row, given = row_of(connection, assignment.container_id), _decision_of(connection, assignment)
    current = row is not None and row.reading_digest == assignment.reading_digest
    manifest = json.loads(row.manifest) if row is not None and row.manifest else {}
    return DecidedPage(
        assignment.id, assignment.container_id, shown_manifest(manifest, "analyst", decided=True), given,
        row.state if row is not None and current else None, None, found=False,
        may_change=given is not None and current and _is_of_today(given, at),
    )  # fmt: skip


def _is_of_today(decision: Decision, at: datetime) -> bool:
    return datetime.fromisoformat(decision.decided_at).date() == at.astimezone(UTC).date()
