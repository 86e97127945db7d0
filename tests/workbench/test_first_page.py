"""Where everybody arrives, and what every answer carries."""

import pytest

from scantriage.store.accounts import ROLES
from scantriage.workbench.navigation import first_page


@pytest.mark.parametrize("role", ROLES)
def test_everybody_arrives_where_they_work(client_for, role):
    arrived = client_for(role).get("/")
    assert (arrived.status_code, arrived.headers["location"]) == (303, first_page(role))


def test_nobody_gets_in_without_signing_in(browser):
    sent = browser.get("/")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("url", ["/", "/nowhere", "/static/scantriage.css", "/static/nothing.js"])
def test_every_answer_tells_the_browser_to_be_careful(browser, url):
    headers = browser.get(url).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == ("no-cache" if url.startswith("/static/") else "no-store")
