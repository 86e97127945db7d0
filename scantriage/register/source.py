"""Which fan saw a scan that tells no geometry: the one by which one load explains both scans.

How far near and far cargo lie apart in a scan depends on where the source stands. The wrong place leaves what no common
load explains, in every piece of the container. The far rail of the roof tells how steeply beams look up: of the
sources at one distance one shows it where it is seen. How far apart both lower edges show tells the distance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np

from scantriage.register.height import misfits
from scantriage.register.pieces import Pieces
from scantriage.register.place import ORDINARY, Source, assumed_geometry, place
from scantriage.scan.container import UPPER_RAIL_M, ContainerFrame, ContainerSize, Landmarks
from scantriage.scan.geometry import CONTAINER_WIDTH_M, FanGeometry, FloatArray, Layout
from scantriage.scan.placement import Placement

LAYOUTS: tuple[Layout, ...] = get_args(Layout)
DISTANCES_M = (4.4, 5.5, 6.6)
HEIGHTS_M = (0.4, 0.9, 1.4, 1.9, 2.4, 2.9)
RAIL_DISTANCES_M = (4.0, 4.4, 4.8, 5.2, 5.6, 6.0, 6.4, 6.8, 7.2)  # where the far rail tells the height
LIFTS_M = (-0.08, -0.04, 0.0, 0.04, 0.08)
N_ITERATIONS = 12
LIFT_COST = 1.0  # of the misfit for a metre: outlines give the roof to a pixel or two
SPREAD = 0.02  # of the misfit: sources that explain the scans nearly as well count nearly as much
HOPELESS = 8.0  # log odds against a source, more than against the likeliest, by landmarks: the load is not asked
RAIL_SD_M, EDGES_SD_M = 0.015, 0.04  # how far off they are found
USUAL_SD_M = 1.0  # of the distances at which sources stand (field.md: 4 to 6 m)
WILD = 5.0  # standard deviations, at most: edges found somewhere else altogether


def likely_source(
    fixed: Pieces, loose: Pieces, place_of: Callable[[Source], Placement], landmarks: Landmarks
) -> Source:
    """Where the source of a scan probably stands: the mean of all places, each by how well it explains both scans.

    fixed: the other scan. loose: this one, as first placed. place_of: how a source places it. landmarks: of this scan;
    without any, all sources are tried. Both sides of the container count alike: of even cargo they
    tell the same, so that asking one alone would take it for granted.
    """
    sources = _sources(place_of, landmarks.far_rail)
    against = np.array([_landmarks_off(place_of(source), landmarks) for source in sources])
    likely = np.flatnonzero(against < against.min() + HOPELESS)
    sources, against = [sources[k] for k in likely], against[likely]
    costs = np.array([_cost(fixed, loose, place_of(source)) for source in sources])
    against += (costs / costs.min() - 1) / SPREAD
    return _mean(sources, against)


def place_seen(frame: ContainerFrame, *, n_rows: int, size: ContainerSize, geometry: FanGeometry | None) -> Placement:
    """Place a container from its outline; where no geometry is told, by the source that its landmarks tell.

    Of distances that they leave open those near an ordinary scanner's are likelier; without any it is an ordinary one.
    """
    if geometry is not None:
        return place(frame, n_rows=n_rows, size=size, geometry=geometry)

    def place_of(source: Source) -> Placement:
        fan = assumed_geometry(frame, source, n_rows=n_rows, size=size)
        return place(frame, n_rows=n_rows, size=size, geometry=fan)

    landmarks = frame.landmarks
    if landmarks.far_rail is None:
        return place_of(ORDINARY)
    sources = [one for d in RAIL_DISTANCES_M if (one := _showing(place_of, "plane", d, landmarks.far_rail))]
    if not sources:
        return place_of(ORDINARY)
    unusual = [((source.distance_m - ORDINARY.distance_m) / USUAL_SD_M) ** 2 / 2 for source in sources]
    return place_of(_mean(sources, [_landmarks_off(place_of(one), landmarks) for one in sources] + np.array(unusual)))


def _mean(sources: Sequence[Source], against: FloatArray) -> Source:
    """Of these sources, each by the log odds against it; its rows laid out as the likeliest has them."""
    weight = np.exp(against.min() - against)
    weight /= weight.sum()
    nearness, height_m = (
        float(weight @ values)
        for values in ([1 / source.distance_m for source in sources], [source.height_m for source in sources])
    )
    return Source(1 / nearness, height_m, sources[int(against.argmin())].layout)


def _sources(place_of: Callable[[Source], Placement], rail_row: float | None) -> list[Source]:
    """Sources of all heights and, more closely, those that show the far rail where it was seen."""
    everywhere = [Source(d, h, layout) for layout in LAYOUTS for d in DISTANCES_M for h in HEIGHTS_M]
    if rail_row is None:
        return everywhere
    showing = [_showing(place_of, layout, d, rail_row) for layout in LAYOUTS for d in RAIL_DISTANCES_M]
    return [source for source in showing if source] + everywhere


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


def far_rail_row(placement: Placement) -> float:
    """Row (of edges) at mid length at which a placement has the roof's far rail end."""
    edge_m = np.array([placement.size.height_m - UPPER_RAIL_M])
    return float(_rows(placement, edge_m, np.array([UPPER_RAIL_M / 2 - CONTAINER_WIDTH_M / 2]))[0])


def lower_edge_rows(placement: Placement) -> tuple[float, float]:
    """Rows (of edges) at mid length at which it has the container's lower edge at the near and at the far wall."""
    near, far = _rows(placement, np.zeros(2), np.array([1, -1]) * CONTAINER_WIDTH_M / 2)
    return float(near), float(far)


def _rows(placement: Placement, height_m: FloatArray, towards_source_m: FloatArray) -> FloatArray:
    fan = placement.fan
    apparent_m = np.asarray(fan.apparent_z(height_m, fan.side * towards_source_m))
    return np.asarray(placement.rows(apparent_m, base_m=placement.mean_base_m), np.float64)


def _landmarks_off(placement: Placement, landmarks: Landmarks) -> float:
    """Log odds against a placement that shows landmarks elsewhere than they were found."""
    found, placed, sd_m = [], [], []
    if landmarks.far_rail is not None:
        found, placed, sd_m = [landmarks.far_rail], [far_rail_row(placement)], [RAIL_SD_M]
    if landmarks.lower_edges is not None:
        found += landmarks.lower_edges
        placed += lower_edge_rows(placement)
        sd_m += [EDGES_SD_M, EDGES_SD_M]
    found_m, placed_m = (
        placement.geometry.heights(np.array(rows) - 0.5, n_rows=placement.n_rows) for rows in (found, placed)
    )
    off = np.abs(found_m - placed_m) / np.array(sd_m)
    return float(np.square(np.minimum(off, WILD)).sum() / 2)
