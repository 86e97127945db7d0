"""Every standing decision to refer has its referral; sent, tried again, given up or withdrawn, it is in the trail."""

from datetime import timedelta
from pathlib import Path

import pytest
from workbench_made import NOW, PLAIN, act, decide, fill, give, number, row

from scantriage.errors import ActRefused
from scantriage.store import audit, decisions, referrals, sites
from scantriage.store.queue import set_state

MINUTE = timedelta(minutes=1)


@pytest.fixture
def referred(database, people):
    """One container, referred by Ann to Rotterdam, which is pushed to."""
    fill(database, row(1, place="NLRTM"))
    with database.writing() as connection:
        sites.save_site(connection, sites.Site("NLRTM", "Rotterdam", push_to="https://rotterdam.example/"))
        decide(connection, give(connection, people["ann"]), "refer", place="NLRTM")
    return database


def settle(database, at=NOW):
    with database.writing() as connection:
        return referrals.open_and_withdraw(connection, at=at)


def only(database):
    with database.reading() as connection:
        (referral,) = referrals.listed(connection)
    return referral


def pack(database, at=NOW):
    settle(database, at)
    with database.writing() as connection:
        (referral,) = referrals.unmade(connection)
        referrals.package_made(connection, referral, Path("referrals/x.zip"), sha256="ab" * 32, at=at)
    return only(database)


def take(database, at=NOW, **options):
    with database.writing() as connection:
        return referrals.take_due(connection, at=at, **options)


def steps(database):
    """Kinds and actors of the trail, what is about referrals."""
    with database.reading() as connection:
        return [one.kind for one in audit.entries(connection) if "referral" in one.facts]


def undo(database, people, verdict="release"):
    with database.writing() as connection:
        (old,) = decisions.decisions_on(connection, number(1))
        decisions.revise(connection, old.id, people["ann"], act(verdict, "request-undo", **(
            {"place": "BEANR"} if verdict == "refer" else {})), at=NOW + MINUTE, preferences=PLAIN)  # fmt: skip


def test_a_decision_to_refer_opens_one_referral_however_often_one_looks(referred):
    assert settle(referred) == 1
    assert settle(referred) == 0
    referral = only(referred)
    assert (referral.container_id, referral.place, referral.state) == (number(1), "NLRTM", "waiting")
    assert steps(referred) == ["referral_opened"]


@pytest.mark.parametrize("verdict", ["release", "not_comparable"])
def test_no_other_decision_opens_one(database, people, verdict):
    fill(database, row(1, place="NLRTM"))
    with database.writing() as connection:
        decide(connection, give(connection, people["ann"]), verdict)
    assert settle(database) == 0


def test_a_disagreement_opens_none_until_it_is_settled(referred):
    with referred.writing() as connection:
        set_state(connection, number(1), "digest-1", "disagreement", at=NOW)
    assert settle(referred) == 0


def test_undone_it_is_withdrawn_and_referred_elsewhere_there_is_another(referred, people):
    pack(referred)
    undo(referred, people, "refer")
    assert settle(referred) == 2
    with referred.reading() as connection:
        by_place = {one.place: one.state for one in referrals.listed(connection)}
    assert by_place == {"NLRTM": "withdrawn", "BEANR": "waiting"}


def test_what_may_have_left_is_called_back(referred, people):
    pack(referred)
    due = take(referred)
    with referred.writing() as connection:
        referrals.delivered(connection, due.referral, at=NOW)
    undo(referred, people)
    settle(referred)
    notice = take(referred)
    assert notice.referral.state == "withdrawn"
    with referred.writing() as connection:
        referrals.delivered(connection, notice.referral, at=NOW)
    assert take(referred) is None
    assert steps(referred) == [
        "referral_opened", "referral_packed", "referral_sent", "referral_withdrawn", "withdrawal_sent",
    ]  # fmt: skip


def test_withdrawn_while_it_is_sent_the_notice_comes_after_it(referred, people):
    pack(referred)
    due = take(referred)
    undo(referred, people)
    settle(referred)
    notice = take(referred)
    with referred.writing() as connection:
        referrals.delivered(connection, notice.referral, at=NOW)  # overtakes the package
        referrals.delivered(connection, due.referral, at=NOW)
    assert only(referred).state == "withdrawn"
    assert take(referred).referral.state == "withdrawn"


def test_what_never_was_packed_is_withdrawn_without_a_word(referred, people):
    settle(referred)
    undo(referred, people)
    settle(referred)
    assert take(referred) is None


def test_one_process_takes_it_and_gets_it_for_some_minutes(referred):
    pack(referred)
    assert take(referred) is not None
    assert take(referred) is None
    assert take(referred, NOW + timedelta(minutes=9)) is None
    assert take(referred, NOW + timedelta(minutes=11)) is not None  # it was killed


