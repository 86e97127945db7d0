"""Write docs/benchmarks.md and its plots from the newest kept results.

python -m benchmarks.report
"""

from __future__ import annotations

from benchmarks.kept import RESULTS
from benchmarks.report.page import write_page

_DOCS = RESULTS.parents[1] / "docs"


def main() -> None:
    """Write, and say where."""
    print(f"written to {write_page(RESULTS, _DOCS).relative_to(_DOCS.parent)}")


if __name__ == "__main__":
    main()
