"""The evidence as bars that add up to the priority."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

WIDTH = 200  # units of the drawing
_LEAST = 2.0  # units: also what hardly counts is seen


@dataclass(frozen=True, slots=True)
class EvidenceBar:
    """One reason: what it adds to the log-odds, where its bar begins and how long it is, and the chance up to here.

    base: whether it is the base rate, from which the others go on. left, width: in units of `WIDTH`. chance: 0 to 1.
    """

    sentence: str
    contribution: float
    base: bool
    left: float
    width: float
    chance: float


def evidence_bars(evidence: Sequence[Mapping[str, Any]]) -> tuple[EvidenceBar, ...]:
    """A bar for each reason, the base rate first, then the strongest; each begins where the one before ends.

    evidence: ``name``, ``contribution`` in log-odds and ``sentence`` of each, as in ranking.jsonl.
    """
    items = sorted(evidence, key=lambda item: (item["name"] != "base_rate", -abs(item["contribution"])))
    sums = [0.0, *accumulate(float(item["contribution"]) for item in items)]
    low, high = min(sums, default=0.0), max(sums, default=0.0)
    unit = WIDTH / max(high - low, 1e-9)
    bars = []
    for item, start, end in zip(items, sums, sums[1:], strict=False):
        width = max(_LEAST, abs(end - start) * unit)
        left = min((min(start, end) - low) * unit, WIDTH - width)
        bars.append(
            EvidenceBar(
                item["sentence"], end - start, item["name"] == "base_rate", round(left, 1), round(width, 1),
                1 / (1 + math.exp(-end)),
            )
        )  # fmt: skip
    return tuple(bars)
