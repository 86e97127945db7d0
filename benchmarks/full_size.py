"""A pair at full size with its truth: 1,150 rows, 4,200 columns, two energies, a bag behind the doors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from scantriage.pipeline.prepare import ScanSource
from scantriage.pipeline.simulate_run import write_scan
from scantriage.scan.geometry import FanGeometry, MetreBox, PixelBox
from scantriage.scan.record import ManifestEntry, Role, ScanRecord
from scantriage.simulate.beam import Beam
from scantriage.simulate.case import SimulatedScan
from scantriage.simulate.contents import Contents, Wish, draw_contents
from scantriage.simulate.detector import expose
from scantriage.simulate.exposure import box_of, exposures
from scantriage.simulate.passage import draw_passage
from scantriage.simulate.scanner import ScannerModel, known_scanner
from scantriage.simulate.vehicle import build_vehicle

N_ROWS, N_COLS = 1_150, 4_200
MASS_KG = 80.0
_AROUND_M = 0.6  # of air ahead of and behind the container
_BEAMS = ((Beam(6.0), Beam(4.0)), (Beam(9.0), Beam(6.0)))
_GEOMETRIES = (  # the rescan passes doors first, so both sources stand on the same side of the container
    FanGeometry("plane", 5.4, 1.7, "left", (0.1, 5.2)),
    FanGeometry("arc", 5.0, 1.3, "right", (0.3, 5.3)),
)
_CONTAINER_ID = "HLBU1527916"
_SITES: dict[Role, str] = {"origin": "ECGYE", "rescan": "NLRTM"}
_DAYS = {"origin": datetime(2026, 10, 1, tzinfo=UTC), "rescan": datetime(2026, 10, 20, tzinfo=UTC)}


@dataclass(frozen=True, slots=True)
class FullSizePair:
    """Both scans as files, and what is true of them.

    outline: of the container in each scan's pixels, (origin, rescan); load: of what was added, in the rescan's;
    load_m: where it really lies. cargo_kg: all that is in the container at the rescan.
    """

    origin: ScanSource
    rescan: ScanSource
    manifest: ManifestEntry
    outline: tuple[PixelBox, PixelBox]
    load: PixelBox
    load_m: MetreBox
    mass_kg: float
    cargo_kg: float


def full_size_pair(folder: Path, *, seed: int = 5, scale: float = 1.0) -> FullSizePair:
    """Simulate and write the pair; takes some seconds. scale: of the rows and columns, for less than full size."""
    contents = draw_contents(
        np.random.SeedSequence(seed), Wish("added", "doors", MASS_KG, size_type="45R1", commodity="bananas")
    )
    ends = [_scan(contents, role, index, seed, scale) for index, role in enumerate(_SITES)]
    sources = [ScanSource(write_scan(folder, scan), scan.record, _CONTAINER_ID) for scan, _ in ends]
    rescan, hidden = ends[1][0], contents.hidden[1]
    load = box_of(hidden.packets, rescan.scanner, rescan.passage) if hidden else None
    if hidden is None or load is None:
        raise ValueError(f"seed {seed} hides nothing that shows")
    manifest = ManifestEntry(_CONTAINER_ID, size_type=contents.size_type, goods=contents.load.goods)
    outlines = (ends[0][1], ends[1][1])
    cargo_kg = contents.load.mass_kg + hidden.mass_kg
    return FullSizePair(sources[0], sources[1], manifest, outlines, load, hidden.box, hidden.mass_kg, cargo_kg)


def _scan(contents: Contents, role: Role, index: int, seed: int, scale: float) -> tuple[SimulatedScan, PixelBox]:
    """The scan, and the container's outline in it."""
    rng = np.random.default_rng([seed, index])
    scanner = _scanner(index, contents.length_m, scale)
    vehicle = build_vehicle(contents.length_m, contents.height_m, rng, tractor=False, genset=False)
    passage = draw_passage(
        scanner, contents.length_m, vehicle.bed_m, rng,
        doors_first=role == "rescan", before_m=_AROUND_M, after_m=_AROUND_M,
    )  # fmt: skip
    solids = contents.origin if role == "origin" else contents.rescan
    counts = expose(list(exposures([*solids, *vehicle.solids], scanner, passage)), scanner, rng)
    record = ScanRecord(
        scan_id=f"{_SITES[role]}-{_CONTAINER_ID}-{_DAYS[role]:%Y%m%dT%H%M%SZ}",
        container_ids=(_CONTAINER_ID,),
        role=role,
        site=_SITES[role],
        acquired_at=_DAYS[role],
        sha256="0" * 64,  # nothing here looks it up
        kind="raw",
        energies_mev=tuple(beam.endpoint_mev for beam in scanner.beams),
        column_pitch_mm=1000 * scanner.pitch_m,
        dark_level=scanner.dark_counts,
        geometry=scanner.geometry,
    )
    outline = box_of(solids, scanner, passage)
    if outline is None:
        raise ValueError(f"the container lies outside the {role}")
    return SimulatedScan(counts, record, scanner, passage), outline


def _scanner(index: int, length_m: float, scale: float) -> ScannerModel:
    """An ordinary scanner: rows, columns and energies that the benchmark is about, the rest as simulated ones have."""
    return replace(
        known_scanner("train", index),
        n_rows=round(scale * N_ROWS),
        pitch_m=(length_m + 2 * _AROUND_M) / round(scale * N_COLS),
        geometry=_GEOMETRIES[index],
        beams=_BEAMS[index],
    )
