"""Kept results, read back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.kept import Cell, Row


@dataclass(frozen=True, slots=True)
class Result:
    """One kept result: how it was measured, its tables by title, and its details."""

    measured: Row
    tables: dict[str, list[Row]]
    details: list[Row]

    @property
    def source(self) -> str:
        """One line: which commit, by which command, when and on what."""
        told = self.measured
        return (
            f"Commit `{told['commit']}`, `{told['command']}`, {told['date']}, {told['processor']}, "
            f"{told['cores']} cores, {told['memory_gib']} GiB, Python {told['python']}."
        )

    def title(self, start: str) -> str:
        """The title of the table that begins so. KeyError when there is none."""
        for title in self.tables:
            if title.startswith(start):
                return title
        raise KeyError(start)

    def rows(self, start: str) -> list[Row]:
        """The rows of the table whose title begins so."""
        return self.tables[self.title(start)]

    def value(self, start: str, name: str, column: str) -> float:
        """A number: of the row that a table names so in its first column. NaN where it says nothing."""
        for row in self.rows(start):
            first, *_ = row.values()
            if first == name:
                cell = row[column]
                return float("nan") if cell is None else float(cell)
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Results:
    """The newest result of each kind; None where there is none."""

    detection: Result | None
    ablation: Result | None
    strange_scanners: Result | None
    failures: Result | None
    speed: Result | None
    scaling: Result | None
    bandwidth: Result | None
    peers: Result | None
    real_rescans: Result | None


def newest_of_each(folder: Path) -> Results:
    """Read the newest of each kind; of detection and peers only those on held-out scanners.

    Results without a time of day are left out: they were kept before all that the page shows was.
    """
    return Results(
        detection=_newest(folder, "detection"),
        ablation=_newest(folder, "ablation"),
        strange_scanners=_newest(folder, "strange_scanners"),
        failures=_newest(folder, "failures"),
        speed=_newest(folder, "speed"),
        scaling=_newest(folder, "scaling"),
        bandwidth=_newest(folder, "bandwidth"),
        peers=_newest(folder, "peers"),
        real_rescans=_newest(folder, "real_rescans"),
    )


def _newest(folder: Path, name: str) -> Result | None:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob(f"{name}-[0-9]*.json")]
    found = [data for data in found if "time" in data and data.get("split") != "train"]
    if not found:
        return None
    data = max(found, key=_moment)
    measured: dict[str, Cell] = {key: value for key, value in data.items() if key not in ("tables", "details")}
    return Result(measured, data["tables"], data["details"])


def _moment(data: dict[str, Any]) -> tuple[str, str]:
    return data["date"], data["time"]
