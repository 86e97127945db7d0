"""Who has looked at what already, so that a look is written into the trail once and not with every tile."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

_MOST = 100_000  # looks remembered; one that is forgotten is written down again


class Viewed:
    """What was looked at, by session, in the memory of the one process that serves."""

    def __init__(self) -> None:
        """Nobody has looked at anything."""
        self._looks: dict[tuple[object, ...], None] = {}
        self._writing = Lock()

    def once(self, look: tuple[object, ...], write: Callable[[], None]) -> None:
        """Have a look written down, unless it was; tiles that are asked for meanwhile wait until it is."""
        if look in self._looks:
            return
        with self._writing:
            if look not in self._looks:
                write()
                self._looks[look] = None
                if len(self._looks) > _MOST:
                    del self._looks[next(iter(self._looks))]
