import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from workbench_made import NOW, PLAIN, act, decide, fill, give, number, row, state

from scantriage.errors import ActRefused, WorkspaceError
from scantriage.store import audit, decisions, queue
from scantriage.store.trail_against_records import differing_records


@pytest.mark.parametrize(
    ("verdict", "after"), [("refer", "referred"), ("release", "released"), ("not_comparable", "not_comparable")]
)
def test_a_decision_closes_the_container_and_is_in_the_trail(database, people, verdict, after):
    fill(database, row(1, place="NLRTM"))
    with database.writing() as connection:
        decided = decide(connection, give(connection, people["ann"]), verdict, reason="A bag behind the doors.")
        assert decided == decisions.Decided(1, after)
        assert state(connection, 1) == after
        (kept,) = decisions.decisions_on(connection, number(1))
        assert (kept.verdict, kept.place) == (verdict, "NLRTM" if verdict == "refer" else None)
        entry = list(audit.entries(connection))[-1]
        assert (entry.kind, entry.actor) == ("decision_made", f"account:{people['ann']}")
        assert (json.loads(entry.facts)["verdict"], "bag" in entry.facts) == (verdict, False)
        assert differing_records(connection) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"verdict": "maybe"}, "A decision is"),
        ({"verdict": "refer", "action": None}, "what is to be done"),
        ({"verdict": "refer", "action": "burn"}, "what is to be done"),
        ({"verdict": "refer", "reason": "  "}, "Say why"),
        ({"verdict": "not_comparable", "reason": ""}, "Say why"),
        ({"verdict": "refer", "place": "Rotterdam"}, "UN/LOCODE"),
        ({"verdict": "release", "action": "rescan"}, "Only a referral"),
        ({"verdict": "release", "reason": "x" * 2001}, "up to 2000"),
        ({"verdict": "release", "key": "short"}, "load the page again"),
    ],
)
def test_what_is_no_decision_is_refused(fields, sentence):
    with pytest.raises(ActRefused, match=sentence):
        act(**fields)


def test_a_referral_says_where_unless_the_ranking_knows(database, people):
    fill(database, row(1))
    with database.writing() as connection:
        assignment = give(connection, people["ann"])
        with pytest.raises(ActRefused, match="which port"):
            decide(connection, assignment, "refer")
        assert decide(connection, assignment, "refer", place="BEANR").state == "referred"


def test_the_same_form_sent_twice_decides_once(database, people):
    fill(database, row(1), row(2), row(3))
    with database.writing() as connection:
        assignment = give(connection, people["ann"])
        first = decide(connection, assignment, key="form-0001")
        again = decide(connection, assignment, "refer", key="form-0001", place="NLRTM")
        assert again == replace(first, repeated=True)
        assert len(decisions.decisions_on(connection, number(1))) == 1
        with pytest.raises(ActRefused, match="You have decided"):
            decide(connection, assignment, key="form-0002")
        with pytest.raises(ActRefused, match="used before"):
            decide(connection, give(connection, people["ann"]), key="form-0001")
        with pytest.raises(ActRefused, match="used before"):
            decide(connection, give(connection, people["bob"]), key="form-0001")


def test_nobody_decides_on_what_is_before_somebody_else(database, people):
    fill(database, row(1))
    with database.writing() as connection:
        assignment = replace(give(connection, people["ann"]), account_id=people["bob"])
        with pytest.raises(ActRefused, match="not before you"):
            decide(connection, assignment)
        with pytest.raises(ActRefused, match="not before you"):
            decide(connection, replace(assignment, id="made-up"))


def test_a_decision_on_a_reading_that_was_replaced_is_kept_and_does_not_count(database, people):
    fill(database, row(1))
    with database.writing() as connection:
        assignment = give(connection, people["ann"])
    fill(database, row(1, digest="read anew"))
    with database.writing() as connection:
        decided = decide(connection, assignment)
        assert (decided.decision_id, decided.state) == (1, None)
        assert state(connection, 1) == "waiting"
        assert give(connection, people["ann"]).reading_digest == "read anew"


