import contextlib
import csv
import errno
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scantriage.errors import UnusableInput, WorkspaceError
from scantriage.pipeline import day_run, fresh_readings
from scantriage.pipeline.engines import Engine
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import MetreBox
from scantriage.scan.quality import Flag
from scantriage.store import queue, runs
from scantriage.store.accounts import add_account
from scantriage.store.database import Database
from scantriage.store.inspections import Outcome, enter
from scantriage.store.workspace import Workspace

BOX, OTHER_BOX, THIRD_BOX = "HLBU1527916", "TEMU6943080", "MSCU1243697"
NOW = datetime(2026, 10, 25, tzinfo=UTC)
ADDED = Finding("added", "door_end", 15.0, MetreBox(11.0, 11.6, 0.1, 0.9), mass_kg=60.0, mass_kg_sd=8.0)


def fake_job(task):
    """A load in OTHER_BOX, nothing elsewhere; leaves a mark of its having been done."""
    task.picture.parent.mkdir(exist_ok=True)
    with task.picture.open("a") as picture:
        picture.write("read\n")
    pair = task.origin is not None and task.rescan is not None
    findings = (ADDED,) if task.key.container_id == OTHER_BOX else ()
    return Reading(
        "compared" if pair else "single",
        agreement=0.9 if pair else None,
        blind_fraction=0.1,
        findings=findings,
        stage_ms={"decode": 5.0},
    )


def die_on_other_box(task):
    if task.key.container_id == OTHER_BOX:
        os.kill(os.getpid(), signal.SIGKILL)
    return fake_job(task)


def raise_on_other_box(task):
    if task.key.container_id == OTHER_BOX:
        raise ZeroDivisionError
    return fake_job(task)


def no_room_for_a_picture(_task):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def complain_about_the_file(task):
    return Reading("unprocessable", reason=f"{task.origin.path.name} is damaged and cannot be decoded.")


@pytest.fixture
def day(tmp_path, monkeypatch, request):
    """Triage into one workspace, with the fake job; without processes unless the test is marked so."""

    def triage(*deliveries, job=fake_job, processes=False, now=NOW):
        engine = Engine if processes else type(request.getfixturevalue("inline_engine"))
        monkeypatch.setattr(day_run, "Engine", engine)
        roots = [delivery.root for delivery in deliveries]
        return day_run.triage(roots, tmp_path / "workspace", n_workers=1, progress=_ignore, now=now, job=job)

    return triage


def _ignore(*_):
    pass


def times_read(tmp_path):
    pictures = (tmp_path / "workspace" / "pictures").glob("*.jpg")
    return {picture.stem: len(picture.read_text().splitlines()) for picture in pictures}


def ranking(tmp_path):
    return [json.loads(line) for line in (tmp_path / "workspace" / "ranking.jsonl").read_text().splitlines()]


def products(tmp_path):
    return {name: (tmp_path / "workspace" / name).read_bytes() for name in ("ranking.jsonl", "ranking.csv")}


def test_every_container_is_ranked_and_the_one_with_a_load_comes_first(tmp_path, day, delivery):
    delivery.pair(BOX)
    delivery.pair(OTHER_BOX)
    delivery.scan("origin", THIRD_BOX)
    delivery.manifest({"container_id": BOX}, {"container_id": "CMAU8190370"})
    result = day(delivery)
    rows = ranking(tmp_path)
    assert rows[0]["container_id"] == OTHER_BOX
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert {row["container_id"]: row["outcome"] for row in rows} == {
        BOX: "compared", OTHER_BOX: "compared", THIRD_BOX: "single",
    }  # fmt: skip
    with (tmp_path / "workspace" / "ranking.csv").open(newline="") as file:
        assert [row["container_id"] for row in csv.DictReader(file)] == [row["container_id"] for row in rows]
    assert result.without_scan == ("CMAU8190370",)
    report = json.loads((tmp_path / "workspace" / "run.json").read_text())
    assert report["outcomes"] == {"compared": 2, "single": 1, "not_comparable": 0, "unprocessable": 0}
    assert report["settings"]["now"] == "2026-10-25T00:00:00.000000Z"
    assert report["without_scan"] == ["CMAU8190370"]


