"""scantriage itself, from the two files to the container's priority; it finds the outlines on its own time."""

from __future__ import annotations

from datetime import UTC, datetime

from benchmarks.peers.pair import PairFiles
from scantriage.pipeline.pair_run import read_pair
from scantriage.rank.priority import Case, rank

_NOW = datetime(2026, 12, 1, tzinfo=UTC)  # decides who acts, not how urgent it is


class Scantriage:
    """The main job's reading and ranking of one container.

    show: also made, what an analyst looks at; for that the other energy of each scan is decoded. No peer makes any.
    """

    def __init__(self, name: str, *, show: bool) -> None:
        self._name, self._show = name, show

    @property
    def name(self) -> str:
        """As it stands in the tables."""
        return self._name

    def score(self, pair: PairFiles) -> float:
        """The priority."""
        reading, _ = read_pair(pair.origin, pair.rescan, pair.manifest, show=self._show)
        container_id = pair.rescan.container_id
        case = Case(container_id, reading, pair.origin.record, pair.rescan.record, pair.manifest)
        return rank([case], now=_NOW)[0].priority
