"""Supervisors see how far each referral got; partners see those to their own sites, and nothing else."""

import hashlib
import re
from random import Random

import pytest
from made_queue import NOW, SECRETS, number, queue_row

from scantriage.store import assignments, audit, decisions, inspections, queue, referrals, sites
from scantriage.store.preferences import Preferences

PLAIN = Preferences(random_share=0.0, tip_share=0.0)
PACKAGE = b"PK package"
REASON = "<script>alert(1)</script>"


@pytest.fixture
def referred(workbench, client_for):
    """Ids of three packed referrals by container: to Rotterdam (1), Vlissingen (2) and Antwerp (3)."""
    analyst = client_for("analyst", name="anna.lytics")
    places = ("NLRTM", "NLVLI", "BEANR")
    with workbench.database.writing() as connection:
        queue.replace_queue(connection, [queue_row(n) for n in (1, 2, 3)], NOW)
        for n, place in enumerate(places, 1):
            given = assignments.next_assignment(
                connection,
                analyst.account_id,
                rng=Random(1),  # noqa: S311
                at=NOW,
                preferences=PLAIN,
            )
            act = decisions.Act("refer", REASON, f"request-{n}", "inspect_at_port", place)
            decisions.decide(connection, given.id, analyst.account_id, act, at=NOW, preferences=PLAIN)
        referrals.open_and_withdraw(connection, at=NOW)
        digest = hashlib.sha256(PACKAGE).hexdigest()
        by_place = {one.place: one for one in referrals.listed(connection)}
        for one in by_place.values():
            target = workbench.places.package(one.id)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(PACKAGE)
            path = target.relative_to(workbench.places.root)
            referrals.package_made(connection, one, path, sha256=digest, at=NOW)
    return [by_place[place] for place in places]


def steps(workbench):
    with workbench.database.reading() as connection:
        return [(one.kind, one.actor) for one in audit.entries(connection)]


def state(workbench, referral):
    with workbench.database.reading() as connection:
        return referrals.find(connection, referral.id).state


def test_a_supervisor_sees_all_with_who_decided(client_for, referred):
    text = client_for("supervisor").get("/referrals").text
    for referral in referred:
        assert referral.container_id in text
    assert "analyst at work" in text
    assert REASON not in text


def test_one_state_can_be_asked_for(client_for, referred):
    browser = client_for("supervisor")
    assert referred[0].container_id in browser.get("/referrals?state=waiting").text
    assert referred[0].container_id not in browser.get("/referrals?state=sent").text


def test_a_supervisor_withdraws_and_says_why(client_for, referred, workbench):
    browser = client_for("supervisor")
    assert browser.submit(f"/referrals/{referred[0].id}/withdraw", {"reason": " "}).status_code == 409
    assert browser.submit(f"/referrals/{referred[0].id}/withdraw", {"reason": "A twin."}).status_code == 303
    assert state(workbench, referred[0]) == "withdrawn"
    assert ("referral_withdrawn", f"account:{browser.account_id}") in steps(workbench)


def test_a_supervisor_has_what_failed_tried_again(client_for, referred, workbench):
    with workbench.database.writing() as connection:
        referrals.not_made(connection, referred[0], "A fault of ours.", at=NOW)
    browser = client_for("supervisor")
    text = browser.get("/referrals").text
    assert "A fault of ours." in text
    assert browser.submit(f"/referrals/{referred[0].id}/retry").status_code == 303
    assert state(workbench, referred[0]) == "waiting"


def test_an_auditor_reads_and_changes_nothing(client_for, referred, workbench):
    browser = client_for("auditor")
    text = browser.get("/referrals").text
    assert referred[0].container_id in text
    assert "/withdraw" not in text
    for act in ("retry", "withdraw"):
        assert browser.submit(f"/referrals/{referred[0].id}/{act}", {"reason": "x"}).status_code == 403
    assert state(workbench, referred[0]) == "waiting"


def test_an_overseer_looks_at_a_package_without_fetching_it(client_for, referred, workbench):
    browser = client_for("auditor")
    assert browser.get(f"/referrals/{referred[0].id}/package").content == PACKAGE
    assert state(workbench, referred[0]) == "waiting"
    assert ("referral_viewed", f"account:{browser.account_id}") in steps(workbench)


@pytest.mark.usefixtures("referred")
def test_a_partner_sees_the_referrals_to_its_own_sites_and_no_names(client_for):
    text = client_for("partner", sites=("NLVLI",)).get("/partner").text
    assert number(2) in text
    assert number(1) not in text
    assert number(3) not in text
    for secret in ("anna.lytics", "analyst at work", REASON, *SECRETS):
        assert secret not in text


def test_a_partner_without_sites_sees_none(client_for, referred):
    browser = client_for("partner")
    assert "no referral to you" in browser.get("/partner").text
    assert browser.get(f"/partner/{referred[0].id}/package").status_code == 404