def test_the_ranking_is_in_the_queue_and_what_was_decided_stays_so(tmp_path, day, delivery, second_delivery):
    delivery.scan("origin", BOX)
    delivery.pair(OTHER_BOX)
    day(delivery)
    database = Database(tmp_path / "workspace" / "scantriage.db")
    with database.writing() as connection:
        rows = queue.page_of_queue(connection, queue.QueueFilter()).rows
        for row in rows:
            queue.set_state(connection, row.container_id, row.reading_digest, "released", at=NOW)
    assert [row.container_id for row in rows] == [row["container_id"] for row in ranking(tmp_path)]
    assert (rows[0].why, rows[0].zone) == (ADDED.sentence, "door_end")
    second_delivery.scan("rescan", BOX)  # a partner: the container is read anew
    day(second_delivery)
    with database.reading() as connection:
        states = {box: queue.row_of(connection, box).state for box in (BOX, OTHER_BOX)}
    assert states == {BOX: "waiting", OTHER_BOX: "released"}
    database.close()


@pytest.mark.parametrize(("days_ago", "action"), [(1, "none"), (10, "inspect_at_port")])
def test_a_container_opened_after_its_last_scan_is_not_to_be_opened_again(tmp_path, day, delivery, days_ago, action):
    delivery.pair(OTHER_BOX)  # scanned last on the 20th
    day(delivery)
    database = Database(tmp_path / "workspace" / "scantriage.db")
    opened = Outcome(OTHER_BOX, "nothing", "NLRTM", NOW - timedelta(days=days_ago))
    with database.writing() as connection:
        who = add_account(
            connection, name="ann", display_name="Ann", role="supervisor", sites=(), password_hash=None, at=NOW
        )
        enter(connection, opened, who, request_key="form-0001", at=NOW)
    database.close()
    before = ranking(tmp_path)[0]
    assert day(delivery).n_fresh == 0
    after = ranking(tmp_path)[0]
    assert after["action"] == action
    assert after["priority"] == before["priority"]


def test_run_again_nothing_is_read_and_the_ranking_is_the_same(tmp_path, day, delivery):
    delivery.pair(BOX)
    delivery.scan("origin", OTHER_BOX)
    assert day(delivery).n_fresh == 2
    before = products(tmp_path)
    assert day(delivery).n_fresh == 0
    assert times_read(tmp_path) == {BOX: 1, OTHER_BOX: 1}
    assert products(tmp_path) == before


def test_only_the_container_whose_partner_arrived_is_read_again(tmp_path, day, delivery, second_delivery):
    delivery.scan("origin", BOX)
    delivery.scan("origin", OTHER_BOX)
    day(delivery)
    second_delivery.scan("rescan", BOX)
    assert day(second_delivery).n_fresh == 1
    assert times_read(tmp_path) == {BOX: 2, OTHER_BOX: 1}
    assert {row["container_id"]: row["outcome"] for row in ranking(tmp_path)} == {BOX: "compared", OTHER_BOX: "single"}


def test_a_changed_manifest_row_and_a_new_version_are_reasons_to_read_again(
    tmp_path, day, delivery, second_delivery, monkeypatch
):
    delivery.pair(BOX)
    day(delivery)
    second_delivery.manifest({"container_id": BOX, "goods": "empty"})
    day(second_delivery)
    assert times_read(tmp_path) == {BOX: 2}
    monkeypatch.setattr("scantriage.pipeline.day_plan.__version__", "999")
    day(delivery)
    assert times_read(tmp_path) == {BOX: 3}


def test_pairs_that_cannot_be_compared_are_ranked_with_the_reason_and_not_read(tmp_path, day, delivery):
    delivery.scan("origin", BOX, day=20)
    delivery.scan("rescan", BOX, day=1)
    result = day(delivery)
    (row,) = ranking(tmp_path)
    assert row["outcome"] == "not_comparable"
    assert "not after the origin scan" in row["reason"]
    assert Flag.RESCAN_BEFORE_ORIGIN in result.ranked[0].case.all_flags
    assert times_read(tmp_path) == {}


def test_a_reason_names_the_file_as_it_was_delivered(tmp_path, day, delivery):
    image = delivery.scan("origin", BOX)
    day(delivery, job=complain_about_the_file)
    assert ranking(tmp_path)[0]["reason"] == f"{image.name} is damaged and cannot be decoded."


@pytest.mark.parametrize("job", [die_on_other_box, raise_on_other_box])
def test_a_fault_of_ours_costs_one_container_and_is_tried_again_by_the_next_run(tmp_path, day, delivery, job):
    delivery.pair(BOX)
    origin, rescan = delivery.pair(OTHER_BOX)
    result = day(delivery, job=job, processes=True)
    assert result.failed == (OTHER_BOX,)
    rows = {row["container_id"]: row for row in ranking(tmp_path)}
    assert rows[OTHER_BOX]["outcome"] == "unprocessable"
    assert rows[OTHER_BOX]["reason"].startswith(f"Reading {origin.name} and {rescan.name} ")
    assert rows[BOX]["outcome"] == "compared"
    again = day(delivery)
    assert (again.failed, again.n_fresh) == ((), 1)


