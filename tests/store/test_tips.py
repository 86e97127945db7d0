"""Projected loads as they are kept."""

from pathlib import Path

import pytest
from made_queue import NOW, queue_row
from sqlalchemy import insert

from scantriage.scan.geometry import MetreBox
from scantriage.store import accounts
from scantriage.store.database import Database
from scantriage.store.encoding import utc_text
from scantriage.store.queue import replace_queue
from scantriage.store.tips import all_files, drop_stale, files_of, find_tip, put_tip, wanted
from scantriage.store.workbench_schema import assignments

CLEAN = {"zone": None, "action": "none"}


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "scantriage.db")
    yield made
    made.close()


def analyst(connection, name):
    return accounts.add_account(
        connection, name=name, display_name=name, role="analyst", sites=(), password_hash=None, at=NOW
    )


def kept(connection, row, *, zone="roof", mass_kg=12.0, name="ab"):
    return put_tip(
        connection, container_id=row.container_id, reading_digest=row.reading_digest, zone=zone, mass_kg=mass_kg,
        box=MetreBox(1, 2, 0.5, 1), row={"rank": 3}, views=Path(f"tips/{name}.tif"), at=NOW,
    )  # fmt: skip


def test_a_kept_load_is_found_again(database):
    with database.writing() as connection:
        number = kept(connection, queue_row(1))
        tip = find_tip(connection, number)
        assert find_tip(connection, number + 1) is None
    assert (tip.zone, tip.mass_kg, tip.box, tip.row, tip.views) == (
        "roof", 12.0, MetreBox(1, 2, 0.5, 1), {"rank": 3}, Path("tips/ab.tif")
    )  # fmt: skip


def test_loads_go_into_what_looks_clean_until_the_share_is_reached(database):
    rows = [queue_row(place, **(CLEAN if place > 5 else {})) for place in range(1, 21)]
    rows[19] = queue_row(20, **CLEAN | {"outcome": "single"})
    with database.writing() as connection:
        replace_queue(connection, rows, NOW)
        n_wanted, candidates = wanted(connection, share=0.2)
        assert n_wanted == 4  # of 19 compared
        assert {one.container_id for one in candidates} == {row.container_id for row in rows[5:19]}
        kept(connection, rows[7])
        n_wanted, candidates = wanted(connection, share=0.2)
        assert n_wanted == 3
        assert rows[7].container_id not in {one.container_id for one in candidates}


def test_a_load_goes_with_the_reading_it_was_put_into_unless_somebody_saw_it(database):
    rows = [queue_row(place, **CLEAN) for place in (1, 2, 3)]
    with database.writing() as connection:
        replace_queue(connection, rows, NOW)
        account = analyst(connection, "ann")
        first, second, third = (kept(connection, row, name=str(place)) for place, row in enumerate(rows))
        shown(connection, "a1", first, rows[0], account)
        read_anew = [queue_row(place, reading_digest="new", **CLEAN) for place in (1, 2)]
        replace_queue(connection, [*read_anew, rows[2]], NOW)
        assert drop_stale(connection) == 1
        assert [find_tip(connection, number) is None for number in (first, second, third)] == [False, True, False]
        assert all_files(connection) == {*files_of(Path("tips/0.tif")), *files_of(Path("tips/2.tif"))}


def shown(connection, name, tip_id, row, account):
    moment = utc_text(NOW)
    connection.execute(
        insert(assignments).values(
            id=name, container_id=row.container_id, reading_digest=row.reading_digest, account_id=account, kind="first",
            chosen="priority", tip_id=tip_id, given_at=moment, active_at=moment, state="decided",
        )
    )  # fmt: skip
