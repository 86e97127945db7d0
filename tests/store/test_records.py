import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from scantriage.errors import WorkspaceError
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import FanGeometry, MetreBox, PixelBox
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.store import deliveries, events, readings, runs, scans
from scantriage.store.contents import note_content
from scantriage.store.encoding import digest, from_json, to_json, utc_text
from scantriage.store.workspace import Workspace

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
ECUADOR = timezone(timedelta(hours=-5))
RECORD = ScanRecord(
    scan_id="ECGYE-1",
    container_ids=("HLBU1527916", "TEMU6943080"),
    role="origin",
    site="ECGYE",
    acquired_at=datetime(2026, 9, 30, 22, tzinfo=ECUADOR),
    sha256="a" * 64,
    kind="raw",
    energies_mev=(6.0, 4.0),
    geometry=FanGeometry("plane", 5.42, 1.7, "left", (0.1, 5.2)),
    flags=(Flag.CHECK_DIGIT,),
)
READING = Reading(
    outcome="compared",
    agreement=0.9,
    blind_fraction=math.nan,
    findings=(
        Finding("added", "door_end", 12.0, MetreBox(11.0, 11.5, 0.2, 0.9), 40.0, 5.0, rescan_box=PixelBox(1, 2, 3, 4)),
    ),
    flags=(Flag.CUT_OFF,),
    stage_ms={"decode": 20.0, "compare": 80.0},
)


@pytest.fixture
def workspace(tmp_path):
    with Workspace.open(tmp_path) as opened:
        yield opened


def keep(workspace, record, **state):
    path = workspace.places.scan(record.sha256, ".tif")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    stored = scans.StoredScan(record, path.relative_to(workspace.places.root), "a.tif", **({"state": "used"} | state))
    with workspace.database.writing() as connection:
        note_content(connection, workspace.places, path, sha256=record.sha256, at=NOW)
        scans.put_scan(connection, stored, at=NOW)
    return stored


@pytest.mark.parametrize("thing", [RECORD, ManifestEntry("HLBU1527916", eta=NOW)])
def test_things_come_back_from_json_as_they_were(thing):
    assert from_json(type(thing), to_json(thing)) == thing


def test_a_reading_comes_back_from_json_with_its_boxes_flags_and_missing_numbers():
    back = from_json(Reading, to_json(READING))
    assert math.isnan(back.blind_fraction)
    assert (back.findings, back.flags, back.stage_ms) == (READING.findings, READING.flags, READING.stage_ms)


def test_a_digest_tells_what_is_missing_from_what_is_empty_and_where_one_part_ends():
    assert len({digest(None), digest(""), digest("ab", "c"), digest("a", "bc"), digest("a", None), digest("a")}) == 6


def test_moments_sort_as_text_whatever_their_time_zone():
    assert utc_text(RECORD.acquired_at) == "2026-10-01T03:00:00.000000Z" < utc_text(NOW)


def test_a_scan_is_found_by_content_and_id_and_stands_under_both_its_containers(workspace):
    stored = keep(workspace, RECORD)
    with workspace.database.reading() as connection:
        assert scans.find_scan(connection, sha256=RECORD.sha256, scan_id="ECGYE-1") == stored
        assert scans.find_scan(connection, sha256="b" * 64, scan_id="ECGYE-1") is None
        assert scans.used_scan(connection, "ECGYE-1") == stored
        assert scans.by_container(scans.all_scans(connection)) == {key: [stored] for key in RECORD.container_ids}


def test_a_scan_id_never_means_two_recordings(workspace):
    keep(workspace, RECORD)
    other = ScanRecord("ECGYE-1", ("HLBU1527916",), "origin", "ECGYE", NOW, "b" * 64, "raw")
    with pytest.raises(WorkspaceError):
        keep(workspace, other)
    keep(workspace, other, state="conflict")
    with workspace.database.reading() as connection:
        assert scans.used_scan(connection, "ECGYE-1").record.sha256 == "a" * 64
        assert len(scans.all_scans(connection)) == 2


def test_a_scan_that_was_set_aside_leaves_its_id_to_another(workspace):
    stored = keep(workspace, RECORD)
    with workspace.database.writing() as connection:
        scans.set_aside(connection, replace(stored, trouble="a.tif is broken."))
        assert scans.used_scan(connection, "ECGYE-1") is None
        (aside,) = scans.all_scans(connection)
    assert (aside.state, aside.trouble) == ("broken", "a.tif is broken.")


def test_the_manifest_row_that_came_last_counts_and_an_old_one_again_changes_nothing(workspace):
    first, second = ManifestEntry("HLBU1527916", goods="bananas"), ManifestEntry("HLBU1527916", goods="empty")
    with workspace.database.writing() as connection:
        deliveries.note_delivery(connection, "/a", at=NOW)
        assert deliveries.add_manifest(connection, "/a", [first], at=NOW) == 1
        assert deliveries.add_manifest(connection, "/a", [second], at=NOW) == 1
        assert deliveries.add_manifest(connection, "/a", [first], at=NOW) == 0
        assert deliveries.latest_manifest(connection) == {"HLBU1527916": second}


def test_a_problem_is_noted_once(workspace):
    problem = deliveries.Problem("/a", "x.json", "x.json is not JSON.")
    with workspace.database.writing() as connection:
        deliveries.note_delivery(connection, "/a", at=NOW)
        for _ in range(2):
            deliveries.note_problem(connection, problem, at=NOW)
        assert deliveries.all_problems(connection) == [problem]


def test_a_reading_is_found_only_under_what_it_was_made_of(workspace):
    keep(workspace, RECORD)
    key = readings.ReadingKey("HLBU1527916", digest("inputs"), RECORD.sha256, None)
    changed = readings.ReadingKey("HLBU1527916", digest("other inputs"), RECORD.sha256, None)
    with workspace.database.writing() as connection:
        readings.put_reading(connection, key, READING, at=NOW)
        assert readings.find_reading(connection, key).findings == READING.findings
        assert readings.find_reading(connection, changed) is None


def test_what_happened_is_logged_in_order_with_its_facts(workspace):
    received = events.ScanReceived("ECGYE-1", "a" * 64, "/a", "x.tif", "used")
    happened = [received, events.ReadingFailed("HLBU1527916", "Killed.")]
    with workspace.database.writing() as connection:
        for event in happened:
            events.record(connection, event, at=NOW)
        logged = events.all_events(connection)
    assert [line.kind for line in logged] == ["ScanReceived", "ReadingFailed"]
    assert json.dumps(logged[1].facts) == '{"container_id": "HLBU1527916", "sentence": "Killed."}'


def test_a_run_without_an_ending_was_killed_or_is_under_way(workspace):
    with workspace.database.writing() as connection:
        first = runs.begin_run(connection, version="1", at=NOW)
        runs.begin_run(connection, version="1", at=NOW)
        runs.end_run(connection, first, "done", at=NOW)
        assert [run.ending for run in runs.all_runs(connection)] == ["done", None]


def test_paths_are_kept_relative_so_that_a_workspace_can_be_moved(workspace):
    stored = keep(workspace, RECORD)
    assert stored.path == Path("scans") / "aa" / f"{'a' * 64}.tif"
