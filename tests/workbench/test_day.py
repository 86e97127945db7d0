"""One container followed through a day: delivered, ranked, read, referred, fetched, opened, and checked."""

import csv
import io
import re
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
from made_browser import QUICK
from made_engine import InlineEngine

from scantriage.pipeline import day_run
from scantriage.pipeline.audit_run import verify_trail
from scantriage.pipeline.figures_run import make_report
from scantriage.pipeline.referral_run import refer
from scantriage.pipeline.simulate_run import write_delivery
from scantriage.simulate.contents import Wish
from scantriage.simulate.pair import simulate_pair
from scantriage.store import preferences, sites
from scantriage.store.preferences import Preferences
from scantriage.workbench.access.limits import Buckets, Limits
from scantriage.workbench.access.passwords import Passwords
from scantriage.workbench.app import create_app

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WISHES = (Wish("added", "doors", 120.0, "45R1", "bananas"), Wish("clean", size_type="45R1", commodity="bananas"))


@pytest.fixture
def app(tmp_path, clock, monkeypatch):
    """The workbench on two containers as triage leaves them, one with 120 kg behind its doors."""
    monkeypatch.setattr(day_run, "Engine", InlineEngine)
    cases = (simulate_pair(3_000 + n, scale=0.25, wish=wish, cut_off=0.0) for n, wish in enumerate(WISHES))
    write_delivery(tmp_path / "delivery", cases)
    root = tmp_path / "workspace"
    day = day_run.triage([tmp_path / "delivery"], root, n_workers=1, progress=lambda *_: None, now=NOW)
    clock.now = max(one.case.rescan.acquired_at for one in day.ranked)  # the work begins when the last one is scanned
    patient = Limits(Buckets(burst=1e6, per_second=1), Buckets(burst=1e6, per_second=1))
    app = create_app(root, clock=clock, passwords=Passwords(QUICK), limits=patient)
    with app.state.workbench.database.writing() as connection:
        preferences.save(connection, Preferences(random_share=0.0, tip_share=0.0, four_eyes_priority=0.0))
        sites.save_site(connection, sites.Site("NLRTM", "Rotterdam", 18))
    yield app
    app.state.workbench.database.close()


def given_to(browser):
    return re.fullmatch(r"/work/([\w-]+)", browser.submit("/work/next").headers["location"])[1]


def form_key(page):
    return re.search(r'name="request_key" value="([^"]+)"', page.text)[1]


def key_and_send(browser, url, address, **fields):
    """Fill in the form at this address and send it."""
    return browser.submit(url, {"request_key": form_key(browser.get(address))} | fields)


