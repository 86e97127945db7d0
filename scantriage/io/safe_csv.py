"""CSV that no spreadsheet runs: names and sentences come from outside."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

# what a spreadsheet takes for the beginning of a formula
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a header; text that could begin a formula gets an apostrophe in front, None is empty."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return table.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # a lone return is not quoted, and would begin a row
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
