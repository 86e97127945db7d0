"""Read one container: decode, calibrate, locate, register, compare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from scantriage.compare.judge import Judged, Known, Opinion, judge
from scantriage.compare.pair import Compared, compare, front_maps
from scantriage.compare.reach import shows_from
from scantriage.errors import ContainerNotFound, NotComparable, ScantriageError, UnusableInput
from scantriage.locate.walls import wall_attenuation
from scantriage.pipeline.fine_views import pair_fine_views
from scantriage.pipeline.model import load_front, load_model
from scantriage.pipeline.pair_views import pair_views, single_views
from scantriage.pipeline.prepare import PreparedScan, ScanSource, StageClock, container_size, prepare
from scantriage.pipeline.twins import as_named
from scantriage.register.pair import LocatedScan, Registered, register
from scantriage.register.size import same_length
from scantriage.scan.container import ContainerSize
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import MetreBox
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.scan.views import PairViews
from scantriage.single.reading import read_single_scan

MAX_BLIND = 0.8  # above, too little of the container is left to compare
LOW_AGREEMENT = 0.8
LEAST_WALLS = 0.05  # attenuation; two walls take away 0.08 and more
UNWALLED = (
    "The container's walls do not show in the origin scan: its open beam is clipped or hardly in view.",
    "The container's walls do not show in the rescan: its open beam is clipped or hardly in view.",
)
HOPELESS_AGREEMENT = 0.6
# Along the container. All 13 of 3,481 unchanged pairs that are less alike were of display exports, and all 18 pairs of
# raw scans that are held another load.
LEAST_DISPLAY_LIKENESS = 0.25


def read_pair(
    origin: ScanSource, rescan: ScanSource, manifest: ManifestEntry | None, *, show: bool = True
) -> tuple[Reading, PairViews | None]:
    """Compare the two scans of one container.

    show: with what an analyst looks at, for which the other energy of each scan is decoded as well. What cannot be
    read or compared is a reading with its reason, never an exception. The views are None without `show`, and unless
    both scans could be registered.
    """
    clock = StageClock()
    try:
        compared = compare_scans(origin, rescan, manifest, clock, show=show)
        reading = _read_compared(compared, manifest, clock)
        return _looked_at(reading, compared, clock) if show else (reading, None)
    except UnusableInput as error:
        return Reading("unprocessable", reason=error.sentence, stage_ms=clock.stage_ms), None
    except (NotComparable, ContainerNotFound) as error:
        return Reading("not_comparable", reason=error.sentence, stage_ms=clock.stage_ms), None


def read_single(scan: ScanSource, manifest: ManifestEntry | None) -> tuple[Reading, PairViews | None]:
    """Read a scan that has no partner; like `read_pair` it never raises for what is wrong with the scan."""
    clock = StageClock()
    try:
        prepared = prepare(scan, manifest, clock, show=True)
    except ScantriageError as error:
        return Reading("unprocessable", reason=error.sentence, stage_ms=clock.stage_ms), None
    with clock.stage("single"):
        reading = _read_alone(prepared, manifest)
    with clock.stage("views"):
        views = single_views(prepared, container_size(prepared, manifest))
    flags = tuple(dict.fromkeys(reading.flags + prepared.flags))
    return replace(reading, flags=flags, stage_ms=clock.stage_ms), views


@dataclass(frozen=True, slots=True, eq=False)
class ComparedScans:
    """Both scans as prepared, on one grid, and what differs."""

    scans: tuple[PreparedScan, PreparedScan]
    size: ContainerSize
    registered: Registered
    blind: float
    compared: Compared


def prepare_pair(
    origin: ScanSource, rescan: ScanSource, manifest: ManifestEntry | None, clock: StageClock, *, show: bool = False
) -> tuple[PreparedScan, PreparedScan]:
    """Both scans of one container, each at the energy that is compared. Raises as `prepare`."""
    planes = choose_planes(origin.record, rescan.record)
    first, second = (
        prepare(source, manifest, clock, plane=plane, show=show)
        for source, plane in zip((origin, rescan), planes, strict=True)
    )
    return first, second


def compare_scans(
    origin: ScanSource, rescan: ScanSource, manifest: ManifestEntry | None, clock: StageClock, *, show: bool = False
) -> ComparedScans:
    """Prepare, register and compare two scans of one container.

    show: with another energy of each to look at. Raises as `prepare`, and NotComparable where that cannot be done.
    """
    return _compared(prepare_pair(origin, rescan, manifest, clock, show=show), manifest, clock)


def _compared(
    scans: tuple[PreparedScan, PreparedScan], manifest: ManifestEntry | None, clock: StageClock
) -> ComparedScans:
    origin, rescan = scans
    lengths = (origin.length_m, rescan.length_m)
    if not same_length(*lengths):
        raise NotComparable(
            f"The scans show containers of different length: {lengths[0]:.1f} m in the origin scan, "
            f"{lengths[1]:.1f} m in the rescan.",
            lengths_m=lengths,
        )
    _refuse_unwalled(scans)
    size = container_size(rescan if rescan.record.geometry else origin, manifest)
    with clock.stage("register"):
        scans = as_named(scans, located(scans), size)
        registered = register(*located(scans), size=size)
        _refuse_unaligned(registered, scans)
        blind = _blind_fraction(registered, size)
    with clock.stage("compare"):
        compared = compare(
            registered.origin,
            registered.rescan,
            energies_mv=(origin.energy_mv, rescan.energy_mv),
            geometry_known=(origin.record.geometry is not None, rescan.record.geometry is not None),
            calibrated=(origin.calibrated, rescan.calibrated),
            likeness=registered.likeness,
        )
        _refuse_unfit(compared, scans)
    return ComparedScans(scans, size, registered, blind, compared)


def _read_compared(pair: ComparedScans, manifest: ManifestEntry | None, clock: StageClock) -> Reading:
    scans, registered, compared = pair.scans, pair.registered, pair.compared
    known = Known(
        pair.size,
        calibrated=all(scan.calibrated for scan in scans),
        doors=any(scan.frame.doors is not None for scan in scans),
    )
    with clock.stage("learned"):
        opinion = _opinion(compared, known)
    with clock.stage("compare"):
        judged = judge(compared, known, opinion)
        told = opinion is not None and known.calibrated
        shows_from_kg = shows_from(compared.maps, known.size, doors_known=known.doors) if told else {}
    latest = _read_alone(scans[1], manifest)
    return Reading(
        outcome="compared",
        agreement=compared.agreement,
        learned=None if opinion is None else opinion.pair,
        blind_fraction=pair.blind,
        cargo_kg=latest.cargo_kg,
        shows_from_kg=shows_from_kg,
        findings=tuple(_boxed(one, registered, scans) for one in judged),
        flags=_flags(scans, registered, compared, latest),
        stage_ms=clock.stage_ms,
    )


def _opinion(compared: Compared, known: Known) -> Opinion | None:
    """What was learned holds of a pair; of its front too, where it is known which end that is and was learned of it."""
    opinion_of, front_of = load_model(), load_front()
    if opinion_of is None:
        return None
    opinion = opinion_of(compared.maps)
    if front_of is None or not (known.doors and known.calibrated):
        return opinion
    return opinion.with_front(front_of(front_maps(compared)))


def _looked_at(reading: Reading, pair: ComparedScans, clock: StageClock) -> tuple[Reading, PairViews]:
    with clock.stage("views"):
        views = pair_views(pair.registered, pair.compared, energy_mv=pair.scans[0].energy_mv)
        fine = pair_fine_views(pair.scans, pair.registered, pair.compared)
    return reading, replace(views, fine=fine)


def _read_alone(scan: PreparedScan, manifest: ManifestEntry | None) -> Reading:
    return read_single_scan(
        scan.image, scan.frame, record=scan.record, energy_mv=scan.energy_mv, manifest=manifest
    )  # fmt: skip


def located(scans: tuple[PreparedScan, PreparedScan]) -> tuple[LocatedScan, LocatedScan]:
    """Both as registration takes them."""
    first, second = (
        LocatedScan(scan.image, scan.frame, scan.record.geometry, scan.record.column_pitch_mm, scan.energy_mv)
        for scan in scans
    )
    return first, second


def choose_planes(origin: ScanRecord, rescan: ScanRecord) -> tuple[int, int]:
    """The plane of each scan, chosen so that the two energies are as near as can be."""
    first, second = (range(len(record.energies_mev or (None,))) for record in (origin, rescan))

    def apart(planes: tuple[int, int]) -> float:
        return abs(float(np.log(origin.energy_mv(planes[0]) / rescan.energy_mv(planes[1]))))

    return min(product(first, second), key=apart)


def _blind_fraction(registered: Registered, size: ContainerSize) -> float:
    """Part of the container's area that could not be compared; NotComparable when nearly all of it."""
    z = registered.origin.grid.z_m()
    rows = (z > 0) & (z < size.height_m)
    both = (registered.origin.usable & registered.rescan.usable)[rows]
    blind = float(1 - both.mean())
    if blind > MAX_BLIND:
        seen = (registered.origin.valid & registered.rescan.valid)[rows].mean()
        cause = "was not penetrated" if seen > 0.5 else "lies outside one of the scans or was not recorded"
        raise NotComparable(f"Too little can be compared: {blind:.0%} of the container {cause}.", blind=blind)
    return blind


