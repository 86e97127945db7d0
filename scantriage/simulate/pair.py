"""Pairs of scans with truth: the whole simulator in one call."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.record import Role, ScanRecord
from scantriage.simulate.case import FurtherLoad, SimulatedCase, SimulatedScan, Truth
from scantriage.simulate.contents import Contents, Wish, draw_contents
from scantriage.simulate.detector import expose
from scantriage.simulate.exposure import box_of, exposures
from scantriage.simulate.paperwork import draw_container_id, draw_manifest, draw_trip
from scantriage.simulate.passage import Passage, draw_passage
from scantriage.simulate.scanner import N_SCANNERS, ScannerModel, Split, known_scanner
from scantriage.simulate.solids import Solid
from scantriage.simulate.vehicle import Vehicle, build_vehicle

_TWIN_GAP_M = 0.076  # two 20 ft boxes on the places of one 40 ft box


@dataclass(frozen=True, slots=True)
class _Stand:
    """Where and which way round a container stands on the vehicle."""

    at_m: float
    turned: bool
    length_m: float

    def place(self, solids: Sequence[Solid]) -> list[Solid]:
        turned = [solid.turned(self.length_m) for solid in solids] if self.turned else solids
        return [solid.moved(dx=self.at_m) for solid in turned]


def simulate_pair(
    seed: int, *, scale: float = 0.4, split: Split = "train", wish: Wish | None = None, cut_off: float = 0.04
) -> SimulatedCase:
    """An origin scan and a rescan of one container, by two scanners of the split.

    scale: of the scanners' full resolution (800 to 1,500 rows), in (0, 1]. cut_off: share of scans that miss an
    end of the container. The same arguments give the same pair, bit for bit.
    """
    return _simulate(seed, [wish or Wish()], scale=scale, split=split, cut_off=cut_off)


def simulate_twins(
    seed: int, *, scale: float = 0.4, split: Split = "train", wishes: tuple[Wish, Wish] | None = None
) -> SimulatedCase:
    """Two 20 ft boxes on one vehicle, in one scan at each end, perhaps in the other order on arrival."""
    small = [replace(wish, size_type="22G1") for wish in wishes or (Wish(), Wish())]
    return _simulate(seed, small, scale=scale, split=split, cut_off=0.0)


def _simulate(seed: int, wishes: Sequence[Wish], *, scale: float, split: Split, cut_off: float) -> SimulatedCase:
    paper_seed, origin_seed, rescan_seed, *content_seeds = np.random.SeedSequence(seed).spawn(3 + len(wishes))
    paper = np.random.default_rng(paper_seed)
    contents = [draw_contents(s, wish) for s, wish in zip(content_seeds, wishes, strict=True)]
    ids = [draw_container_id(paper) for _ in contents]
    trip = draw_trip(paper)
    manifest = tuple(draw_manifest(i, c.size_type, c.load, trip, paper) for i, c in zip(ids, contents, strict=True))
    swapped_order = paper.random() < 0.5  # two boxes may arrive in the other order
    origin = _End("origin", trip.source, trip.left, np.random.default_rng(origin_seed), scale, split, cut_off)
    rescan = _End("rescan", trip.port, trip.arrived, np.random.default_rng(rescan_seed), scale, split, cut_off)
    first, first_stands = origin.scan(contents, ids, turned_about=False)
    second, second_stands = rescan.scan(contents, ids, turned_about=swapped_order)
    truths = tuple(
        _truth(number, content, (first, stand), (second, other))
        for number, content, stand, other in zip(ids, contents, first_stands, second_stands, strict=True)
    )
    return SimulatedCase(first, second, manifest, truths, split)


@dataclass(frozen=True, slots=True)
class _End:
    """One end of the trip, where a scan is made."""

    role: Role
    site: str
    at: datetime
    rng: np.random.Generator
    scale: float
    split: Split
    cut_off: float

    def scan(
        self, contents: Sequence[Contents], ids: Sequence[str], *, turned_about: bool
    ) -> tuple[SimulatedScan, list[_Stand]]:
        """The scan of a vehicle with these containers, and where they stand on it."""
        rng = self.rng
        scanner = known_scanner(self.split, int(rng.integers(N_SCANNERS[self.split]))).scaled(self.scale)
        stands = _stands(contents, rng, turned_about=turned_about)
        solids = [s for c, stand in zip(contents, stands, strict=True) for s in stand.place(getattr(c, self.role))]
        length = max(stand.at_m + stand.length_m for stand in stands)
        reefer = contents[0].size_type[2] == "R"
        vehicle = build_vehicle(
            length, contents[0].height_m, rng, tractor=rng.random() < 0.5, genset=reefer and rng.random() < 0.2
        )
        passage = self._passage(scanner, length, vehicle)
        counts = expose(list(exposures([*solids, *vehicle.solids], scanner, passage)), scanner, rng)
        in_order = [number for _, number in sorted(zip((s.at_m for s in stands), ids, strict=True))]
        return SimulatedScan(counts, self._record(scanner, counts, in_order), scanner, passage), stands

    def _passage(self, scanner: ScannerModel, length_m: float, vehicle: Vehicle) -> Passage:
        rng = self.rng
        cut = [0.0, 0.0]
        if rng.random() < self.cut_off:
            cut[int(rng.integers(2))] = rng.uniform(0.8, 2.0)
        before = rng.uniform(0.5, 4.5) if rng.random() < 0.4 else rng.uniform(0.4, 1.0)
        return draw_passage(
            scanner, length_m, vehicle.bed_m, rng, doors_first=rng.random() < 0.35,
            cut_m=(cut[0], cut[1]), before_m=before, after_m=rng.uniform(0.4, 1.2),
        )  # fmt: skip

    def _record(self, scanner: ScannerModel, counts: NDArray[np.uint16], ids: Sequence[str]) -> ScanRecord:
        """What the scanner's sidecar tells; some tell little."""
        tells = scanner.tells
        geometry = scanner.geometry
        return ScanRecord(
            scan_id=f"{self.site}-{ids[0]}-{self.at:%Y%m%dT%H%M%SZ}",
            container_ids=tuple(ids),
            role=self.role,
            site=self.site,
            acquired_at=self.at,
            sha256=hashlib.sha256(counts.tobytes()).hexdigest(),
            kind="raw",
            scanner_id=f"{self.site[2:]}-{scanner.name}",
            energies_mev=None if tells == "little" else tuple(round(2 * b.endpoint_mev) / 2 for b in scanner.beams),
            column_pitch_mm=None if tells == "little" else round(1000 * scanner.pitch_m, 3),
            dark_level=None if tells in ("no_dark", "little") else float(round(scanner.dark_counts)),
            geometry=None if tells in ("no_geometry", "little") else geometry,
        )


