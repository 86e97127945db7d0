"""What is drawn on a container: kept as soon as it is drawn, shown again when the page is loaded again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from scantriage.errors import ActRefused
from scantriage.store import assignments
from scantriage.store.annotations import (
    Annotation,
    KeptAnnotation,
    Shape,
    annotate,
    annotations_of,
    annotations_on,
    take_away,
)
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here

router = APIRouter()
Worker = Annotated[SignedIn, Depends(signed_in("analyst", "supervisor"))]
Overseer = Annotated[SignedIn, Depends(signed_in("supervisor", "auditor"))]


class Drawn(BaseModel):
    """An annotation as the browser sends it; see `Annotation`."""

    model_config = ConfigDict(extra="forbid")

    id: str
    shape: Shape
    points_m: list[tuple[float, float]]
    text: str = ""


@router.get("/work/{assignment_id}/annotations")
def own_annotations(here: Here, who: Worker, assignment_id: str) -> JSONResponse:
    """What this analyst drew in this assignment."""
    with here.database.reading() as connection:
        assignment = assignments.find(connection, assignment_id)
        if assignment is None or assignment.account_id != who.account_id or assignment.state == "coming":
            raise HTTPException(404)
        drawn = annotations_of(connection, assignment_id)
    return JSONResponse({"annotations": [_shown(one) for one in drawn]})


@router.post("/work/{assignment_id}/annotations", status_code=201)
def draw(here: Here, who: Worker, assignment_id: str, drawn: Drawn) -> JSONResponse:
    """Keep one; sent twice under one id it is kept once. 409 with a sentence where it cannot be kept."""
    try:
        points = tuple((x, z) for x, z in drawn.points_m)
        annotation = Annotation(drawn.id, drawn.shape, points, drawn.text)
        with here.database.writing() as connection:
            annotate(connection, assignment_id, who.account_id, annotation, at=here.clock())
    except ActRefused as refused:
        return JSONResponse({"problem": refused.sentence}, 409)
    return JSONResponse({"id": drawn.id}, 201)


@router.delete("/work/{assignment_id}/annotations/{annotation_id}")
def remove(here: Here, who: Worker, assignment_id: str, annotation_id: str) -> JSONResponse:
    """Take one away; the records keep that it was there. 404 where it is not there any more."""
    try:
        with here.database.writing() as connection:
            gone = take_away(connection, assignment_id, who.account_id, annotation_id, at=here.clock())
    except ActRefused as refused:
        return JSONResponse({"problem": refused.sentence}, 409)
    if not gone:
        raise HTTPException(404)
    return JSONResponse({})


@router.get("/containers/{container_id}/annotations")
def all_annotations(here: Here, who: Overseer, container_id: str) -> JSONResponse:  # noqa: ARG001
    """What anybody drew on this container, and did not take away."""
    with here.database.reading() as connection:
        drawn = annotations_on(connection, container_id)
    return JSONResponse({"annotations": [_shown(one) for one in drawn if one.removed_at is None]})


def _shown(kept: KeptAnnotation) -> dict[str, Any]:
    one = kept.annotation
    return {"id": one.id, "shape": one.shape, "points_m": one.points_m, "text": one.text}
