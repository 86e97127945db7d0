"""The door and the pages of administration in a real browser: by keyboard, and checked with axe."""

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from made_browser import QUICK

from scantriage.store import accounts

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"  # noqa: S105
OWN = "a sentence of my own"


def accept(tab):
    """Nothing on this page that axe calls a violation of WCAG 2.2 AA."""
    found = Axe().run(tab, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    assert found.violations_count == 0, found.generate_report()


def press(tab, *keys):
    for key in keys:
        if key in ("Tab", "Enter"):
            tab.keyboard.press(key)
        else:
            tab.keyboard.type(key)


def test_somebody_walks_in_for_the_first_time_without_a_mouse(tab, workbench):
    with workbench.database.writing() as connection:
        accounts.add_account(
            connection, name="maria", display_name="Maria", role="administrator", sites=(),
            password_hash=QUICK.hash(PASSWORD), at=workbench.clock(),
        )  # fmt: skip
    blocked = []
    tab.on("console", lambda said: "Content Security Policy" in said.text and blocked.append(said.text))
    tab.goto("/")
    accept(tab)
    press(tab, "maria", "Tab", "wrong", "Enter")
    tab.wait_for_selector("[role=alert]")
    accept(tab)
    press(tab, "maria", "Tab", PASSWORD, "Enter")
    tab.wait_for_url("**/change-password")
    accept(tab)
    press(tab, PASSWORD, "Tab", OWN, "Tab", OWN, "Enter")
    tab.wait_for_url("**/enrol")
    accept(tab)
    assert tab.evaluate("document.querySelector('.qr img').naturalWidth") > 100
    secret = "".join(tab.inner_text(".key").split())
    press(tab, pyotp.TOTP(secret).at(workbench.clock()), "Enter")
    tab.wait_for_url("**/accounts")
    press(tab, "Tab", "Enter")  # the first thing one meets leads past the navigation
    assert tab.evaluate("document.activeElement.id") == "main"
    assert blocked == []


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("administrator", "/accounts"), ("administrator", "/accounts/1"), ("administrator", "/sites"),
        ("administrator", "/queue"), ("supervisor", "/preferences"), ("auditor", "/account"),
    ],
)  # fmt: skip
def test_pages_hold_nothing_that_axe_minds(tab_for, role, path):
    tab = tab_for(role)
    tab.goto(path)
    accept(tab)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_script_that_got_into_a_page_does_not_run(tab_for):
    tab = tab_for("administrator")
    tab.goto("/accounts")
    tab.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">')"
    )
    tab.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)"
    )
    tab.wait_for_timeout(200)
    assert tab.evaluate("window.ran") is None
