"""The container: both scans in the viewer, what speaks for opening it, and the decision.

An analyst comes here by an assignment, whose id tells nothing, and sees nothing that names the container. A supervisor
or an auditor comes here by its number and sees all, but decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import SystemRandom
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy import Connection

from scantriage.scan.finding import NEVER_KG
from scantriage.store import assignments, audit, preferences, queue, tips
from scantriage.store.accounts import account_numbered
from scantriage.store.assignments import Assignment
from scantriage.store.decisions import Decision, decisions_on
from scantriage.store.places import Places
from scantriage.workbench import static_files
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.blinded import blinded
from scantriage.workbench.context import Here
from scantriage.workbench.pages.decision_form import DecisionForm, decision_form
from scantriage.workbench.pages.evidence_bars import WIDTH, EvidenceBar, evidence_bars
from scantriage.workbench.pages.first_tiles import first_tiles
from scantriage.workbench.pages.viewer_commands import COMMANDS, CommandGroup
from scantriage.workbench.render import page
from scantriage.workbench.shown import shown_manifest

router = APIRouter()
Worker = Annotated[SignedIn, Depends(signed_in("analyst", "supervisor"))]
Overseer = Annotated[SignedIn, Depends(signed_in("supervisor", "auditor"))]


@dataclass(frozen=True, slots=True)
class FindingShown:
    """A finding as the side list shows it; boxes as data of its button: metres, and pixels of the files."""

    kind: str
    zone: str
    significance: float
    mass_kg: float | None
    sentence: str
    box_m: str
    origin_box: str
    rescan_box: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the program found: outcome, priority and what it was made of; `reason` where nothing could be compared.

    shows_from_kg: by zone, from which mass on a load would have been found; from never_kg on none would.
    """

    outcome: str
    reason: str
    priority: float
    action: str
    place: str | None
    agreement: float | None
    blind_fraction: float | None
    shows_from_kg: Mapping[str, float]
    findings: tuple[FindingShown, ...]
    evidence: tuple[EvidenceBar, ...]
    evidence_width: int = WIDTH
    never_kg: float = NEVER_KG


@dataclass(frozen=True, slots=True)
class GivenDecision:
    """A decision on the container and who gave it."""

    decision: Decision
    who: str


@dataclass(frozen=True, slots=True)
class ContainerPage:
    """The page of a container.

    views: address of its pictures. reserve: where the next container is asked for ahead, empty where there is none.
    annotations: address of what is drawn on it. container_id: None for an analyst. decision: the form, None where
    nothing is to be decided here. decisions: given so far, for who may know. tiles: what is fetched first. viewer,
    modules: where its scripts lie.
    """

    views: str
    annotations: str
    reserve: str
    reading: Reading
    manifest: Mapping[str, object]
    tiles: tuple[str, ...]
    container_id: str | None = None
    decision: DecisionForm | None = None
    decisions: tuple[GivenDecision, ...] = ()
    may_draw: bool = False
    commands: tuple[CommandGroup, ...] = COMMANDS
    modules: tuple[str, ...] = static_files.VIEWER_MODULES


@router.get("/work/{assignment_id}")
def assigned_container(request: Request, here: Here, who: Worker, assignment_id: str) -> Response:
    """The container of an assignment; one that is decided or over leads on to what may be known of it."""
    at = here.clock()
    with here.database.writing() as connection:
        assignment = assignments.find(connection, assignment_id)
        if assignment is None or assignment.account_id != who.account_id or assignment.state == "coming":
            raise HTTPException(404)
        if assignment.state != "open":
            decided = assignment.state == "decided"
            return RedirectResponse(f"/work/{assignment_id}/decided" if decided else "/work", status_code=303)
        assignments.touch(connection, assignment_id, who.account_id, at=at)
        facts = {"assignment": assignment_id}
        audit.append(
            connection, actor=audit.actor_of(who.account_id), kind="container_viewed", at=at,
            container_id=assignment.container_id, facts=facts,
        )  # fmt: skip
        row = queue.row_of(connection, assignment.container_id)
        line, views = _shown(connection, here.places, assignment, row)
        left = assignments.skips_left(connection, who.account_id, at=at, preferences=preferences.load(connection))
        context = ContainerPage(
            views=f"/views/{assignment_id}",
            annotations=f"/work/{assignment_id}/annotations",
            reserve=f"/work/{assignment_id}/coming",
            reading=_reading(line, blind=True),
            manifest=shown_manifest(_manifest(row), "analyst"),
            tiles=first_tiles(views, f"/views/{assignment_id}"),
            decision=decision_form(connection, assignment, skips_left=left),
            may_draw=True,
        )
    return page(request, "container.html", context, who)


