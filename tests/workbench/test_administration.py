"""What an administrator does to accounts and sites, and a supervisor to the way the work is dealt out."""

import json
import re

import pytest

from scantriage.store import accounts, audit, preferences, sessions, sites
from scantriage.store.preferences import RETENTION_DAYS

GOOD = {"name": "maria", "display_name": "Maria de Vries", "role": "analyst", "sites": "nlrtm, BEANR"}


@pytest.fixture
def boss(client_for):
    return client_for("administrator")


@pytest.fixture
def maria(client_for, workbench):
    """An analyst at work, as the store knows her, and her browser."""
    browser = client_for("analyst", name="maria")

    def now():
        with workbench.database.reading() as connection:
            return accounts.account_named(connection, "maria")

    return browser, now


def trail(workbench):
    with workbench.database.reading() as connection:
        return [(entry.kind, json.loads(entry.facts)) for entry in audit.entries(connection)]


def test_a_new_account_gets_a_password_that_is_shown_once(boss, browser, workbench):
    shown = boss.submit("/accounts", GOOD).text
    password = re.search(r'class="key">([^<]+)<', shown)[1]
    assert browser.post("/sign-in", data={"name": "maria", "password": password}).headers["location"] == "/"
    assert browser.get("/").headers["location"] == "/change-password"
    account_id = trail(workbench)[0][1]["account"]
    assert password not in boss.get(f"/accounts/{account_id}").text
    with workbench.database.reading() as connection:
        made = accounts.account_numbered(connection, account_id)
    assert (made.role, made.sites, made.must_change) == ("analyst", ("BEANR", "NLRTM"), True)
    assert password not in json.dumps(trail(workbench))
    assert "maria" not in json.dumps(trail(workbench))  # names are kept as digests


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"name": "a b"}, 422), ({"name": ""}, 422), ({"name": "administrator1"}, 422), ({"sites": "Rotterdam"}, 422),
        ({"display_name": "x" * 101}, 422), ({"role": "chef"}, 422), ({"role": ""}, 422), ({"name": "x" * 501}, 422),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_is_refused_and_what_was_typed_stays(boss, wrong, status, workbench):
    answer = boss.submit("/accounts", GOOD | wrong)
    assert answer.status_code == status
    assert trail(workbench) == []


def test_markup_in_a_name_is_text(boss):
    answer = boss.submit("/accounts", GOOD | {"display_name": "<script>alert(1)</script>", "name": '"><b>'})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_another_role_ends_what_the_old_one_began(boss, maria):
    browser, now = maria
    assert browser.get("/account").status_code == 200
    url = f"/accounts/{now().id}"
    assert boss.submit(url, {"role": "auditor", "display_name": "Maria", "sites": ""}).headers["location"] == url
    assert now().role == "auditor"
    assert browser.get("/account").status_code == 303


@pytest.mark.parametrize("what", ["disable", "reset_second_factor", "end_sessions"])
def test_what_is_done_to_an_account_puts_out_who_is_in(boss, maria, what, workbench):
    browser, now = maria
    assert boss.submit(f"/accounts/{now().id}/act", {"what": what}).status_code == 303
    assert browser.get("/account").status_code == 303
    assert [facts["account"] for _, facts in trail(workbench)] == [now().id]
    assert (now().disabled_at is not None) == (what == "disable")


def test_a_disabled_account_can_be_enabled(boss, maria):
    _, now = maria
    for what in ("disable", "enable"):
        boss.submit(f"/accounts/{now().id}/act", {"what": what})
    assert now().disabled_at is None


def test_a_new_password_unlocks_and_ends_the_sessions(boss, browser, maria):
    _, now = maria
    boss.submit("/accounts", GOOD | {"name": "piet"})
    for _ in range(5):
        browser.post("/sign-in", data={"name": "piet", "password": "x"})
    shown = boss.submit(f"/accounts/{now().id + 1}/reset-password").text
    password = re.search(r'class="key">([^<]+)<', shown)[1]
    assert browser.post("/sign-in", data={"name": "piet", "password": password}).status_code == 303


