"""No registration: the outlines laid over one another."""

from __future__ import annotations

from benchmarks.peers.crops import crops
from benchmarks.peers.pair import PairFiles
from benchmarks.peers.strongest import strongest_change

_SHAPE = (512, 2048)


class Unaligned:
    """Subtraction of the two outlines."""

    name = "unaligned subtraction"

    def score(self, pair: PairFiles) -> float:
        """The strongest difference."""
        return strongest_change(crops(pair, shape=_SHAPE))
