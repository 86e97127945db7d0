"""What a change is: added, removed, only moved, or the whole load another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.compare.changes import Change, box_of, change_at
from scantriage.compare.levelled import FINER
from scantriage.compare.maps import CHANNELS, Maps
from scantriage.compare.pair import Compared
from scantriage.compare.zones import zone_of
from scantriage.scan.container import ContainerSize
from scantriage.scan.finding import Finding
from scantriage.scan.geometry import MetreBox
from scantriage.scan.quality import Flag

MAX_FINDINGS = 12  # more than that is one large change, or a failed registration: the strongest tell which
MOVED_GAP_M = 1.0  # cargo that shifts at sea moves by less
MOVED_BALANCE = 0.35  # masses that differ by more do not cancel
MOVED_EVEN = 0.75  # the weaker over the stronger: what moved is as clear where it came as where it went
# Another load: so much of the mass of the container, and of kg in a metre of it, must have come as well as gone. Walls
# that an outline misplaces are a good share of an empty container, but not as much.
SWAPPED_SHARE, SWAPPED_KG_M = 0.08, 40.0
# Log-odds at even prior: of unchanged pairs held back, one in 23 is so with a place to show; of display exports, of
# which it has learned less, one in 27.
CONVINCED, CONVINCED_OF_DISPLAY = 0.2, 1.0
# Of a place beside the strongest: 0.95 of the loads that are found still have theirs named, as when every place is, but
# there are 0.11 others with each, not 0.49, and half as many in unchanged pairs.
PLAIN = 1.0
# Two of 1,348 unchanged pairs are then taken for another load, and 91 of 161 exchanged ones; by masses alone 17 and 92.
CONVINCED_OF_SWAP = 1.0
# Of the loads in a port, those that hide at the front; see record 25.
FRONT_SHARE = 0.2
UNREAD = 0.5  # of what changed: then its mass is the least that changed
EDGE_M = 0.13  # two slabs: what a badly aligned edge leaves
EDGE_ASPECT = 2.5


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a pair: the container's size, whether both scans are calibrated, which end has the doors."""

    size: ContainerSize
    calibrated: bool
    doors: bool

    @property
    def doubts(self) -> tuple[Flag, ...]:
        """What every finding of the pair is to be read with."""
        return () if self.doors else (Flag.DOORS_UNKNOWN,)

    @property
    def convincing(self) -> float:
        """Log-odds of the pair from which on an opinion's places are named."""
        return CONVINCED if self.calibrated else CONVINCED_OF_DISPLAY


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What a learned comparison holds of a pair.

    places: (2, Z, S) log-odds on the cells that something was added, or removed, there, beyond those from which
    a place counts. pair: log-odds, at even prior, that anything was done to the container.
    """

    places: NDArray[np.float32]
    pair: float

    def with_front(self, front: Self) -> Self:
        """The same with what a closer look at the front holds: a load lies there, or elsewhere.

        front: on the cells of `front_maps`; its pair: that anything was done to the front.
        """
        n_z, n_s = (
            min(own, closer)
            for own, closer in zip(self.places.shape[1:], front.places[:, ::FINER, ::FINER].shape[1:], strict=True)
        )
        places = self.places.copy()
        closer = front.places[:, ::FINER, ::FINER][:, :n_z, :n_s]
        places[:, :n_z, :n_s] = np.maximum(places[:, :n_z, :n_s], closer)
        pair = np.logaddexp(self.pair + np.log(1 - FRONT_SHARE), front.pair + np.log(FRONT_SHARE))
        return type(self)(places, float(pair))

    def supports(self, change: Change) -> bool:
        """Whether it holds the change for a load that came or went, not for what a voyage or a machine does."""
        return bool(self.places[0 if change.mass_kg > 0 else 1][change.cells].max(initial=-np.inf) > 0)


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, without its boxes in pixels, and the depth at which it lies, metres towards +y."""

    finding: Finding
    y_m: float


def judge(compared: Compared, known: Known, opinion: Opinion | None) -> list[Judged]:
    """Findings from changes, strongest first; masses only where both scans are calibrated.

    Where there is an opinion, only changes that it supports are findings and, once it is convinced of the pair, the
    places that it means beside them; and of another load altogether it must be convinced.
    """
    if is_swapped(compared, known.size) and (opinion is None or opinion.pair > CONVINCED_OF_SWAP):
        return [_swapped(compared, known.size)]
    changes = [change for change in compared.changes if opinion is None or opinion.supports(change)]
    if opinion is not None and opinion.pair > known.convincing:
        changes += _meant(compared, opinion, changes)
    moved = _moved_pairs(changes)
    partners = {index for pair in moved for index in pair}
    judged = [_finding(change, compared.maps, known) for index, change in enumerate(changes) if index not in partners]
    judged += [_moved(changes[first], changes[second], known) for first, second in moved]
    return sorted(judged, key=lambda one: -abs(one.finding.significance))[:MAX_FINDINGS]


