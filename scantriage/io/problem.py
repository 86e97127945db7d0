"""What was wrong with one file of a delivery."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """path: the file as the delivery names it. sentence: what was wrong, naming the file."""

    path: str
    sentence: str


def shown(name: str) -> str:
    """A name from outside as it may be printed and stored: no control characters, no broken encoding."""
    clean = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)
    return clean.encode("utf-8", "backslashreplace").decode()[:300]
