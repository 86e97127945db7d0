import json
from datetime import timedelta

import pytest
from made_queue import NOW, SECRETS, number, queue_row

from scantriage.cli import app
from scantriage.errors import WorkspaceError
from scantriage.scan.geometry import MetreBox
from scantriage.scan.record import ManifestEntry
from scantriage.store import (
    accounts,
    annotations,
    assignments,
    decisions,
    deliveries,
    inspections,
    preferences,
    queue,
    sessions,
)
from scantriage.store.contents import note_content
from scantriage.store.database import Database
from scantriage.store.decisions import Act
from scantriage.store.inspections import Outcome, Photo
from scantriage.store.places import Places
from scantriage.store.preferences import RETENTION_DAYS, Preferences
from scantriage.store.retention import delete_expired, unlink
from scantriage.store.seals import verify
from scantriage.store.tips import put_tip
from scantriage.store.trail_against_records import differing_records

ALWAYS = Preferences(random_share=0.0, tip_share=0.0, four_eyes_priority=1.0)
WORDS = ("Reason of Peter.", "Note of Petra.", "Drawn by Paul.", "Skipped by Paula.")
LATER = NOW + timedelta(days=400)


class First:
    """Draws the first and never by chance."""

    def random(self):
        return 1.0

    def choice(self, some):
        return some[0]


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path)


@pytest.fixture
def database(places):
    opened = Database(places.database)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def at_work(database, places):
    """A day's work: the first container referred and opened, the second skipped, the third waiting."""
    with database.writing() as connection:
        ana = accounts.add_account(
            connection, name="peter", display_name="Peter P.", role="analyst", sites=(), password_hash=None, at=NOW
        )
        rows = [queue_row(place) for place in (1, 2, 3)]
        queue.replace_queue(connection, rows, NOW)
        deliveries.note_delivery(connection, "/d", at=NOW)
        entries = [ManifestEntry(**json.loads(row.manifest)) for row in rows]
        deliveries.add_manifest(connection, "/d", entries, at=NOW)
        given = assignments.next_assignment(connection, ana, rng=First(), at=NOW, preferences=ALWAYS)
        drawn = annotations.Annotation("drawn-one", "text", ((1.0, 1.0),), WORDS[2])
        annotations.annotate(connection, given.id, ana, drawn, at=NOW)
        act = Act("refer", WORDS[0], "key-of-form", "inspect_at_port", "NLRTM")
        decisions.decide(connection, given.id, ana, act, at=NOW, preferences=ALWAYS)
        given = assignments.next_assignment(connection, ana, rng=First(), at=NOW, preferences=ALWAYS)
        assignments.skip(connection, given.id, ana, reason=WORDS[3], at=NOW, preferences=ALWAYS)
        photo = places.root / "photos" / "a.jpg"
        photo.parent.mkdir()
        photo.write_bytes(b"picture")
        note_content(connection, places, photo, sha256="a" * 64, at=NOW)
        found = Outcome(number(1), "find", "NLRTM", NOW, kind="cocaine", mass_kg=40.0, zone="door_end", note=WORDS[1])
        inspections.enter(connection, found, ana, request_key="key", at=NOW, photos=[Photo("a" * 64, "image/jpeg")])
        sessions.begin_session(connection, ana, at=NOW, second_factor=True)
    return ana


def run(database, places, at, **days):
    with database.writing() as connection:
        deleted = delete_expired(connection, places, {**RETENTION_DAYS, **days}, at=at)
    unlink(deleted.files, places)
    return dict(deleted.counts)


def everything(database):
    """All that the database holds, as text."""
    with database.reading() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        return str([connection.exec_driver_sql(f'SELECT * FROM "{name}"').all() for name in tables])  # noqa: S608


def assert_trail_verifies(database):
    with database.reading() as connection:
        assert verify(connection) == []
        assert differing_records(connection) == []


def test_nothing_is_deleted_before_its_time(database, places):
    assert set(run(database, places, NOW + timedelta(days=89)).values()) == {0}
    text = everything(database)
    assert all(word in text for word in (*WORDS, *SECRETS))


def test_each_kind_goes_when_its_days_are_over_and_the_trail_verifies(database, places):
    counts = run(
        database, places, LATER, manifest=30, reason=30, note=30, photo=30, annotation=30, session=30, trail=30
    )
    assert counts == {
        "manifest": 3, "reason": 2, "note": 1, "photo": 1, "annotation": 1, "view": 0, "package": 0, "session": 1,
        "account": 0, "trail": counts["trail"],
    }  # fmt: skip
    assert counts["trail"] > 0
    text = everything(database)
    assert not any(word in text for word in (*WORDS, *SECRETS))
    assert "bananas" in text  # what the goods are stays
    assert not (places.root / "photos" / "a.jpg").exists()
    assert_trail_verifies(database)
    assert set(run(database, places, LATER, manifest=30, reason=30).values()) == {0}  # nothing is left to delete