def test_failing_it_is_tried_after_growing_waits_and_given_up(referred):
    pack(referred)
    at, waits = NOW, []
    while (due := take(referred, at)) is not None:
        with referred.writing() as connection:
            referrals.not_delivered(connection, due.referral, "The receiver answered 500.", at=at)
        referral = only(referred)
        if referral.next_try_at is None:
            break
        following = type(at).fromisoformat(referral.next_try_at)
        waits.append(following - at)
        at = following
    assert referral.state == "failed"
    assert referral.last_error == "The receiver answered 500."
    assert waits == sorted(waits)
    assert timedelta(days=2) < sum(waits, timedelta()) < timedelta(days=4)
    assert steps(referred).count("referral_not_delivered") == len(waits)
    assert steps(referred)[-1] == "referral_given_up"


def test_retried_by_hand_it_is_due_at_once(referred):
    pack(referred)
    with referred.writing() as connection:
        referrals.not_delivered(connection, take_in(connection), "No.", at=NOW)
        referrals.retry(connection, only_in(connection).id, actor="account:4", at=NOW)
    assert take(referred) is not None
    assert "referral_retried" in steps(referred)


def take_in(connection):
    return referrals.take_due(connection, at=NOW).referral


def only_in(connection):
    return referrals.listed(connection)[0]


def test_what_arrived_is_not_sent_again(referred):
    pack(referred)
    with referred.writing() as connection:
        referrals.delivered(connection, take_in(connection), at=NOW)
        with pytest.raises(ActRefused, match="arrived"):
            referrals.retry(connection, only_in(connection).id, actor="account:4", at=NOW)
    assert take(referred, NOW + timedelta(days=30)) is None


def test_a_receiver_that_fetches_is_not_sent_to_and_one_that_fetched_neither(referred):
    referral = pack(referred)
    with referred.writing() as connection:
        referrals.fetched(connection, referral, actor="account:9", at=NOW)
    assert only(referred).state == "fetched"
    assert take(referred) is None
    with referred.writing() as connection:
        sites.save_site(connection, sites.Site("NLRTM", "Rotterdam"))
        referrals.withdraw(connection, referral.id, actor="account:4", reason="Twice.", at=NOW)
    assert take(referred) is None


def test_a_receiver_that_failed_can_be_left_out(referred):
    pack(referred)
    assert take(referred, but_not_to={"NLRTM"}) is None
    assert take(referred, but_not_to={"BEANR"}) is not None


def test_a_supervisor_withdraws_once_and_says_why(referred):
    referral = pack(referred)
    with referred.writing() as connection:
        with pytest.raises(ActRefused, match="Say why"):
            referrals.withdraw(connection, referral.id, actor="account:4", reason=" ", at=NOW)
        referrals.withdraw(connection, referral.id, actor="account:4", reason="A twin.", at=NOW)
        with pytest.raises(ActRefused, match="already"):
            referrals.withdraw(connection, referral.id, actor="account:4", reason="A twin.", at=NOW)
    assert settle(referred) == 0, "its decision stands, and opens no other"
    with referred.reading() as connection:
        last = list(audit.entries(connection))[-1]
    assert (last.kind, last.actor) == ("referral_withdrawn", "account:4")
    assert "A twin" not in last.facts


@pytest.mark.parametrize("step", ["open", "pack", "send", "withdraw"])
def test_it_is_known_without_doing_anything_that_something_is_due(referred, people, step):
    if step != "open":
        settle(referred)
    if step in ("send", "withdraw"):
        pack(referred)
    if step == "withdraw":
        with referred.writing() as connection:
            referrals.delivered(connection, take_in(connection), at=NOW)
        undo(referred, people)
    with referred.reading() as connection:
        assert referrals.is_anything_due(connection, at=NOW)


def test_nothing_is_due_when_all_is_done(referred):
    pack(referred)
    with referred.writing() as connection:
        referrals.delivered(connection, take_in(connection), at=NOW)
        assert not referrals.is_anything_due(connection, at=NOW + timedelta(days=9))


def test_a_list_is_of_one_state_and_of_these_receivers(referred):
    settle(referred)
    with referred.reading() as connection:
        assert len(referrals.listed(connection, state="waiting", places=("NLRTM",))) == 1
        assert referrals.listed(connection, state="sent") == []
        assert referrals.listed(connection, places=()) == [], "who has no site sees nothing"
        assert referrals.listed(connection, places=("BEANR",)) == []
        assert referrals.counts(connection) == {"waiting": 1, "sent": 0, "failed": 0, "fetched": 0, "withdrawn": 0}