def _meant(compared: Compared, opinion: Opinion, told: Sequence[Change]) -> list[Change]:
    """The places that an opinion holds for a load and the comparison does not speak against; not those told already.

    Of these the strongest, and others that are plain to it. The box is the opinion's, which also sees what two loads
    explain away; mass and significance are the comparison's.
    """
    found, meant = compared.found, []
    least = min(PLAIN, float(opinion.places.max()))
    for sign, places in zip((1, -1), opinion.places, strict=True):
        n_regions, regions = cv2.connectedComponents((places > 0).astype(np.uint8), connectivity=8)
        for index in range(1, n_regions):
            region = regions == index
            if places[region].max() < least:
                continue
            is_told = any(change.mass_kg * sign > 0 and (change.cells & region).any() for change in told)
            if not is_told and (sign * found.significance[region] > 0).any():
                change = change_at(region, sign, found, compared.loads, compared.cells)
                meant.append(replace(change, box=box_of(region, compared.cells)))
    return meant


def is_swapped(compared: Compared, size: ContainerSize) -> bool:
    """Whether as much came as went, of a good part of all there is."""
    total = max(compared.origin_kg, compared.rescan_kg)
    return min(compared.changed_kg) > max(SWAPPED_SHARE * total, SWAPPED_KG_M * size.length_m)


def _finding(change: Change, maps: Maps, known: Known) -> Judged:
    width, height = change.box.x1 - change.box.x0, change.box.z1 - change.box.z0
    along_edge = (Flag.EDGE_ON_EDGE,) if width < EDGE_M and height > EDGE_ASPECT * width else ()
    least = (Flag.LEAST_MASS,) if known.calibrated and _shows_the_least(change, maps) else ()
    finding = Finding(
        kind="added" if change.significance > 0 else "removed",  # its mass may be nothing, and has no sign then
        zone=zone_of(change.box, y_m=change.y_m, size=known.size, doors_known=known.doors),
        significance=change.significance,
        container_box=change.box,
        mass_kg=abs(change.mass_kg) if known.calibrated else None,
        mass_kg_sd=change.sd_kg if known.calibrated else None,
        flags=(*along_edge, *least, *known.doubts),
    )
    return Judged(finding, change.y_m)


def _shows_the_least(change: Change, maps: Maps) -> bool:
    """Whether one of the scans could not be read in half of what changed."""
    of = dict(zip(CHANNELS, maps.channels[:, maps.inside], strict=True))
    unread = of["usable_origin"] * of["usable_rescan"] == 0
    return bool(change.cells.any() and unread[change.cells].mean() >= UNREAD)


def _moved_pairs(changes: list[Change]) -> list[tuple[int, int]]:
    """Pairs of changes close by whose masses cancel, strongest first; each change once."""
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for first, change in enumerate(changes):
        for second in range(first + 1, len(changes)):
            if not taken & {first, second} and _cancels(change, changes[second]):
                pairs.append((first, second))
                taken |= {first, second}
    return pairs


def _cancels(first: Change, second: Change) -> bool:
    if first.mass_kg * second.mass_kg > 0 or _gap_m(first.box, second.box) > MOVED_GAP_M:
        return False
    net, larger = abs(first.mass_kg + second.mass_kg), max(abs(first.mass_kg), abs(second.mass_kg))
    weaker, stronger = sorted((abs(first.significance), abs(second.significance)))
    return net < MOVED_BALANCE * larger and weaker > MOVED_EVEN * stronger


def _gap_m(first: MetreBox, second: MetreBox) -> float:
    along = max(first.x0 - second.x1, second.x0 - first.x1, 0.0)
    up = max(first.z0 - second.z1, second.z0 - first.z1, 0.0)
    return float(np.hypot(along, up))


def _moved(first: Change, second: Change, known: Known) -> Judged:
    """One finding around both places; its significance is that of the net mass."""
    box = MetreBox(
        min(first.box.x0, second.box.x0),
        max(first.box.x1, second.box.x1),
        min(first.box.z0, second.box.z0),
        max(first.box.z1, second.box.z1),
    )
    net, sd = first.mass_kg + second.mass_kg, float(np.hypot(first.sd_kg, second.sd_kg))
    y_m = (first.y_m + second.y_m) / 2
    finding = Finding(
        kind="moved",
        zone=zone_of(box, y_m=y_m, size=known.size, doors_known=known.doors),
        significance=net / sd,
        container_box=box,
        mass_kg=(abs(first.mass_kg) + abs(second.mass_kg)) / 2 if known.calibrated else None,
        mass_kg_sd=sd if known.calibrated else None,
        flags=(Flag.MOVED_CARGO, *known.doubts),
    )
    return Judged(finding, y_m)


def _swapped(compared: Compared, size: ContainerSize) -> Judged:
    """The whole container; significance from the strongest change."""
    strongest = max((change.significance for change in compared.changes), key=abs, default=0.0)
    box = MetreBox(0.0, size.length_m, 0.0, size.height_m)
    return Judged(Finding(kind="swapped", zone="cargo", significance=strongest, container_box=box), 0.0)