def _refuse_unwalled(scans: tuple[PreparedScan, PreparedScan]) -> None:
    """Walls that take nothing away were taken for the open beam, or the outline is not the container's."""
    for scan, sentence in zip(scans, UNWALLED, strict=True):
        walls = wall_attenuation(scan.image, scan.frame)
        if scan.calibrated and walls < LEAST_WALLS:
            raise NotComparable(sentence, attenuation=walls, required=LEAST_WALLS)


def _refuse_unaligned(registered: Registered, scans: tuple[PreparedScan, PreparedScan]) -> None:
    """A display export tells less surely where the container is: what looks like another load is mostly that."""
    if registered.likeness < LEAST_DISPLAY_LIKENESS and not all(scan.calibrated for scan in scans):
        raise NotComparable(
            "The scans do not line up along the container: the outline in a display export is hardly its own.",
            likeness=registered.likeness,
            required=LEAST_DISPLAY_LIKENESS,
        )


def _refuse_unfit(compared: Compared, scans: tuple[PreparedScan, PreparedScan]) -> None:
    """A poor agreement means another load only where the outlines are sure."""
    uncertain = any(Flag.FRAME_UNCERTAIN in scan.flags for scan in scans)
    if uncertain and compared.agreement < HOPELESS_AGREEMENT:
        raise NotComparable(
            f"The container's outline is unclear and the scans agree poorly ({compared.agreement:.2f} of 1).",
            agreement=compared.agreement,
            required=HOPELESS_AGREEMENT,
        )


