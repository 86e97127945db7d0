"""Register a rescan with its origin scan: orientation, travel, side and height, on one container grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.errors import NotComparable
from scantriage.register.cut import MIN_SEEN, seen_share
from scantriage.register.height import align_height
from scantriage.register.pieces import Pieces
from scantriage.register.place import Source, assumed_geometry, place
from scantriage.register.rectify import rectify
from scantriage.register.source import likely_source, place_seen
from scantriage.register.travel import OUTLIER, Travel, align_travel, band_profiles, details
from scantriage.scan.container import ContainerFrame, ContainerSize
from scantriage.scan.geometry import ContainerGrid, FanGeometry
from scantriage.scan.image import ScanImage
from scantriage.scan.placement import Placement
from scantriage.scan.rectified import Rectified

FloatArray = NDArray[np.floating[Any]]

TURN_GAIN = 0.1  # in likeness, before the doors that were seen in both scans count as mistaken
OPPOSITE_GAIN = 0.85  # of the misfit: scans nobody described are mostly of one kind, so mostly of one side
MOST_TOLD = 1.1  # of the container, by its way per column: a way that makes more of it is not its own
CUT_LIKENESS = 0.5  # of a cut-off scan to one that is cut, too, or tells how much it shows; unlike ones reach 0.3
BOTH_CUT_LIKENESS = 0.85  # where none tells how much: of 17 pairs, unchanged, eight of the ten below looked changed
CUT_MARGIN_M = 0.15  # beside a cut: what is half in the scan is not comparable
MIN_LIKENESS = 0.45  # below, aligning follows chance: what the outlines say is kept


@dataclass(frozen=True, slots=True, eq=False)
class LocatedScan:
    """One scan as registration takes it.

    geometry, column_pitch_mm: None where unknown.
    """

    image: ScanImage
    frame: ContainerFrame
    geometry: FanGeometry | None
    column_pitch_mm: float | None
    energy_mv: float

    @property
    def cut(self) -> bool:
        """Whether one end of the container lies outside the scan."""
        return self.frame.cut_left != self.frame.cut_right

    def share_told(self, size: ContainerSize) -> float | None:
        """Share of the container's length that it shows, by its way per column; None where that tells nothing."""
        if self.column_pitch_mm is None:
            return None
        share = self.frame.length_m(self.column_pitch_mm) / size.length_m
        return min(share, 1.0) if MIN_SEEN <= share <= MOST_TOLD else None


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """Both scans on one grid.

    x_m: (C + 1,) where in the rescan's even container each column edge of the grid lies.
    likeness: -1 to 1, of the band profiles once aligned.
    """

    origin: Rectified
    rescan: Rectified
    x_m: FloatArray
    likeness: float

    @property
    def opposite(self) -> bool:
        """Whether the sources stood on opposite sides of the container."""
        return self.origin.placement.fan.side != self.rescan.placement.fan.side


def register(origin: LocatedScan, rescan: LocatedScan, *, size: ContainerSize) -> Registered:
    """Bring two scans of one container onto its own grid, front at the left.

    Raises NotComparable when cut-off scans cannot be placed.
    """
    grid = ContainerGrid.around(size.length_m, size.height_m)
    first, second = (_rectify(scan, _place(scan, size), grid) for scan in (origin, rescan))
    scans = (origin, rescan)
    along = _oriented(first, second, scans=scans)
    even = np.arange(grid.shape[1] + 1) * grid.pitch_m
    x_m = even
    if along.likeness >= MIN_LIKENESS:
        x_m = even + np.interp(even, grid.x_m(), along.travel.displacement_m)
    placements = _settle(along.origin, _moved(along.rescan, x_m), scans=scans)
    first = along.origin if origin.geometry is not None else _rectify(origin, placements[0], grid)
    second = _rectify(rescan, placements[1], grid, x_m)
    return Registered(first, second, x_m, along.likeness)


@dataclass(frozen=True, slots=True, eq=False)
class _Along:
    """Two scans on one grid, and how the rescan lies along the origin scan.

    overall: likeness of all that they show, where the likeness of the travel leaves out what differs most.
    """

    origin: Rectified
    rescan: Rectified
    travel: Travel
    overall: float

    @property
    def likeness(self) -> float:
        return self.travel.likeness

    @property
    def fit(self) -> float:
        """By which one way of lying is chosen: overall, but what can be aligned comes before what follows chance."""
        return self.overall - (self.likeness < MIN_LIKENESS)


