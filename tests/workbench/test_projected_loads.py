"""A projected load looks like a real container until it is decided on, and leads nowhere afterwards."""

import re
import time
from random import Random

import imagecodecs
import numpy as np
import pytest
import tifffile
from made_queue import NOW, number, queue_row
from made_views import made_views

from scantriage.io.views import write_views
from scantriage.scan.finding import Reading
from scantriage.scan.geometry import MetreBox
from scantriage.scan.record import ScanRecord
from scantriage.scan.views import LayerFacts
from scantriage.store import preferences, queue, referrals
from scantriage.store.preferences import Preferences
from scantriage.store.readings import ReadingKey, put_reading
from scantriage.store.scans import StoredScan, put_scan
from scantriage.store.schema import contents
from scantriage.store.tips import files_of, put_tip
from scantriage.workbench.pages import work_page

N = 3
REFER = {"verdict": "refer", "action": "inspect_at_port", "refer_because": "added", "request_key": "one-form-alone"}
ONLY_REAL = Preferences(random_share=0.0, tip_share=0.0, four_eyes_priority=1.0)
HALF_PROJECTED = Preferences(random_share=0.0, tip_share=0.5, four_eyes_priority=1.0)


FACTS = LayerFacts("counts", 80, 150, 0.0, 2.0, 0.01, 0.01, energy_mv=6.0, dark=100.0, air=50_000.0, flipped=False)
FILES = {"origin_file": FACTS, "rescan_file": FACTS}