@pytest.fixture
def urgent(database, people):  # noqa: ARG001 - people first: whoever is missing is not drawn
    """A connection on which one urgent container is before the first analyst; its second is drawn with seed 0."""
    fill(database, row(1, priority=0.3, place="NLRTM"))
    with database.writing() as connection:
        yield connection


def second_look(connection, people):
    (second,) = [one for name in ("bob", "cas") if (one := give(connection, people[name])) is not None]
    return second


@pytest.mark.parametrize("verdict", ["release", "not_comparable"])
def test_letting_an_urgent_container_go_takes_two_who_agree(urgent, people, verdict):
    assert decide(urgent, give(urgent, people["ann"]), verdict).state == "second"
    second = second_look(urgent, people)
    assert state(urgent, 1) == "second_open"
    assert decide(urgent, second, verdict).state == {"release": "released"}.get(verdict, verdict)


def test_below_the_limit_and_to_refer_one_is_enough(database, people):
    fill(database, row(1, priority=0.299), row(2, priority=0.9, place="NLRTM"))
    with database.writing() as connection:
        assert decide(connection, give(connection, people["ann"])).state == "released"
        assert decide(connection, give(connection, people["ann"]), "refer").state == "referred"


@pytest.mark.parametrize(("settled", "after"), [("refer", "referred"), ("release", "released")])
def test_two_who_disagree_leave_it_to_a_supervisor(urgent, people, settled, after):
    decide(urgent, give(urgent, people["ann"]))
    assert decide(urgent, second_look(urgent, people), "refer").state == "disagreement"
    assert [give(urgent, people[name]) for name in ("ann", "bob", "cas")] == [None, None, None]
    settling = give(urgent, people["sue"])
    assert (settling.kind, settling.container_id) == ("settling", number(1))
    assert decide(urgent, settling, settled).state == after
    assert give(urgent, people["sue"]) is None


def test_a_decision_is_undone_by_a_further_one_and_stays_in_the_records(database, people):
    fill(database, row(1, place="NLRTM"))
    with database.writing() as connection:
        first = decide(connection, give(connection, people["ann"]))
        changed = decisions.revise(
            connection, first.decision_id, people["ann"], act("refer", "form-0002"), at=NOW, preferences=PLAIN
        )
        assert changed.state == state(connection, 1) == "referred"
        old, new = decisions.decisions_on(connection, number(1))
        assert (old.verdict, new.verdict, new.replaces) == ("release", "refer", old.id)
        assert decisions.last_decision_of(connection, people["ann"]) == new
        again = decisions.revise(
            connection, first.decision_id, people["ann"], act("refer", "form-0002"), at=NOW, preferences=PLAIN
        )
        assert again == replace(changed, repeated=True)
        with pytest.raises(ActRefused, match="decided on this container since"):
            decisions.revise(
                connection, first.decision_id, people["ann"], act(key="form-0003"), at=NOW, preferences=PLAIN
            )
        assert differing_records(connection) == []


def test_undoing_a_referral_of_an_urgent_container_still_takes_four_eyes(urgent, people):
    first = decide(urgent, give(urgent, people["ann"]), "refer")
    undone = decisions.revise(urgent, first.decision_id, people["ann"], act(key="form-0002"), at=NOW, preferences=PLAIN)
    assert undone.state == "second"
    second = second_look(urgent, people)
    with pytest.raises(ActRefused, match="second analyst has this"):
        decisions.revise(
            urgent, undone.decision_id, people["ann"], act("refer", "form-0003"), at=NOW, preferences=PLAIN
        )
    agreed = decide(urgent, second)
    assert agreed.state == "released"
    with pytest.raises(ActRefused, match="since"):  # no longer the first one's to change
        decisions.revise(
            urgent, undone.decision_id, people["ann"], act("refer", "form-0004"), at=NOW, preferences=PLAIN
        )
    differs = decisions.revise(
        urgent, agreed.decision_id, second.account_id, act("refer", "form-0005"), at=NOW, preferences=PLAIN
    )
    assert differs.state == "disagreement"


