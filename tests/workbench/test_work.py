import re

import pytest
from made_queue import NOW, SECRETS, number, queue_row

from scantriage.scan.geometry import MetreBox
from scantriage.store import audit, decisions, preferences, queue
from scantriage.store.preferences import Preferences
from scantriage.store.tips import put_tip

N_ROWS = 40
BY_PRIORITY = Preferences(random_share=0.0, tip_share=0.0, four_eyes_priority=1.0)
REFER = {
    "verdict": "refer",
    "action": "inspect_at_port",
    "place": "NLRTM",
    "refer_because": "added",
    "text": "By the doors.",
}


@pytest.fixture(autouse=True)
def database(workbench):
    with workbench.database.writing() as connection:
        queue.replace_queue(connection, [queue_row(place) for place in range(1, N_ROWS + 1)], NOW)
        preferences.save(connection, BY_PRIORITY)
    return workbench.database


def set_preferences(database, **changed):
    with database.writing() as connection:
        preferences.save(connection, Preferences(**{"random_share": 0.0, "tip_share": 0.0} | changed))


def given_to(browser):
    """The assignment that *next* lays before somebody."""
    answer = browser.submit("/work/next")
    assert answer.status_code == 303
    return re.fullmatch(r"/work/([\w-]+)", answer.headers["location"])[1]


def decide(browser, assignment, **fields):
    return browser.submit(
        f"/work/{assignment}/decide", {"request_key": f"key-{assignment}", "verdict": "release"} | fields
    )


def container_of(database, assignment):
    with database.reading() as connection:
        return connection.exec_driver_sql("SELECT container_id FROM assignments WHERE id = ?", (assignment,)).scalar()


def state_of(database, container_id):
    with database.reading() as connection:
        return queue.row_of(connection, container_id).state


def test_an_analyst_begins_with_counts_and_figures(client_for):
    ana = client_for("analyst")
    text = ana.get("/work").text
    assert "<dd>40</dd>" in text
    assert "Next container" in text
    assert not any(one in text for one in (number(1), *SECRETS))


def test_next_gives_the_same_container_until_it_is_decided(client_for, database):
    ana = client_for("analyst")
    first = given_to(ana)
    assert given_to(ana) == first
    assert "Back to the container before you" in ana.get("/work").text
    answer = decide(ana, first, **REFER)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/work/{first}/decided")
    assert given_to(ana) != first
    assert state_of(database, number(1)) == "referred"


def test_number_and_ship_are_told_after_the_decision_and_not_before(client_for):
    ana = client_for("analyst")
    assignment = given_to(ana)
    assert ana.get(f"/work/{assignment}/decided").status_code == 404
    decide(ana, assignment, **REFER)
    text = ana.get(f"/work/{assignment}/decided").text
    assert number(1) in text
    assert SECRETS[0] in text
    assert "Something was added. By the doors." in text
    assert not any(firm in text for firm in SECRETS[1:3])  # firms are for others


def test_a_release_needs_no_words_and_a_referral_does(client_for, database):
    ana = client_for("analyst")
    assignment = given_to(ana)
    refused = decide(ana, assignment, **REFER | {"refer_because": [], "text": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert f'href="/work/{assignment}"' in refused.text
    assert decide(ana, assignment).status_code == 303
    assert state_of(database, number(1)) == "released"


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "open_it"}, {"verdict": ""}, {"verdict": "refer", "action": "burn", "text": "x"},
        {"verdict": "refer", "action": "rescan", "place": "../etc", "text": "x"}, {"text": "x" * 3000},
        {"request_key": ""}, {"request_key": "k" * 200},
    ],
)  # fmt: skip
def test_what_is_no_decision_is_refused_in_a_sentence(client_for, database, wrong):
    ana = client_for("analyst")
    assignment = given_to(ana)
    assert decide(ana, assignment, **wrong).status_code == 422
    assert state_of(database, number(1)) == "open"


def test_the_same_form_sent_twice_decides_once(client_for, database):
    ana = client_for("analyst")
    assignment = given_to(ana)
    assert [decide(ana, assignment, **REFER).status_code for _ in range(2)] == [303, 303]
    with database.reading() as connection:
        assert len(decisions.decisions_on(connection, number(1))) == 1


def test_an_assignment_that_ran_out(client_for, database, clock):
    set_preferences(database, assignment_minutes=5, four_eyes_priority=1.0)
    ana, ben = client_for("analyst"), client_for("analyst")
    late = given_to(ana)
    clock.go_on(minutes=6)
    taken = given_to(ben)
    assert container_of(database, taken) == container_of(database, late)
    answer = decide(ana, late, **REFER | {"text": "A long <b>explanation</b>."})
    assert answer.status_code == 409
    assert "Your time for this container ran out" in answer.text
    assert "It was given out again since." in answer.text
    assert "A long &lt;b&gt;explanation&lt;/b&gt;." in answer.text
    assert decide(ben, taken).status_code == 303
    assert "Somebody else has decided on it." in decide(ana, late, **REFER).text
    with database.reading() as connection:
        assert [one.account_id for one in decisions.decisions_on(connection, number(1))] == [ben.account_id]


def test_nobody_decides_changes_or_sees_for_another(client_for, database):
    ana, ben = client_for("analyst"), client_for("analyst")
    assignment = given_to(ana)
    assert decide(ben, assignment).status_code == 409
    decide(ana, assignment)
    for path in (f"/work/{assignment}/decided", f"/work/{assignment}/change", "/work/nothing/decided"):
        assert ben.get(path).status_code == 404
    assert ben.submit(f"/work/{assignment}/change", {"verdict": "release"}).status_code in (404, 409)
    assert state_of(database, number(1)) == "released"


