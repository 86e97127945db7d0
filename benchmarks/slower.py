"""Which stage or kernel became slower: two kept tables side by side.

python -m benchmarks.slower BASELINE.json NOW.json

Takes any tables of times that were kept (``speed``, ``bandwidth``) and compares the best round of each row, which
other work on the machine disturbs least. Ends with 1 when a row takes more than a quarter longer, and with 2 when the
two cannot be compared: other machines, or no row in common.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.kept import Row, Table

MUCH = 1.25  # times as long: rounds of one commit differ by a tenth
_SAME = ("processor", "cores", "threads", "rows", "columns", "energies")


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison; the exit code says whether something became slower."""
    parser = argparse.ArgumentParser(description="Which stage or kernel became slower.")
    parser.add_argument("baseline", type=Path)
    parser.add_argument("now", type=Path)
    chosen = parser.parse_args(arguments)
    before, now = (json.loads(path.read_text(encoding="utf-8")) for path in (chosen.baseline, chosen.now))
    differing = [name for name in _SAME if before.get(name) != now.get(name)]
    rows = compared(before, now)
    if differing or not rows:
        print(f"not comparable: other {', '.join(differing)}" if differing else "not comparable: no row in common")
        return 2
    print(Table(f"{before['commit']} to {now['commit']}, best round in ms", rows).markdown())
    return 1 if any(row["slower"] for row in rows) else 0


def compared(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Row]:
    """The rows with a best round in both, the one that lost most first."""
    old, new = _best_ms(before), _best_ms(now)
    rows: list[Row] = [
        {"what": name, "before": old[name], "now": ms, "times": ms / old[name], "slower": ms > MUCH * old[name]}
        for name, ms in new.items()
        if name in old
    ]
    return sorted(rows, key=lambda row: -float(row["times"] or 0))


def _best_ms(kept: Mapping[str, Any]) -> dict[str, float]:
    """Best round of every row that has one, under the row's first entry."""
    rows = (row for table in kept["tables"].values() for row in table)
    return {str(next(iter(row.values()))): float(row["min"]) for row in rows if row.get("min")}


if __name__ == "__main__":
    sys.exit(main())
