"""Results with the commit and the machine they were measured on, as JSON and as a readable table beside it."""

from __future__ import annotations

import json
import math
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
_ROOT = Path(__file__).parent.parent

Cell = str | float | int | bool | None
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the same columns, under a title. note: one or two sentences on how to read it."""

    title: str
    rows: Sequence[Row]
    note: str = ""

    def markdown(self) -> str:
        """The table as text that is also Markdown, its columns aligned."""
        head = f"## {self.title}\n" + (f"\n{self.note}\n" if self.note else "")
        if not self.rows:
            return f"{head}\n(none)\n"
        cells = [list(self.rows[0]), *([_shown(value) for value in row.values()] for row in self.rows)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
        lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in cells]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return f"{head}\n" + "\n".join(lines) + "\n"


def stamp() -> dict[str, Cell]:
    """When, from which commit, by which command and on which machine; to be taken before measuring starts."""
    now = datetime.now(UTC)
    when: dict[str, Cell] = {"date": f"{now:%Y-%m-%d}", "time": f"{now:%H:%M:%S}"}
    return {**when, "commit": commit(), "command": command(), **machine()}


def keep(name: str, *, measured: Row, tables: Sequence[Table], details: Sequence[Row] = ()) -> Path:
    """Print the tables, and write them as ``<name>-<date>-<commit>`` in both forms; returns the Markdown's path.

    measured: a `stamp`, and the settings of the measurement. details: rows that only the JSON keeps.
    """
    text = f"# {name}\n\n" + "".join(f"- {key}: {_shown(value)}\n" for key, value in measured.items())
    text += "".join(f"\n{table.markdown()}" for table in tables)
    print(text)
    path = RESULTS / f"{name}-{measured['date']}-{measured['commit']}.md"
    path.write_text(text, encoding="utf-8")
    data = {
        **measured,
        "tables": {table.title: [_plain(row) for row in table.rows] for table in tables},
        "details": [_plain(row) for row in details],
    }
    # one row a line: small, and a change shows as a line
    body = json.dumps(data, allow_nan=False).replace("}, {", "},\n {").replace("[{", "[\n {")
    path.with_suffix(".json").write_text(body + "\n", encoding="utf-8")
    return path


def commit() -> str:
    """The short commit, with ``-changed`` where the package differs from it; ``unknown`` outside a repository."""
    try:
        head = _git("rev-parse", "--short", "HEAD")
        return head + ("-changed" if _git("status", "--porcelain", "--", "scantriage") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def command() -> str:
    """What was typed, without the folders of this machine."""
    words = (Path(word).name if "/" in word else word for word in sys.orig_argv)
    return shlex.join(words)


def machine() -> dict[str, Cell]:
    """Processor, cores, memory, system and Python: no name of the machine itself."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=_ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()  # fmt: skip


def _shown(value: Cell) -> str:
    if value is None or _is_nan(value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return str(value).replace("|", "\\|")


def _plain(row: Row) -> dict[str, Cell]:
    """The row in what JSON can say."""
    # six digits, not decimals: priorities of clean containers are a few ten-thousandths, and their order counts
    rounded = {key: float(f"{value:.6g}") if isinstance(value, float) else value for key, value in row.items()}
    return {key: None if _is_nan(value) else value for key, value in rounded.items()}


def _is_nan(value: Cell) -> bool:
    return isinstance(value, float) and math.isnan(value)