def keep_views(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_views(path, made_views(rows=66, seed=1, files=FILES))
    path.with_suffix(".jpg").write_bytes(imagecodecs.jpeg_encode(np.zeros((80, 240), np.uint8)))


def keep_scan(connection, places, role):
    """A scan of the first container, as ingestion keeps it; its SHA-256."""
    sha256, scan_id = role.ljust(64, "0"), f"SCAN-{role}"
    path = places.scan(sha256, ".tif")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_scan(path)
    where = path.relative_to(places.root)
    kept = {"sha256": sha256, "path": str(where), "n_bytes": 1, "kept_at": "2026-10-01T12:00:00Z"}
    connection.execute(contents.insert().values(kept))
    record = ScanRecord(scan_id, (number(1),), role, "ECGYE", NOW, sha256, "raw")
    put_scan(connection, StoredScan(record, where, f"{scan_id}.tif", "used"), at=NOW)
    return sha256


def write_scan(path):
    counts = np.random.default_rng(5).integers(0, 65536, (80, 150), dtype=np.uint16)
    tifffile.imwrite(path, counts, photometric="minisblack", compression="zlib", predictor=True)


class Lowest(Random):
    """Chance that lets everything happen that may."""

    def random(self):
        return 0.0


@pytest.fixture(autouse=True)
def chance(monkeypatch):
    monkeypatch.setattr(work_page, "SystemRandom", Lowest)


@pytest.fixture(autouse=True)
def workspace(workbench):
    """Containers in the queue, and a load projected into the first, with the same pixels as the real reading."""
    rows = [queue_row(place) for place in range(1, N + 1)]
    for row in rows:
        keep_views(workbench.places.views(row.reading_digest))
    tip_views = workbench.places.projected("ab" * 16)
    keep_views(tip_views)
    write_scan(files_of(tip_views)[2])
    with workbench.database.writing() as connection:
        queue.replace_queue(connection, rows, NOW)
        scans = [keep_scan(connection, workbench.places, role) for role in ("origin", "rescan")]
        key = ReadingKey(rows[0].container_id, rows[0].reading_digest, *scans)
        put_reading(connection, key, Reading("compared"), at=NOW)
        put_tip(
            connection, container_id=rows[0].container_id, reading_digest=rows[0].reading_digest, zone="door_end",
            mass_kg=40.0, box=MetreBox(11, 11.6, 0.3, 1.1), row=rows[0].line, at=NOW,
            views=tip_views.relative_to(workbench.places.root),
        )  # fmt: skip
    return workbench


def prefer(workbench, chosen):
    with workbench.database.writing() as connection:
        preferences.save(connection, chosen)


def all_of(workbench, statement):
    with workbench.database.reading() as connection:
        return connection.exec_driver_sql(statement).all()


def given_to(browser):
    return re.fullmatch(r"/work/([\w-]+)", browser.submit("/work/next").headers["location"])[1]


def is_projected(workbench, assignment):
    return any(name == assignment for (name,) in all_of(workbench, "SELECT id FROM assignments WHERE tip_id NOT NULL"))


def given_projected(workbench, client_for):
    """A browser of an analyst who was given the projected load, and its assignment."""
    prefer(workbench, HALF_PROJECTED)
    browser = client_for("analyst")
    assignment = given_to(browser)
    assert is_projected(workbench, assignment)
    return browser, assignment


def given_real(workbench, client_for):
    prefer(workbench, ONLY_REAL)
    browser = client_for("analyst")
    return browser, given_to(browser)


def anonymous(text, browser, assignment):
    """The page without what differs from one assignment and session to the next."""
    text = text.replace(assignment, "ASSIGNMENT").replace(browser.csrf, "CSRF")
    return re.sub(r'name="request_key" value="[\w-]+"', 'name="request_key"', text)


def test_pages_and_pictures_are_those_of_a_real_container(workspace, client_for):
    real = given_real(workspace, client_for)
    projected = given_projected(workspace, client_for)
    pages = [browser.get(f"/work/{assignment}") for browser, assignment in (real, projected)]
    texts = [anonymous(page.text, *seen) for page, seen in zip(pages, (real, projected), strict=True)]
    assert texts[0] == texts[1]
    assert dict(pages[0].headers) == dict(pages[1].headers)  # as long, too: ids are of one length
    tiles = (f"{layer}/0/0.bin" for layer in ("origin", "rescan", "difference", "origin_file", "rescan_file"))
    for address in ("meta.json", "picture.jpg", "thumb.jpg", *tiles):
        answers = [browser.get(f"/views/{assignment}/{address}") for browser, assignment in (real, projected)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert dict(answers[0].headers) == dict(answers[1].headers)
        assert answers[0].content == answers[1].content  # made of the same views here


def test_answers_come_as_quickly(workspace, client_for):
    seen = given_real(workspace, client_for), given_projected(workspace, client_for)
    took = ([], [])
    for n in range(30):
        for place in (0, 1) if n % 2 else (1, 0):
            browser, assignment = seen[place]
            start = time.perf_counter()
            browser.get(f"/work/{assignment}")
            browser.get(f"/views/{assignment}/meta.json")
            took[place].append(time.perf_counter() - start)
    # one row more is read: 0.3 of 13 ms, where a network adds tens; the quickest of each, for other work adds to any
    assert min(took[1]) / min(took[0]) < 1.4


def test_nothing_of_it_leaves_the_training_path(workspace, client_for):
    browser, assignment = given_projected(workspace, client_for)
    before = all_of(workspace, "SELECT * FROM queue_rows ORDER BY container_id")
    counts = all_of(workspace, "SELECT * FROM queue_counts ORDER BY 1, 2, 3, 4, 5")
    answer = browser.submit(f"/work/{assignment}/decide", REFER)
    assert answer.headers["location"] == f"/work/{assignment}/decided"
    assert all_of(workspace, "SELECT * FROM queue_rows ORDER BY container_id") == before
    assert all_of(workspace, "SELECT * FROM queue_counts ORDER BY 1, 2, 3, 4, 5") == counts
    assert all_of(workspace, "SELECT * FROM decisions") == []
    with workspace.database.writing() as connection:
        assert referrals.open_and_withdraw(connection, at=NOW) == 0
    assert all_of(workspace, "SELECT verdict, found FROM tip_verdicts") == [("refer", 1)]
    supervisor = client_for("supervisor")
    page = supervisor.get(f"/containers/{number(1)}").text
    assert "refer" not in re.sub(r"<nav.*?</nav>", "", page, flags=re.DOTALL).lower()
    assert supervisor.get("/queue/counts").json()["by"]["state"].get("referred", 0) == 0


def test_it_is_told_after_the_decision_and_never_whose_container_it_was(workspace, client_for):
    browser, assignment = given_projected(workspace, client_for)
    assert browser.get(f"/work/{assignment}/decided").status_code == 404
    browser.submit(f"/work/{assignment}/decide", REFER | {"verdict": "release"})
    told = browser.get(f"/work/{assignment}/decided").text
    assert "40 kg" in told
    assert number(1) not in told


def test_the_same_form_sent_twice_is_one_verdict(workspace, client_for):
    browser, assignment = given_projected(workspace, client_for)
    answers = [browser.submit(f"/work/{assignment}/decide", REFER) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(all_of(workspace, "SELECT * FROM tip_verdicts")) == 1


def test_the_container_itself_still_waits_for_others(workspace, client_for):
    browser, assignment = given_projected(workspace, client_for)
    browser.submit(f"/work/{assignment}/decide", REFER)
    other, real = given_real(workspace, client_for)
    assert other.get(f"/work/{real}").status_code == 200
    again = given_to(browser)  # who saw it with a load gets another one first
    containers = dict(map(tuple, all_of(workspace, "SELECT id, container_id FROM assignments")))
    assert containers[again] != containers[real] == number(1)