def test_only_who_decided_or_a_supervisor_changes_a_decision(database, people):
    fill(database, row(1, place="NLRTM"))
    with database.writing() as connection:
        first = decide(connection, give(connection, people["ann"])).decision_id
        for name in ("bob", "aud"):
            with pytest.raises(ActRefused, match="or a supervisor"):
                decisions.revise(connection, first, people[name], act("refer", "form-0002"), at=NOW, preferences=PLAIN)
        with pytest.raises(ActRefused, match="no such decision"):
            decisions.revise(connection, 99, people["sue"], act("refer", "form-0002"), at=NOW, preferences=PLAIN)
        with pytest.raises(ActRefused, match="why the decision is changed"):
            decisions.revise(
                connection, first, people["sue"], act(key="form-0002", reason=""), at=NOW, preferences=PLAIN
            )
        assert decisions.revise(
            connection, first, people["sue"], act("refer", "form-0002"), at=NOW, preferences=PLAIN
        ).state == "referred"  # fmt: skip


def test_what_was_read_anew_is_decided_again_not_undone(database, people):
    fill(database, row(1))
    with database.writing() as connection:
        first = decide(connection, give(connection, people["ann"])).decision_id
    fill(database, row(1, digest="read anew"))
    with database.writing() as connection, pytest.raises(ActRefused, match="read anew"):
        decisions.revise(connection, first, people["ann"], act(key="form-0002"), at=NOW, preferences=PLAIN)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE decisions SET verdict = 'release', action = NULL", "not what entry .* says: verdict, action"),
        ("UPDATE decisions SET reason = 'Nothing there.'", "not what entry .* says: reason"),
        ("UPDATE decisions SET account_id = 2", "not what entry .* says: account"),
        ("DELETE FROM decisions", "The decision 1 of entry .* is missing"),
        (
            "INSERT INTO decisions SELECT 2, assignment_id, 'XYZU0000001', reading_digest, account_id, verdict, action,"
            " place, reason, decided_at, NULL, 'another' FROM decisions",
            "The decision 2 is not in the trail",
        ),
    ],
)
def test_a_record_changed_behind_the_trails_back_is_found(database, people, statement, sentence):
    fill(database, row(1, place="NLRTM"))
    with database.writing() as connection:
        decide(connection, give(connection, people["ann"]), "refer")
        connection.exec_driver_sql(statement)
        (fault,) = differing_records(connection)
    with pytest.raises(AssertionError, match=sentence):
        raise AssertionError(fault)


def test_two_cannot_have_the_same_reading_before_them_whatever_the_program_does(database, people):
    fill(database, row(1))
    with database.writing() as connection:
        give(connection, people["ann"])
    statement = (
        "INSERT INTO assignments"
        " (id, container_id, reading_digest, account_id, kind, chosen, given_at, active_at, state)"
        " SELECT 'b', container_id, reading_digest, ?, kind, chosen, given_at, active_at, 'open' FROM assignments"
    )
    with pytest.raises((IntegrityError, WorkspaceError), match="UNIQUE"), database.writing() as connection:
        connection.exec_driver_sql(statement, (people["bob"],))


def test_the_work_of_a_day_is_counted_where_the_row_has_gone(database, people):
    fill(database, row(1))
    with database.writing() as connection:
        assignment = give(connection, people["ann"])
        queue.set_state(connection, number(1), "digest-1", "waiting", at=NOW)
    fill(database, row(2))
    with database.writing() as connection:
        assert decide(connection, assignment, at=NOW + timedelta(minutes=1)).state is None
