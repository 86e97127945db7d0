import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select
from workbench_made import NOW, PLAIN, decide, fill, give, number, person, row, state

from scantriage.errors import ActRefused
from scantriage.scan.geometry import MetreBox
from scantriage.store import assignments, audit, queue, sessions, tips
from scantriage.store.workbench_schema import decisions as decision_rows
from scantriage.store.workbench_schema import tip_verdicts

FEW_SKIPS = replace(PLAIN, skips_per_day=2)


def test_the_most_urgent_comes_first_and_the_id_tells_nothing(database, people):
    fill(database, row(1), row(2))
    with database.writing() as connection:
        first, second = give(connection, people["ann"]), give(connection, people["bob"])
        assert (first.container_id, second.container_id) == (number(1), number(2))
        assert state(connection, 1) == "open"
        assert give(connection, people["cas"]) is None
    assert number(1) not in first.id
    assert len(first.id) >= 20


def test_asked_again_the_same_one_is_before_them(database, people):
    fill(database, row(1), row(2))
    with database.writing() as connection:
        assert give(connection, people["ann"]) == give(connection, people["ann"])
        assert give(connection, people["ann"], at=NOW + timedelta(minutes=20)).active_at > queue.utc_text(NOW)


@pytest.mark.parametrize("who", ["aud", "nobody"])
def test_containers_are_laid_before_analysts_and_supervisors_only(database, people, who):
    fill(database, row(1))
    with database.writing() as connection, pytest.raises(ActRefused, match="analysts and supervisors"):
        give(connection, people.get(who, 999))


def test_an_analyst_of_one_port_sees_its_containers_and_those_of_no_port(database):
    fill(database, row(1, place="NLVLI"), row(2, place="NLRTM"), row(3))
    with database.writing() as connection:
        one = person(connection, "rotterdam", sites=("NLRTM",))
        seen = []
        for _ in range(2):
            assignment = give(connection, one)
            seen.append(assignment.container_id)
            decide(connection, assignment)
        assert seen == [number(2), number(3)]
        assert give(connection, one) is None


def test_a_set_share_is_drawn_at_random_each_as_likely_as_the_next(database, people):
    fill(database, *(row(i) for i in range(1, 11)))
    chosen = Counter()
    rng, at_random = Random(5), replace(PLAIN, random_share=0.5)  # noqa: S311
    n = 1200
    with database.writing() as connection:
        for k in range(n):
            assignment = assignments.next_assignment(
                connection, people["ann"], rng=rng, at=NOW + timedelta(hours=k), preferences=at_random
            )
            chosen[assignment.chosen, assignment.container_id] += 1
    by_chance = [chosen["random", number(i)] for i in range(1, 11)]
    # binomial: 5 standard deviations around a half, and around a tenth of that half
    assert abs(sum(by_chance) - n / 2) < 5 * (n / 4) ** 0.5
    assert all(abs(count - n / 20) < 5 * (n / 20 * 0.95) ** 0.5 for count in by_chance)
    assert chosen["priority", number(1)] == n - sum(by_chance)


def test_a_skip_is_recorded_bounded_and_does_not_come_back_to_who_skipped(database, people):
    fill(database, row(1), row(2), row(3))
    with database.writing() as connection:
        for left, i in ((1, 1), (0, 2)):
            assignment = give(connection, people["ann"])
            assert assignment.container_id == number(i)
            kept = assignments.skip(
                connection, assignment.id, people["ann"], reason="I know the shipper.", at=NOW, preferences=FEW_SKIPS
            )
            assert kept == left
            assert state(connection, i) == "waiting"
        third = give(connection, people["ann"])
        assert third.container_id == number(3)
        with pytest.raises(ActRefused, match="All 2 skips"):
            assignments.skip(connection, third.id, people["ann"], reason="No.", at=NOW, preferences=FEW_SKIPS)
        tomorrow = NOW + timedelta(days=1)
        assert assignments.skips_left(connection, people["ann"], at=tomorrow, preferences=FEW_SKIPS) == 2
        assert give(connection, people["bob"]).container_id == number(1)
        kinds = [(one.kind, "shipper" in one.facts) for one in audit.entries(connection)]
    assert kinds.count(("assignment_skipped", False)) == 2


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_skip_needs_a_reason(database, people, reason):
    fill(database, row(1))
    with database.writing() as connection:
        assignment = give(connection, people["ann"])
        with pytest.raises(ActRefused, match="why you skip"):
            assignments.skip(connection, assignment.id, people["ann"], reason=reason, at=NOW, preferences=PLAIN)


