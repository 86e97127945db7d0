"""Read one container: decode, calibrate, locate, register, compare."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.mass import effective_attenuation
from scantriage.calibrate.attenuation import calibrate
from scantriage.compare.judge import Judged, judge
from scantriage.compare.pair import Compared, compare
from scantriage.errors import ContainerNotFound, NotComparable, ScantriageError, UnusableInput
from scantriage.io.scan_files import read_scan
from scantriage.locate.frame import Location, locate
from scantriage.register.pair import LocatedScan, Registered, register
from scantriage.register.place import place
from scantriage.register.rectify import rectify
from scantriage.register.size import same_length, size_seen
from scantriage.scan.container import ContainerFrame, ContainerSize, size_of
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import CONTAINER_WIDTH_M, ContainerGrid, MetreBox
from scantriage.scan.image import ScanImage
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.scan.views import PairViews
from scantriage.single.reading import read_single_scan

FloatArray = NDArray[np.floating[Any]]

USUAL_ENERGY_MV = 6.0  # of a scanner that nobody described
MAX_BLIND = 0.8  # above, too little of the container is left to compare
LOW_AGREEMENT = 0.8
HOPELESS_AGREEMENT = 0.6


@dataclass(frozen=True, slots=True)
class ScanSource:
    """What a worker needs to read one scan of one container."""

    path: Path
    record: ScanRecord
    container_id: str


@dataclass(slots=True)
class StageClock:
    """Milliseconds spent in each stage so far."""

    stage_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.stage_ms[name] = self.stage_ms.get(name, 0.0) + 1000 * (time.perf_counter() - start)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedScan:
    """A scan, calibrated, with the container of interest found in it."""

    record: ScanRecord
    image: ScanImage
    frame: ContainerFrame
    flags: tuple[Flag, ...]

    @property
    def calibrated(self) -> bool:
        """Whether attenuation is to scale."""
        return self.image.quantity == "attenuation"


def read_pair(
    origin: ScanSource, rescan: ScanSource, manifest: ManifestEntry | None
) -> tuple[Reading, PairViews | None]:
    """Compare the two scans of one container.

    What cannot be read or compared is a reading with its reason, never an exception. The views are None
    unless both scans could be registered.
    """
    clock = StageClock()
    try:
        scans = (prepare(origin, manifest, clock), prepare(rescan, manifest, clock))
        return _read_prepared(scans, manifest, clock)
    except UnusableInput as error:
        return Reading("unprocessable", reason=error.sentence, stage_ms=clock.stage_ms), None
    except (NotComparable, ContainerNotFound) as error:
        return Reading("not_comparable", reason=error.sentence, stage_ms=clock.stage_ms), None


def read_single(scan: ScanSource, manifest: ManifestEntry | None) -> tuple[Reading, PairViews | None]:
    """Read a scan that has no partner; like `read_pair` it never raises for what is wrong with the scan."""
    clock = StageClock()
    try:
        prepared = prepare(scan, manifest, clock)
    except ScantriageError as error:
        return Reading("unprocessable", reason=error.sentence, stage_ms=clock.stage_ms), None
    with clock.stage("single"):
        reading = read_single_scan(prepared.image, prepared.frame, record=prepared.record, manifest=manifest)
        views = _single_views(prepared, _size(prepared, manifest))
    flags = tuple(dict.fromkeys(reading.flags + prepared.flags))
    return replace(reading, flags=flags, stage_ms=clock.stage_ms), views


def prepare(source: ScanSource, manifest: ManifestEntry | None, clock: StageClock) -> PreparedScan:
    """Decode and calibrate a scan and find the container in it.

    Raises UnreadableScan, and ContainerNotFound when the scan does not show it.
    """
    record = source.record
    with clock.stage("decode"):
        pixels = read_scan(source.path).pixels
    with clock.stage("calibrate"):
        try:
            calibrated = calibrate(pixels, kind=record.kind, dark_level=record.dark_level)
        except UnusableInput as error:
            raise type(error)(f"{record.scan_id}: {error.sentence}", **error.facts) from error
    with clock.stage("locate"):
        try:
            location = locate(
                calibrated.image,
                n_containers=len(record.container_ids),
                size=size_of(manifest.size_type) if manifest else None,
                geometry=record.geometry,
                column_pitch_mm=record.column_pitch_mm,
            )
        except ContainerNotFound as error:
            raise ContainerNotFound(f"{record.scan_id}: {error.sentence}", **error.facts) from error
    flags = record.flags + calibrated.flags + location.flags
    return PreparedScan(record, calibrated.image, _frame_of(source, location), tuple(dict.fromkeys(flags)))


def _frame_of(source: ScanSource, location: Location) -> ContainerFrame:
    """The frame of the container asked for: the scan names them from the front of the truck, which passes first."""
    place_in_scan = source.record.container_ids.index(source.container_id)
    if place_in_scan >= len(location.frames):
        raise ContainerNotFound(
            f"{source.record.scan_id}: only {len(location.frames)} of the "
            f"{len(source.record.container_ids)} containers named could be told apart in the scan."
        )
    return location.frames[place_in_scan]


def _read_prepared(
    scans: tuple[PreparedScan, PreparedScan], manifest: ManifestEntry | None, clock: StageClock
) -> tuple[Reading, PairViews]:
    origin, rescan = scans
    lengths = (_length_m(origin), _length_m(rescan))
    if not same_length(*lengths):
        raise NotComparable(
            f"The scans show containers of different length: {lengths[0]:.1f} m in the origin scan, "
            f"{lengths[1]:.1f} m in the rescan.",
            lengths_m=lengths,
        )
    size = _size(rescan if rescan.record.geometry else origin, manifest)
    energies = choose_energies(origin.record, rescan.record, n_planes=(origin.image.shape[0], rescan.image.shape[0]))
    located = [
        LocatedScan(scan.image, scan.frame, scan.record.geometry, *energy)
        for scan, energy in zip(scans, energies, strict=True)
    ]
    with clock.stage("register"):
        registered = register(*located, size=size)
        blind = _blind_fraction(registered, size)
    with clock.stage("compare"):
        compared = compare(registered.origin, registered.rescan, energies_mv=(energies[0][1], energies[1][1]))
        _refuse_unfit(compared, scans)
        judged = judge(compared, size=size, calibrated=origin.calibrated and rescan.calibrated)
    latest = read_single_scan(rescan.image, rescan.frame, record=rescan.record, manifest=manifest)
    reading = Reading(
        outcome="compared",
        agreement=compared.agreement,
        blind_fraction=blind,
        cargo_kg=latest.cargo_kg,
        findings=tuple(_boxed(one, registered, scans) for one in judged),
        flags=_flags(scans, registered, compared, latest),
        stage_ms=clock.stage_ms,
    )
    return reading, _pair_views(registered, compared, energy_mv=energies[0][1])


def choose_energies(
    origin: ScanRecord, rescan: ScanRecord, *, n_planes: tuple[int, int]
) -> tuple[tuple[int, float], tuple[int, float]]:
    """Plane and energy (MV) of each scan, chosen so that the two energies are as near as can be."""
    first, second = (
        list(enumerate((record.energies_mev or (USUAL_ENERGY_MV,))[:planes]))
        for record, planes in zip((origin, rescan), n_planes, strict=True)
    )
    pairs = [(one, other) for one in first for other in second]
    return min(pairs, key=lambda pair: abs(float(np.log(pair[0][1] / pair[1][1]))))


def _length_m(scan: PreparedScan) -> float | None:
    """Measured length of the container, where it is whole and the way per column is known."""
    pitch, frame = scan.record.column_pitch_mm, scan.frame
    if pitch is None or frame.cut_left or frame.cut_right:
        return None
    return (frame.cols[1] - frame.cols[0]) * pitch / 1000


def _size(scan: PreparedScan, manifest: ManifestEntry | None) -> ContainerSize:
    """The declared size, or the one seen where nothing is declared or the length seen rules it out."""
    declared = size_of(manifest.size_type) if manifest else None
    if declared is not None and same_length(declared.length_m, _length_m(scan)):
        return declared
    return size_seen(
        scan.frame,
        n_rows=scan.image.shape[1],
        geometry=scan.record.geometry,
        column_pitch_mm=scan.record.column_pitch_mm,
    )


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
    return replace(
        one.finding,
        origin_box=registered.origin.placement.pixel_box(box, y_m=one.y_m, n_cols=scans[0].image.shape[2]),
        rescan_box=registered.rescan.placement.pixel_box(there, y_m=one.y_m, n_cols=scans[1].image.shape[2]),
    )


def _pair_views(registered: Registered, compared: Compared, *, energy_mv: float) -> PairViews:
    """Maps on the registration grid; the difference as attenuation of the origin scan's energy."""
    origin, rescan = registered.origin, registered.rescan
    cells, found = compared.cells, compared.found
    thickness = found.mass_kg / np.float32(cells.cell_mass_kg * cells.n_y / CONTAINER_WIDTH_M)
    return PairViews(
        grid=origin.grid,
        origin=origin.attenuation,
        rescan=rescan.attenuation,
        difference=_on_grid(thickness * np.float32(effective_attenuation(energy_mv)), compared, origin.grid),
        significance=_on_grid(found.significance, compared, origin.grid),
        usable=origin.usable & rescan.usable,
    )


