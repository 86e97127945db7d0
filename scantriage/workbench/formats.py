"""Numbers, shares and moments as a language writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent


def number(x: float | Decimal, digits: int, language: str) -> str:
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
