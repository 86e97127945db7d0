import json
from datetime import UTC, datetime, timedelta

import pytest

from scantriage.pipeline.queue_run import fill_queue, queue_row
from scantriage.rank.case import Case, Ranked
from scantriage.scan.finding import Evidence, Finding, Reading
from scantriage.scan.geometry import MetreBox
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.store import queue
from scantriage.store.database import Database

NOW = datetime(2026, 10, 25, tzinfo=UTC)
BOX = "HLBU1527916"
WEAK = Finding("removed", "cargo", -4.0, MetreBox(2.0, 3.0, 0.1, 0.9))
STRONG = Finding("added", "door_end", 15.0, MetreBox(11.0, 11.6, 0.1, 0.9), mass_kg=60.0, mass_kg_sd=8.0)
ORIGIN = ScanRecord("origin-1", (BOX,), "origin", "ECGYE", NOW - timedelta(days=2), "a" * 64, "raw")
RESCAN = ScanRecord("rescan-1", (BOX,), "rescan", "NLRTM", NOW - timedelta(hours=2), "b" * 64, "raw")
MANIFEST = ManifestEntry(
    BOX,
    hs_code="080390",
    port_of_loading="ECGYE",
    port_of_discharge="NLVLI",
    vessel="Ada",
    eta=NOW + timedelta(days=20),
)


def ranked(*, findings=(WEAK, STRONG), origin=ORIGIN, rescan=RESCAN, manifest=MANIFEST, reason=None, where="NLVLI"):
    reading = Reading("not_comparable" if reason else "compared", reason, findings=findings)
    evidence = (Evidence("base_rate", -6.9, "Rare."), Evidence("learned", 2.0, "Likely."))
    return Ranked(3, Case(BOX, reading, origin, rescan, manifest), 0.4, "inspect_at_port", where, evidence)


def test_a_row_says_why_in_the_words_of_the_strongest_finding():
    row = queue_row(ranked(), "d" * 64, now=NOW)
    assert (row.why, row.zone) == (STRONG.sentence, "door_end")
    assert (row.flow, row.commodity, row.vessel) == ("ECGYE-NLVLI", "08", "Ada")
    assert (row.rank, row.priority, row.outcome, row.place) == (3, 0.4, "compared", "NLVLI")
    assert row.acquired_at == "2026-10-24T22:00:00.000000Z"
    assert row.line["findings"][1]["sentence"] == STRONG.sentence
    assert json.loads(row.manifest)["goods"] is None


def test_what_could_not_be_compared_says_so_and_what_shows_nothing_says_what_weighs_most():
    assert queue_row(ranked(reason="Too dark."), "d", now=NOW).why == "Too dark."
    quiet = queue_row(ranked(findings=()), "d", now=NOW)
    assert (quiet.why, quiet.zone) == ("Likely.", None)


@pytest.mark.parametrize(
    ("rescan", "manifest", "due"),
    [
        (RESCAN, MANIFEST, MANIFEST.eta),  # it has left: its arrival
        (None, MANIFEST, MANIFEST.eta - timedelta(days=10)),  # at its source: its sailing at the latest
        (None, None, ORIGIN.acquired_at + timedelta(days=5)),
        (RESCAN, None, None),
    ],
)
def test_it_is_due_when_it_sails_or_arrives(rescan, manifest, due):
    row = queue_row(ranked(rescan=rescan, manifest=manifest), "d", now=NOW)
    assert row.due_at == (None if due is None else queue.utc_text(due))


def test_without_a_manifest_the_sites_of_the_scans_tell_the_flow():
    assert queue_row(ranked(manifest=None), "d", now=NOW).flow == "ECGYE-NLRTM"
    assert queue_row(ranked(manifest=None, rescan=None), "d", now=NOW).flow == "ECGYE-?"
    assert queue_row(ranked(manifest=None, rescan=None, origin=None), "d", now=NOW).flow is None


@pytest.mark.parametrize("hs_code", [None, "", "8", "fruit"])
def test_what_is_no_hs_code_names_no_commodity(hs_code):
    assert queue_row(ranked(manifest=ManifestEntry(BOX, hs_code=hs_code)), "d", now=NOW).commodity is None


def test_the_queue_is_filled_and_a_new_reading_opens_it_again(tmp_path):
    database = Database(tmp_path / "x.db")
    fill_queue(database, [ranked()], {BOX: "first"}, now=NOW)
    with database.writing() as connection:
        assert queue.set_state(connection, BOX, "first", "released", at=NOW)
    for digest, state in (("first", "released"), ("second", "waiting")):
        fill_queue(database, [ranked()], {BOX: digest}, now=NOW)
        with database.reading() as connection:
            assert queue.row_of(connection, BOX).state == state
    database.close()
