"""Which fan saw a scan that tells no geometry: the one by which one load explains both scans.

How far near and far cargo lie apart in a scan depends on where the source stands. The wrong place leaves what no common
load explains, in every piece of the container. The far rail of the roof tells how steeply beams look up: of the
sources at one distance one shows it where it is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np

from scantriage.register.height import misfits
from scantriage.register.pieces import Pieces
from scantriage.register.place import Source
from scantriage.register.rails import far_rail_row
from scantriage.scan.geometry import Layout
from scantriage.scan.placement import Placement

LAYOUTS: tuple[Layout, ...] = get_args(Layout)
DISTANCES_M = (4.4, 5.5, 6.6)
HEIGHTS_M = (0.4, 0.9, 1.4, 1.9, 2.4, 2.9)
RAIL_DISTANCES_M = (4.2, 4.8, 5.4, 6.0, 6.6)  # where the far rail tells the height
LIFTS_M = (-0.08, -0.04, 0.0, 0.04, 0.08)
N_ITERATIONS = 12
LIFT_COST = 1.0  # of the misfit for a metre: outlines give the roof to a pixel or two
SPREAD = 0.02  # of the misfit: sources that explain the scans nearly as well count nearly as much


def likely_source(
    fixed: Pieces, loose: Pieces, place_of: Callable[[Source], Placement], *, rail_row: float | None
) -> Source:
    """Where the source of a scan probably stands: the mean of all places, each by how well it explains both scans.

    fixed: the other scan. loose: this one, as first placed. place_of: how a source places it. rail_row: where this scan
    shows the far rail (`rails.far_rail`), None where it does not: then sources of all heights are tried. Both sides of
    the container count alike: of even cargo they tell the same, so that asking one alone would take it for granted.
    """
    sources = _sources(place_of, rail_row)
    costs = np.array([_cost(fixed, loose, place_of(source)) for source in sources])
    weight = np.exp(-(costs / costs.min() - 1) / SPREAD)
    weight /= weight.sum()
    nearness, height_m = (
        float(weight @ values)
        for values in ([1 / source.distance_m for source in sources], [source.height_m for source in sources])
    )
    return Source(1 / nearness, height_m, sources[int(costs.argmin())].layout)


def _sources(place_of: Callable[[Source], Placement], rail_row: float | None) -> list[Source]:
    """Sources that show the far rail where it was seen; of all heights where it was not, or none does."""
    if rail_row is not None:
        showing = [_showing(place_of, layout, d, rail_row) for layout in LAYOUTS for d in RAIL_DISTANCES_M]
        if any(showing):
            return [source for source in showing if source]
    return [Source(d, h, layout) for layout in LAYOUTS for d in DISTANCES_M for h in HEIGHTS_M]


def _showing(
    place_of: Callable[[Source], Placement], layout: Layout, distance_m: float, rail_row: float
) -> Source | None:
    """The source at this distance that shows the far rail there; None where none of likely height does."""
    rows = [far_rail_row(place_of(Source(distance_m, height_m, layout))) for height_m in HEIGHTS_M]
    if not rows[-1] <= rail_row <= rows[0]:  # the higher a source, the less it sees of a roof from below
        return None
    return Source(distance_m, float(np.interp(rail_row, rows[::-1], HEIGHTS_M[::-1])), layout)


def _cost(fixed: Pieces, loose: Pieces, placement: Placement) -> float:
    """Misfit, and what the scan must be lifted for it; mean of both sides."""
    costs = []
    for placed in (placement.with_side("left"), placement.with_side("right")):
        table = misfits(fixed, loose.placed(placed), LIFTS_M, n_iterations=N_ITERATIONS)
        lift_m = float(np.take(LIFTS_M, table.argmin(axis=0)).mean())
        costs.append(float(table.min(axis=0).mean()) * (1 + LIFT_COST * abs(lift_m)))
    return float(np.mean(costs))
