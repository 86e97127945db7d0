"""Who has looked at what already, so that a look is written into the trail once and not with every tile."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

_MOST = 100_000  # looks remembered; one that is forgotten is written down again


class Viewed:
    """What was looked at, by session, in the memory of the one process that serves."""

    def __init__(self) -> None:
        """Nobody has looked at anything."""
        self._looks: OrderedDict[tuple[object, ...], None] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, look: tuple[object, ...]) -> bool:
        """Whether this look is remembered."""
        with self._lock:
            return look in self._looks

    def add(self, look: tuple[object, ...]) -> None:
        """Remember a look, once it is in the trail."""
        with self._lock:
            self._looks[look] = None
            if len(self._looks) > _MOST:
                self._looks.popitem(last=False)
