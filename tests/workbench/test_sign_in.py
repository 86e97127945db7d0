"""The way in, as somebody walks it who has the right to, and as somebody tries it who has not."""

from datetime import timedelta

import pyotp
import pytest
from made_browser import QUICK, Browser

from scantriage.store import accounts, audit

PASSWORD = "correct horse battery"  # noqa: S105
OWN = "a sentence of my own"


@pytest.fixture
def make(workbench):
    """Make an account that signs in with `PASSWORD`, as an administrator would; it has still to choose its own."""

    def make(role="analyst", name="maria", *, must_change=True):
        password_hash = QUICK.hash(PASSWORD)
        with workbench.database.writing() as connection:
            account_id = accounts.add_account(
                connection, name=name, display_name="Maria", role=role, sites=(), password_hash=password_hash,
                at=workbench.clock(),
            )  # fmt: skip
            accounts.set_password(connection, account_id, password_hash, must_change=must_change)
        return account_id

    return make


def sign_in(browser, password=PASSWORD, name="maria"):
    return browser.post("/sign-in", data={"name": name, "password": password})


def code_of(workbench, account_id, *, later_s=0):
    with workbench.database.reading() as connection:
        secret = accounts.account_numbered(connection, account_id).totp_secret
    return pyotp.TOTP(secret).at(workbench.clock() + timedelta(seconds=later_s))


def take_csrf(browser, url):
    browser.csrf = browser.get(url).text.split('name="csrf" value="', 1)[1].split('"', 1)[0]


def acts(workbench):
    with workbench.database.reading() as connection:
        return [entry.kind for entry in audit.entries(connection)]


def walk_in(browser, workbench, account_id):
    """All the way in, for the first time."""
    assert sign_in(browser).headers["location"] == "/"
    assert browser.get("/").headers["location"] == "/change-password"
    take_csrf(browser, "/change-password")
    assert browser.submit("/change-password", {"old": PASSWORD, "new": OWN, "again": OWN}).status_code == 303
    assert browser.get("/").headers["location"] == "/enrol"
    take_csrf(browser, "/enrol")
    assert browser.submit("/enrol", {"code": code_of(workbench, account_id)}).status_code == 303
    take_csrf(browser, "/account")


def test_the_first_time_somebody_chooses_a_password_and_sets_up_a_second_factor(browser, make, workbench):
    walk_in(browser, workbench, make())
    assert browser.get("/account").status_code == 200
    assert acts(workbench) == ["signed_in", "password_changed", "second_factor_enrolled"]


def test_later_it_takes_a_password_and_a_code(app, browser, make, workbench, clock):
    account_id = make()
    walk_in(browser, workbench, account_id)
    clock.go_on(minutes=1)
    another = Browser(app)
    assert sign_in(another, OWN).status_code == 303
    assert another.get("/account").headers["location"] == "/second-factor"
    take_csrf(another, "/second-factor")
    assert another.submit("/second-factor", {"code": code_of(workbench, account_id)}).status_code == 303
    assert another.get("/account").status_code == 200


def test_an_auditor_who_only_reads_needs_no_second_factor(browser, make):
    make("auditor", must_change=False)
    sign_in(browser)
    assert browser.get("/account").status_code == 200


def test_a_code_that_was_used_is_refused_and_so_are_those_before_it(app, browser, make, workbench, clock):
    account_id = make()
    walk_in(browser, workbench, account_id)
    another = Browser(app)
    sign_in(another, OWN)
    take_csrf(another, "/second-factor")
    for later_s in (0, -30):  # the very code, and the one before it
        code = code_of(workbench, account_id, later_s=later_s)
        assert another.submit("/second-factor", {"code": code}).status_code == 403
    clock.go_on(seconds=30)
    assert another.submit("/second-factor", {"code": code_of(workbench, account_id)}).status_code == 303


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "000 000"])
def test_what_is_no_code_is_refused(browser, make, code):
    make(must_change=False)
    sign_in(browser)
    take_csrf(browser, "/enrol")
    assert browser.submit("/enrol", {"code": code}).status_code == 403


def test_without_the_second_factor_there_is_nothing_but_the_door(browser, make, workbench):
    account_id = make()
    walk_in(browser, workbench, account_id)
    browser.submit("/sign-out")
    sign_in(browser, OWN)
    for url in ("/", "/account", "/change-password", "/enrol", "/enrol/code.svg"):
        assert browser.get(url).status_code in (303, 404), url
        assert "main" not in browser.get(url).text or browser.get(url).status_code == 404