def _flags(
    scans: tuple[PreparedScan, PreparedScan], registered: Registered, compared: Compared, latest: Reading
) -> tuple[Flag, ...]:
    flags = [*scans[0].flags, *scans[1].flags, *latest.flags]
    if registered.opposite:
        flags.append(Flag.OPPOSITE_SIDES)
    if any(scan.record.geometry is None for scan in scans):
        flags.append(Flag.GEOMETRY_UNKNOWN)
    if compared.agreement < LOW_AGREEMENT:
        flags.append(Flag.LOW_AGREEMENT)
    return tuple(dict.fromkeys(flags))


def _boxed(one: Judged, registered: Registered, scans: tuple[PreparedScan, PreparedScan]) -> Finding:
    """The finding with its boxes in the pixels of both files."""
    box = one.finding.container_box
    edges = np.arange(len(registered.x_m)) * registered.origin.grid.pitch_m
    x0, x1 = np.interp([box.x0, box.x1], edges, registered.x_m)
    there = MetreBox(float(x0), float(max(x1, x0 + 1e-3)), box.z0, box.z1)
    boxes = (
        seen.placement.pixel_box(place, y_m=one.y_m, n_cols=scan.image.shape[1])
        for seen, place, scan in zip((registered.origin, registered.rescan), (box, there), scans, strict=True)
    )
    origin_box, rescan_box = (scan.in_file(seen) for scan, seen in zip(scans, boxes, strict=True))
    return replace(one.finding, origin_box=origin_box, rescan_box=rescan_box)
