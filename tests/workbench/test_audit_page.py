"""The trail as the auditor reads it."""

import csv
import io
from datetime import timedelta
from random import SystemRandom

import pytest
from made_queue import number, queue_row
from sqlalchemy import insert

from scantriage.store import assignments, audit, decisions, inspections, queue
from scantriage.store.encoding import utc_text
from scantriage.store.preferences import Preferences
from scantriage.store.schema import contents, deliveries, manifest_entries, readings, scan_containers, scans

PLAIN = Preferences(random_share=0.0, tip_share=0.0)


@pytest.fixture
def auditor(client_for):
    return client_for("auditor", name="audra")


@pytest.fixture
def write(workbench, clock):
    """Append an entry of the trail; its number."""

    def write(kind, *, actor="system", container_id=None, days_ago=0, **facts):
        at = clock() - timedelta(days=days_ago)
        with workbench.database.writing() as connection:
            return audit.append(connection, actor=actor, kind=kind, at=at, container_id=container_id, facts=facts)

    return write


def entries_of(answer):
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_pages_of_the_trail_go_on_where_the_last_one_ended(auditor, write):
    first = write("site_changed", code="NLRTM")
    for turn in range(150):
        write("queue_viewed", turn=turn)
    newest = auditor.get("/audit?kind=queue_viewed")
    assert "Older" in newest.text
    assert f'<th scope="row" class="right">{first + 150}</th>' in newest.text
    link = newest.text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    older = auditor.get(link)
    assert f'<th scope="row" class="right">{first + 50}</th>' in older.text
    assert f'<th scope="row" class="right">{first + 51}</th>' not in older.text
    assert "Older" not in older.text
    assert "Newest" in older.text


def test_filters_by_person_kind_container_and_period(auditor, write):
    ours = [
        write("container_viewed", actor="account:1", container_id=number(1), days_ago=2),
        write("decision_made", actor="account:1", container_id=number(1), days_ago=2, verdict="release"),
    ]
    late = write("container_viewed", actor="system", container_id=number(2))

    def found(query):
        return {int(row["entry"]) for row in entries_of(auditor.get(f"/audit.csv?{query}")) if row["kind"] in
                ("container_viewed", "decision_made")}  # fmt: skip

    assert found("actor=system") == {late}
    assert found(f"container={number(1)[:4]}%20{number(1)[4:]}") == set(ours)
    assert found("kind=decision_made") == {ours[1]}
    assert found("kind=container_viewed&actor=account%3A1") == {ours[0]}
    assert found("last=2026-09-30") == set(ours)
    assert found("first=2026-09-30") == {late}
    assert found("first=2026-09-29&last=2026-10-01") == {*ours, late}
    assert found("first=2027-01-01") == set()


def test_looking_and_exporting_are_entries_too(auditor):
    auditor.get("/audit?kind=refused")
    auditor.get("/audit.csv")
    rows = entries_of(auditor.get("/audit.csv"))
    assert [row["kind"] for row in rows[:3]] == ["trail_exported", "trail_exported", "trail_viewed"]
    assert rows[0]["who"] == "auditor at work"
    assert "kind=refused" in rows[2]["facts"]


def test_the_page_says_when_the_chain_was_sealed_and_checked(auditor, write):
    assert "never" in auditor.get("/audit").text
    write("trail_verified", entries=1, faults=2)
    assert "2 faults" in auditor.get("/audit").text
    write("trail_verified", entries=1, faults=0)
    assert "whole" in auditor.get("/audit").text


def test_what_people_wrote_is_shown_as_a_digest_and_markup_as_text(auditor, write):
    write("decision_made", reason="Because of Mr Smith", place="<script>alert(1)</script>")
    shown = auditor.get("/audit").text
    assert "kept as a digest" in shown
    assert "Smith" not in shown
    assert "<script>alert" not in shown


def test_one_container_from_its_first_scan_to_its_outcome(auditor, client_for, workbench, clock):
    analyst, supervisor = client_for("analyst"), client_for("supervisor")
    box, at = number(1), clock()
    with workbench.database.writing() as connection:
        _receive(connection, box, at - timedelta(hours=2))
        queue.replace_queue(connection, [queue_row(1)], at)
        assignment = assignments.next_assignment(
            connection, analyst.account_id, rng=SystemRandom(), at=at, preferences=PLAIN
        )
        act = decisions.Act("refer", "A bag behind the doors.", "request-1", "inspect_at_port", "NLRTM")
        decisions.decide(
            connection, assignment.id, analyst.account_id, act, at=at + timedelta(minutes=1), preferences=PLAIN
        )
        outcome = inspections.Outcome(
            box, "find", "NLRTM", at + timedelta(hours=3), "drugs", 40.0, "door_end", "Forty packets."
        )
        inspections.enter(connection, outcome, supervisor.account_id, at=at + timedelta(hours=4), request_key="r" * 10)
    shown = auditor.get(f"/audit/container/{box}").text
    steps = [
        "Scan received", "Manifest received", "Read</th>", "laid before an analyst", "Decision", "bag behind the doors",
        "Outcome of an inspection", "Forty packets.",
    ]  # fmt: skip
    places = [shown.index(step) for step in steps]
    assert places == sorted(places)
    assert "History looked at" in auditor.get(f"/audit/container/{box}").text


def test_a_container_that_never_was_here_has_no_history(auditor):
    assert auditor.get(f"/audit/container/{number(99)}").status_code == 404
    assert auditor.get("/audit/container/..%2F..%2Fetc").status_code == 404
    assert auditor.get("/audit/container?number=tstu 0000 011").headers["location"] == "/audit/container/TSTU0000011"


@pytest.mark.parametrize("query", ["first=now", "last=9999-12-31", "before=1", "container=%00%27--", "actor=%27%22"])
def test_odd_filters_are_no_fault(auditor, query):
    assert auditor.get(f"/audit?{query}").status_code == 200


def _receive(connection, box, at):
    stamp, soon, after = (utc_text(at + timedelta(minutes=minutes)) for minutes in (0, 1, 5))
    connection.execute(insert(contents).values(sha256="a", path="a", n_bytes=1, kept_at=stamp))
    connection.execute(insert(deliveries).values(path="monday", received_at=stamp))
    connection.execute(insert(scans).values(
        sha256="a", scan_id="s1", role="origin", site="ECGYE", acquired_at=stamp, kind="raw", record="{}",
        delivered_as="s1.tif", state="used", received_at=stamp,
    ))  # fmt: skip
    connection.execute(insert(scan_containers).values(sha256="a", scan_id="s1", container_id=box))
    connection.execute(insert(manifest_entries).values(
        container_id=box, digest="m", entry='{"goods": "bananas"}', delivery="monday", received_at=soon,
    ))  # fmt: skip
    connection.execute(insert(readings).values(
        container_id=box, digest="digest-1", outcome="single", reading='{"findings": []}', total_ms=1.0, made_at=after,
    ))  # fmt: skip
