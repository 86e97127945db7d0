"""Many who work at once on one file, and a process that is killed at any moment."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select
from workbench_made import NOW, PLAIN, act, fill, give, number, person, row

from scantriage.errors import ActRefused
from scantriage.store import audit, decisions, seals
from scantriage.store.database import Database
from scantriage.store.trail_against_records import differing_records
from scantriage.store.workbench_schema import assignments
from scantriage.store.workbench_schema import decisions as decision_rows

FORK = multiprocessing.get_context("fork")  # a fresh interpreter takes two seconds to load what this one has
N_PROCESSES, N_THREADS, N_KILLS = 2, 4, 30


def work(database, account, *, at=NOW):
    """All that waits, each container in two transactions as a page does it."""
    while True:
        with database.writing() as connection:
            assignment = give(connection, account, at=at)
        if assignment is None:
            return
        with database.writing() as connection:
            decisions.decide(
                connection, assignment.id, account, act(key=f"key-{assignment.id}"), at=at, preferences=PLAIN
            )


def at_desks(path, accounts):
    database = Database(path)
    threads = [threading.Thread(target=work, args=(database, account)) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()


def test_many_at_once_decide_each_container_once(database):
    n = 120
    fill(database, *(row(i, priority=0.9 if i <= 10 else 0.1) for i in range(1, n + 1)))
    with database.writing() as connection:
        accounts = [person(connection, f"analyst-{k}") for k in range(N_PROCESSES * N_THREADS)]
    started = [
        FORK.Process(target=at_desks, args=(database.path, accounts[k::N_PROCESSES])) for k in range(N_PROCESSES)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(timeout=100)
        assert process.exitcode == 0
    for account in accounts:  # second looks that fell to somebody who had gone home
        work(database, account, at=NOW + timedelta(hours=1))
    with database.reading() as connection:
        decided = connection.execute(select(decision_rows.c.container_id, decision_rows.c.account_id)).all()
        times = Counter(container_id for container_id, _ in decided)
        assert times == {number(i): 2 if i <= 10 else 1 for i in range(1, n + 1)}
        assert len(set(decided)) == len(decided)  # never the same one twice
        assert len({account for _, account in decided}) > 1
        assert seals.verify(connection) == []
        assert differing_records(connection) == []


def keep_deciding(path, account, said, again):
    """Decide one after the other, and say so once it is kept; first send again what nobody confirmed."""
    database = Database(path)

    def send(assignment_id):
        with database.writing() as connection:
            decisions.decide(
                connection, assignment_id, account, act(key=f"key-{assignment_id}"), at=NOW, preferences=PLAIN
            )
        os.write(said, f"kept {assignment_id}\n".encode())

    if again is not None:
        send(again)
    while True:
        with database.writing() as connection:
            assignment = give(connection, account)
        os.write(said, f"sent {assignment.id}\n".encode())
        send(assignment.id)


def test_what_was_confirmed_outlives_a_kill_at_any_moment_and_nothing_is_doubled(database):
    rng = Random(7)  # noqa: S311
    fill(database, *(row(i) for i in range(1, 5001)))
    with database.writing() as connection:
        account = person(connection, "ann")
    confirmed, again = [], None
    for life in range(N_KILLS):
        reading, writing = os.pipe()
        desk = FORK.Process(target=keep_deciding, args=(database.path, account, writing, again))
        desk.start()
        os.close(writing)
        first = os.read(reading, 1)  # it is at work
        while life % 2 == 0 and b"sent" not in first:  # every other one gets on, however slow the machine is
            first += os.read(reading, 1)
        time.sleep(rng.uniform(0, 0.3))
        os.kill(desk.pid, signal.SIGKILL)
        desk.join(timeout=20)
        with os.fdopen(reading, "rb") as pipe:
            said = (first + pipe.read()).decode().splitlines()
        confirmed += [line.split()[1] for line in said if line.startswith("kept")]
        again = next((line.split()[1] for line in reversed(said) if line.startswith("sent")), again)
        with database.reading() as connection:
            kept = list(connection.execute(select(decision_rows.c.assignment_id)).scalars())
            assert set(confirmed) <= set(kept)
            assert len(kept) == len(set(kept)) <= len(set(confirmed)) + 1
            assert seals.verify(connection) == []
    assert len(set(confirmed)) >= N_KILLS // 2 - 1
    with database.reading() as connection:
        assert differing_records(connection) == []
        made = [entry for entry in audit.entries(connection) if entry.kind == "decision_made"]
        assert len(made) == len(kept)
        still_open = connection.execute(select(assignments.c.id).where(assignments.c.state == "open")).all()
        assert len(still_open) <= 1


def test_a_decision_and_its_expiry_at_once_end_in_one_of_them(database, people):
    fill(database, row(1))
    later = NOW + timedelta(minutes=31)
    with database.writing() as connection:
        assignment = give(connection, people["ann"])
    ended = []

    def decide():
        try:
            with database.writing() as connection:
                decisions.decide(connection, assignment.id, people["ann"], act(), at=later, preferences=PLAIN)
            ended.append("decided")
        except ActRefused:
            ended.append("expired")

    threads = [
        threading.Thread(target=decide),
        threading.Thread(target=hand_out, args=(database, people["bob"], later)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        states = Counter(connection.execute(select(assignments.c.state)).scalars())
    assert states == ({"decided": 1} if ended == ["decided"] else {"expired": 1, "open": 1})


def hand_out(database: Database, account: int, at: datetime) -> None:
    with database.writing() as connection:
        give(connection, account, at=at)