def _aligned(origin: Rectified, rescan: Rectified, seen: NDArray[np.bool_]) -> _Along:
    """Both as they are, aligned by all that differs, and by what is alike, which tells where each place lies."""
    pitch_m = origin.grid.pitch_m
    first, second = (details(band_profiles(scan), seen, pitch_m=pitch_m) for scan in (origin, rescan))
    overall, travel = (
        align_travel(first, second, seen, pitch_m=pitch_m, outlier=outlier) for outlier in (np.inf, OUTLIER)
    )
    return _Along(origin, rescan, travel, overall.likeness)


def _place(scan: LocatedScan, size: ContainerSize) -> Placement:
    return place_seen(scan.frame, n_rows=scan.image.shape[0], size=size, geometry=scan.geometry)


def _rectify(scan: LocatedScan, placement: Placement, grid: ContainerGrid, x_m: FloatArray | None = None) -> Rectified:
    """Rectify a scan; beside columns that lie outside it nothing is usable."""
    seen = rectify(scan.image, placement, grid, x_m=x_m)
    inside = seen.valid.any(axis=0, keepdims=True).astype(np.uint8)
    reach = np.ones((1, 2 * round(CUT_MARGIN_M / grid.pitch_m) + 1), np.uint8)
    return replace(seen, usable=seen.usable & cv2.erode(inside, reach).astype(bool))


def _turned(scan: Rectified) -> Rectified:
    """The scan with front and doors exchanged."""
    return replace(_of_columns(scan, np.fliplr), placement=scan.placement.turned())


def _moved(scan: Rectified, x_m: FloatArray) -> Rectified:
    """The scan with each column of the grid taken whole from where it lies: near enough to find a height."""
    cols = ((x_m[1:] + x_m[:-1]) / 2 / scan.grid.pitch_m).astype(np.intp)
    cols = np.clip(cols, 0, scan.grid.shape[1] - 1)
    return _of_columns(scan, lambda layer: layer.take(cols, axis=1))


def _of_columns(scan: Rectified, chosen: Callable[[NDArray[Any]], NDArray[Any]]) -> Rectified:
    """The scan with other columns in the places of its own."""
    return replace(
        scan,
        attenuation=chosen(scan.attenuation),
        variance=chosen(scan.variance),
        valid=chosen(scan.valid),
        usable=chosen(scan.usable),
    )


def _oriented(origin: Rectified, rescan: Rectified, *, scans: tuple[LocatedScan, LocatedScan]) -> _Along:
    """Turn the rescan when its load says so, and both when only the rescan shows the doors; each way uncut first.

    Raises NotComparable when cut-off scans fit in neither way.
    """
    doors = [scan.frame.doors for scan in scans]
    straight = _fitted(origin, rescan, scans=scans)
    enough = _fit(straight) + (TURN_GAIN if None not in doors else 0.0)
    # nothing is more alike than 1
    turned = straight if enough >= 1 else _fitted(origin, _turned(rescan), scans=scans)
    if _fit(turned) <= enough:
        chosen = straight
    elif doors[0] is None and doors[1] is not None:
        chosen = _fitted(_turned(origin), rescan, scans=scans)
    else:
        chosen = turned
    if isinstance(chosen, NotComparable):
        raise chosen
    return chosen


def _fit(along: _Along | NotComparable) -> float:
    return -1.0 if isinstance(along, NotComparable) else along.fit


