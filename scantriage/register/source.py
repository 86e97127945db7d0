"""Which fan saw a scan that tells no geometry: the one by which one load explains both scans.

How far near and far cargo lie apart in a scan, and the near and the far rail of the roof, depends on where the source
stands. The wrong place leaves what no common load explains, in every piece of the container.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np

from scantriage.register.height import misfits
from scantriage.register.pieces import Pieces
from scantriage.register.place import Source
from scantriage.scan.geometry import Layout
from scantriage.scan.placement import Placement

SOURCES = tuple(
    Source(distance_m, height_m, layout)
    for layout in get_args(Layout)
    for distance_m in (4.4, 5.5, 6.6)
    for height_m in (0.4, 0.9, 1.4, 1.9, 2.4, 2.9)
)
LIFTS_M = (-0.08, -0.04, 0.0, 0.04, 0.08)
N_ITERATIONS = 12
LIFT_COST = 1.0  # of the misfit for a metre: outlines give the roof to a pixel or two
SPREAD = 0.02  # of the misfit: sources that explain the scans nearly as well count nearly as much


def likely_source(fixed: Pieces, loose: Pieces, place_of: Callable[[Source], Placement]) -> Source:
    """Where the source of a scan probably stands: the mean of all places, each by how well it explains both scans.

    fixed: the other scan. loose: this one, as first placed. place_of: how a source places it. Both sides of the
    container count alike: of even cargo they tell the same, so that asking one alone would take it for granted.
    """
    costs = np.array([_cost(fixed, loose, place_of(source)) for source in SOURCES])
    weight = np.exp(-(costs / costs.min() - 1) / SPREAD)
    weight /= weight.sum()
    nearness, height_m = (
        float(weight @ values)
        for values in ([1 / source.distance_m for source in SOURCES], [source.height_m for source in SOURCES])
    )
    return Source(1 / nearness, height_m, SOURCES[int(costs.argmin())].layout)


def _cost(fixed: Pieces, loose: Pieces, placement: Placement) -> float:
    """Misfit, and what the scan must be lifted for it; mean of both sides."""
    costs = []
    for placed in (placement.with_side("left"), placement.with_side("right")):
        table = misfits(fixed, loose.placed(placed), LIFTS_M, n_iterations=N_ITERATIONS)
        lift_m = float(np.take(LIFTS_M, table.argmin(axis=0)).mean())
        costs.append(float(table.min(axis=0).mean()) * (1 + LIFT_COST * abs(lift_m)))
    return float(np.mean(costs))
