"""Signing in with a provider of OpenID Connect that runs beside the test."""

import shutil
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from made_browser import QUICK, Browser
from made_provider import CLIENT, SECRET, MadeProvider

from scantriage.errors import WorkspaceError
from scantriage.settings import load_settings
from scantriage.store import accounts
from scantriage.workbench.access.passwords import Passwords
from scantriage.workbench.app import create_app


@pytest.fixture(scope="module")
def running():
    with MadeProvider() as provider:
        yield provider


@pytest.fixture
def provider(running):
    running.person = {"sub": "42", "preferred_username": "maria"}
    running.key, running.spoil = running.published_key, {}
    return running


@pytest.fixture
def app(tmp_path, clock, empty_database, provider):
    shutil.copy(empty_database, tmp_path / "scantriage.db")
    (tmp_path / "scantriage.toml").write_text(
        f'[oidc]\nissuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
    )
    app = create_app(tmp_path, clock=clock, passwords=Passwords(QUICK))
    yield app
    app.state.workbench.database.close()


@pytest.fixture
def make(workbench):
    """Make an account, without a password unless one is given."""

    def make(name="maria", role="auditor", password_hash=None):
        with workbench.database.writing() as connection:
            return accounts.add_account(
                connection, name=name, display_name=name, role=role, sites=(), password_hash=password_hash,
                at=workbench.clock(),
            )  # fmt: skip

    return make


def go(browser, provider):
    """To the provider and back, as a browser goes; what the workbench answers."""
    return browser.get(provider.let_in(browser.get("/oidc/start").headers["location"]))


def test_whom_the_provider_vouches_for_is_in_if_there_is_an_account(browser, provider, make, workbench):
    account_id = make()
    assert "/oidc/start" in browser.get("/sign-in").text
    assert go(browser, provider).headers["location"] == "/"
    assert browser.get("/account").status_code == 200
    with workbench.database.reading() as connection:
        assert accounts.account_numbered(connection, account_id).oidc_subject == f"{provider.issuer}#42"


def test_what_is_asked_of_the_provider_is_bound_to_this_browser(browser):
    asked = parse_qs(urlsplit(browser.get("/oidc/start").headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["https://scantriage.test/oidc/return"]
    assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))
    assert SECRET not in str(asked)


def test_from_then_on_it_is_the_subject_that_counts_and_not_the_name(app, browser, provider, make):
    make()
    go(browser, provider)
    provider.person = {"sub": "42", "preferred_username": "maria-renamed"}
    assert go(Browser(app), provider).status_code == 303
    provider.person = {"sub": "43", "preferred_username": "maria"}  # somebody else took the name
    assert go(Browser(app), provider).status_code == 403


def test_an_account_with_a_password_is_never_linked_and_none_is_ever_made(browser, provider, make, workbench):
    make("maria", password_hash=QUICK.hash("x"))
    assert go(browser, provider).status_code == 403
    provider.person = {"sub": "1", "preferred_username": "stranger"}
    refused = go(browser, provider)
    assert "no account for you" in refused.text
    provider.person = {"sub": "1"}
    assert go(browser, provider).status_code == 403
    with workbench.database.reading() as connection:
        assert [(one.name, one.oidc_subject) for one in accounts.all_accounts(connection)] == [("maria", None)]


def test_a_disabled_account_stays_out(browser, provider, make, workbench):
    account_id = make()
    with workbench.database.writing() as connection:
        accounts.set_disabled(connection, account_id, at=workbench.clock())
    assert go(browser, provider).status_code == 403


@pytest.mark.parametrize(("amr", "next_page"), [(["pwd"], "/enrol"), (None, "/enrol"), (["pwd", "mfa"], "/work")])
def test_a_second_factor_at_the_provider_counts_and_a_password_alone_does_not(browser, provider, make, amr, next_page):
    make(role="analyst")
    provider.spoil = {"amr": amr} if amr else {}
    go(browser, provider)
    assert browser.get("/").headers["location"] == next_page


@pytest.mark.parametrize(
    "spoil",
    [{"aud": "another"}, {"iss": "https://elsewhere.example"}, {"exp": 1}, {"nonce": "another"}, {"sub": None}],
    ids=lambda spoil: next(iter(spoil)),
)
def test_a_token_that_is_not_for_us_or_not_now_is_refused(browser, provider, make, spoil):
    make()
    provider.spoil = spoil
    assert go(browser, provider).status_code == 403
    assert browser.get("/account").status_code == 303


def test_a_token_that_somebody_else_signed_is_refused(browser, provider, make):
    make()
    provider.key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    assert go(browser, provider).status_code == 403


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(app, browser, provider, make):
    make()
    come_back = provider.let_in(browser.get("/oidc/start").headers["location"])
    assert Browser(app).get(come_back).status_code == 403  # sent to somebody else, to sign them in as me
    assert browser.get(come_back.replace("state=", "state=x")).status_code == 403
    assert browser.get("/oidc/return").status_code == 403
    assert browser.get("/oidc/return?error=access_denied&error_description=<b>no</b>").status_code == 403
    assert browser.get(come_back).status_code == 303
    assert browser.get(come_back).status_code == 403  # once


def test_without_a_provider_there_is_no_such_page(tmp_path, empty_database):
    shutil.copy(empty_database, tmp_path / "scantriage.db")
    (tmp_path / "scantriage.toml").unlink(missing_ok=True)
    app = create_app(tmp_path, passwords=Passwords(QUICK))
    assert Browser(app).get("/oidc/start").status_code == 404
    app.state.workbench.database.close()


def test_a_provider_that_does_not_answer_is_told_in_a_sentence(tmp_path, empty_database):
    shutil.copy(empty_database, tmp_path / "scantriage.db")
    (tmp_path / "scantriage.toml").write_text(
        '[oidc]\nissuer = "http://127.0.0.1:9"\nclient_id = "x"\nclient_secret = "y"\n'
    )
    app = create_app(tmp_path, passwords=Passwords(QUICK))
    answer = Browser(app).get("/oidc/start")
    assert (answer.status_code, "cannot be reached" in answer.text) == (502, True)
    app.state.workbench.database.close()


def test_the_settings_of_a_provider_are_checked_and_its_secret_is_not_written_down(tmp_path):
    file = tmp_path / "scantriage.toml"
    file.write_text('[oidc]\nissuer = "http://login.example"\nclient_id = "x"\nclient_secret = "y"\n')
    with pytest.raises(WorkspaceError, match="https"):
        load_settings(file)
    file.write_text('[oidc]\nissuer = "https://login.example"\nclient_id = "x"\nclient_secret = "s3cret"\n')
    settings = load_settings(file)
    assert "s3cret" not in repr(settings) + str(settings.of_a_run())
