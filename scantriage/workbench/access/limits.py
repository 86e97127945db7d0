"""How often somebody may ask: token buckets, kept in the memory of the one process that serves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

_MOST_BUCKETS = 10_000  # about 2 MB; then those that have long been full again are thrown away


@dataclass(slots=True)
class Buckets:
    """One bucket per name: it holds `burst` tokens, and `per_second` come in anew."""

    burst: float
    per_second: float
    now_s: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)  # tokens, and when they were counted
    _lock: Lock = field(default_factory=Lock)

    def take(self, name: str) -> float:
        """Take a token; 0 when there was one, else the seconds until there will be."""
        with self._lock:
            now = self.now_s()
            if len(self._left) >= _MOST_BUCKETS:
                self._throw_full_ones_away(now)
            left = self._tokens(self._left.get(name, (self.burst, now)), now)
            if left < 1:
                return (1 - left) / self.per_second
            self._left[name] = (left - 1, now)
            return 0.0

    def _tokens(self, counted: tuple[float, float], now: float) -> float:
        tokens, at = counted
        return min(self.burst, tokens + (now - at) * self.per_second)

    def _throw_full_ones_away(self, now: float) -> None:
        self._left = {name: held for name, held in self._left.items() if self._tokens(held, now) < self.burst}


def _at_the_door() -> Buckets:
    # a customs office has one address: fifty people may sign in within a few minutes, a guesser gets one try in 2 s
    return Buckets(burst=60, per_second=0.5)


def _inside() -> Buckets:
    # a container is some 60 tiles and calls at once; nobody reads 20 pages a second
    return Buckets(burst=600, per_second=30)


@dataclass(frozen=True, slots=True)
class Limits:
    """at_the_door: attempts to sign in, per address. inside: requests, per session or token of the API."""

    at_the_door: Buckets = field(default_factory=_at_the_door)
    inside: Buckets = field(default_factory=_inside)