def test_nobody_skips_what_is_before_somebody_else(database, people):
    fill(database, row(1))
    with database.writing() as connection:
        assignment = give(connection, people["ann"])
        with pytest.raises(ActRefused, match="not before you"):
            assignments.skip(connection, assignment.id, people["bob"], reason="Mine!", at=NOW, preferences=PLAIN)


def test_what_nobody_works_on_goes_back_and_what_is_worked_on_does_not(database, people):
    fill(database, row(1), row(2))
    with database.writing() as connection:
        idle, busy = give(connection, people["ann"]), give(connection, people["bob"])
        for minutes in (20, 40):
            assert assignments.touch(connection, busy.id, people["bob"], at=NOW + timedelta(minutes=minutes))
        later = NOW + timedelta(minutes=41)
        assert assignments.expire(connection, at=later, preferences=PLAIN) == 1
        assert assignments.find(connection, idle.id).state == "expired"
        assert (state(connection, 1), state(connection, 2)) == ("waiting", "open")
        assert not assignments.touch(connection, idle.id, people["ann"], at=later)
        assert not assignments.touch(connection, busy.id, people["ann"], at=later)
        with pytest.raises(ActRefused, match="ran out"):
            decide(connection, idle)


def test_the_next_one_is_made_ready_for_one_person_and_then_laid_before_them(database, people):
    fill(database, row(1), row(2), row(3))
    with database.writing() as connection:
        now = give(connection, people["ann"])
        ready = [
            assignments.coming_assignment(connection, people["ann"], rng=Random(1), at=NOW, preferences=PLAIN)  # noqa: S311
            for _ in range(2)
        ]
        assert ready[0] == ready[1]
        assert (ready[0].container_id, ready[0].state) == (number(2), "coming")
        assert give(connection, people["bob"]).container_id == number(3)
        with pytest.raises(ActRefused):
            decide(connection, ready[0])
        decide(connection, now)
        then = give(connection, people["ann"])
        assert (then.id, then.state) == (ready[0].id, "open")


def test_what_was_made_ready_and_is_read_anew_is_not_laid_before_anybody(database, people):
    fill(database, row(1), row(2))
    with database.writing() as connection:
        now = give(connection, people["ann"])
        ready = assignments.coming_assignment(connection, people["ann"], rng=Random(1), at=NOW, preferences=PLAIN)  # noqa: S311
        decide(connection, now)
    fill(database, row(1), row(2, digest="read anew"))
    with database.writing() as connection:
        then = give(connection, people["ann"])
        assert then.id != ready.id
        assert then.reading_digest == "read anew"
        assert assignments.find(connection, ready.id).state == "expired"


def put_tip(connection, i):
    return tips.put_tip(
        connection, container_id=number(i), reading_digest=f"digest-{i}", zone="cargo", mass_kg=30.0,
        box=MetreBox(1.0, 2.0, 0.1, 0.5), row={"rank": i}, views="tips/x.tif", at=NOW,
    )  # fmt: skip


HALF_TIPS = replace(PLAIN, tip_share=0.5)