@router.post("/work/{assignment_id}/coming")
def make_ready(here: Here, who: Worker, assignment_id: str) -> JSONResponse:
    """Reserve what comes after this assignment, and say under which address its pictures can be fetched ahead.

    The browser asks some seconds after its page is there: this is a sign of work on the assignment, too.
    """
    at = here.clock()
    with here.database.writing() as connection:
        if not assignments.touch(connection, assignment_id, who.account_id, at=at):
            raise HTTPException(404)
        coming = assignments.coming_assignment(
            connection, who.account_id, rng=SystemRandom(), at=at, preferences=preferences.load(connection)
        )
    return JSONResponse({"views": f"/views/{coming.id}" if coming else None})


@router.get("/containers/{container_id}")
def known_container(request: Request, here: Here, who: Overseer, container_id: str) -> HTMLResponse:
    """The container by its number, with all that was decided on it."""
    with here.database.writing() as connection:
        row = queue.row_of(connection, container_id)
        if row is None:
            raise HTTPException(404)
        audit.append(
            connection, actor=audit.actor_of(who.account_id), kind="container_viewed", at=here.clock(),
            container_id=container_id,
        )  # fmt: skip
        context = ContainerPage(
            views=f"/containers/{container_id}/views",
            annotations=f"/containers/{container_id}/annotations",
            reserve="",
            reading=_reading(row.line, blind=False),
            manifest=shown_manifest(_manifest(row), who.role),
            tiles=first_tiles(here.places.views(row.reading_digest), f"/containers/{container_id}/views"),
            container_id=container_id,
            decisions=tuple(
                GivenDecision(one, _name(connection, one)) for one in decisions_on(connection, container_id)
            ),
        )
    return page(request, "container.html", context, who)


def _shown(
    connection: Connection, places: Places, assignment: Assignment, row: queue.QueueRow | None
) -> tuple[Mapping[str, Any], Path]:
    """Its line of the ranking and its views; those of the copy where a load is projected into it."""
    tip = tips.find_tip(connection, assignment.tip_id) if assignment.tip_id is not None else None
    if tip is not None:
        return tip.row, places.root / tip.views
    return row.line if row else {}, places.views(assignment.reading_digest)


def _manifest(row: queue.QueueRow | None) -> Mapping[str, object]:
    return json.loads(row.manifest) if row is not None and row.manifest else {}


def _reading(line: Mapping[str, Any], *, blind: bool) -> Reading:
    """blind: without anything that names the container."""

    def told(text: str) -> str:
        return blinded(text, line) if blind else text

    evidence = [item | {"sentence": told(item["sentence"])} for item in line.get("evidence", ())]
    return Reading(
        outcome=line.get("outcome", "unprocessable"),
        reason=told(line.get("reason") or ""),
        priority=line.get("priority", 0.0),
        action=line.get("action", "none"),
        place=line.get("where"),
        agreement=line.get("agreement"),
        blind_fraction=line.get("blind_fraction"),
        shows_from_kg=line.get("shows_from_kg", {}),
        findings=tuple(_finding(one, told(one["sentence"])) for one in line.get("findings", ())),
        evidence=evidence_bars(evidence),
    )


def _finding(finding: Mapping[str, Any], sentence: str) -> FindingShown:
    box, origin_box, rescan_box = (
        " ".join(str(value) for value in finding[name] or ())
        for name in ("container_box_m", "origin_box", "rescan_box")
    )
    return FindingShown(
        finding["kind"], finding["zone"], finding["significance"] or 0.0, finding["mass_kg"], sentence,
        box, origin_box, rescan_box,
    )  # fmt: skip


def _name(connection: Connection, decision: Decision) -> str:
    account = account_numbered(connection, decision.account_id)
    return account.display_name if account else ""
