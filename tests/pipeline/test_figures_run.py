"""The monitoring report: what it counts, and which rates it says changed."""

import shutil
from datetime import date, timedelta

import pytest
from made_days import LAST, RISE_DAY, RISING, Days
from sqlalchemy import insert, select, update

from scantriage.errors import WorkspaceError
from scantriage.pipeline.figures_run import make_report
from scantriage.pipeline.monitoring import read_report
from scantriage.pipeline.monitoring_tables import (
    Scope,
    calibration,
    coverage,
    coverage_days,
    decision_times,
    flags,
    quality,
    rate_days,
    rates,
    unseen,
)
from scantriage.store.daily_counts import SECONDS
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.schema import scan_containers, scans
from scantriage.store.workbench_schema import decisions, inspections, queue_rows

N_DAYS, N_A_DAY = 90, 150


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    places = Places(tmp_path_factory.mktemp("days"))
    database = Database(places.database)
    Days(database, n_days=N_DAYS, n_a_day=N_A_DAY, seed=3).write()
    yield places, database
    database.close()


@pytest.fixture(scope="module")
def report(workspace):
    places, database = workspace
    return make_report(database, places, now=LAST)


@pytest.fixture(scope="module")
def whole(report):
    return Scope(report.first, report.last)


@pytest.fixture
def copy(workspace, tmp_path):
    """The same days in a workspace that may be changed."""
    places, database = Places(tmp_path), workspace[1]
    with database.writing() as connection:
        connection.exec_driver_sql("SELECT 1")
    shutil.copy(database.path, places.database)
    wal = database.path.with_name(f"{database.path.name}-wal")
    if wal.exists():
        shutil.copy(wal, tmp_path / wal.name)
    other = Database(places.database)
    yield places, other
    other.close()


def column(table, name):
    place = [one.name for one in table.columns].index(name)
    return [row[place] for row in table.rows]


def test_every_container_is_counted_once_in_each_dimension(report, whole):
    assert sum(row.n for row in report.counts.read["port"]) == N_DAYS * N_A_DAY
    for by in ("port", "flow"):
        assert sum(column(coverage(report, whole, by), "scanned")) == N_DAYS * N_A_DAY
    assert sum(column(rates(report, whole, "commodity"), "read")) == N_DAYS * N_A_DAY
    assert len(coverage_days(report, whole).rows) == N_DAYS


def test_the_flow_whose_flags_rose_is_named_with_its_day_and_rates(report):
    (found,) = [one for one in report.changes if (one.dimension, one.value) == ("flow", RISING)]
    risen = (LAST - timedelta(days=N_DAYS - RISE_DAY)).date()
    assert found.measure == "flags"
    assert abs((found.first - risen).days) <= 5
    assert found.before == pytest.approx(0.02, abs=0.01)
    assert found.since == pytest.approx(0.07, abs=0.02)
    assert all("NLRTM" in one.value for one in report.changes if one.dimension in ("flow", "port"))


def test_what_is_kept_is_what_was_made(report, workspace):
    assert read_report(workspace[0].monitoring) == report
    assert read_report(workspace[0].root / "nothing.json") is None


def test_containers_without_a_scan_are_listed_until_one_comes(copy):
    places, database = copy
    before = make_report(database, places, now=LAST)
    assert len(before.unseen) == N_DAYS
    assert before.unseen[0].day == date(2026, 10, 28)
    with database.writing() as connection:
        some = connection.execute(select(scans.c.sha256, scans.c.scan_id).limit(1)).one()
        seen = {"sha256": some.sha256, "scan_id": some.scan_id, "container_id": before.unseen[0].container_id}
        connection.execute(insert(scan_containers).values(seen))
    after = make_report(database, places, now=LAST)
    assert after.unseen == before.unseen[1:]
    assert sum(row.n for row in after.counts.missing) == N_DAYS - 1


