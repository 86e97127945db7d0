"""Projected loads as they are kept, and how analysts do on them."""

from datetime import timedelta
from pathlib import Path

import pytest
from made_queue import NOW, queue_row
from sqlalchemy import insert

from scantriage.scan.geometry import MetreBox
from scantriage.store import accounts
from scantriage.store.database import Database
from scantriage.store.encoding import utc_text
from scantriage.store.queue import replace_queue
from scantriage.store.tips import all_files, drop_stale, files_of, find_tip, put_tip, tip_scores, wanted, wilson
from scantriage.store.workbench_schema import assignments, tip_verdicts

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


def shown(connection, name, tip_id, row, account, *, found=None, at=NOW):
    moment = utc_text(at)
    connection.execute(
        insert(assignments).values(
            id=name, container_id=row.container_id, reading_digest=row.reading_digest, account_id=account, kind="first",
            chosen="priority", tip_id=tip_id, given_at=moment, active_at=moment, state="decided",
        )
    )  # fmt: skip
    if found is not None:
        connection.execute(
            insert(tip_verdicts).values(
                assignment_id=name, tip_id=tip_id, account_id=account, verdict="refer" if found else "release",
                found=int(found), decided_at=moment, request_key=f"key-{name}",
            )
        )  # fmt: skip


def test_verdicts_are_counted_by_analyst_zone_and_mass(database):
    row = queue_row(1)
    with database.writing() as connection:
        ann, bob = (analyst(connection, name) for name in ("ann", "bob"))
        light, heavy = kept(connection, row, mass_kg=20.0), kept(connection, row, mass_kg=150.0)
        for place in range(10):
            shown(connection, f"light{place}", light, row, ann, found=place < 4)
        shown(connection, "heavy", heavy, row, ann, found=True)
        shown(connection, "bobs", light, row, bob, found=False)
        shown(connection, "later", light, row, bob, found=True, at=NOW + timedelta(days=1))
        scores = tip_scores(connection, since=NOW, until=NOW + timedelta(days=1))
    assert [(one.account_id, one.over_kg, one.up_to_kg, one.n, one.n_found) for one in scores] == [
        (ann, 0, 20, 10, 4), (ann, 60, None, 1, 1), (bob, 0, 20, 1, 0)
    ]  # fmt: skip
    assert scores[0].low == pytest.approx(0.1682, abs=1e-4)  # worked out by hand: 4 of 10
    assert scores[0].high == pytest.approx(0.6873, abs=1e-4)


def test_an_interval_stays_within_what_a_rate_can_be():
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1
    for events, n in ((1, 0), (-1, 4), (5, 4)):
        with pytest.raises(ValueError, match="events"):
            wilson(events, n)
