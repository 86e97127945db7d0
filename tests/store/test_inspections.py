from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from workbench_made import NOW, number

from scantriage.errors import ActRefused
from scantriage.store import audit, inspections
from scantriage.store.inspections import Outcome, Photo
from scantriage.store.trail_against_records import differing_records

FIND = Outcome(number(1), "find", "NLRTM", NOW, kind="cocaine", mass_kg=42.5, zone="door_end", note="Two bags.")
NOTHING = Outcome(number(2), "nothing", "NLRTM", NOW)


def enter(database, outcome, account=1, **options):
    with database.writing() as connection:
        return inspections.enter(connection, outcome, account, at=NOW, **{"request_key": "form-1"} | options)


def test_what_was_found_is_kept_and_in_the_trail_without_its_note(database, people):
    number_of = enter(database, FIND, people["sue"])
    with database.reading() as connection:
        (kept,) = inspections.inspections_of(connection, number(1))
        assert (kept.id, kept.outcome, kept.entered_by) == (number_of, FIND, people["sue"])
        entry = list(audit.entries(connection))[-1]
        assert (entry.kind, "cocaine" in entry.facts, "bags" in entry.facts) == ("outcome_entered", True, False)
        assert differing_records(connection) == []


@pytest.mark.usefixtures("people")
def test_the_same_form_sent_twice_enters_once(database):
    assert enter(database, FIND) == enter(database, NOTHING)
    with database.reading() as connection:
        assert inspections.inspections_of(connection, number(2)) == []


@pytest.mark.usefixtures("people")
def test_a_correction_stands_in_the_place_of_what_it_corrects(database):
    first = enter(database, FIND)
    second = enter(database, replace(FIND, mass_kg=41.0), request_key="form-2", replaces=first)
    with database.reading() as connection:
        assert [one.id for one in inspections.standing_inspections(connection)] == [second]
        assert len(inspections.inspections_of(connection, number(1))) == 2
    with pytest.raises(ActRefused, match="corrected already"):
        enter(database, FIND, request_key="form-3", replaces=first)
    with pytest.raises(ActRefused, match="same container"):
        enter(database, NOTHING, request_key="form-3", replaces=second)


@pytest.mark.usefixtures("people")
def test_an_inspection_that_is_still_to_come_is_refused(database):
    with pytest.raises(ActRefused, match="once it is over"):
        enter(database, replace(NOTHING, inspected_at=NOW + timedelta(hours=2)))


@pytest.mark.usefixtures("people")
def test_photographs_belong_to_their_inspection(database):
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO contents VALUES ('aa', 'photos/aa.jpg', 3, '2026')")
    number_of = enter(database, FIND, photos=[Photo("aa", "image/jpeg")])
    with database.reading() as connection:
        assert inspections.photos_of(connection, number_of) == [Photo("aa", "image/jpeg")]


@pytest.mark.usefixtures("people")
def test_the_last_opening_of_a_container_counts(database):
    enter(database, FIND, request_key="form-1")
    enter(database, replace(FIND, inspected_at=NOW - timedelta(days=3)), request_key="form-2")
    with database.reading() as connection:
        assert inspections.last_inspected(connection) == {number(1): NOW}


def test_the_same_outcome_has_the_same_key_and_another_has_another():
    assert replace(FIND, note="Told differently.").key == FIND.key
    assert replace(FIND, mass_kg=40.0).key != FIND.key


@pytest.mark.parametrize(
    "wrong",
    [
        {"container_id": "HLBU"}, {"result": "maybe"}, {"place": "Rotterdam"}, {"mass_kg": 0.0},
        {"mass_kg": float("nan")}, {"mass_kg": 1e6}, {"zone": "attic"}, {"result": "nothing"}, {"kind": "x" * 101},
        {"note": "x" * 2001}, {"inspected_at": datetime(2026, 1, 1)},
    ],
)  # fmt: skip
def test_what_is_no_outcome_is_refused(wrong):
    with pytest.raises(ActRefused):
        replace(FIND, **wrong)