def test_skips_are_counted_and_end(client_for, database):
    set_preferences(database, skips_per_day=2)
    ana = client_for("analyst")
    assignment = given_to(ana)
    for _ in range(2):
        answer = ana.submit(f"/work/{assignment}/skip", {"reason": "My own port."})
        assignment = answer.headers["location"].rsplit("/", 1)[1]
    refused = ana.submit(f"/work/{assignment}/skip", {"reason": "Again."})
    assert refused.status_code == 422
    assert "All 2 skips of today are used" in refused.text
    assert state_of(database, number(1)) == "waiting"


def test_a_decision_is_undone_by_a_further_one_on_the_same_day(client_for, database, clock):
    ana = client_for("analyst")
    assignment = given_to(ana)
    decide(ana, assignment)
    form = ana.get(f"/work/{assignment}/change").text
    assert number(1) in form
    changed = {
        "verdict": "refer",
        "action": "rescan",
        "place": "NLRTM",
        "text": "Looked again.",
        "request_key": "second-key",
    }
    for _ in range(2):  # the second time nothing is done again
        assert ana.submit(f"/work/{assignment}/change", changed).status_code == 303
    assert state_of(database, number(1)) == "referred"
    with database.reading() as connection:
        first, second = decisions.decisions_on(connection, number(1))
    assert second.replaces == first.id
    clock.go_on(days=1)
    with database.writing() as connection:  # signed in again on the next day
        connection.exec_driver_sql(
            "UPDATE web_sessions SET expires_at = '2099-01-01T00:00:00Z', seen_at = ?", (clock.now.isoformat(),)
        )
    assert ana.get(f"/work/{assignment}/change").status_code == 404
    late = ana.submit(f"/work/{assignment}/change", changed | {"request_key": "third-key"})
    assert late.status_code == 409
    assert "on the day it was given" in late.text


def put_tips(database):
    with database.writing() as connection:
        for place in range(20, 40):
            put_tip(
                connection, container_id=number(place), reading_digest=f"digest-{place}", zone="floor", mass_kg=35.0,
                box=MetreBox(1.0, 2.0, 0.0, 0.4), row=queue_row(place).line, views="views/none", at=NOW,
            )  # fmt: skip


def test_a_projected_load_is_told_after_the_decision(client_for, database):
    set_preferences(database, tip_share=0.5)
    ana = client_for("analyst")
    put_tips(database)
    told = []
    for _ in range(12):
        assignment = given_to(ana)
        decide(ana, assignment, **REFER)
        text = ana.get(f"/work/{assignment}/decided").text
        if "A simulated load" in text:
            assert "Noticed." in text
            assert "35 kg" in text
            assert number(20)[:4] not in text  # no container is named
        else:
            assert "No simulated load was in this picture." in text
        told.append("A simulated load" in text)
    assert any(told)
    assert not all(told)
    assert f"{sum(told)} of {sum(told)}" in ana.get("/work").text


def test_a_projected_load_that_ran_out_is_told_as_a_real_one(client_for, database, clock):
    set_preferences(database, tip_share=0.5, assignment_minutes=1)
    ana = client_for("analyst")
    put_tips(database)
    said = set()
    for _ in range(12):
        assignment = given_to(ana)
        clock.go_on(minutes=1.5)
        ana.submit("/work/next")  # takes back what ran out
        answer = decide(ana, assignment)
        said.add((answer.status_code, re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)[1].strip()))
        decide(ana, given_to(ana))
    ran_out = "Your time for this container ran out; go on to the next. "
    assert said <= {
        (409, ran_out + more) for more in ("Nobody has decided on it: it waits again.", "It was given out again since.")
    }


def test_two_who_disagree_leave_it_to_a_supervisor_who_sees_both(client_for, database):
    set_preferences(database, four_eyes_priority=0.5)
    ana, ben, sue = client_for("analyst"), client_for("analyst"), client_for("supervisor")
    first = given_to(ana)
    decide(ana, first, text="Only shifted.")
    assert "a second analyst looks" in ana.get(f"/work/{first}/decided").text
    second = given_to(ben)
    while container_of(database, second) != number(1):
        decide(ben, second)
        second = given_to(ben)
    decide(ben, second, **REFER)
    assert "a supervisor settles it" in ben.get(f"/work/{second}/decided").text
    assert "Only shifted." not in ben.get(f"/work/{second}/decided").text
    settling = given_to(sue)
    assert container_of(database, settling) == number(1)
    assert decide(sue, settling, **REFER | {"text": "Open it."}).status_code == 303
    assert state_of(database, number(1)) == "referred"


def test_every_step_is_in_the_trail_without_words_of_people(client_for, database):
    ana = client_for("analyst")
    assignment = given_to(ana)
    decide(ana, assignment, **REFER)
    ana.get(f"/work/{assignment}/decided")
    with database.reading() as connection:
        entries = list(audit.entries(connection))
    assert [one.kind for one in entries][-3:] == ["container_assigned", "decision_made", "container_revealed"]
    assert not any("By the doors" in one.facts for one in entries)


@pytest.mark.parametrize("role", ["auditor", "administrator", "partner"])
def test_others_have_no_work_here(client_for, role):
    someone = client_for(role)
    assert someone.get("/work").status_code == 403
    assert someone.submit("/work/next").status_code == 403
    assert someone.submit("/work/x/decide").status_code == 403
