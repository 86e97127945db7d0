"""How the queue stands, and what came of what analysts did."""

from datetime import date, datetime, timedelta

import pytest
from made_days import LAST, Days
from sqlalchemy import func, insert, select, update

from scantriage.store import figures
from scantriage.store.database import Database
from scantriage.store.workbench_schema import decisions, inspections, queue_rows, tip_verdicts

FIRST, NOON = date(2026, 9, 1), LAST - timedelta(hours=12)


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "scantriage.db")
    Days(database, n_days=40, n_a_day=20, seed=5).write()
    yield database
    database.close()


def test_the_queue_by_state_and_age(database):
    with database.reading() as connection:
        now = figures.now(connection, ports=(), at=NOON)
    assert now.states["waiting"] == 40
    assert sum(now.states.values()) == 800
    assert now.ages[:3] == (20, 20, 0)
    assert now.oldest_days == 1


def test_one_port_counts_what_it_acts_on(database):
    with database.writing() as connection:
        connection.execute(update(queue_rows).values(place=None))
        some = select(queue_rows.c.container_id).where(queue_rows.c.state == "waiting").limit(3)
        chosen = queue_rows.c.container_id.in_(some.scalar_subquery())
        connection.execute(update(queue_rows).where(chosen).values(place="NLVLI"))
    with database.reading() as connection:
        now = figures.now(connection, ports=("NLVLI",), at=NOON)
    assert (now.states, sum(now.ages)) == ({"waiting": 3}, 3)


def test_decisions_of_today_are_those_since_midnight(database):
    with database.reading() as connection:
        latest = datetime.fromisoformat(connection.execute(select(func.max(decisions.c.decided_at))).scalar_one())
        day = latest.date().isoformat()
        of_day = decisions.c.decided_at >= day
        n = connection.execute(select(func.count()).select_from(decisions).where(of_day)).scalar_one()
        assert figures.now(connection, ports=(), at=latest).decided_today == n > 0
        assert figures.now(connection, ports=(), at=latest + timedelta(days=1)).decided_today == 0


def test_what_was_noticed_of_projected_loads(database):
    with database.reading() as connection:
        found = figures.detections(connection, since=date(2026, 1, 1), until=LAST.date())
        n_found = connection.execute(select(func.sum(tip_verdicts.c.found))).scalar_one()
    assert sum(one.n_shown for one in found) == 60
    assert sum(one.n_found for one in found) == n_found
    assert {one.analyst for one in found} == {"Anna", "Bram", "Chris"}
    assert {one.up_to_kg for one in found} == {60.0}  # all of 40 kg


def test_what_came_of_referrals_leaves_out_what_was_undone_and_corrected(database):
    def everything():
        with database.reading() as connection:
            done = figures.referring(connection, since=FIRST, until=LAST.date())
        return [
            sum(getattr(one, name) for one in done) for name in ("n_decided", "n_referred", "n_opened", "n_nothing")
        ]

    before = everything()
    with database.writing() as connection:
        referred = select(decisions).join(inspections, inspections.c.container_id == decisions.c.container_id).where(
            decisions.c.verdict == "refer", inspections.c.result == "nothing"
        )  # fmt: skip
        first, second = connection.execute(referred.limit(2)).mappings().all()
        undone = dict(first) | {"id": None, "verdict": "release", "replaces": first["id"], "request_key": "undone"}
        connection.execute(insert(decisions).values(undone))
        of_second = select(inspections).where(inspections.c.container_id == second["container_id"])
        wrong = connection.execute(of_second).mappings().one()
        right = dict(wrong) | {"id": None, "result": "find", "replaces": wrong["id"], "request_key": "corrected"}
        connection.execute(insert(inspections).values(right))
    after = everything()
    assert after == [before[0], before[1] - 1, before[2] - 1, before[3] - 2]
