"""The manifest: one row for each container (FORMAT: manifest)."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from scantriage.errors import InvalidManifest
from scantriage.io.limits import MIB, RefusedFileError, read_limited
from scantriage.io.moments import from_rfc3339
from scantriage.scan.container import container_numbers
from scantriage.scan.record import ManifestEntry

MAX_MANIFEST_BYTES = 64 * MIB  # a row has 150 bytes, a large ship 24,000 containers
MAX_GROSS_KG = 100_000  # a container may weigh 30,480 (ISO 668); heavier is a slip, this is nonsense
MAX_TEXT = 500
_TEXT_COLUMNS = tuple(
    field.name for field in fields(ManifestEntry) if field.name not in ("container_id", "gross_kg", "eta")
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows that could be used, one for each container, and a sentence for everything that could not."""

    entries: tuple[ManifestEntry, ...]
    warnings: tuple[str, ...]


def read_manifest(path: Path) -> Manifest:
    """Read a CSV table with a header: UTF-8, else Latin; comma, semicolon or tab.

    Columns that are not known are ignored. A wrong value of an optional column is left out with a warning, and
    so is a row without container number; of two rows for one container the later counts.
    InvalidManifest: no table, or none with a column ``container_id``.
    """
    try:
        text, warnings = _decode(read_limited(path, max_bytes=MAX_MANIFEST_BYTES), path.name)
        reader = csv.DictReader(io.StringIO(text, newline=""), dialect=_dialect(text), restkey=None)
        header = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        if "container_id" not in header:
            raise RefusedFileError("has no header with a column container_id")
        reader.fieldnames = header
        entries: dict[str, ManifestEntry] = {}
        for place, row in _rows(reader, path.name):
            entry = _entry(row, place, warnings)
            if entry is None:
                continue
            if entry.container_id in entries:
                warnings.append(f"{place}: {entry.container_id} is listed again; the later row counts.")
            entries[entry.container_id] = entry
    except RefusedFileError as refusal:
        raise InvalidManifest(f"{path.name} {refusal}.") from refusal
    except csv.Error as error:
        raise InvalidManifest(f"{path.name} is not a table ({error}).") from error
    return Manifest(tuple(entries.values()), tuple(warnings))


def _decode(content: bytes, name: str) -> tuple[str, list[str]]:
    if b"\0" in content:
        raise RefusedFileError("is not text")
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        warning = f"{name} is not UTF-8 and was read as Latin (Windows-1252): accented letters may be wrong."
        return content.decode("cp1252", errors="replace"), [warning]


def _dialect(text: str) -> type[csv.Dialect]:
    """The delimiter that splits the header line into most columns; a single column has none."""
    first_line = text.split("\n", 1)[0]

    class Table(csv.excel):
        delimiter = max(",;\t", key=first_line.count)

    return Table


def _rows(reader: csv.DictReader[str], name: str) -> Iterator[tuple[str, dict[str, str]]]:
    for row in reader:
        yield f"{name} line {reader.line_num}", {key: (value or "").strip() for key, value in row.items() if key}


def _entry(row: dict[str, str], place: str, warnings: list[str]) -> ManifestEntry | None:
    if not any(row.values()):
        return None
    numbers = container_numbers(row["container_id"])
    if len(numbers) != 1:
        shown = row["container_id"][:40]
        warnings.append(f"{place}: {f'{shown!r} is not a' if shown else 'there is no'} container number.")
        return None
    return ManifestEntry(
        container_id=numbers[0],
        gross_kg=_gross_kg(row.get("gross_kg"), place, warnings),
        eta=_eta(row.get("eta"), place, warnings),
        **{name: row.get(name, "")[:MAX_TEXT] or None for name in _TEXT_COLUMNS},
    )


def _gross_kg(text: str | None, place: str, warnings: list[str]) -> float | None:
    if not text:
        return None
    try:
        gross_kg = float(text)
    except ValueError:
        gross_kg = math.nan
    if not 0 <= gross_kg <= MAX_GROSS_KG:
        warnings.append(f"{place}: gross_kg {text[:40]!r} is not a weight in kg and was left out.")
        return None
    return gross_kg


def _eta(text: str | None, place: str, warnings: list[str]) -> datetime | None:
    if not text:
        return None
    try:
        return from_rfc3339(text)
    except ValueError as error:
        warnings.append(f"{place}: eta {text[:40]!r} {error}, and was left out.")
        return None
