"""What inspections found: entered one by one with photographs, or as a table; corrected by a further entry."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, File, Form, HTTPException, Query, Request, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from scantriage.errors import ActRefused, UnusableInput
from scantriage.io.photos import MAX_PHOTO_BYTES, PHOTO_TYPE
from scantriage.pipeline.outcome_import import COLUMNS, MAX_TABLE_BYTES, ImportedRow, import_outcomes, keep_photo
from scantriage.scan.finding import Zone
from scantriage.store import audit, inspections
from scantriage.store.inspections import Inspection, Outcome, Photo
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.render import page

router = APIRouter(prefix="/outcomes")
Overseer = Annotated[SignedIn, Depends(signed_in("supervisor", "auditor"))]
Supervisor = Annotated[SignedIn, Depends(signed_in("supervisor"))]
_ROWS, _MOST_PHOTOS = 50, 12


@dataclass(frozen=True, slots=True)
class Typed:
    """An outcome as somebody typed it, before it is checked; ``inspected_at`` in UTC, without saying so."""

    container_id: str = ""
    result: str = ""
    place: str = ""
    inspected_at: str = ""
    kind: str = ""
    mass_kg: str = ""
    zone: str = ""
    note: str = ""

    def checked(self) -> Outcome:
        """The outcome; ActRefused, in one sentence, where it cannot be one."""
        return Outcome(
            re.sub(r"[^A-Z0-9]", "", self.container_id.upper()), self.result,  # type: ignore[arg-type]
            self.place.strip().upper(), _moment(self.inspected_at), kind=self.kind.strip() or None,
            mass_kg=_mass_kg(self.mass_kg), zone=self.zone or None, note=self.note.strip(),  # type: ignore[arg-type]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutcomesPage:
    """The latest entries, and the form for a further one. before: where the next part begins; None at the end."""

    entries: tuple[Inspection, ...]
    before: int | None
    typed: Typed
    request_key: str
    zones: tuple[str, ...] = get_args(Zone)
    columns: tuple[str, ...] = COLUMNS
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """One entry with its photographs, everything else entered on the container, and the form to correct it.

    corrected_by: number of the entry that corrects this one, None where none does.
    """

    entry: Inspection
    photos: tuple[Photo, ...]
    others: tuple[Inspection, ...]
    corrected_by: int | None
    typed: Typed
    request_key: str
    zones: tuple[str, ...] = get_args(Zone)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ImportPage:
    """What became of each row of a table, or why it is none."""

    rows: tuple[ImportedRow, ...]
    trouble: str = ""

    def n(self, result: str) -> int:
        """How many rows ended so."""
        return sum(row.result == result for row in self.rows)


def _typed(
    container_id: Annotated[str, Form(max_length=20)] = "",
    result: Annotated[str, Form(max_length=20)] = "",
    place: Annotated[str, Form(max_length=10)] = "",
    inspected_at: Annotated[str, Form(max_length=40)] = "",
    kind: Annotated[str, Form(max_length=1000)] = "",
    mass_kg: Annotated[str, Form(max_length=20)] = "",
    zone: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=10_000)] = "",
) -> Typed:
    return Typed(container_id, result, place, inspected_at, kind, mass_kg, zone, note)


TypedHere = Annotated[Typed, Depends(_typed)]
RequestKey = Annotated[str, Form(min_length=8, max_length=100)]
Photos = Annotated[list[UploadFile] | None, File()]


@router.get("")
def outcomes(
    request: Request, here: Here, who: Overseer, container: Annotated[str, Query(max_length=11)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> HTMLResponse:  # fmt: skip
    """The latest entries, and the form; ``container`` stands in it at first."""
    return _list(
        request, here, who, Typed(container_id=container, inspected_at=f"{here.clock():%Y-%m-%dT%H:%M}"), before=before
    )


@router.post("")
def enter(
    request: Request, here: Here, who: Supervisor, typed: TypedHere, request_key: RequestKey, photos: Photos = None
) -> Response:
    """Enter an outcome."""
    try:
        number = keep_outcome(here, who, typed, request_key, photos or [])
    except (ActRefused, UnusableInput) as refused:
        return _list(request, here, who, typed, trouble=refused.sentence)
    return RedirectResponse(f"/outcomes/{number}", 303)


@router.post("/import")
def import_table(request: Request, here: Here, who: Supervisor, table: Annotated[UploadFile, File()]) -> HTMLResponse:
    """Enter a table, and report what became of each row."""
    content = table.file.read(MAX_TABLE_BYTES + 1)
    try:
        with here.database.writing() as connection:
            rows = import_outcomes(connection, content, who.account_id, at=here.clock())
            facts = {"rows": len(rows), "entered": sum(row.result == "entered" for row in rows)}
            audit.append(
                connection, actor=audit.actor_of(who.account_id), kind="outcomes_imported", at=here.clock(), facts=facts
            )
    except UnusableInput as unusable:
        return page(request, "outcome_import.html", ImportPage((), unusable.sentence), who, status=422)
    return page(request, "outcome_import.html", ImportPage(tuple(rows)), who)


@router.get("/photos/{sha256}.jpg")
def photo(here: Here, who: Overseer, sha256: str) -> FileResponse:  # noqa: ARG001
    """A photograph, known by its content."""
    path = here.places.photo(sha256) if re.fullmatch(r"[0-9a-f]{64}", sha256) else None
    with here.database.reading() as connection:
        known = path is not None and inspections.is_photo(connection, sha256)
    if path is None or not known or not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, media_type=PHOTO_TYPE)


@router.get("/{number}")
def outcome(request: Request, here: Here, who: Overseer, number: int) -> HTMLResponse:
    """One entry, with all that was entered on its container."""
    return _one(request, here, who, number)


@router.post("/{number}/correct")
def correct(
    request: Request, here: Here, who: Supervisor, number: int, typed: TypedHere, request_key: RequestKey,
    photos: Photos = None,
) -> Response:  # fmt: skip
    """Enter what should have been entered; the first entry stays in the records, its photographs go on."""
    try:
        corrected_by = keep_outcome(here, who, typed, request_key, photos or [], replaces=number)
    except (ActRefused, UnusableInput) as refused:
        return _one(request, here, who, number, typed, trouble=refused.sentence)
    return RedirectResponse(f"/outcomes/{corrected_by}", 303)


def keep_outcome(
    here: Workbench,
    who: SignedIn,
    typed: Typed,
    request_key: str,
    photos: list[UploadFile],
    replaces: int | None = None,
) -> int:
    """Keep what was typed, with its photographs; its number. ActRefused or UnusableInput where it cannot be."""
    given = [photo for photo in photos if photo.filename]  # an empty field of a form comes as a file without a name
    if len(given) > _MOST_PHOTOS:
        raise ActRefused(f"An entry has up to {_MOST_PHOTOS} photographs.")
    checked = typed.checked()
    contents = [photo.file.read(MAX_PHOTO_BYTES + 1) for photo in given]
    with here.database.writing() as connection:
        kept = [keep_photo(connection, here.places, content, at=here.clock()) for content in contents]
        if replaces is not None:
            kept += inspections.photos_of(connection, replaces)
        return inspections.enter(
            connection, checked, who.account_id, request_key=request_key, at=here.clock(), replaces=replaces,
            photos=kept,
        )  # fmt: skip


def _list(
    request: Request, here: Workbench, who: SignedIn, typed: Typed, *, before: int | None = None, trouble: str = ""
) -> HTMLResponse:
    with here.database.reading() as connection:
        entries = inspections.page_of_inspections(connection, before=before, limit=_ROWS + 1)
    rest = entries[_ROWS - 1].id if len(entries) > _ROWS else None
    context = OutcomesPage(tuple(entries[:_ROWS]), rest, typed, secrets.token_urlsafe(16), trouble=trouble)
    return page(request, "outcomes.html", context, who, status=422 if trouble else 200)


def _one(
    request: Request, here: Workbench, who: SignedIn, number: int, typed: Typed | None = None, *, trouble: str = ""
) -> HTMLResponse:
    with here.database.writing() as connection:
        entry = inspections.inspection_numbered(connection, number) if 0 < number < 2**63 else None
        if entry is None:
            raise HTTPException(404)
        every = inspections.inspections_of(connection, entry.outcome.container_id)
        photos = tuple(inspections.photos_of(connection, number))
        audit.append(
            connection, actor=audit.actor_of(who.account_id), kind="outcome_viewed", at=here.clock(),
            container_id=entry.outcome.container_id, facts={"inspection": number},
        )  # fmt: skip
    corrected_by = next((one.id for one in every if one.replaces == number), None)
    others = tuple(one for one in every if one.id != number)
    context = OutcomePage(
        entry, photos, others, corrected_by, typed or _as_typed(entry.outcome), secrets.token_urlsafe(16),
        trouble=trouble,
    )  # fmt: skip
    return page(request, "outcome.html", context, who, status=422 if trouble else 200)


def _as_typed(outcome: Outcome) -> Typed:
    return Typed(
        outcome.container_id, outcome.result, outcome.place, f"{outcome.inspected_at:%Y-%m-%dT%H:%M}",
        outcome.kind or "", "" if outcome.mass_kg is None else f"{outcome.mass_kg:g}", outcome.zone or "", outcome.note,
    )  # fmt: skip


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ActRefused("Say when it was inspected.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _mass_kg(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise ActRefused("The weight is a number of kilograms, such as 12.5.") from None
