"""Outcomes of inspections as they come: photographs, and tables of other systems."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from scantriage.errors import ActRefused, UnusableInput
from scantriage.io.limits import MIB
from scantriage.io.moments import from_rfc3339
from scantriage.io.photos import PHOTO_TYPE, cleaned_photo
from scantriage.io.whole_file import write_whole
from scantriage.scan.container import container_numbers
from scantriage.store.contents import note_content
from scantriage.store.inspections import Outcome, Photo, enter, is_entered
from scantriage.store.places import Places

COLUMNS = ("container_id", "result", "place", "inspected_at", "kind", "mass_kg", "zone", "note")
_NEEDED = COLUMNS[:4]
MAX_TABLE_BYTES = MIB
_MOST_ROWS = 5_000
_WEIGHT = re.compile(r"\d{1,6}(\.\d{1,3}|,\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of a row of a table: ``entered``, ``known`` from an earlier import, or ``refused``, and why."""

    line: int
    container_id: str
    result: str
    sentence: str = ""


def keep_photo(connection: Connection, places: Places, content: bytes, *, at: datetime) -> Photo:
    """Keep the photograph by its cleaned content. UnreadablePhoto where it is none."""
    cleaned = cleaned_photo(content)
    sha256 = hashlib.sha256(cleaned).hexdigest()
    path = places.photo(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_whole(path, cleaned)
    note_content(connection, places, path, sha256=sha256, at=at)
    return Photo(sha256, PHOTO_TYPE)


def import_outcomes(connection: Connection, table: bytes, account_id: int, *, at: datetime) -> list[ImportedRow]:
    """Enter each row of a CSV table (`COLUMNS`; comma, semicolon or tab) that can be, and say what became of each.

    UnusableInput where it is no such table at all.
    """
    return [_import(connection, line, row, account_id, at) for line, row in _rows(table)]


def _import(connection: Connection, line: int, row: Mapping[str, str], account_id: int, at: datetime) -> ImportedRow:
    shown = row["container_id"][:20]
    try:
        outcome = _outcome(row)
        known = is_entered(connection, outcome.key)
        enter(connection, outcome, account_id, request_key=outcome.key, at=at)
    except ActRefused as refused:
        return ImportedRow(line, shown, "refused", refused.sentence)
    return ImportedRow(line, outcome.container_id, "known" if known else "entered")


def _outcome(row: Mapping[str, str]) -> Outcome:
    """The outcome of a row; ActRefused where a field cannot be used."""
    numbers = container_numbers(row["container_id"])
    if len(numbers) != 1:
        raise ActRefused("This is not a container number.")
    try:
        inspected_at = from_rfc3339(row["inspected_at"])
    except ValueError as error:
        raise ActRefused("inspected_at is a moment such as 2026-10-01T12:00:00Z.") from error
    return Outcome(
        numbers[0], row["result"].lower(), row["place"].upper(), inspected_at,  # type: ignore[arg-type]
        kind=row.get("kind") or None, mass_kg=_mass_kg(row.get("mass_kg", "")), zone=row.get("zone") or None,  # type: ignore[arg-type]
        note=row.get("note", ""),
    )  # fmt: skip


def _mass_kg(text: str) -> float | None:
    if not text:
        return None
    if _WEIGHT.fullmatch(text) is None:  # 1,234 may be a thousand kilograms or one
        raise ActRefused("mass_kg is a weight in kg, such as 12.5.")
    return float(text.replace(",", "."))


def _rows(table: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    if len(table) > MAX_TABLE_BYTES:
        raise UnusableInput(f"The table has more than {MAX_TABLE_BYTES // MIB} MiB.")
    try:
        text = table.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableInput("The table is not UTF-8 text.") from error
    first_line = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first_line.count), restkey="")
    reader.fieldnames = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in _NEEDED if name not in reader.fieldnames]
    if missing or len(set(reader.fieldnames)) < len(reader.fieldnames):
        raise UnusableInput(f"The table needs a header with {', '.join(_NEEDED)}, each once.")
    try:
        for n, row in enumerate(reader):
            if n >= _MOST_ROWS:
                raise UnusableInput(f"The table has more than {_MOST_ROWS:,} rows; send it in parts.")
            cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
            if any(cells.values()):
                yield reader.line_num, cells
    except csv.Error as error:
        raise UnusableInput(f"The table cannot be read ({error}).") from error