def test_an_unknown_name_a_wrong_password_and_a_locked_account_look_the_same(browser, make):
    make()
    answers = {sign_in(browser, "wrong", name).text for name in ("maria", "nobody", "MARIA", "", "x" * 400)}
    for _ in range(5):
        sign_in(browser, "wrong")
    answers.add(sign_in(browser).text)  # right, and locked
    assert len(answers) == 1


def test_five_wrong_passwords_lock_the_account_and_each_further_one_doubles_the_time(browser, make, clock):
    make(must_change=False)
    for minutes in (1, 2, 4):
        for _ in range(5 if minutes == 1 else 1):
            assert sign_in(browser, "wrong").status_code == 403
        clock.go_on(minutes=minutes, seconds=-1)
        assert sign_in(browser).status_code == 403
        clock.go_on(seconds=2)
    assert sign_in(browser).status_code == 303


def test_wrong_codes_lock_too_and_end_the_session(browser, make, workbench, clock):
    account_id = make()
    walk_in(browser, workbench, account_id)
    browser.submit("/sign-out")
    clock.go_on(minutes=2)
    sign_in(browser, OWN)
    take_csrf(browser, "/second-factor")
    for _ in range(5):
        assert browser.submit("/second-factor", {"code": "000000"}).status_code == 403
    assert browser.get("/second-factor").headers["location"] == "/sign-in"
    assert sign_in(browser, OWN).status_code == 403


def test_a_right_password_does_not_forget_wrong_codes(browser, make, workbench, clock):
    account_id = make()
    walk_in(browser, workbench, account_id)
    clock.go_on(minutes=2)
    for n in range(5):
        browser.cookies.clear()
        assert sign_in(browser, OWN).status_code == 303, n
        take_csrf(browser, "/second-factor")
        browser.submit("/second-factor", {"code": "000000"})
    assert sign_in(browser, OWN).status_code == 403


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("short", "12 to 200"),
        ("x" * 201, "12 to 200"),
        ("maria likes it here", "name of the account"),
        ("abababababab", "5 different"),
        (PASSWORD, "the old one"),
    ],
)
def test_a_password_that_is_not_good_enough_is_told_why(browser, make, new, sentence):
    make()
    sign_in(browser)
    take_csrf(browser, "/change-password")
    told = browser.submit("/change-password", {"old": PASSWORD, "new": new, "again": new})
    assert told.status_code == 422
    assert sentence in told.text


def test_changing_the_password_takes_the_old_one_and_ends_all_other_sessions(app, browser, make, workbench, clock):
    account_id = make()
    walk_in(browser, workbench, account_id)
    clock.go_on(minutes=1)
    stolen = Browser(app)
    stolen.cookies = browser.cookies
    new = "another sentence of mine"
    assert browser.submit("/change-password", {"old": "guess", "new": new, "again": new}).status_code == 422
    assert browser.submit("/change-password", {"old": OWN, "new": new, "again": "other"}).status_code == 422
    before = browser.cookies["__Host-session"]
    assert browser.submit("/change-password", {"old": OWN, "new": new, "again": new}).status_code == 303
    assert browser.get("/account").status_code == 200
    stolen.cookies.set("__Host-session", before, domain="scantriage.test")
    assert stolen.get("/account").status_code == 303


def test_a_disabled_account_is_out_at_once(browser, make, workbench):
    account_id = make()
    walk_in(browser, workbench, account_id)
    with workbench.database.writing() as connection:
        accounts.set_disabled(connection, account_id, at=workbench.clock())
    assert browser.get("/account").headers["location"] == "/sign-in"
    assert sign_in(browser, OWN).status_code == 403


def test_many_tries_from_one_address_are_slowed_down(app, browser):
    app.state.workbench.limits.at_the_door.burst = 3
    assert [sign_in(browser, "x", name=f"n{n}").status_code for n in range(5)] == [403, 403, 403, 429, 429]
    last = sign_in(browser, "x")
    assert int(last.headers["retry-after"]) >= 1
    assert "Too many requests" in last.text


def test_a_hash_that_was_kept_is_argon2id_with_its_own_salt(make, workbench):
    with workbench.database.reading() as connection:
        make("analyst", "one"), make("analyst", "two")
        kept = [one.password_hash for one in accounts.all_accounts(connection)]
    assert all(one.startswith("$argon2id$") for one in kept)
    assert len(set(kept)) == len(kept)
