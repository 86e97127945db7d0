"""The demonstration: made whole, marked as one, the same by its seed, and never on top of anything else."""

from datetime import datetime, timedelta

import pytest
from made_demonstration import NOW, make, quietly, shrink

from scantriage.errors import UnusableInput
from scantriage.pipeline import demo_run
from scantriage.pipeline.audit_run import verify_trail
from scantriage.pipeline.demo_delivery import demo_delivery
from scantriage.pipeline.monitoring import read_report
from scantriage.simulate.contents import Wish
from scantriage.store.database import Database
from scantriage.store.places import Places


@pytest.fixture
def small(monkeypatch):
    shrink(monkeypatch)


def rows(root, statement):
    database = Database(Places(root).database)
    try:
        with database.reading() as connection:
            return connection.exec_driver_sql(statement).all()
    finally:
        database.close()


@pytest.mark.usefixtures("small")
def test_a_demonstration_has_a_day_a_past_and_accounts_and_its_trail_is_whole(tmp_path):
    made = make(tmp_path / "demo")
    root = tmp_path / "demo"
    assert {account.role for account in made.accounts} == {
        "analyst", "supervisor", "auditor", "administrator", "partner"
    }  # fmt: skip
    assert rows(root, "SELECT count(*) FROM queue_rows WHERE state = 'waiting'") == [(2,)]
    [(n_decisions,)] = rows(root, "SELECT count(*) FROM decisions")
    assert n_decisions == 30  # ten a day
    [(last,)] = rows(root, "SELECT max(decided_at) FROM decisions")
    assert last < NOW.isoformat()
    assert verify_trail(root).faults == ()
    assert read_report(Places(root).monitoring).last <= NOW.date()
    assert make(root) == made  # what is there is given, not made again


@pytest.mark.usefixtures("small")
def test_the_same_seed_makes_the_same_and_an_interrupted_one_begins_anew(tmp_path, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo_run, "write_past", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make(tmp_path / "one")
    with pytest.raises(UnusableInput, match="no demonstration"):
        demo_run.read_demonstration(tmp_path / "one")
    first, second = make(tmp_path / "one"), make(tmp_path / "two")
    assert first == second == demo_run.read_demonstration(tmp_path / "one")
    for statement in (
        "SELECT container_id, priority, state FROM queue_rows ORDER BY 1",
        "SELECT container_id, verdict, decided_at FROM decisions ORDER BY id",
        "SELECT container_id, zone, mass_kg, row FROM tips ORDER BY id",
        "SELECT container_id, result, mass_kg FROM inspections ORDER BY id",
    ):
        assert rows(tmp_path / "one", statement) == rows(tmp_path / "two", statement)


def test_it_refuses_whatever_else_lies_there(tmp_path):
    (tmp_path / "scantriage.db").write_bytes(b"somebody's work")
    with pytest.raises(UnusableInput, match="not a demonstration workspace"):
        make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["scantriage.db"]
    assert (tmp_path / "scantriage.db").read_bytes() == b"somebody's work"


def test_deliveries_end_within_the_last_day(tmp_path, monkeypatch):
    monkeypatch.setattr("scantriage.pipeline.demo_delivery._ARRIVED", (Wish("clean"),))
    monkeypatch.setattr("scantriage.pipeline.demo_delivery._LEAVING", (Wish("clean"),))
    monkeypatch.setattr("scantriage.pipeline.demo_delivery._SCALE", 0.1)
    for delivery in demo_delivery(tmp_path, seed=3, now=NOW, progress=quietly):
        moments = [datetime.strptime(path.stem[-16:], "%Y%m%dT%H%M%S%z") for path in delivery.glob("*/*.json")]
        assert NOW - timedelta(days=1, hours=1) <= max(moments) <= NOW - timedelta(hours=1)
        assert len([path for path in delivery.glob("*/*") if path.suffix != ".json"]) == len(moments)