def test_an_administrator_cannot_change_what_they_are_themselves(boss):
    own = f"/accounts/{boss.account_id}"
    assert boss.submit(f"{own}/act", {"what": "disable"}).status_code == 422
    assert boss.submit(f"{own}/act", {"what": "reset_second_factor"}).status_code == 422
    assert boss.submit(f"{own}/reset-password").status_code == 422
    assert boss.submit(own, {"role": "supervisor", "display_name": "me"}).status_code == 422
    assert boss.submit(own, {"role": "administrator", "display_name": "me"}).status_code == 303
    assert boss.get("/accounts").status_code == 200


@pytest.mark.parametrize("url", ["/accounts/999", "/sites/XXXXX"])
def test_what_is_not_there_is_not_found(boss, url):
    assert boss.get(url).status_code == 404
    assert boss.submit(f"{url}/act", {"what": "disable"}).status_code in (404, 405)


def test_a_site_keeps_its_secret_until_it_gets_another_address(boss, workbench):
    def kept():
        with workbench.database.reading() as connection:
            return sites.site_of(connection, "NLRTM")

    site = {"code": "nlrtm", "name": "Rotterdam", "openings_per_day": "18", "push_to": "https://a.example/in"}
    assert boss.submit("/sites", site | {"push_secret": "s3cret"}).status_code == 303
    assert boss.submit("/sites", site | {"openings_per_day": "20"}).status_code == 303
    assert (kept().openings_per_day, kept().push_secret) == (20, "s3cret")
    assert "s3cret" not in boss.get("/sites/NLRTM").text + json.dumps(trail(workbench))
    boss.submit("/sites", site | {"push_to": "https://b.example/in"})
    assert kept().push_secret is None
    assert boss.submit("/sites/NLRTM/remove").status_code == 303
    assert kept() is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "Rotterdam"}, {"name": ""}, {"openings_per_day": "many"}, {"openings_per_day": "-1"},
        {"openings_per_day": "10001"}, {"push_to": "http://a.example"}, {"push_to": "a/b"}, {"push_to": "/a/../b"},
        {"push_to": "javascript:alert(1)"}, {"push_to": "https://me:pw@a.example"}, {"push_to": "https://[x"},
    ],
)  # fmt: skip
def test_a_site_that_cannot_be_is_refused(boss, wrong):
    assert boss.submit("/sites", {"code": "NLRTM", "name": "Rotterdam"} | wrong).status_code == 422


def test_a_supervisor_sets_how_the_work_is_dealt_out(client_for, workbench):
    supervisor = client_for("supervisor")
    asked = {
        "four_eyes_priority": "0.5", "random_percent": "12.5", "tip_percent": "2", "skips_per_day": "3",
        "assignment_minutes": "20",
    } | {f"days_{kind}": "100" for kind in RETENTION_DAYS}  # fmt: skip
    assert supervisor.submit("/preferences", asked).status_code == 303
    assert 'value="12.5"' in supervisor.get("/preferences").text
    with workbench.database.reading() as connection:
        kept = preferences.load(connection)
    assert (kept.random_share, kept.tip_share, kept.skips_per_day) == (0.125, 0.02, 3)
    ((kind, facts),) = trail(workbench)
    assert kind == "preferences_changed"
    assert (facts["before"]["skips_per_day"], facts["after"]["skips_per_day"]) == (5, 3)
    for wrong in ({"tip_percent": "51"}, {"random_percent": "nan"}, {"skips_per_day": ""}, {"days_photo": "1e999"}):
        assert supervisor.submit("/preferences", asked | wrong).status_code == 422, wrong


def test_an_administrator_ends_the_sessions_of_others_one_account_at_a_time(boss, maria, workbench):
    _, now = maria
    boss.submit(f"/accounts/{now().id}/act", {"what": "end_sessions"})
    with workbench.database.reading() as connection:
        assert sessions.open_sessions(connection, now().id, at=workbench.clock()) == []
        assert len(sessions.open_sessions(connection, boss.account_id, at=workbench.clock())) == 1
