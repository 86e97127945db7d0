"""What an analyst drew on a container, as it was drawn; taken away again it is marked so, and kept."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, insert, select, update

from scantriage.errors import ActRefused
from scantriage.store import audit
from scantriage.store.assignments import mine_to_end
from scantriage.store.encoding import utc_text
from scantriage.store.workbench_schema import assignments, drawn_annotations

Shape = Literal["box", "point", "polygon", "text"]
_N_POINTS: dict[str, tuple[int, int]] = {"box": (2, 2), "point": (1, 1), "polygon": (3, 200), "text": (1, 1)}
_MAX_TEXT, _MAX_EACH = 500, 200  # characters; annotations of one assignment
_FARTHEST_M = 20.0  # from the front bottom corner: a container is at most 13.7 m long
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark on a container.

    id: made by whoever drew it, so that one sent twice is kept once. points_m: (x, z) in metres from the front bottom
    corner; a box has two opposite corners.
    """

    id: str
    shape: Shape
    points_m: tuple[tuple[float, float], ...]
    text: str = ""

    def __post_init__(self) -> None:
        if self.shape not in get_args(Shape) or _ID.fullmatch(self.id) is None:
            raise ActRefused("An annotation is a box, a point, a polygon or a text.")
        fewest, most = _N_POINTS[self.shape]
        if not fewest <= len(self.points_m) <= most:
            raise ActRefused(f"A {self.shape} has {fewest} to {most} points, got {len(self.points_m)}.")
        if not all(math.isfinite(part) and abs(part) <= _FARTHEST_M for point in self.points_m for part in point):
            raise ActRefused("An annotation lies on its container.")
        if len(self.text) > _MAX_TEXT:
            raise ActRefused(f"The text of an annotation has up to {_MAX_TEXT} characters.")


@dataclass(frozen=True, slots=True)
class KeptAnnotation:
    """An annotation as it is kept: whose it is, on what, since when."""

    annotation: Annotation
    assignment_id: str
    container_id: str
    account_id: int
    made_at: str
    removed_at: str | None


def annotate(
    connection: Connection, assignment_id: str, account_id: int, annotation: Annotation, *, at: datetime
) -> bool:
    """Keep it; False where one of this id is there already. Raises ActRefused unless the container is before them."""
    assignment = mine_to_end(connection, assignment_id, account_id)
    if annotation.shape == "text" and not annotation.text.strip():  # not in the class: retention empties texts
        raise ActRefused("Write something, or draw another shape.")
    drawn = connection.execute(
        select(drawn_annotations.c.id, drawn_annotations.c.assignment_id).where(
            (drawn_annotations.c.assignment_id == assignment_id) | (drawn_annotations.c.id == annotation.id)
        )
    ).all()
    there = [one for one in drawn if one.id == annotation.id]
    if there:
        if there[0].assignment_id != assignment_id:
            raise ActRefused("There is another annotation of this id.")
        return False
    if len(drawn) >= _MAX_EACH:
        raise ActRefused(f"A container carries up to {_MAX_EACH} annotations of one analyst.")
    values = {
        "id": annotation.id, "assignment_id": assignment_id, "container_id": assignment.container_id,
        "account_id": account_id, "shape": annotation.shape, "points_m": json.dumps(annotation.points_m),
        "text": annotation.text, "made_at": utc_text(at),
    }  # fmt: skip
    connection.execute(insert(drawn_annotations).values(values))
    connection.execute(update(assignments).where(assignments.c.id == assignment_id).values(active_at=utc_text(at)))
    facts = {"annotation": annotation.id, "assignment": assignment_id} | {
        name: values[name] for name in ("shape", "points_m", "text")
    }
    _trail(connection, account_id, "annotation_made", at, assignment.container_id, facts)
    return True


def take_away(connection: Connection, assignment_id: str, account_id: int, annotation_id: str, *, at: datetime) -> bool:
    """Mark it as removed; False where it is not there (any more). Raises ActRefused as `annotate` does."""
    assignment = mine_to_end(connection, assignment_id, account_id)
    here = (drawn_annotations.c.id == annotation_id) & (drawn_annotations.c.assignment_id == assignment_id)
    gone = (
        update(drawn_annotations).where(here, drawn_annotations.c.removed_at.is_(None)).values(removed_at=utc_text(at))
    )
    if connection.execute(gone).rowcount == 0:
        return False
    facts: dict[str, object] = {"annotation": annotation_id, "assignment": assignment_id}
    _trail(connection, account_id, "annotation_removed", at, assignment.container_id, facts)
    return True


def annotations_of(connection: Connection, assignment_id: str) -> list[KeptAnnotation]:
    """What its analyst drew on the container and did not take away: all that an analyst is shown."""
    return _found(
        connection, (drawn_annotations.c.assignment_id == assignment_id) & drawn_annotations.c.removed_at.is_(None)
    )


def annotations_on(connection: Connection, container_id: str) -> list[KeptAnnotation]:
    """Everything anybody drew on the container, what was taken away too; without what was drawn on projected loads."""
    real = select(assignments.c.id).where(assignments.c.container_id == container_id, assignments.c.tip_id.is_(None))
    return _found(connection, drawn_annotations.c.assignment_id.in_(real))


def _found(connection: Connection, which: ColumnElement[bool]) -> list[KeptAnnotation]:
    rows = connection.execute(
        select(drawn_annotations).where(which).order_by(drawn_annotations.c.made_at, drawn_annotations.c.id)
    )
    return [_kept(row) for row in rows]


def _kept(row: Any) -> KeptAnnotation:
    points: Sequence[tuple[float, float]] = json.loads(row.points_m)
    drawn = Annotation(row.id, row.shape, tuple((float(x), float(z)) for x, z in points), row.text)
    return KeptAnnotation(
        drawn, row.assignment_id, row.container_id, row.account_id, row.made_at, row.removed_at
    )  # fmt: skip


def _trail(
    connection: Connection, account_id: int, kind: str, at: datetime, container_id: str, facts: dict[str, object]
) -> None:
    actor = audit.actor_of(account_id)
    audit.append(connection, actor=actor, kind=kind, at=at, container_id=container_id, facts=facts)
