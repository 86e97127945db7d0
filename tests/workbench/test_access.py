"""Every route against every role, and sessions that are forged, expired, stolen or used by another site."""

import re

import pytest
from fastapi.routing import iter_route_contexts
from made_browser import Browser
from made_routes import ALLOWED, GUARDED, MOUNTED

from scantriage.store import audit, sessions
from scantriage.store.accounts import ROLES


def ask(browser, method, path, *, csrf=True):
    url = re.sub(r"\{[^}]+\}", "77", path)
    headers = {"X-CSRF": browser.csrf} if csrf and method != "GET" else {}
    return browser.request(method, url, headers=headers)


def account_page(browser):
    return browser.get("/account").status_code


def test_every_route_says_whom_it_is_for(app):
    there = {
        (method, one.path)
        for one in iter_route_contexts(app.routes)
        for method in (one.methods or ()) if method != "HEAD"
    }  # fmt: skip
    assert there == set(ALLOWED)
    mounted = [one.path for one in iter_route_contexts(app.routes) if not one.methods]
    assert all(path.startswith(MOUNTED) for path in mounted)


def test_a_session_opens_nothing_of_the_api(client_for):
    described = client_for("supervisor").get("/api/v1/openapi.json").json()
    for path, methods in described["paths"].items():
        for method in methods:
            answer = ask(client_for("supervisor"), method.upper(), "/api/v1" + path)
            assert answer.status_code == 401, path


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_is_its_own_and_nothing_else(client_for, role, workbench):
    wrong, n_refused = [], 0
    for (method, path), roles in GUARDED.items():
        status = ask(client_for(role), method, path).status_code
        n_refused += role not in roles
        if (status == 403) != (role not in roles) or status >= 500:
            wrong.append((method, path, status))
    assert wrong == []
    with workbench.database.reading() as connection:
        refused = [entry for entry in audit.entries(connection) if entry.kind == "refused"]
    assert len(refused) == n_refused


def test_without_a_session_there_is_only_the_door(app):
    for method, path in GUARDED:
        answer = ask(Browser(app), method, path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path


def test_every_change_takes_the_sessions_own_csrf_token(client_for):
    for (method, path), roles in GUARDED.items():
        if method == "GET":
            continue
        role, other = sorted(roles)[0], client_for("analyst")
        for csrf in ("", "x", other.csrf, "é"):
            browser = client_for(role)
            browser.csrf = csrf.encode()
            answer = ask(browser, method, path)
            assert (answer.status_code, "no longer valid" in answer.text) == (403, True), (path, csrf)
        assert ask(client_for(role), method, path, csrf=False).status_code == 403, path


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
                                     {"origin": "https://elsewhere.example"}])  # fmt: skip
def test_what_another_sites_page_sends_is_refused_even_with_the_token(client_for, browser, headers):
    inside = client_for("supervisor")
    assert inside.submit("/account/sessions/end-others", headers=headers).status_code == 403
    assert browser.post("/sign-in", data={"name": "a", "password": "b"}, headers=headers).status_code == 403
    assert inside.submit("/account/sessions/end-others", headers={"sec-fetch-site": "same-origin"}).status_code == 303


@pytest.mark.parametrize(
    "forge", [lambda t: t[:-1], lambda t: t + "A", lambda t: t[::-1], sessions.hashed, lambda _: ""]
)
def test_a_forged_session_is_none(app, client_for, forge):
    token = client_for("supervisor").cookies["__Host-session"]
    browser = Browser(app)
    browser.enter(forge(token), "", 0)
    assert account_page(browser) == 303


def test_a_session_ends_after_half_an_hour_without_a_sign_of_life(client_for, clock):
    browser = client_for("analyst")
    for _ in range(4):
        clock.go_on(minutes=28)
        assert account_page(browser) == 200
    clock.go_on(minutes=31)
    assert account_page(browser) == 303
    clock.go_on(minutes=-31)  # it was not revoked, only too old
    assert account_page(browser) == 200


