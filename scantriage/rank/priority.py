"""From readings to a reproducible order with reasons."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from scantriage.rank.capacity import OPENINGS_PER_PORT_AND_DAY, actions
from scantriage.rank.case import Action, Case, Ranked
from scantriage.rank.evidence import evidence_of
from scantriage.rank.weights import DEFAULT_WEIGHTS, Weights
from scantriage.scan.finding import Evidence

__all__ = ["Action", "Case", "Ranked", "priority_of", "rank"]


def rank(
    cases: Iterable[Case],
    *,
    now: datetime,
    openings_per_day: int = OPENINGS_PER_PORT_AND_DAY,
    weights: Weights = DEFAULT_WEIGHTS,
) -> list[Ranked]:
    """Order containers by the probability that opening them would show what should not be there.

    Falling priority; equal ones by container number, then by scan ids, so that the order does not depend
    on the order of ``cases``. now: with a time zone; decides who can still be held at the source.
    openings_per_day: what one port can open in a day. ValueError for a ``now`` without time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    weighed = [(evidence_of(case, weights), case) for case in cases]
    scored = sorted(((priority_of(evidence), case, evidence) for evidence, case in weighed), key=_urgency)
    chosen = actions([(priority, case) for priority, case, _ in scored], now=now, per_day=openings_per_day)
    return [
        Ranked(place, case, priority, action, where, evidence)
        for place, ((priority, case, evidence), (action, where)) in enumerate(zip(scored, chosen, strict=True), 1)
    ]


def priority_of(evidence: Iterable[Evidence]) -> float:
    """The probability whose log-odds are the contributions' sum."""
    return 1 / (1 + math.exp(-math.fsum(item.contribution for item in evidence)))


def _urgency(scored: tuple[float, Case, tuple[Evidence, ...]]) -> tuple[float, str, str, str]:
    priority, case, _ = scored
    origin = case.origin.scan_id if case.origin else ""
    rescan = case.rescan.scan_id if case.rescan else ""
    return -priority, case.container_id, origin, rescan
