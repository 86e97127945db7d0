"""From a decision to what its receiver has: real packages, sent over real TLS."""

import asyncio
import io
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pydicom
import pytest
from made_queue import SECRETS, queue_row
from receiver import HERE, receiver

from scantriage.errors import WorkspaceError
from scantriage.io.views import write_views
from scantriage.pipeline.referral_facts import MANIFEST
from scantriage.pipeline.referral_process import refer_apart
from scantriage.pipeline.referral_run import refer, run_referrals
from scantriage.scan.record import ScanRecord
from scantriage.scan.views import FineViews, LayerFacts, ViewLayer
from scantriage.settings import ReferralSettings, Settings
from scantriage.store import accounts, assignments, audit, decisions, queue, referrals, scans, sites
from scantriage.store.annotations import Annotation, annotate
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.preferences import Preferences
from scantriage.workbench.shown import FIELDS_SHOWN

NOW = datetime(2026, 10, 28, 9, 30, tzinfo=UTC)
PLAIN = Preferences(random_share=0.0, tip_share=0.0)
REASON = 'A bag, "#import" \\ <b>'


class Workspace:
    """A workspace with one container that Ann Alytics referred to ``place``."""

    def __init__(self, root):
        self.places, self.now, self.settings = Places(root), NOW, Settings()
        self.database = Database(self.places.database)

    def run(self):
        return run_referrals(self.places, self.database, self.settings, clock=lambda: self.now)

    def referral(self):
        with self.database.reading() as connection:
            return referrals.listed(connection)[0]

    def site(self, push_to, secret="between us", code="NLRTM"):  # noqa: S107
        with self.database.writing() as connection:
            sites.save_site(connection, sites.Site(code, "Rotterdam", push_to=push_to, push_secret=secret))

    def steps(self):
        with self.database.reading() as connection:
            return [one.kind for one in audit.entries(connection) if '"referral"' in one.facts]

    def files(self):
        with zipfile.ZipFile(self.places.package(self.referral().id)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    """A migrated database to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "scantriage.db"
    Database(path).close()
    return path


@pytest.fixture
def workspace(tmp_path, empty_database):
    root = tmp_path / "workspace-root"
    root.mkdir()
    shutil.copy(empty_database, root / "scantriage.db")
    made = Workspace(root)
    yield made
    made.database.close()


def layer(rows=369, cols=1219, quantity="attenuation", code=(2.0**-13, -0.25)):
    return ViewLayer(
        LayerFacts(quantity, rows, cols, 0.0, 3.296, 0.01, 0.01, *code), np.full((rows, cols), 9000, np.uint16)
    )


def refer_one(workspace, *, place="NLRTM", with_views=True, **changed):
    """Rank one container, with scans and views, and refer it."""
    row = queue_row(3, at=NOW, **changed)
    with workspace.database.writing() as connection:
        queue.replace_queue(connection, [row], NOW)
        for role, scan_id, site in (
            ("origin", row.line["origin_scan"], "ECGYE"),
            ("rescan", row.line["rescan"], "NLRTM"),
        ):
            digest = ("ab" if role == "origin" else "cd") * 32
            connection.exec_driver_sql("INSERT INTO contents VALUES (?, ?, 1, '')", (digest, f"scans/{digest}.tif"))
            record = ScanRecord(scan_id, (row.container_id,), role, site, NOW - timedelta(days=9), digest, "raw")
            stored = scans.StoredScan(record, workspace.places.scan(digest, ".tif"), f"{scan_id}.tif", "used")
            scans.put_scan(connection, stored, at=NOW)
        ann = accounts.add_account(
            connection, name="ann", display_name="Ann Alytics", role="analyst", sites=(), password_hash=None, at=NOW
        )
        given = assignments.next_assignment(connection, ann, rng=Random(1), at=NOW, preferences=PLAIN)  # noqa: S311
        annotate(connection, given.id, ann, Annotation("mark-0001", "point", ((4.0, 1.0),), "odd"), at=NOW)
        act = decisions.Act("refer", REASON, "request-1", "inspect_at_port", place)
        decisions.decide(connection, given.id, ann, act, at=NOW, preferences=PLAIN)
    if with_views:
        difference = layer(code=(2.0**-13, -4.0))
        views = {
            "origin": layer(),
            "rescan": layer(),
            "difference": difference,
            "blind": layer(quantity="flags", code=(1.0, 0.0)),
        }
        path = workspace.places.views(row.reading_digest)
        path.parent.mkdir(parents=True)
        write_views(path, FineViews(12.192, 2.591, views))
    return row


def change_mind(workspace):
    with workspace.database.writing() as connection:
        old = decisions.decisions_on(connection, workspace.referral().container_id)[-1]
        act = decisions.Act("release", "A twin.", "request-2")
        decisions.revise(connection, old.id, old.account_id, act, at=workspace.now, preferences=PLAIN)


def test_a_package_holds_dossier_facts_report_pictures_and_signature(workspace):
    refer_one(workspace)
    assert workspace.run().n_packed == 1
    files = workspace.files()
    assert set(files) == {
        "referral.json", "report.dcs", "dossier.pdf", "pictures/origin.jpg", "pictures/rescan.jpg",
        "pictures/difference.jpg", "SHA256SUMS", "SHA256SUMS.sig", "public_key.pem",
    }  # fmt: skip
    facts = json.loads(files["referral.json"])
    assert facts["decision"]["reason"] == REASON
    assert facts["annotations"] == [{"shape": "point", "points_m": [[4.0, 1.0]], "text": "odd"}]
    assert [scan["sha256"][:2] for scan in facts["scans"]] == ["ab", "cd"]
    report = pydicom.dcmread(io.BytesIO(files["report.dcs"]))
    assert report.PatientID == facts["container_id"]
    (threat,) = report.ThreatSequence
    assert len(threat.PTORepresentationSequence) == 2


def test_a_finding_is_as_probable_as_the_container_without_the_others(workspace):
    row = queue_row(3)
    line = row.line | {"evidence": [
        {"name": "base_rate", "contribution": -2.0, "sentence": "a"},
        {"name": "added_door_end", "contribution": 3.0, "sentence": "Added: about 40 kg."},
    ]}  # fmt: skip
    refer_one(workspace, row=json.dumps(line))
    workspace.run()
    (threat,) = pydicom.dcmread(io.BytesIO(workspace.files()["report.dcs"])).ThreatSequence
    assert threat.ATDAssessmentSequence[0].ATDAssessmentProbability == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_nothing_leaves_about_analysts_firms_or_other_containers(workspace):
    row = queue_row(3)
    other = {"name": "look_alikes", "contribution": 0.2, "sentence": "Unlike MSCU7654321 of the same lot."}
    refer_one(workspace, row=json.dumps(row.line | {"evidence": [*row.line["evidence"], other]}))
    workspace.run()
    files = workspace.files()
    facts = json.loads(files["referral.json"])
    everything = b"".join(files.values()).decode("latin-1")
    for secret in ("Ann Alytics", "MSCU7654321", SECRETS[1], SECRETS[2]):
        assert secret not in json.dumps(facts)
    assert "MSCU7654321" not in everything
    assert "rank" not in facts["reading"]
    assert facts["reading"]["evidence"][-1] == other | {"sentence": None}


def test_of_the_manifest_a_package_holds_what_a_partner_is_shown():
    assert set(MANIFEST) | {"container_id"} == set(FIELDS_SHOWN["partner"])


@pytest.mark.parametrize(
    ("place", "words"), [("NLRTM", b"/Lang (nl)"), ("ECGYE", b"/Lang (en)"), ("BEANR", b"/Lang (nl)")]
)
def test_the_dossier_speaks_the_receivers_language(workspace, place, words):
    refer_one(workspace, place=place)
    workspace.run()
    assert words in workspace.files()["dossier.pdf"].replace(b"/Lang(", b"/Lang (")


def test_where_there_was_nothing_to_show_there_is_a_package_without_pictures(workspace):
    refer_one(workspace, with_views=False)
    assert workspace.run().n_packed == 1
    assert json.loads(workspace.files()["referral.json"])["pictures"] == []


def test_made_again_after_a_crash_it_is_the_same_package(workspace):
    refer_one(workspace)
    workspace.run()
    first = workspace.places.package(workspace.referral().id).read_bytes()
    with workspace.database.writing() as connection:
        connection.exec_driver_sql("UPDATE referrals SET package = NULL, sha256 = NULL")
    assert workspace.run().n_packed == 1
    assert workspace.places.package(workspace.referral().id).read_bytes() == first


def test_a_container_read_anew_is_not_packed_by_another_reading(workspace):
    row = refer_one(workspace)
    with workspace.database.writing() as connection:
        referrals.open_and_withdraw(connection, at=NOW)
        queue.replace_queue(connection, [queue_row(3, reading_digest="other")], NOW)
    assert workspace.run().n_not_packed == 1
    referral = workspace.referral()
    assert (referral.state, referral.container_id) == ("failed", row.container_id)
    assert "decided again" in referral.last_error


@pytest.fixture
def trusted(tmp_path, monkeypatch, workspace):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    workspace.settings = Settings(referrals=ReferralSettings(private_networks=(HERE,)))
    return tmp_path


def test_it_arrives_as_it_was_made_and_once(workspace, trusted):
    refer_one(workspace)
    with receiver(trusted) as there:
        workspace.site(there.url)
        assert workspace.run().n_delivered == 1
        assert workspace.run().n_delivered == 0
    ((headers, content),) = there.posts
    referral = workspace.referral()
    assert content == workspace.places.package(referral.id).read_bytes()
    assert headers["Idempotency-Key"] == referral.id
    assert referral.state == "sent"


def test_a_receiver_in_trouble_gets_it_with_the_same_key_when_it_is_well_again(workspace, trusted):
    refer_one(workspace)
    with receiver(trusted, answers=[500, 200]) as there:
        workspace.site(there.url)
        assert workspace.run().n_not_delivered == 1
        assert workspace.referral().last_error == "The receiver answered 500."
        assert workspace.run().n_not_delivered == 0, "not before its time"
        workspace.now += timedelta(minutes=1)
        assert workspace.run().n_delivered == 1
    first, second = (headers["Idempotency-Key"] for headers, _ in there.posts)
    assert first == second
    assert workspace.steps() == [
        "referral_opened", "referral_packed", "referral_not_delivered", "referral_sent",
    ]  # fmt: skip


def test_nothing_is_sent_to_a_receiver_whose_certificate_is_anothers(workspace, trusted):
    refer_one(workspace)
    with receiver(trusted, name="elsewhere.example") as there:
        workspace.site(there.url)
        assert workspace.run().n_not_delivered == 1
    assert there.posts == []
    assert "certificate" in workspace.referral().last_error


def test_undone_its_receiver_is_told_no_more_than_that(workspace, trusted):
    refer_one(workspace)
    with receiver(trusted) as there:
        workspace.site(there.url)
        workspace.run()
        change_mind(workspace)
        assert workspace.run().n_delivered == 1
    referral = workspace.referral()
    assert referral.state == "withdrawn"
    assert json.loads(there.posts[1][1]) == {
        "schema": "scantriage-withdrawal-1", "referral": referral.id, "package_sha256": referral.sha256,
    }  # fmt: skip


def test_a_folder_gets_the_package_and_then_the_notice(workspace, tmp_path):
    refer_one(workspace)
    folder = tmp_path / "outgoing"
    folder.mkdir()
    workspace.settings = Settings(referrals=ReferralSettings(folders=(folder,)))
    workspace.site(str(folder))
    workspace.run()
    change_mind(workspace)
    workspace.run()
    name = workspace.referral().id
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.withdrawn.json", f"{name}.zip"]


def test_a_folder_that_the_settings_do_not_name_gets_nothing(workspace, tmp_path):
    refer_one(workspace)
    workspace.site(str(tmp_path))
    assert workspace.run().n_not_delivered == 1
    assert not list(tmp_path.glob("*.zip"))


def test_a_package_that_was_changed_does_not_leave(workspace, tmp_path):
    refer_one(workspace)
    workspace.run()
    workspace.places.package(workspace.referral().id).write_bytes(b"PK")
    workspace.settings = Settings(referrals=ReferralSettings(folders=(tmp_path,)))
    workspace.site(str(tmp_path))
    assert workspace.run().n_not_delivered == 1
    assert "not what was made" in workspace.referral().last_error


def test_the_command_says_what_it_did_and_the_server_runs_it_apart(workspace):
    refer_one(workspace)
    ran = subprocess.run(
        [sys.executable, "-m", "scantriage", "referrals", "--workspace", str(workspace.places.root)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "Referrals: 1 opened or withdrawn, 1 packed, 0 delivered.\n"
    assert asyncio.run(refer_apart(workspace.places.root))


def test_a_folder_without_a_workspace_is_told(tmp_path):
    with pytest.raises(WorkspaceError, match="no workspace"):
        refer(tmp_path / "none")
    assert not (tmp_path / "none").exists()