def test_what_a_partner_fetches_is_recorded(client_for, referred, workbench):
    browser = client_for("partner", sites=("NLVLI",))
    answer = browser.get(f"/partner/{referred[1].id}/package")
    assert answer.content == PACKAGE
    assert answer.headers["content-disposition"] == f'attachment; filename="referral-{referred[1].id}.zip"'
    assert number(2) not in str(answer.headers)
    assert state(workbench, referred[1]) == "fetched"
    assert ("referral_fetched", f"account:{browser.account_id}") in steps(workbench)


@pytest.mark.parametrize("path", ["package", "outcome"])
def test_anothers_referral_looks_as_if_there_were_none(client_for, referred, workbench, path):
    browser = client_for("partner", sites=("NLVLI",))
    refused, missing = (browser.get(f"/partner/{one}/{path}") for one in (referred[0].id, "0" * 20))
    assert refused.status_code == missing.status_code == 404
    assert refused.text == missing.text
    assert state(workbench, referred[0]) == "waiting"


@pytest.mark.usefixtures("referred")
@pytest.mark.parametrize("name", ["..%2f..%2fsigning_key.pem", "../scantriage.db", "%2e%2e%2fscantriage.db", "x%00"])
def test_no_path_leads_to_another_file(client_for, name):
    for browser in (client_for("partner", sites=("NLVLI",)), client_for("supervisor")):
        for start in ("/partner", "/referrals"):
            assert browser.get(f"{start}/{name}/package").status_code in (403, 404)


def test_what_was_withdrawn_cannot_be_fetched_any_more(client_for, referred, workbench):
    with workbench.database.writing() as connection:
        referrals.withdraw(connection, referred[1].id, actor="account:1", reason="A twin.", at=NOW)
    browser = client_for("partner", sites=("NLVLI",))
    assert f"/partner/{referred[1].id}/package" not in browser.get("/partner").text
    assert browser.get(f"/partner/{referred[1].id}/package").status_code == 404
    assert state(workbench, referred[1]) == "withdrawn"


def test_a_package_that_was_changed_is_not_handed_out(client_for, referred, workbench):
    workbench.places.package(referred[1].id).write_bytes(b"another")
    assert client_for("partner", sites=("NLVLI",)).get(f"/partner/{referred[1].id}/package").status_code == 500
    assert state(workbench, referred[1]) == "waiting"


def _outcome(browser, referral, **changed):
    form = browser.get(f"/partner/{referral.id}/outcome").text
    key = re.search(r'name="request_key" value="([^"]+)"', form)[1]
    typed = {
        "request_key": key, "container_id": "MSCU7654321", "place": "NLVLI", "inspected_at": "2026-10-01T10:00",
        "result": "find", "kind": "cocaine", "mass_kg": "40,5", "zone": "door_end", "note": "",
    }  # fmt: skip
    return browser.submit(f"/partner/{referral.id}/outcome", typed | changed)


def test_a_partner_enters_what_it_found_in_this_container(client_for, referred, workbench):
    browser = client_for("partner", sites=("NLVLI",))
    assert _outcome(browser, referred[1]).status_code == 303
    with workbench.database.reading() as connection:
        (entry,) = inspections.inspections_of(connection, number(2))
        assert inspections.inspections_of(connection, "MSCU7654321") == []
    assert (entry.outcome.place, entry.outcome.mass_kg, entry.entered_by) == ("NLVLI", 40.5, browser.account_id)
    assert "entered already" in browser.get(f"/partner/{referred[1].id}/outcome").text


def test_a_partner_enters_nothing_for_others(client_for, referred, workbench):
    browser = client_for("partner", sites=("NLVLI",))
    assert _outcome(browser, referred[1], place="NLRTM").status_code == 422
    assert browser.submit(f"/partner/{referred[0].id}/outcome", {"request_key": "x" * 10}).status_code == 404
    with workbench.database.reading() as connection:
        assert inspections.standing_inspections(connection) == []


@pytest.mark.parametrize("role", ["analyst", "administrator", "supervisor", "auditor"])
def test_the_partners_page_is_the_partners(client_for, role):
    assert client_for(role).get("/partner").status_code == 403


@pytest.mark.parametrize("role", ["analyst", "administrator", "partner"])
def test_the_list_is_the_overseers(client_for, role):
    assert client_for(role).get("/referrals").status_code == 403


@pytest.mark.usefixtures("referred")
def test_sites_keep_their_secret(client_for, workbench):
    with workbench.database.writing() as connection:
        site = sites.Site("NLRTM", "R", push_to="https://r.example/", push_secret="between us")  # noqa: S106
        sites.save_site(connection, site)
    assert "between us" not in client_for("supervisor").get("/referrals").text
