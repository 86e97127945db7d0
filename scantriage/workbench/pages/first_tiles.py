"""What the viewer shows first, told to the browser with the page: it fetches before a script has run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scantriage.io.views import NoSuchView, read_facts

_SHOWN_FIRST = ("origin", "rescan", "blind")  # the viewer draws its first picture from these, halved


def first_tiles(views: Path, address: str) -> tuple[str, ...]:
    """Addresses of all tiles that the first picture is made of; none where there are no views."""
    return tuple(f"{address}/{tile}" for tile in _tiles(views))


def _tiles(views: Path) -> Iterator[str]:
    try:
        kept = read_facts(views)
    except NoSuchView:
        return
    for name in _SHOWN_FIRST:
        if name in kept.facts.layers:
            facts = kept.facts.layers[name]
            for row in range(-(-facts.rows // kept.tile)):
                for col in range(-(-facts.cols // kept.tile)):
                    yield f"{name}/{row}/{col}.bin?halved=1"
