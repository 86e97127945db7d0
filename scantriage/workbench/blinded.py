"""Sentences about a container, without what would tell an analyst which one it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PART = r"[^\s,;:()]"
_TELLING = re.compile(
    # a word that holds a container number (ISO 6346), as scan ids and file names do, without the stop behind it
    rf"{_PART}*[A-Z]{{3}}[UJZ][0-9]{{7}}(?:{_PART}*[^\s,;:().])?"
    rf"|{_PART}+\.(?:tiff?|png|jpe?g|dcs|dcm)\b",  # or a scan's file
    re.IGNORECASE,
)
_HIDDEN = "…"


def blinded(text: str, line: Mapping[str, object]) -> str:
    """The sentence with the container's number, its scans' ids and names of files replaced by dots.

    line: the container's line of ranking.jsonl, which knows its ids.
    """
    text = _TELLING.sub(_HIDDEN, text)
    for name in ("origin_scan", "rescan", "container_id"):
        known = line.get(name)
        if isinstance(known, str) and known:
            text = text.replace(known, _HIDDEN)
    return text
