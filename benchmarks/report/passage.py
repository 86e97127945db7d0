"""How the page puts a table or a plot: with a note of where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.kept import Row, Table
from benchmarks.report.results import Result

PLOTS = "benchmarks"  # folder of the plots, beside the page


def tabled(title: str, rows: Sequence[Row], result: Result, note: str = "") -> str:
    """A table under its own heading, and its source below it."""
    return f"{Table(title, rows, note).markdown()}\n*{result.source}*\n"


def pictured(name: str, alt: str, result: Result) -> str:
    """A plot, and its source below it."""
    return f"![{alt}]({PLOTS}/{name}.png)\n\n*{result.source}*\n"
