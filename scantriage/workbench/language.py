"""The languages of the workbench: English in the code, others as ``locale/LANGUAGE/LC_MESSAGES/scantriage.po``.

A further language is a further folder. Catalogues are compiled when they are first asked for; there is no build step.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from fastapi import Request

_FOLDER = Path(__file__).parent / "locale"
_ENGLISH = "en"


def N_(text: str) -> str:  # noqa: N802  (gettext's own name for a text that is translated later)
    """The text itself, marked for whoever collects what is to be translated."""
    return text


@cache
def languages() -> dict[str, str]:
    """Every language there is, by its code, named in itself."""
    codes = {_ENGLISH, *(file.parent.parent.name for file in _FOLDER.glob("*/LC_MESSAGES/scantriage.po"))}
    return {code: _own_name(code) for code in sorted(codes)}


def _own_name(code: str) -> str:
    try:
        return (Locale.parse(code).get_display_name(code) or code).capitalize()
    except (UnknownLocaleError, ValueError):
        return code


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of this language; the texts themselves where there is none."""
    file = _FOLDER / language / "LC_MESSAGES" / "scantriage.po"
    if language not in languages() or not file.exists():
        return NullTranslations()
    compiled = BytesIO()
    with file.open("rb") as opened:
        write_mo(compiled, read_po(opened, locale=language))
    compiled.seek(0)
    return Translations(compiled, domain="scantriage")


def language_of(request: Request, chosen: str | None) -> str:
    """The language that somebody chose, else the one their browser asks for, else English."""
    if chosen in languages():
        return chosen or _ENGLISH
    asked = []
    for part in request.headers.get("accept-language", "").split(","):
        code, _, weight = part.strip().partition(";q=")
        try:
            asked.append((-float(weight or 1), code.partition("-")[0].lower()))
        except ValueError:
            continue
    return negotiate_locale([code for _, code in sorted(asked, key=lambda one: one[0])], list(languages())) or _ENGLISH