def _stands(contents: Sequence[Contents], rng: np.random.Generator, *, turned_about: bool) -> list[_Stand]:
    """Where the containers stand: one alone, or two in a row, each with its doors to either side."""
    if len(contents) == 1:
        return [_Stand(0.0, False, contents[0].length_m)]
    step = contents[0].length_m + _TWIN_GAP_M
    places = [step, 0.0] if turned_about else [0.0, step]
    return [_Stand(at, bool(rng.random() < 0.4), c.length_m) for at, c in zip(places, contents, strict=True)]


def _truth(
    container_id: str, contents: Contents, origin: tuple[SimulatedScan, _Stand], rescan: tuple[SimulatedScan, _Stand]
) -> Truth:
    truth = Truth(container_id, contents.label, contents.load.commodity, contents.size_type)
    before, after = contents.hidden
    hidden = after or before
    if hidden is None:
        return truth
    boxes = [
        box_of(stand.place(there.packets), scan.scanner, scan.passage)
        for (scan, stand), there in ((origin, before or hidden), (rescan, hidden))
    ]
    further = [
        FurtherLoad(came, one.net_kg, one.box)
        for came, ones in zip((False, True), contents.further, strict=True)
        for one in ones
    ]
    return replace(
        truth, place=hidden.place, zone=hidden.zone, mass_kg=hidden.mass_kg, net_kg=hidden.net_kg,
        container_box=hidden.box, moved_from=before.box if before and after else None,
        origin_box=boxes[0], rescan_box=boxes[1], further=tuple(further),
    )  # fmt: skip
