from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from workbench_made import NOW, decide, fill, give, number, row, state

from scantriage.store import queue
from scantriage.store.queue import QueueFilter

PLACES, OUTCOMES, ZONES = (None, "NLRTM", "NLVLI"), ("compared", "single"), (None, "cargo", "roof")


@pytest.fixture
def mixed(database):
    rng = Random(3)  # noqa: S311
    rows = [
        row(i, place=rng.choice(PLACES), outcome=rng.choice(OUTCOMES), zone=rng.choice(ZONES),
            flow=rng.choice(("ECGYE-NLRTM", "BRSSZ-NLVLI", None)))
        for i in range(1, 201)
    ]  # fmt: skip
    fill(database, *rows)
    with database.writing() as connection:
        for one in rows[::3]:
            queue.set_state(connection, one.container_id, one.reading_digest, "released", at=NOW)
    with database.reading() as connection:
        return [queue.row_of(connection, one.container_id) for one in rows]


FILTERS = [
    QueueFilter(),
    QueueFilter(place="NLVLI"),
    QueueFilter(place=""),  # no port acts
    QueueFilter(zone="roof", outcome="single"),
    QueueFilter(state="released", flow="BRSSZ-NLVLI"),
    QueueFilter(scanned_since=NOW - timedelta(hours=50), scanned_before=NOW - timedelta(hours=20)),
    QueueFilter(scanned_since=NOW - timedelta(hours=50), place="NLRTM", zone=""),
    QueueFilter(state="disagreement"),
]


def fits(one, wanted, *, but=None):
    for name in queue.FACETS:
        value = getattr(wanted, name)
        if name != but and value is not None and (getattr(one, name) or "") != value:
            return False
    scanned = one.acquired_at
    return not (
        (wanted.scanned_since and scanned < queue.utc_text(wanted.scanned_since))
        or (wanted.scanned_before and scanned >= queue.utc_text(wanted.scanned_before))
    )


@pytest.mark.parametrize("wanted", FILTERS)
def test_pages_hold_every_row_that_fits_once_and_in_order(database, mixed, wanted):
    seen, after = [], None
    with database.reading() as connection:
        while True:
            page = queue.page_of_queue(connection, wanted, after=after, limit=7)
            seen += [one.container_id for one in page.rows]
            after = page.next_after
            if after is None:
                break
    assert seen == [one.container_id for one in mixed if fits(one, wanted)]


@pytest.mark.parametrize("wanted", FILTERS)
def test_counts_say_what_each_choice_would_give(database, mixed, wanted):
    with database.reading() as connection:
        counted = queue.counts_of_queue(connection, wanted)
    assert counted.total == sum(fits(one, wanted) for one in mixed)
    for name in queue.FACETS:
        here = Counter(getattr(one, name) or "" for one in mixed if fits(one, wanted, but=name))
        assert counted.by[name] == here


@pytest.mark.usefixtures("mixed")
def test_counts_stay_right_while_rows_come_change_and_go(database):
    fill(database, *(row(i, place="NLRTM", digest="another") for i in range(50, 120)))
    with database.reading() as connection:
        counted = connection.exec_driver_sql("SELECT sum(n) FROM queue_counts").scalar()
        kept = connection.exec_driver_sql("SELECT count(*) FROM queue_rows").scalar()
        both = queue.counts_of_queue(connection, QueueFilter(place="NLRTM"))
        aged = queue.counts_of_queue(connection, QueueFilter(place="NLRTM", scanned_since=NOW - timedelta(days=999)))
    assert counted == kept
    assert both == aged


def test_rows_of_one_rank_are_not_lost_between_pages(database):
    fill(database, *(row(i, rank=5) for i in range(1, 6)))
    with database.reading() as connection:
        first = queue.page_of_queue(connection, QueueFilter(), limit=2)
        rest = queue.page_of_queue(connection, QueueFilter(), after=first.next_after, limit=9)
    assert [one.container_id for one in first.rows + rest.rows] == [number(i) for i in range(1, 6)]


@pytest.mark.usefixtures("mixed")
def test_filters_and_counts_are_answered_from_indexes_alone(database):
    with database.reading() as connection:
        for statement in (
            "SELECT container_id FROM queue_rows WHERE zone = 'x' AND (rank, container_id) > (1, 'a') "
            "ORDER BY rank, container_id LIMIT 50",
            "SELECT state, place, outcome, zone, flow, count(*) FROM queue_rows WHERE acquired_at >= 'x' "
            "GROUP BY state, place, outcome, zone, flow",
        ):
            plan = [step[3] for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
            assert all("COVERING INDEX" in step for step in plan), plan


def test_a_new_ranking_keeps_how_the_work_stands_and_a_new_reading_begins_anew(database, people):
    fill(database, row(1), row(2), row(3))
    with database.writing() as connection:
        for _ in range(2):
            decide(connection, give(connection, people["ann"]))
    fill(database, row(3, rank=1), row(1, rank=2), row(2, rank=3, digest="read anew"))
    with database.reading() as connection:
        rows = queue.page_of_queue(connection, QueueFilter()).rows
    assert [(one.container_id, one.state) for one in rows] == [
        (number(3), "waiting"), (number(1), "released"), (number(2), "waiting"),
    ]  # fmt: skip


def test_what_is_ranked_no_more_goes_unless_somebody_worked_on_it(database, people):
    fill(database, *(row(i) for i in range(1, 5)))
    with database.writing() as connection:
        decide(connection, give(connection, people["ann"]))  # 1: released
        give(connection, people["bob"])  # 2: open
    fill(database, row(4, rank=1))
    with database.reading() as connection:
        rows = queue.page_of_queue(connection, QueueFilter()).rows
    assert [(one.container_id, one.state) for one in rows] == [
        (number(4), "waiting"), (number(1), "released"), (number(2), "open"),
    ]  # fmt: skip
    with database.writing() as connection:  # and its decision still counts
        assignment = give(connection, people["bob"])
        decide(connection, assignment, "refer", place="NLRTM")
        assert state(connection, 2) == "referred"