def test_from_the_queue_to_the_outcome_and_the_trail(client_for, workbench, clock):
    supervisor, ana, partner = client_for("supervisor"), client_for("analyst"), client_for("partner", sites=("NLRTM",))

    # the supervisor sees it first in the queue, with what speaks for it
    queue = supervisor.get("/queue").text
    number = re.search(r'href="/containers/([A-Z0-9]+)"', queue)[1]
    line = supervisor.get(f"/containers/{number}").text
    assert "Added" in line
    assert number in line

    # the analyst is given it, looks at it, draws on it and refers it, without knowing which it is
    assignment = given_to(ana)
    page = ana.get(f"/work/{assignment}")
    meta = ana.get(f"/views/{assignment}/meta.json").json()
    tile = ana.get(f"/views/{assignment}/rescan/0/0.bin")
    facts = meta["layers"]["rescan"]
    assert np.frombuffer(tile.content, "<u2").size == min(facts["rows"], meta["tile"]) * min(
        facts["cols"], meta["tile"]
    )
    mark = {"id": "box-0001", "shape": "box", "points_m": [[11.2, 0.2], [11.8, 1.0]], "text": "Dense bags."}
    drawn = ana.post(f"/work/{assignment}/annotations", json=mark, headers={"X-CSRF": ana.csrf})
    assert drawn.status_code == 201
    for answer in (page, ana.get(f"/views/{assignment}/meta.json"), drawn):
        assert number not in answer.text + str(answer.headers)
    clock.go_on(seconds=70)
    told = ana.submit(
        f"/work/{assignment}/decide",
        {"request_key": form_key(page), "verdict": "refer", "action": "inspect_at_port", "place": "NLRTM",
         "refer_because": "added", "text": "Bags that were not there."},
    )  # fmt: skip
    assert number in ana.get(told.headers["location"]).text
    assert f"/containers/{number}" not in supervisor.get("/queue").text  # it does not wait any more

    # what leaves is packed and fetched by the port that acts
    clock.go_on(minutes=5)
    assert refer(workbench.places.root, clock=clock).n_packed == 1
    referral = re.search(r"/partner/([0-9a-f]+)/package", partner.get("/partner").text)[1]
    package = zipfile.ZipFile(io.BytesIO(partner.get(f"/partner/{referral}/package").content))
    assert any(name.endswith(".pdf") for name in package.namelist())
    assert any(number in package.read(name).decode(errors="ignore") for name in package.namelist() if "json" in name)

    # the port opens it and says what was found
    clock.go_on(minutes=20)
    entered = key_and_send(
        partner, f"/partner/{referral}/outcome", f"/partner/{referral}/outcome", result="find", kind="cocaine",
        mass_kg="118", zone="door_end", place="NLRTM", inspected_at=f"{clock():%Y-%m-%dT%H:%M}", note="Four bags.",
    )  # fmt: skip
    assert entered.status_code == 303
    assert number in supervisor.get("/outcomes").text

    # the figures count it, the auditor reads its history, and the trail is whole
    report = make_report(workbench.database, workbench.places, now=clock())
    assert [(one.n, one.n_finds, one.port) for one in report.counts.opened] == [(1, 1, "NLRTM")]
    auditor = client_for("auditor")
    history = auditor.get(f"/audit/container/{number}").text
    assert "118" in history
    assert {"analyst at work", "partner at work"} <= set(re.findall(r"(?:analyst|partner) at work", history))
    rows = list(csv.DictReader(io.StringIO(auditor.get(f"/audit.csv?container={number}").text)))
    order = ["container_viewed", "container_assigned", "pictures_viewed", "decision_made", "referral_opened",
             "referral_packed", "referral_fetched", "outcome_entered"]  # fmt: skip
    kinds = [row["kind"] for row in reversed(rows)]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    assert verify_trail(workbench.places.root).faults == ()


def test_four_eyes_that_disagree_end_with_the_supervisor(client_for, workbench, clock):
    first, second, supervisor = client_for("analyst"), client_for("analyst"), client_for("supervisor")
    release, refer_it = {"verdict": "release", "release_because": "same"}, {
        "verdict": "refer", "action": "inspect_at_port", "place": "NLRTM", "refer_because": "added"
    }  # fmt: skip
    assignment = given_to(first)
    key_and_send(first, f"/work/{assignment}/decide", f"/work/{assignment}", **release)
    clock.go_on(minutes=1)
    for _ in range(2):  # the other container, and the second look
        other = given_to(second)
        page = second.get(f"/work/{other}").text
        assert "analyst at work" not in page.split("</header>")[1]  # who looked before, and that somebody did
        second.submit(f"/work/{other}/decide", {"request_key": f"key-{other}"} | refer_it)
    settling = given_to(supervisor)
    assert (
        "released" in supervisor.get(f"/work/{settling}").text or "release" in supervisor.get(f"/work/{settling}").text
    )
    key_and_send(supervisor, f"/work/{settling}/decide", f"/work/{settling}", **refer_it)
    states = supervisor.get("/queue/counts?state=").json()["by"]["state"]
    assert states == {"referred": 2}
    assert verify_trail(workbench.places.root).faults == ()