def test_a_set_share_carries_a_projected_load_and_looks_like_all_others(database, people):
    n = 200
    fill(database, *(row(i) for i in range(1, 2 * n + 1)))
    shown, rng = [], Random(2)  # noqa: S311
    with database.writing() as connection:
        for i in range(n + 1, 2 * n + 1):  # in containers at the end of the queue
            put_tip(connection, i)
        for _ in range(n):
            one = assignments.next_assignment(connection, people["ann"], rng=rng, at=NOW, preferences=HALF_TIPS)
            shown.append(one)
            decide(connection, one, "refer", place="NLRTM")
        with_load = [one for one in shown if one.tip_id is not None]
        assert abs(len(with_load) - n / 2) < 5 * (n / 4) ** 0.5
        assert {(one.kind, one.chosen, one.state, len(one.id)) for one in with_load} == {
            (one.kind, one.chosen, one.state, len(one.id)) for one in shown if one.tip_id is None
        }
        assert len({one.container_id for one in with_load}) == len(with_load)
        # judged, and nothing else: no decision, no state
        assert connection.execute(select(tip_verdicts)).all().__len__() == len(with_load)
        decided = set(connection.execute(select(decision_rows.c.container_id)).scalars())
        assert decided.isdisjoint(one.container_id for one in with_load)
        assert {state(connection, i) for i in range(n + 1, 2 * n + 1)} == {"waiting"}


def test_a_load_never_comes_when_nothing_else_waits(database, people):
    fill(database, row(1))
    with database.writing() as connection:
        put_tip(connection, 1)
        decide(connection, give(connection, people["bob"]))
        assert give(connection, people["ann"], preferences=HALF_TIPS) is None


def test_a_container_seen_with_a_load_in_it_comes_to_others_first(database, people):
    fill(database, row(1), row(2))
    with database.writing() as connection:
        put_tip(connection, 1)
        always = replace(PLAIN, tip_share=0.5)
        seed = next(seed for seed in range(99) if (rng := Random(seed)).random() >= 0 and rng.random() < 0.5)  # noqa: S311
        loaded = give(connection, people["ann"], preferences=always, seed=seed)
        assert (loaded.tip_id, loaded.container_id) == (1, number(1))
        assert state(connection, 1) == "waiting"
        judged = decide(connection, loaded, "release")
        assert (judged.decision_id, judged.tip_id, judged.state) == (None, 1, None)
        real = give(connection, people["ann"])
        assert real.container_id == number(2)
        assert give(connection, people["bob"]).container_id == number(1)
        decide(connection, real)
        told = [json.loads(one.facts) for one in audit.entries(connection) if one.kind == "projection_judged"]
    assert [one["verdict"] for one in told] == ["release"]


def test_the_second_look_is_drawn_among_those_at_work(database, people):
    fill(database, row(1, priority=0.9))
    with database.writing() as connection:
        sessions.begin_session(connection, people["ann"], at=NOW, second_factor=True)
        sessions.begin_session(connection, people["cas"], at=NOW, second_factor=True)
        decide(connection, give(connection, people["ann"]))
        assert state(connection, 1) == "second"
        assert give(connection, people["ann"]) is None  # never the first
        assert give(connection, people["bob"]) is None  # not the one who was drawn
        assert queue.row_of(connection, number(1)).drawn_for == people["cas"]
        assert give(connection, people["cas"]).kind == "second"


def test_who_was_drawn_and_does_not_come_is_drawn_anew(database, people):
    fill(database, row(1, priority=0.9))
    with database.writing() as connection:
        decide(connection, give(connection, people["ann"]))
        drawn = set()
        for k in range(40):
            give(connection, people["ann"], at=NOW + timedelta(hours=k), seed=k)
            drawn.add(queue.row_of(connection, number(1)).drawn_for)
    assert drawn == {people["bob"], people["cas"]}


def test_a_second_look_that_is_skipped_goes_to_a_third(database, people):
    fill(database, row(1, priority=0.9))
    with database.writing() as connection:
        decide(connection, give(connection, people["ann"]))
        given = {name: give(connection, people[name]) for name in ("bob", "cas")}
        (drawn,) = [name for name, one in given.items() if one is not None]
        assignments.skip(connection, given[drawn].id, people[drawn], reason="A friend's.", at=NOW, preferences=PLAIN)
        other = {"bob": "cas", "cas": "bob"}[drawn]
        assert give(connection, people[drawn]) is None
        assert give(connection, people[other]).kind == "second"