def _fitted(origin: Rectified, rescan: Rectified, *, scans: tuple[LocatedScan, LocatedScan]) -> _Along | NotComparable:
    """Both aligned, the outline of one that shows only part of the container extended; why not where it fits nowhere.

    How much a cut-off scan shows is told by its way per column, or else by the other scan, if they are alike. Where
    both are cut off and either has no way per column nothing tells it: then only two that miss alike fit each other.
    """
    size, both_cut = origin.placement.size, all(scan.cut for scan in scans)
    first, second = (scan.share_told(size) if scan.cut else 1.0 for scan in scans)
    required = CUT_LIKENESS if both_cut else -1.0
    if both_cut and None in (first, second):
        first, second, required = 1.0, 1.0, BOTH_CUT_LIKENESS
    if first is None:
        first, required = _share_seen(rescan, origin, scans[0]), CUT_LIKENESS
    if second is None:
        second, required = _share_seen(origin, rescan, scans[1]), CUT_LIKENESS
    origin, rescan = _extended(origin, scans[0], first), _extended(rescan, scans[1], second)
    seen = np.asarray(origin.valid.any(axis=0) & rescan.valid.any(axis=0))
    if seen.mean() >= MIN_SEEN:
        along = _aligned(origin, rescan, seen)
        if along.overall >= required:
            return along
    if both_cut:
        return NotComparable("Both scans miss an end of the container, and what they show does not fit.")
    return NotComparable("An end of the container lies outside one scan, and the rest does not fit the other scan.")


def _share_seen(whole: Rectified, part: Rectified, scan: LocatedScan) -> float:
    profiles = band_profiles(whole), band_profiles(part)
    return seen_share(*profiles, front_cut=_front_cut(part, scan), pitch_m=part.grid.pitch_m)


def _extended(part: Rectified, scan: LocatedScan, share: float) -> Rectified:
    """The scan with its outline as long as the container is of which it shows this share."""
    if share == 1:
        return part
    front, doors = part.placement.cols
    if _front_cut(part, scan):
        front = doors - (doors - front) / share
    else:
        doors = front + (doors - front) / share
    return _rectify(scan, replace(part.placement, cols=(front, doors)), part.grid)


def _front_cut(part: Rectified, scan: LocatedScan) -> bool:
    """Whether it is the front of the container that lies outside the scan."""
    return scan.frame.cut_left == part.placement.doors_last


def _settle(
    origin: Rectified, rescan: Rectified, *, scans: tuple[LocatedScan, LocatedScan]
) -> tuple[Placement, Placement]:
    """Both placements with their fans, the rescan's at the right height, and on the right side where nobody told."""
    first, second = _with_fans(origin, rescan, scans=scans)
    if scans[0].geometry is not None and scans[1].geometry is not None:
        return first.placement, second.placement.raised(align_height(first, second).lift_m)
    same, other = (second.placed(side) for side in _by_side(second.placement, first.placement.fan.side))
    fits = [align_height(first, side) for side in (same, other)]
    if fits[1].misfit < OPPOSITE_GAIN * fits[0].misfit:
        return first.placement, other.placement.raised(fits[1].lift_m)
    return first.placement, same.placement.raised(fits[0].lift_m)


def _with_fans(
    origin: Rectified, rescan: Rectified, *, scans: tuple[LocatedScan, LocatedScan]
) -> tuple[Pieces, Pieces]:
    """Both in pieces, seen by the fans that are known or found; where neither is, each is found by the other's."""
    pieces = [Pieces.of(seen, energy_mv=scan.energy_mv) for seen, scan in zip((origin, rescan), scans, strict=True)]
    placed = list(pieces)
    untold = [k for k in (1, 0) if scans[k].geometry is None]
    for k in [*untold, *untold[: len(untold) - 1]]:
        place_of = partial(_from_source, scans[k], pieces[k].placement)
        source = likely_source(placed[1 - k], pieces[k], place_of, scans[k].frame.landmarks)
        placed[k] = pieces[k].placed(place_of(source))
    return placed[0], placed[1]


def _from_source(scan: LocatedScan, before: Placement, source: Source) -> Placement:
    """The scan's placement had this source made it; its columns stay."""
    geometry = assumed_geometry(scan.frame, source, n_rows=before.n_rows, size=before.size)
    placement = place(scan.frame, n_rows=before.n_rows, size=before.size, geometry=geometry)
    if placement.doors_last != before.doors_last:
        placement = placement.turned()
    return replace(placement, cols=before.cols)


def _by_side(placement: Placement, side: int) -> tuple[Placement, Placement]:
    """The placement with its source on this side of the container, and on the other."""
    left, right = placement.with_side("left"), placement.with_side("right")
    return (left, right) if left.fan.side == side else (right, left)
