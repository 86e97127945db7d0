"""Where everybody arrives, and what every answer carries."""

import pytest

from scantriage.store.accounts import ROLES
from scantriage.workbench.navigation import first_page
from scantriage.workbench.static_files import ADDRESS


@pytest.mark.parametrize("role", ROLES)
def test_everybody_arrives_where_they_work(client_for, role):
    arrived = client_for(role).get("/")
    assert (arrived.status_code, arrived.headers["location"]) == (303, first_page(role))


def test_nobody_gets_in_without_signing_in(browser):
    sent = browser.get("/")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("url", ["/", "/nowhere", f"{ADDRESS}/scantriage.css", f"{ADDRESS}/nothing.js"])
def test_every_answer_tells_the_browser_to_be_careful(browser, url):
    headers = browser.get(url).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == ("public, max-age=31536000, immutable" if url.endswith(".css") else "no-store")
