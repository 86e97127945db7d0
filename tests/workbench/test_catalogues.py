"""Every text of the workbench is there in every language, whole and with the same gaps."""

import re
import runpy
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from made_queue import NOW, queue_row

from scantriage.store import accounts, queue
from scantriage.workbench import language

REPOSITORY = Path(__file__).parents[2]
LANGUAGES = sorted(set(language.languages()) - {"en"})
# spelled the same in English and in Dutch, or a name, a unit, a code
ALIKE = {
    "Monitoring", "Accounts", "Filters", "Overlay", "Auto", "Container", "Container %(container)s", "Manifest",
    "Log-odds", "1:1", "Enter", "zone", "Zone", "CSV", "Scanner", "Scans", "%(n)s s", "%(n)s d", "%(n)s min", "Import",
    "Code", "Tokens", "Viewer", "cannabis", "auditor", "partner", "Per scan",
}  # fmt: skip


@pytest.fixture(scope="module")
def collected():
    return runpy.run_path(str(REPOSITORY / ".ci" / "words"))["collected"]()


@pytest.fixture(scope="module", params=LANGUAGES)
def catalogue(request):
    file = REPOSITORY / "scantriage/workbench/locale" / request.param / "LC_MESSAGES/scantriage.po"
    with file.open("rb") as opened:
        return read_po(opened, locale=request.param)


def forms(text):
    return (text,) if isinstance(text, str) else tuple(text)


def gaps(text):
    return Counter(re.findall(r"%\(\w+\)s|%%", text))


def test_dutch_is_spoken():
    assert "nl" in LANGUAGES


def test_no_text_is_without_translation(collected, catalogue):
    translated = {one.id for one in catalogue if one.id and all(forms(one.string)) and not one.fuzzy}
    missing = [one.id for one in collected if one.id and one.id not in translated]
    assert not missing, "new texts: run .ci/words, then translate what is empty in locale/*/LC_MESSAGES/scantriage.po"


def test_no_translation_is_of_what_is_no_longer_said(collected, catalogue):
    said = {one.id for one in collected}
    assert [one.id for one in catalogue if one.id not in said] == []


def test_a_translation_has_the_gaps_of_its_text(catalogue):
    for one in catalogue:
        if one.id:
            wanted = gaps(forms(one.id)[-1])
            assert [gaps(form) for form in forms(one.string)] == [wanted] * len(forms(one.string)), one.id


def test_a_text_that_counts_has_every_plural_form(catalogue):
    counting = [one for one in catalogue if one.id and not isinstance(one.id, str)]
    assert counting
    assert all(len(one.string) == catalogue.num_plurals for one in counting)


def test_texts_end_as_they_do_in_english(catalogue):
    for one in (one for one in catalogue if one.id):
        for text, translated in zip(forms(one.id), forms(one.string), strict=False):
            assert text[-1:] in ".:?…" or translated[-1:] not in ".:?…", text
            assert text[-1:] not in ".:?" or translated[-1:] == text[-1:], text
            assert translated == translated.strip(), text


def test_nothing_was_left_in_english(catalogue):
    left = {one.id for one in catalogue if one.id and one.string == one.id}
    assert left <= ALIKE


SIGNED_IN = {
    "supervisor": [
        "/queue", "/outcomes", "/referrals", "/monitoring", "/monitoring/analysts", "/preferences", "/account",
    ],
    "auditor": ["/audit", "/queue"],
    "administrator": ["/accounts", "/sites", "/queue"],
    "analyst": ["/work", "/accounts"],
    "partner": ["/partner"],
}  # fmt: skip


def english_in(page, catalogue):
    """The texts of two words or more, and without gaps, that somebody reads on this page in English."""
    page = re.sub(r'<(?:span|option)[^>]* lang="en">.*?</(?:span|option)>', "", page)
    read = unescape(
        " ".join(re.findall(r'(?<=>)[^<>]+(?=<)|(?<=title=")[^"]+|(?<=label=")[^"]+|(?<=alt=")[^"]+', page))
    )
    texts = [form for one in catalogue if one.id for form in forms(one.id)]
    telling = [text for text in texts if " " in text.strip() and "%" not in text and text not in ALIKE]
    return [text for text in telling if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", read)]


@pytest.mark.parametrize("role", SIGNED_IN)
def test_a_dutch_page_is_in_dutch(role, client_for, workbench, catalogue):
    inside = client_for(role, sites=("NLRTM",) if role == "partner" else ())
    with workbench.database.writing() as connection:
        queue.replace_queue(connection, [queue_row(place) for place in range(1, 4)], NOW)
    assert english_in(inside.get(SIGNED_IN[role][0]).text, catalogue)
    with workbench.database.writing() as connection:
        accounts.set_language(connection, inside.account_id, "nl")
    for address in SIGNED_IN[role]:
        page = inside.get(address).text
        assert '<html lang="nl">' in page, address
        assert english_in(page, catalogue) == [], address
