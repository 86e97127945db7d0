"""Things to JSON and back, and digests of them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


_adapters: dict[type[Any], TypeAdapter[Any]] = {}  # building one takes milliseconds


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return _adapters.get(kind) or _adapters.setdefault(kind, TypeAdapter(kind))


def to_json(thing: object) -> str:
    """The dataclass as JSON text with sorted keys; not-a-number survives."""
    return json.dumps(_adapter(type(thing)).dump_python(thing, mode="json"), sort_keys=True, ensure_ascii=False)


def from_json(kind: type[T], text: str) -> T:
    """The dataclass of this kind that `to_json` wrote."""
    thing: T = _adapter(kind).validate_python(json.loads(text))
    return thing


def digest(*parts: str | None) -> str:
    """SHA-256 of the parts in order, as hexadecimal digits; None differs from the empty text."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def utc_text(at: datetime) -> str:
    """The moment as RFC 3339 text in UTC with microseconds: sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
