"""Whose language is spoken, and how a further one comes in."""

import pytest

from scantriage.workbench import language
from scantriage.workbench.formats import moment, number

FRISIAN = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Sign in"
msgstr "Ynlogge"

msgid "You are not allowed to do this."
msgstr "Dit meisto net."
"""


@pytest.fixture
def frisian(tmp_path, monkeypatch):
    """A further language, dropped into the folder."""
    file = tmp_path / "locale" / "fy" / "LC_MESSAGES" / "scantriage.po"
    file.parent.mkdir(parents=True)
    file.write_text(FRISIAN)
    monkeypatch.setattr(language, "_FOLDER", tmp_path / "locale")
    language.languages.cache_clear()
    yield
    monkeypatch.undo()
    language.languages.cache_clear()


@pytest.mark.usefixtures("frisian")
@pytest.mark.parametrize(
    ("accept", "spoken"),
    [
        ("fy", "fy"), ("fy-NL,en;q=0.5", "fy"), ("en,fy;q=0.9", "en"), ("fy;q=0.1,en;q=0.9", "en"), ("xx", "en"),
        ("", "en"), ("xx,fy;q=0.2", "fy"), (";;q=x,,fy;q=", "fy"), ("../../etc", "en"),
    ],
)  # fmt: skip
def test_the_browser_says_which_language(browser, accept, spoken):
    page = browser.get("/sign-in", headers={"accept-language": accept}).text
    assert f'<html lang="{spoken}">' in page
    assert ("Ynlogge" if spoken == "fy" else "Sign in") in page


@pytest.mark.usefixtures("frisian")
def test_what_somebody_chose_goes_before_what_the_browser_says(client_for):
    inside = client_for("analyst")
    assert inside.submit("/account/language", {"language": "fy"}).status_code == 303
    assert '<html lang="fy">' in inside.get("/account", headers={"accept-language": "en"}).text
    assert "Dit meisto net." in inside.get("/accounts", headers={"accept-language": "en"}).text
    assert inside.submit("/account/language", {"language": "../fy"}).status_code == 422


def test_numbers_and_moments_are_written_as_the_language_does():
    assert [number(1234.5, 1, code) for code in ("en", "nl")] == ["1,234.5", "1.234,5"]
    assert moment("2026-10-01T12:30:00+02:00", "nl") == "1 okt 2026 10:30 UTC"
