"""Pages: a documented dataclass, a template, and the language of whoever reads."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from scantriage.workbench import static_files
from scantriage.workbench.access.signed_in import SignedIn
from scantriage.workbench.context import the_workbench
from scantriage.workbench.formats import moment, number, share
from scantriage.workbench.language import language_of, languages, translations
from scantriage.workbench.navigation import NAVIGATION
from scantriage.workbench.sentences import reason_said, said

_TEMPLATES = Path(__file__).parent / "templates"


def page(request: Request, template: str, context: object, who: SignedIn | None, *, status: int = 200) -> HTMLResponse:
    """The page as HTML, in the reader's language.

    context: a frozen dataclass, which the template sees as ``page``. The template also sees ``who``, ``csrf``,
    ``navigation``, ``demonstration`` (whether the workspace is one), ``static``, ``language``, ``_`` and the filters
    ``number``, ``share``, ``moment``, ``day`` and ``kilos``, and for what is kept in English ``said`` (a sentence) and
    ``reason``.
    """
    language = language_of(request, who.language if who else None)
    text = _environment(language).get_template(template).render(
        page=context, who=who, csrf=who.csrf if who else "", here=request.url.path,
        navigation=NAVIGATION[who.role] if who else (),
        demonstration=the_workbench(request).places.demonstration.is_file(),
    )  # fmt: skip
    return HTMLResponse(text, status_code=status)


def drawing(request: Request, template: str, context: object, who: SignedIn) -> Response:
    """The plot as an SVG image, in the reader's language; the template sees the context as ``page``."""
    text = _environment(language_of(request, who.language)).get_template(template).render(page=context)
    return Response(text, media_type="image/svg+xml")


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    environment.globals["language"], environment.globals["languages"] = language, languages()
    environment.globals["static"] = static_files.ADDRESS
    internationalised: Any = environment
    internationalised.install_gettext_translations(translations(language), newstyle=True)
    environment.filters["number"] = lambda x, digits=0: number(x, digits, language)
    environment.filters["share"] = lambda part, digits=None: share(part, digits, language)
    environment.filters["moment"] = lambda at: moment(at, language)
    environment.filters["day"] = lambda day, form="d MMM y": format_date(day, form, locale=language)
    environment.filters["kilos"] = lambda mass_kg: f"{number(mass_kg, 1 if abs(mass_kg) < 10 else 0, language)} kg"
    environment.filters["said"] = lambda sentence: _marked(sentence, language)
    environment.filters["reason"] = lambda reason: reason_said(reason, language)
    return environment


def _marked(sentence: str, language: str) -> Markup:
    """The sentence in this language, else in English and marked so, for those who have the page read to them."""
    translated = sentence if language == "en" else said(sentence, language)
    return escape(translated) if translated is not None else Markup('<span lang="en">{}</span>').format(sentence)
