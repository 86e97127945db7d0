"""Monitoring: what the page, its plots and its exports show of seeded days."""

import csv
import io
import shutil
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from made_days import LAST, RISE_DAY, Days
from sqlalchemy import select

from scantriage.pipeline.figures_run import make_report
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.workbench_schema import audit_entries
from scantriage.workbench.app import create_app

TABLES = (
    "coverage_port", "coverage_flow", "coverage_days", "rates_port", "rates_flow", "rates_commodity", "rates_zone",
    "rate_days_port", "rate_days_flow", "rate_days_commodity", "rate_days_zone", "hits", "calibration", "quality",
    "flags", "decision_times", "unseen", "changes",
)  # fmt: skip


@pytest.fixture(scope="module")
def counted(tmp_path_factory, empty_database):
    """A workspace of 90 days with its report."""
    places = Places(tmp_path_factory.mktemp("days"))
    shutil.copy(empty_database, places.database)
    database = Database(places.database)
    Days(database, n_a_day=100).write()
    make_report(database, places, now=LAST)
    database.close()
    return places.root


@pytest.fixture
def app(counted, clock):
    clock.now = LAST - timedelta(hours=3)
    app = create_app(counted, clock=clock)
    yield app
    app.state.workbench.database.close()


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_page_says_which_rate_rose_and_how_often_such_an_alarm_is_false(client_for):
    shown = client_for("supervisor").get("/monitoring")
    assert shown.status_code == 200
    assert "Flags in flow ECGYE-NLRTM rose from" in shown.text
    assert "comes after 200 days or more" in shown.text
    assert "Waiting" in shown.text


def test_without_a_report_the_page_says_how_one_is_made(tmp_path, client_for, app):
    app.state.workbench.places.monitoring.rename(tmp_path / "kept")
    try:
        browser = client_for("supervisor", name="early")
        assert "scantriage figures" in browser.get("/monitoring").text
        assert browser.get("/monitoring/rates.svg").status_code == 404
        assert browser.get("/monitoring/hits.csv").status_code == 404
    finally:
        (tmp_path / "kept").rename(app.state.workbench.places.monitoring)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_exported_safe_for_spreadsheets_and_the_trail_says_so(client_for, workbench, name):
    browser = client_for("supervisor", name=f"for-{name.replace('_', '-')}")
    answer = browser.get(f"/monitoring/{name}.csv")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    found = rows_of(answer)
    assert found
    assert not any((value or "").startswith(("=", "+", "@")) for row in found for value in row.values())
    with workbench.database.reading() as connection:
        last = connection.execute(select(audit_entries).order_by(audit_entries.c.id.desc())).first()
    assert (last.kind, last.actor) == ("figures_exported", f"account:{browser.account_id}")


def test_the_filters_cut_to_a_port_and_a_period(client_for):
    browser = client_for("supervisor", name="filters")
    whole = rows_of(browser.get("/monitoring/coverage_flow.csv"))
    one = rows_of(browser.get("/monitoring/coverage_flow.csv?port=NLVLI&first=2026-10-01&last=2026-10-07"))
    assert {row["flow"] for row in one} < {row["flow"] for row in whole}
    assert all(row["flow"].endswith("NLVLI") for row in one)
    days = rows_of(browser.get("/monitoring/coverage_days.csv?first=2026-10-07&last=2026-10-01"))
    assert [row["day"] for row in days] == [f"2026-10-0{day}" for day in range(1, 8)]


@pytest.mark.parametrize(
    "place", ["rates.svg?by=flow", "rates.svg?by=zone&measure=finds", "coverage.svg", "calibration.svg"]
)
def test_every_plot_is_an_image_that_says_what_it_shows(client_for, place):
    answer = client_for("auditor", name=f"a{abs(hash(place))}").get(f"/monitoring/{place}")
    assert answer.headers["content-type"] == "image/svg+xml"
    drawn = ET.fromstring(answer.text)  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    assert drawn.get("role") == "img"
    assert drawn.find(f"{space}title").text
    assert drawn.find(f"{space}desc").text
    assert "style" not in answer.text


def test_the_plot_marks_the_day_of_the_change(client_for):
    drawn = client_for("supervisor", name="marks").get("/monitoring/rates.svg").text
    risen = (LAST - timedelta(days=90 - RISE_DAY)).date()
    assert any(f"▲ {(risen + timedelta(days=off)).strftime('%-d %b')}" in drawn for off in range(-4, 5))


def test_analysts_figures_are_for_the_supervisor_alone(client_for):
    supervisor, auditor = client_for("supervisor", name="sees"), client_for("auditor", name="sees-not")
    shown = supervisor.get("/monitoring/analysts?first=2026-08-01&last=2026-10-28")
    assert "Bram" in shown.text
    assert "door end" in shown.text
    assert rows_of(supervisor.get("/monitoring/analysts/referring.csv"))[0]["analyst"] == "Anna"
    assert auditor.get("/monitoring/analysts").status_code == 403
    assert auditor.get("/monitoring/analysts/detection.csv").status_code == 403
    assert "Analysts</a>" not in auditor.get("/monitoring").text


@pytest.mark.parametrize("role", ["analyst", "administrator", "partner"])
def test_monitoring_is_not_for_other_roles(client_for, role):
    browser = client_for(role, name=f"not-{role}")
    for place in ("", "/rates.svg", "/coverage.svg", "/calibration.svg", "/hits.csv", "/analysts"):
        assert browser.get(f"/monitoring{place}").status_code == 403


def test_odd_filters_are_no_fault(client_for):
    browser = client_for("supervisor", name="odd")
    for query in ("first=yesterday", "last=9999-12-31", "first=0001-01-01", "port=%3Cscript%3E", "first="):
        assert browser.get(f"/monitoring?{query}").status_code == 200
        assert browser.get(f"/monitoring/rates.svg?{query}").status_code == 200
        assert browser.get(f"/monitoring/coverage.svg?{query}").status_code == 200
    assert browser.get("/monitoring?by=consignee").status_code == 422
    assert "<script>" not in browser.get("/monitoring?port=%3Cscript%3E").text
