"""What inspections found: entered, never changed, corrected by a further entry."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, exists, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.orm import aliased

from scantriage.errors import ActRefused
from scantriage.scan.container import is_container_number
from scantriage.scan.finding import Zone
from scantriage.store import audit
from scantriage.store.encoding import digest, utc_text
from scantriage.store.sites import is_locode
from scantriage.store.workbench_schema import inspection_photos, inspections

Result = Literal["nothing", "find"]
MAX_KIND, MAX_NOTE = 100, 2000  # characters
MAX_MASS_KG = 30_000.0  # more than a container may hold
_AHEAD = timedelta(hours=1)  # clocks that differ


@dataclass(frozen=True, slots=True)
class Outcome:
    """What opening a container showed.

    kind, mass_kg, zone: of a find, as far as known. kind: what it was, such as ``cocaine``. place: UN/LOCODE where it
    was opened. inspected_at: with a time zone.
    """

    container_id: str
    result: Result
    place: str
    inspected_at: datetime
    kind: str | None = None
    mass_kg: float | None = None
    zone: Zone | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not is_container_number(self.container_id):
            raise ActRefused("This is not a container number.")
        if self.result not in get_args(Result):
            raise ActRefused("An inspection ends with nothing or with a find.")
        if not is_locode(self.place):
            raise ActRefused("A place is written as a UN/LOCODE, such as NLRTM.")
        if self.inspected_at.tzinfo is None:
            raise ActRefused("The moment of an inspection has a time zone.")
        if self.zone is not None and self.zone not in get_args(Zone):
            raise ActRefused(f"A place in the container is one of {', '.join(get_args(Zone))}.")
        if self.mass_kg is not None and not (math.isfinite(self.mass_kg) and 0 < self.mass_kg <= MAX_MASS_KG):
            raise ActRefused(f"A find weighs more than 0 and up to {MAX_MASS_KG:,.0f} kg.")
        if self.result == "nothing" and (self.kind or self.zone or self.mass_kg is not None):
            raise ActRefused("Where nothing was found there is no kind, weight or place of a find.")
        if len(self.kind or "") > MAX_KIND or len(self.note) > MAX_NOTE:
            raise ActRefused(f"A kind has up to {MAX_KIND} characters, a note up to {MAX_NOTE}.")

    @property
    def key(self) -> str:
        """The same for the same outcome: imported twice, it is entered once."""
        mass = None if self.mass_kg is None else f"{self.mass_kg:.3f}"
        what = (self.container_id, self.result, self.place, utc_text(self.inspected_at), self.kind, mass, self.zone)
        return f"row:{digest(*what)}"


@dataclass(frozen=True, slots=True)
class Inspection:
    """An outcome as it was entered; replaces: the id of the entry that it corrects."""

    id: int
    outcome: Outcome
    entered_at: str
    entered_by: int
    replaces: int | None


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of a find: a kept content (`contents`), and what it is, such as ``image/jpeg``."""

    sha256: str
    media_type: str


def enter(
    connection: Connection,
    outcome: Outcome,
    account_id: int,
    *,
    request_key: str,
    at: datetime,
    replaces: int | None = None,
    photos: Iterable[Photo] = (),
) -> int:
    """Keep the outcome with its entry in the trail, and give its number; the same form sent twice enters once.

    photos: contents that are kept already. Raises ActRefused for a moment still to come, or where the entry to be
    corrected is another container's or was corrected already.
    """
    known = connection.execute(select(inspections.c.id).where(inspections.c.request_key == request_key)).scalar()
    if known is not None:
        return int(known)
    if outcome.inspected_at > at + _AHEAD:
        raise ActRefused("An inspection is entered once it is over.")
    if replaces is not None:
        _check_replaced(connection, outcome, replaces)
    values = asdict(outcome) | {
        "inspected_at": utc_text(outcome.inspected_at), "entered_at": utc_text(at), "entered_by": account_id,
        "replaces": replaces, "request_key": request_key,
    }  # fmt: skip
    number = int(connection.execute(insert(inspections).values(values).returning(inspections.c.id)).scalar_one())
    pictures = list(photos)
    for photo in pictures:
        kept = upsert(inspection_photos).values(inspection_id=number, **asdict(photo))
        connection.execute(kept.on_conflict_do_nothing())
    told = ("result", "kind", "mass_kg", "zone", "place", "inspected_at", "replaces", "note")
    facts = {"inspection": number, "photos": [photo.sha256 for photo in pictures]}
    audit.append(
        connection, actor=audit.actor_of(account_id), kind="outcome_entered", at=at,
        container_id=outcome.container_id, facts=facts | {name: values[name] for name in told},
    )  # fmt: skip
    return number


