"""The workbench's store with 100,000 containers in the queue: pages, counts, the next container, the trail.

python -m benchmarks.queue_size
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random, SystemRandom

from benchmarks.kept import Row, Table, keep, stamp
from scantriage.store import assignments, audit, decisions, queue, seals
from scantriage.store.accounts import add_account
from scantriage.store.database import Database
from scantriage.store.encoding import utc_text
from scantriage.store.preferences import Preferences
from scantriage.store.queue import QueueFilter, QueueRow

N_CONTAINERS, N_ENTRIES, _ROUNDS = 100_000, 100_000, 21
_NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
_LINE = json.dumps({"findings": "x" * 2500})  # as long as the line of a container with three findings
_PLACES = (None,) * 30 + ("NLRTM", "NLVLI", "BEANR", "DEHAM")
_ORIGINS = ("ECGYE", "BRSSZ", "COTRB", "PEPAI", "CRLIO", "PAMIT", "COCTG", "DOCAU")
_FILTERS = {
    "everything": QueueFilter(),
    "one port": QueueFilter(place="NLVLI"),
    "zone and outcome": QueueFilter(zone="roof", outcome="unprocessable"),
    "state and flow": QueueFilter(state="released", flow="PEPAI-NLRTM"),
    "scanned in two days": QueueFilter(scanned_since=_NOW - timedelta(days=2)),
    "nothing": QueueFilter(state="disagreement"),
}


def main() -> None:
    """Measure, assert the answers, keep the table."""
    measured = stamp()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "scantriage.db")
        filling = [_filled(database, shift) for shift in (0, 7)]
        pages = [row for name, wanted in _FILTERS.items() for row in _page_rows(database, name, wanted)]
        work, trail = _work(database), _trail(database)
        database.close()
    tables = [
        Table("Pages of 50 and counts, ms", pages, "From the front, and from the middle of the queue."),
        Table("A new ranking of all, s", [{"first": filling[0], "next": filling[1]}]),
        Table("One analyst's transactions, ms", work),
        Table(f"{N_ENTRIES:,} entries of the trail", trail),
    ]
    path = keep("queue", measured={**measured, "containers": N_CONTAINERS, "rounds": _ROUNDS}, tables=tables)
    print(f"kept as {path.name} and .json")


def _filled(database: Database, shift: int) -> float:
    rng = Random(1)  # noqa: S311
    rows = [_row(i, rng) for i in range(1, N_CONTAINERS + 1)]
    rows = [replace(row, rank=row.rank + shift) for row in rows]  # each moves down behind what is new
    started = time.perf_counter()
    with database.writing() as connection:
        queue.replace_queue(connection, rows, _NOW)
    taken = time.perf_counter() - started
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE queue_rows SET state = 'released' WHERE rank % 3 = 0")
    return taken


def _row(i: int, rng: Random) -> QueueRow:
    place = rng.choice(_PLACES)
    return QueueRow(
        f"ABCU{i:07d}", f"{i:064d}", i, 1 - i / N_CONTAINERS,
        rng.choice(["compared"] * 8 + ["single", "not_comparable", "unprocessable"]),
        "inspect_at_port" if place else "none", place, rng.choice([None, "cargo", "floor", "door_end", "roof"]),
        "Added: about 20 kg behind the doors.", "Ada", utc_text(_NOW), f"{rng.choice(_ORIGINS)}-{place or 'NLRTM'}",
        rng.choice(["08", "09", "44"]), utc_text(_NOW - timedelta(hours=rng.uniform(0, 300))), _LINE, None,
        utc_text(_NOW),
    )  # fmt: skip


def _page_rows(database: Database, name: str, wanted: QueueFilter) -> list[Row]:
    rows: list[Row] = []
    for place, after in (("front", None), ("middle", (N_CONTAINERS // 2, ""))):
        with database.reading() as connection:
            page = queue.page_of_queue(connection, wanted, after=after)
            total = queue.counts_of_queue(connection, wanted).total
            if after is None and len(page.rows) != min(total, 50):
                raise AssertionError(f"{name}: a page of {len(page.rows)} of {total}")
        shown = _median_ms(_reading(database, lambda c, a=after: queue.page_of_queue(c, wanted, after=a)))
        counted = _median_ms(_reading(database, lambda c: queue.counts_of_queue(c, wanted)))
        rows.append({"filter": name, "from": place, "rows": total, "page": shown, "counts": counted})
    return rows


def _reading(database: Database, ask: Callable[..., object]) -> Callable[[], object]:
    def asked() -> None:
        with database.reading() as connection:
            ask(connection)

    return asked


def _work(database: Database) -> list[Row]:
    with database.writing() as connection:
        account = add_account(
            connection, name="ann", display_name="Ann", role="analyst", sites=(), password_hash=None, at=_NOW
        )
    given, decided, rng = [], [], SystemRandom()
    for n in range(_ROUNDS):
        started = time.perf_counter()
        with database.writing() as connection:
            assignment = assignments.next_assignment(
                connection, account, rng=rng, at=_NOW, preferences=Preferences(random_share=0.5)
            )
        between = time.perf_counter()
        if assignment is None:
            raise AssertionError("nothing waits")
        act = decisions.Act("release", "Seen.", f"request-{n}")
        with database.writing() as connection:
            decisions.decide(connection, assignment.id, account, act, at=_NOW, preferences=Preferences())
        given.append(between - started)
        decided.append(time.perf_counter() - between)
    return [
        {"act": name, "median": 1e3 * statistics.median(times), "max": 1e3 * max(times)}
        for name, times in (("next container", given), ("decision", decided))
    ]


def _trail(database: Database) -> list[Row]:
    facts = {"assignment": "x" * 22, "kind": "first", "tip": None}
    started = time.perf_counter()
    with database.writing() as connection:
        for _ in range(N_ENTRIES):
            audit.append(
                connection, actor="account:1", kind="container_viewed", at=_NOW, container_id="ABCU0000001", facts=facts
            )
    between = time.perf_counter()
    with database.reading() as connection:
        if seals.verify(connection):
            raise AssertionError("the trail is not whole")
    ended = time.perf_counter()
    return [{"act": "append", "s": between - started}, {"act": "verify", "s": ended - between}]


def _median_ms(ask: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS + 1):  # the first warms up
        started = time.perf_counter()
        ask()
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times[1:])


if __name__ == "__main__":
    main()