def test_what_was_found_stays_for_the_ranking(database, places):
    run(database, places, LATER, note=1, photo=1)
    with database.reading() as connection:
        (one,) = inspections.standing_inspections(connection)
    assert (one.outcome.kind, one.outcome.mass_kg, one.outcome.note) == ("cocaine", 40.0, "")


def test_what_is_before_somebody_is_left_alone(database, places, at_work):
    with database.writing() as connection:
        assignments.next_assignment(connection, at_work, rng=First(), at=NOW, preferences=ALWAYS)
    assert run(database, places, LATER, manifest=1)["manifest"] == 2
    with database.reading() as connection:
        open_row = next(
            queue.row_of(connection, number(place))
            for place in (2, 3)
            if queue.row_of(connection, number(place)).state == "open"
        )
    assert SECRETS[0] in open_row.manifest


def test_a_delivery_that_comes_again_does_not_bring_back_what_was_deleted(database, places):
    run(database, places, LATER, manifest=30)
    with database.writing() as connection:
        again = [ManifestEntry(**json.loads(queue_row(place).manifest)) for place in (1, 2, 3)]
        assert deliveries.add_manifest(connection, "/d", again, at=LATER) == 0
        latest = deliveries.latest_manifest(connection)
    assert {entry.consignee for entry in latest.values()} == {None}
    assert {entry.goods for entry in latest.values()} == {"bananas"}


def test_a_photo_that_two_entries_share_stays_until_the_last_goes(database, places, at_work):
    with database.writing() as connection:
        found = Outcome(number(2), "nothing", "NLRTM", LATER)
        inspections.enter(
            connection, found, at_work, request_key="later", at=LATER, photos=[Photo("a" * 64, "image/jpeg")]
        )
    run(database, places, LATER, photo=30)
    assert (places.root / "photos" / "a.jpg").exists()
    run(database, places, LATER + timedelta(days=31), photo=30)
    assert not (places.root / "photos" / "a.jpg").exists()


def test_views_and_those_of_projected_loads_go_with_the_container(database, places):
    views, projected = places.views("digest-1"), places.projected("abcd")
    waiting = places.views("digest-3")
    for path in (views, views.with_suffix(".jpg"), projected, waiting):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"views")
    with database.writing() as connection:
        for place in (1, 3):
            connection.exec_driver_sql(
                "INSERT INTO readings VALUES (?, ?, NULL, NULL, 'compared', '{}', 1, ?)",
                (number(place), f"digest-{place}", NOW.isoformat()),
            )
        put_tip(
            connection, container_id=number(1), reading_digest="digest-1", zone="floor", mass_kg=30.0,
            box=MetreBox(1.0, 2.0, 0.0, 0.4), row={}, views=projected.relative_to(places.root), at=NOW,
        )  # fmt: skip
    assert run(database, places, NOW + timedelta(hours=1), view=0)["view"] == 3 + 1
    assert not any(path.exists() for path in (views, views.with_suffix(".jpg"), projected, waiting))


def test_names_of_who_left_go_and_their_number_stays(database, places, at_work):
    with database.writing() as connection:
        accounts.set_disabled(connection, at_work, at=NOW)
    assert run(database, places, LATER)["account"] == 1
    assert "Peter P." not in everything(database)
    with database.reading() as connection:
        left = accounts.account_numbered(connection, at_work)
        (decision,) = decisions.decisions_on(connection, number(1))
    assert (left.name, left.display_name, left.password_hash) == (f"account-{at_work}", "", None)
    assert decision.account_id == at_work


def test_an_operator_runs_it_as_a_command(database, places, capsys):
    with database.writing() as connection:
        preferences.save(connection, Preferences(retention_days={**RETENTION_DAYS, "reason": 1}))
    assert app(["retention", "--workspace", str(places.root)], standalone_mode=False) == 0
    said = capsys.readouterr().out
    assert set(RETENTION_DAYS) == {line.partition(":")[0] for line in said.splitlines()}
    with pytest.raises(WorkspaceError, match="is not a workspace"):
        app(["retention", "--workspace", str(places.root / "elsewhere")], standalone_mode=False)
