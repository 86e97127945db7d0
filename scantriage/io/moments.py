"""Points in time as deliveries write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1990, 2100  # before the first container scanners; beyond any voyage


def from_rfc3339(text: str) -> datetime:
    """The moment in UTC that an RFC 3339 text with a time zone names; ValueError where it does not."""
    if _RFC3339.fullmatch(text) is None:
        raise ValueError("should be a date and time with a time zone, such as 2026-10-01T02:59:54Z")
    moment = datetime.fromisoformat(text.upper())
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"should lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return moment.astimezone(UTC)