def inspections_of(connection: Connection, container_id: str) -> list[Inspection]:
    """Everything entered on the container, oldest first, what was corrected too."""
    return _found(connection, inspections.c.container_id == container_id)


def standing_inspections(connection: Connection) -> list[Inspection]:
    """Everything that was found, without what was corrected: what is known of containers that were opened."""
    later = aliased(inspections)
    return _found(connection, ~exists().where(later.c.replaces == inspections.c.id))


def page_of_inspections(connection: Connection, *, before: int | None = None, limit: int = 50) -> list[Inspection]:
    """What was entered last, latest first, without what was corrected; from below the number ``before``."""
    later = aliased(inspections)
    wanted = select(inspections).where(~exists().where(later.c.replaces == inspections.c.id))
    if before is not None:
        wanted = wanted.where(inspections.c.id < before)
    return [_inspection(row) for row in connection.execute(wanted.order_by(inspections.c.id.desc()).limit(limit))]


def inspection_numbered(connection: Connection, number: int) -> Inspection | None:
    """The entry of this number."""
    return next(iter(_found(connection, inspections.c.id == number)), None)


def is_entered(connection: Connection, request_key: str) -> bool:
    """Whether the form or row of this key was entered already."""
    return (
        connection.execute(select(inspections.c.id).where(inspections.c.request_key == request_key)).first() is not None
    )


def is_photo(connection: Connection, sha256: str) -> bool:
    """Whether an entry has this photograph."""
    return (
        connection.execute(select(inspection_photos.c.sha256).where(inspection_photos.c.sha256 == sha256)).first()
        is not None
    )


def last_inspected(connection: Connection) -> dict[str, datetime]:
    """When each container that was opened was opened last."""
    opened = standing_inspections(connection)
    return {one.outcome.container_id: one.outcome.inspected_at for one in sorted(opened, key=_inspected_at)}


def photos_of(connection: Connection, inspection_id: int) -> list[Photo]:
    """The pictures of one inspection."""
    columns = (inspection_photos.c.sha256, inspection_photos.c.media_type)
    wanted = select(*columns).where(inspection_photos.c.inspection_id == inspection_id).order_by(columns[0])
    return [Photo(*row) for row in connection.execute(wanted)]


def _check_replaced(connection: Connection, outcome: Outcome, replaces: int) -> None:
    old = select(inspections.c.container_id).where(inspections.c.id == replaces)
    if connection.execute(old).scalar() != outcome.container_id:
        raise ActRefused("A correction is of an entry on the same container.")
    if connection.execute(select(inspections.c.id).where(inspections.c.replaces == replaces)).first():
        raise ActRefused("This entry was corrected already; correct the later one.")


def _found(connection: Connection, which: ColumnElement[bool]) -> list[Inspection]:
    rows = connection.execute(select(inspections).where(which).order_by(inspections.c.id))
    return [_inspection(row) for row in rows]


def _inspected_at(one: Inspection) -> datetime:
    return one.outcome.inspected_at


def _inspection(row: Any) -> Inspection:
    outcome = Outcome(
        row.container_id, row.result, row.place, datetime.fromisoformat(row.inspected_at), row.kind, row.mass_kg,
        row.zone, row.note,
    )  # fmt: skip
    return Inspection(row.id, outcome, row.entered_at, row.entered_by, row.replaces)