def _on_grid(values: FloatArray, compared: Compared, grid: ContainerGrid) -> FloatArray:
    """(R, C) map of (Z, S) cell values, zero outside the container."""
    cells = compared.cells
    fine = cv2.resize(
        np.ascontiguousarray(values[::-1]),
        (values.shape[1] * cells.slab_x, values.shape[0] * cells.cell_z),
        interpolation=cv2.INTER_LINEAR,
    )
    out = np.zeros(grid.shape, dtype=np.float32)
    top = round((grid.top_m - float(cells.z_edges_m[-1])) / grid.pitch_m)
    rows, cols = min(len(fine), grid.shape[0] - top), min(fine.shape[1], grid.shape[1])
    out[top : top + rows, :cols] = fine[:rows, :cols]
    return out


def _single_views(prepared: PreparedScan, size: ContainerSize) -> PairViews:
    """The one scan on the container's grid."""
    placement = place(prepared.frame, n_rows=prepared.image.shape[1], size=size, geometry=prepared.record.geometry)
    seen = rectify(prepared.image, placement, ContainerGrid.around(size.length_m, size.height_m), energy=0)
    is_origin = prepared.record.role == "origin"
    return PairViews(
        grid=seen.grid,
        origin=seen.attenuation if is_origin else None,
        rescan=None if is_origin else seen.attenuation,
        difference=None,
        significance=None,
        usable=seen.usable,
    )