def test_a_corrected_outcome_counts_once_as_it_is_now(copy):
    places, database = copy
    before = make_report(database, places, now=LAST)
    with database.writing() as connection:
        wrong = connection.execute(select(inspections).where(inspections.c.result == "find").limit(1)).mappings().one()
        right = dict(wrong) | {"id": None, "result": "nothing", "replaces": wrong["id"], "request_key": "again"}
        connection.execute(insert(inspections).values(right))
    after = make_report(database, places, now=LAST)
    assert sum(one.n for one in after.counts.opened) == sum(one.n for one in before.counts.opened)
    assert sum(one.n_finds for one in after.counts.opened) == sum(one.n_finds for one in before.counts.opened) - 1


def test_scans_dated_in_the_future_do_not_move_the_days(copy):
    places, database = copy
    with database.writing() as connection:
        one = select(queue_rows.c.container_id).limit(1).scalar_subquery()
        late = update(queue_rows).where(queue_rows.c.container_id == one).values(acquired_at="2099-01-01T00:00:00Z")
        connection.execute(late)
    report = make_report(database, places, now=LAST)
    assert report.last == date(2026, 10, 28)
    assert sum(row.n for row in report.counts.read["port"]) == N_DAYS * N_A_DAY - 1


def test_an_empty_workspace_has_an_empty_report(tmp_path):
    database = Database(tmp_path / "scantriage.db")
    report = make_report(database, Places(tmp_path), now=LAST)
    database.close()
    scope = Scope(report.first, report.last)
    assert (report.changes, report.unseen, report.n_series) == ([], [], 0)
    for make in (coverage_days, quality, flags, calibration, decision_times, unseen):
        assert make(report, scope).rows == []


def test_a_workspace_that_cannot_be_written_says_so(workspace, tmp_path):
    with pytest.raises(WorkspaceError, match=r"monitoring\.json cannot be written"):
        make_report(workspace[1], Places(tmp_path / "missing"), now=LAST)


def test_zones_share_all_containers_and_openings(report, whole):
    zones = rates(report, whole, "zone")
    assert set(column(zones, "read")) == {N_DAYS * N_A_DAY}
    assert len(set(column(zones, "opened"))) == 1
    by_day = rate_days(report, whole, "zone")
    assert sum(column(by_day, "flagged")) == sum(column(zones, "flagged"))


def test_intervals_hold_the_rate_and_calibration_the_openings(report, whole):
    for table in (rates(report, whole, "flow"), calibration(report, whole)):
        for rate, low, high in zip(*(column(table, f"find_rate{end}") for end in ("", "_low", "_high")), strict=True):
            assert 0 <= low <= rate <= high <= 1
    table = calibration(report, whole)
    assert sum(column(table, "opened")) == sum(one.n for one in report.counts.opened)
    # outcomes were drawn from the priorities, so each class's interval holds its mean; one of five may miss
    inside = [low <= mean <= high for mean, low, high in zip(*(column(table, name) for name in
              ("mean_priority", "find_rate_low", "find_rate_high")), strict=True)]  # fmt: skip
    assert sum(inside) >= len(inside) - 1


def test_a_scanner_at_fault_stands_out(report, whole):
    table = quality(report, whole)
    shares = dict(zip(column(table, "scanner"), column(table, "unreadable_share"), strict=True))
    assert max(shares, key=shares.get) == "GYE-portal-2"
    found = flags(report, whole)
    uncalibrated = [row for row in found.rows if row[2] == "uncalibrated"]
    assert [row[1] for row in uncalibrated] == ["SSZ-2"]
    assert uncalibrated[0][4] == pytest.approx(0.3, abs=0.06)


def test_times_of_decisions_are_those_that_were_taken(report, whole, workspace):
    table = decision_times(report, whole)
    with workspace[1].reading() as connection:
        n = len(connection.execute(select(decisions.c.id)).all())
    assert sum(column(table, "decisions")) == n
    for median, most in zip(column(table, "median"), column(table, "ninth_tenth"), strict=True):
        assert median == pytest.approx(74, rel=0.15)  # of the lognormal that was drawn from
        assert median < most < SECONDS[-1]