def test_a_session_ends_after_ten_hours_whatever_happens(client_for, clock):
    browser = client_for("analyst")
    for _ in range(29):
        clock.go_on(minutes=20)
        assert account_page(browser) == 200
    clock.go_on(minutes=21)
    assert account_page(browser) == 303


def test_a_stolen_session_is_worth_nothing_after_signing_out(app, client_for):
    owner, thief = client_for("analyst"), Browser(app)
    thief.enter(owner.cookies["__Host-session"], owner.csrf, owner.account_id)
    assert account_page(thief) == 200
    assert owner.submit("/sign-out").headers["location"] == "/sign-in"
    assert "__Host-session" not in owner.cookies
    assert account_page(thief) == 303


def test_one_can_end_a_session_of_ones_own_that_is_elsewhere(app, client_for, workbench):
    owner, other = client_for("analyst"), client_for("analyst")
    with workbench.database.writing() as connection:
        token = sessions.begin_session(connection, owner.account_id, at=workbench.clock(), second_factor=True)
    elsewhere = Browser(app)
    elsewhere.enter(token, "", owner.account_id)
    assert account_page(elsewhere) == 200
    page = owner.get("/account").text
    ((session,),) = [re.findall(r'name="session" value="(\w+)"', page)]
    assert other.submit("/account/sessions/end", {"session": session}).status_code == 404  # of somebody else
    assert owner.submit("/account/sessions/end", {"session": session}).status_code == 303
    assert (account_page(elsewhere), account_page(owner)) == (303, 200)


def test_nothing_in_the_database_opens_a_session(client_for, workbench):
    browser = client_for("analyst")
    token = browser.cookies["__Host-session"]
    with workbench.database.writing() as connection:
        connection.exec_driver_sql("SELECT 1")
    files = workbench.places.root.glob("scantriage.db*")
    assert not any(token.encode() in file.read_bytes() for file in files)


@pytest.mark.parametrize(
    ("address", "cookie"),
    [
        ("https://scantriage.test", "__Host-session=; Secure"),
        ("http://scantriage.test", "__Host-session=; Secure"),  # browsers then keep it from us: no way in unencrypted
        ("http://127.0.0.1:8080", "session="),
        ("http://localhost:8080", "session="),
    ],
)
def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(app, client_for, address, cookie):
    browser = Browser(app)
    browser.base_url = address
    name = cookie.partition("=")[0]
    owner = client_for("auditor")
    sent = browser.post("/sign-out", data={"csrf": owner.csrf},
                        headers={"cookie": f"{name}={owner.cookies['__Host-session']}"})  # fmt: skip
    parts = [part.strip() for part in sent.headers["set-cookie"].split(";")]
    assert parts[0].startswith(name + "=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(parts)
    assert not any(part.startswith("Domain") for part in parts)
    assert ("Secure" in parts) == ("Secure" in cookie)


def test_a_script_that_lost_its_session_is_told_so_and_not_sent_to_a_form(browser):
    assert browser.get("/account", headers={"sec-fetch-dest": "empty"}).status_code == 401


def test_what_is_too_long_is_not_read(browser):
    answer = browser.post("/sign-in", content=b"", headers={"content-length": str(65 * 2**20)})
    assert answer.status_code == 413
    assert browser.post("/sign-in", content=iter([b"name=x"])).status_code == 413  # nobody says how long


def test_a_session_that_asks_too_often_is_slowed_down(client_for, workbench):
    workbench.limits.inside.burst = 5
    one, another = client_for("analyst"), client_for("analyst")
    assert [account_page(one) for _ in range(7)] == [200] * 5 + [429] * 2
    assert account_page(another) == 200


def test_a_fault_of_ours_shows_nothing_of_what_is_inside(app, workbench, monkeypatch):
    def fail():
        raise RuntimeError("secret path /srv/scans")

    monkeypatch.setattr(type(workbench.database), "reading", lambda _self: fail())
    browser = Browser(app)
    browser.enter("x", "", 0)
    browser._transport.raise_server_exceptions = False
    answer = browser.get("/account")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "secret" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
