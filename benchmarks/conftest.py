"""What the speed benchmarks share: one arithmetic thread, a full-size pair, and results that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.full_size import MASS_KG, N_COLS, N_ROWS, FullSizePair, full_size_pair
from benchmarks.kept import Row, Table, keep, stamp
from scantriage.pipeline.engines import settle


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep", action="store_true", help="keep the table under benchmarks/results/")


@pytest.fixture(scope="session", autouse=True)
def like_a_worker() -> None:
    settle()


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> FullSizePair:
    return full_size_pair(tmp_path_factory.mktemp("full_size"))


@pytest.fixture(scope="session", autouse=True)
def kept(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep the medians and spreads when the session asks for it and every answer was right."""
    measured = stamp()
    yield
    session: Any = request.config._benchmarksession  # type: ignore[attr-defined]  # pytest-benchmark gives no other way
    if request.config.getoption("--keep") and session.benchmarks and not request.session.testsfailed:
        size = {"rows": N_ROWS, "columns": N_COLS, "energies": 2, "threads": 1, "load_kg": MASS_KG}
        keep(
            "speed",
            measured={**measured, **size},
            tables=[Table("Time, ms", [_row(one) for one in session.benchmarks])],
        )


def _row(measured: Any) -> Row:
    stats = measured.stats
    return {
        "stage": measured.name.removeprefix("bench_"),
        "rounds": stats.rounds,
        "median": 1000 * stats.median,
        "iqr": 1000 * stats.iqr,
        "min": 1000 * stats.min,
        "max": 1000 * stats.max,
        "peak MiB": measured.extra_info.get("peak_mib"),
        "found kg": measured.extra_info.get("found_kg"),
    }
