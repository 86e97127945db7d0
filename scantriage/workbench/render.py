"""Pages: a documented dataclass, a template, and the language of whoever reads."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scantriage.workbench.access.signed_in import SignedIn
from scantriage.workbench.context import the_workbench
from scantriage.workbench.language import language_of, languages, translations
from scantriage.workbench.navigation import NAVIGATION

_TEMPLATES = Path(__file__).parent / "templates"


def page(request: Request, template: str, context: object, who: SignedIn | None, *, status: int = 200) -> HTMLResponse:
    """The page as HTML, in the reader's language.

    context: a frozen dataclass, which the template sees as ``page``. The template also sees ``who``, ``csrf``,
    ``navigation``, ``demonstration`` (whether the workspace is one), ``language``, ``_`` and the filters ``number``,
    ``share``, ``moment``, ``day`` and ``kilos``.
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
    internationalised: Any = environment
    internationalised.install_gettext_translations(translations(language), newstyle=True)
    environment.filters["number"] = lambda x, digits=0: number(x, digits, language)
    environment.filters["share"] = lambda part, digits=None: share(part, digits, language)
    environment.filters["moment"] = lambda at: moment(at, language)
    environment.filters["day"] = lambda day, form="d MMM y": format_date(day, form, locale=language)
    environment.filters["kilos"] = lambda mass_kg: f"{number(mass_kg, 1 if abs(mass_kg) < 10 else 0, language)} kg"
    return environment


def number(x: float, digits: int, language: str) -> str:
    """The number with so many decimals, as this language writes it."""
    return format_decimal(x, format=f"#,##0.{'0' * digits}" if digits else "#,##0", locale=language)


def share(part: float, digits: int | None, language: str) -> str:
    """A share of 0 to 1 in per cent, with so many decimals; unless given, as many as leave two digits."""
    if digits is None:
        digits = 0 if part == 0 or part >= 0.1 else 1 if part >= 0.01 else 2
    return format_percent(part, format=f"#,##0.{'0' * digits} %" if digits else "#,##0 %", locale=language)


def moment(at: datetime | str, language: str) -> str:
    """The moment in UTC, as this language writes it; text is RFC 3339."""
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return f"{format_datetime(at.astimezone(UTC), 'd MMM y HH:mm', locale=language)} UTC"