def test_without_a_moment_given_the_clock_decides(tmp_path, day, delivery):
    delivery.scan("origin")
    before = datetime.now(UTC)
    day(delivery, now=None)
    report = json.loads((tmp_path / "workspace" / "run.json").read_text())
    assert before <= datetime.fromisoformat(report["settings"]["now"]) <= datetime.now(UTC)


def test_what_cannot_be_a_delivery_makes_no_workspace(tmp_path, day, delivery):
    missing = replace_root(delivery, tmp_path / "nowhere")
    with pytest.raises(UnusableInput):
        day(missing)
    assert not (tmp_path / "workspace").exists()


def replace_root(delivery, root):
    return type(delivery)(root)


@pytest.mark.parametrize("writer", ["write_ranking", "write_run"])
def test_a_full_disk_is_one_sentence_and_the_last_ranking_stays_whole(tmp_path, day, delivery, monkeypatch, writer):
    delivery.scan("origin")
    day(delivery)
    before = products(tmp_path)

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(day_run, writer, full)
    with pytest.raises(WorkspaceError, match="The disk is full"):
        day(delivery)
    assert products(tmp_path) == before


def test_a_full_disk_in_a_worker_ends_the_run_with_one_sentence(day, delivery):
    delivery.scan("origin")
    with pytest.raises(WorkspaceError, match="The disk is full"):
        day(delivery, job=no_room_for_a_picture, processes=True)


def test_a_run_that_failed_is_noted_as_such(tmp_path, day, delivery, monkeypatch):
    delivery.scan("origin")
    monkeypatch.setattr(fresh_readings, "put_reading", lambda *_args, **_options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        day(delivery)
    assert endings(tmp_path) == ["failed"]


def endings(tmp_path):
    with Workspace.open(tmp_path / "workspace") as workspace, workspace.database.reading() as connection:
        return [run.ending for run in runs.all_runs(connection)]


@pytest.mark.parametrize(("interruption", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, day, delivery, interruption, code):
    for box in (BOX, OTHER_BOX, THIRD_BOX):
        delivery.scan("origin", box)
    marks = tmp_path / "marks"
    marks.mkdir()
    program = Path(__file__).with_name("slow_day.py")
    said = tmp_path / "said.txt"
    with said.open("w") as stderr:
        run = subprocess.Popen(
            [sys.executable, program, delivery.root, tmp_path / "workspace"],
            env=os.environ | {"MARKS": str(marks)},
            stderr=stderr,
        )
    # one container is done and kept, the next under way
    wait_for(lambda: len(list(marks.iterdir())) == 2 and n_kept(tmp_path / "workspace") == 1)
    run.send_signal(interruption)
    assert run.wait(timeout=60) == code
    assert "Traceback" not in said.read_text()
    assert ("goes on where this one stopped" in said.read_text()) == (interruption == signal.SIGINT)
    worker = int(next(marks.iterdir()).name.rpartition("-")[2])
    wait_for(lambda: has_ended(worker))
    assert not (tmp_path / "workspace" / "ranking.jsonl").exists()
    assert day(delivery).n_fresh == 2
    assert {row["container_id"] for row in ranking(tmp_path)} == {BOX, OTHER_BOX, THIRD_BOX}
    assert endings(tmp_path) == ["interrupted" if interruption == signal.SIGINT else None, "done"]


def has_ended(process):
    """Also one that nobody took notice of yet, because its parent is dead."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def n_kept(workspace):
    with contextlib.closing(sqlite3.connect(workspace / "scantriage.db")) as database:
        return database.execute("SELECT count(*) FROM readings").fetchone()[0]


def wait_for(happened, *, limit_s=120.0):
    end = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_file_too_large_for_the_disk_leaves_nothing_half_written(tmp_path, delivery):
    image = delivery.scan("origin", shape=(1000, 1000))
    limit = 1_000_000  # bytes that a file may have: enough for the database, half of the scan
    run = subprocess.run(
        [sys.executable, "-m", "scantriage", "triage", delivery.root, "--workspace", tmp_path / "workspace"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1] == f"scantriage: The disk is full: {tmp_path / 'workspace'}."
    assert image.stat().st_size > limit
    assert [path for path in (tmp_path / "workspace" / "scans").rglob("*") if path.is_file()] == []
