"""Real re-scans: how well unchanged containers register, what is wrongly found in them, and whether a load is.

python -m benchmarks.real_rescans FOLDER    (rescans.json, and the scans it names in portal_scans/)

The scans are 8-bit display exports without geometry; a load of 25 kg is projected into the rescan of each pair.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from benchmarks.features import Residual, residual
from benchmarks.kept import Row, Table, keep, stamp
from benchmarks.metrics import locates
from scantriage.errors import ScantriageError
from scantriage.io.scan_files import read_scan
from scantriage.pipeline.pair_run import read_pair
from scantriage.pipeline.prepare import ScanSource, StageClock, prepare
from scantriage.rank.action import OPENING_WORTH
from scantriage.rank.priority import Case, rank
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import PixelBox
from scantriage.scan.record import Role, ScanRecord
from scantriage.scan.views import PairViews
from scantriage.simulate.beam import Beam
from scantriage.simulate.inject import bag_thickness, inject_into_display, placed

LOAD_KG = 25.0
_LENGTH_M, _HEIGHT_M = 12.192, 2.75  # of the containers in these scans, for the size of a pixel
_FLOOR_M = 0.2  # inside a container the floor lies this high
ALONG = (0.15, 0.35, 0.55, 0.75)  # of the outline: where loads are put, one at a time
_JPEG_QUALITY = 90
_ENERGY_MV = 6.0
_FIRST = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RealPair:
    """Two scans of one container. name: of the set, and the numbers of its files."""

    name: str
    origin: ScanSource
    rescan: ScanSource


def pairs(folder: Path) -> Iterator[RealPair]:
    """Every two scans of every set, in the order in which the set names them."""
    sets = json.loads((folder / "rescans.json").read_text(encoding="utf-8"))
    for entry in sets:
        files = [folder / "portal_scans" / name for name in entry["files"]]
        for first, second in combinations(range(len(files)), 2):
            name = f"{entry['set']} {first + 1}-{second + 1}"
            yield RealPair(name, _source(files[first], "origin"), _source(files[second], "rescan"))


def residual_of(pair: RealPair, views: PairViews | None) -> Residual | None:
    """What registration leaves between matched features; None where there is nothing to measure on."""
    if views is None:
        return None
    frame = prepare(pair.origin, None, StageClock()).frame
    return residual(
        views,
        cols_per_m=(frame.cols[1] - frame.cols[0]) / views.grid.length_m,
        rows_per_m=float(np.mean(np.subtract(frame.floor_rows, frame.roof_rows))) / _HEIGHT_M,
    )


def with_load(source: ScanSource, folder: Path, *, along: float, seed: int) -> tuple[ScanSource, PixelBox]:
    """The same scan with a load on the container's floor, as a file of its own, and the load's box.

    along: where its left edge lies, as a share of the container's outline.
    """
    frame = prepare(source, None, StageClock()).frame
    grey = read_scan(source.path).pixels[0].astype(np.uint8)
    row_m = _HEIGHT_M / float(np.mean(np.subtract(frame.floor_rows, frame.roof_rows)))
    col_m = _LENGTH_M / (frame.cols[1] - frame.cols[0])
    bag = bag_thickness(LOAD_KG, row_pitch_m=row_m, col_pitch_m=col_m, rng=np.random.default_rng(seed))
    col = round(frame.cols[0] + along * (frame.cols[1] - frame.cols[0]))
    row = round(float(np.mean(frame.floor_rows)) - _FLOOR_M / row_m) - bag.shape[0]
    thickness = placed(bag, grey.shape, row=row, col=col)
    grey = inject_into_display(grey, thickness, beam=Beam(_ENERGY_MV))
    path = folder / f"{source.path.stem}-{along:g}.jpg"
    cv2.imwrite(str(path), grey, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return replace(source, path=path), PixelBox(row, row + bag.shape[0], col, col + bag.shape[1])


def priority_of(reading: Reading, pair: RealPair) -> float:
    """The priority that the ranking gives a reading of this pair."""
    case = Case(pair.origin.container_id, reading, pair.origin.record, pair.rescan.record)
    return rank([case], now=_FIRST + timedelta(days=60))[0].priority


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description="Registration, false findings and found loads on real re-scans.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    cv2.setNumThreads(1)
    measured = {**stamp(), "load_kg": LOAD_KG, "acting_priority": OPENING_WORTH}
    found = list(pairs(folder))
    unchanged = [(pair, *read_pair(pair.origin, pair.rescan, None)) for pair in found]
    tables = [
        Table("Registration", [_residual_row(pair, views) for pair, _, views in unchanged],
              "Features matched between origin scan and registered rescan, in pixels of the origin scan's file."),
        Table("Nothing added", [_unchanged_row(pair, reading) for pair, reading, _ in unchanged]),
        Table("Findings in it", [row for pair, reading, _ in unchanged for row in _finding_rows(pair, reading)],
              "alone: the priority if this were the only finding. Acting: at or above the acting priority."),
        Table(f"With {LOAD_KG:.0f} kg in the rescan", [row for pair in found for row in _load_rows(pair)],
              "place: of the finding that overlaps the load among the findings, from 1, strongest first."),
    ]  # fmt: skip
    print(f"kept as {keep('real_rescans', measured=measured, tables=tables).name} and .json")


def _residual_row(pair: RealPair, views: PairViews | None) -> Row:
    left = residual_of(pair, views)
    return {"pair": pair.name, **(asdict(left) if left else dict.fromkeys(f.name for f in fields(Residual)))}


def _unchanged_row(pair: RealPair, reading: Reading) -> Row:
    priority = priority_of(reading, pair)
    return {
        "pair": pair.name, "outcome": reading.outcome, "agreement": reading.agreement, "blind": reading.blind_fraction,
        "findings": len(reading.findings), "priority": priority, "acting": priority >= OPENING_WORTH,
        "flags": " ".join(reading.flags), "reason": reading.reason,
    }  # fmt: skip


def _finding_rows(pair: RealPair, reading: Reading) -> list[Row]:
    rows: list[Row] = []
    for finding in reading.findings:
        alone = priority_of(replace(reading, findings=(finding,)), pair)
        rows.append(
            {"pair": pair.name, "kind": finding.kind, "zone": finding.zone, "sigma": finding.significance,
             "box m": _box(finding), "alone": alone, "acting": alone >= OPENING_WORTH}
        )  # fmt: skip
    return rows


def _load_rows(pair: RealPair) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed, along in enumerate(ALONG):
            try:
                rescan, box = with_load(pair.rescan, Path(folder), along=along, seed=seed)
            except (ScantriageError, ValueError) as error:
                rows.append(_load_row(pair, along, None, None, str(error)))
                continue
            reading, _ = read_pair(pair.origin, rescan, None, show=False)
            place = next((i for i, f in enumerate(reading.findings, 1) if locates(f.rescan_box, box)), None)
            rows.append(_load_row(pair, along, reading, place, reading.reason))
    return rows


def _load_row(pair: RealPair, along: float, reading: Reading | None, place: int | None, why: str | None) -> Row:
    finding = reading.findings[place - 1] if reading and place else None
    return {
        "pair": pair.name, "along": along, "found": finding is not None, "place": place,
        "of": len(reading.findings) if reading else None, "kind": finding.kind if finding else None,
        "sigma": finding.significance if finding else None,
        "priority": priority_of(reading, pair) if reading else None, "reason": why,
    }  # fmt: skip


def _source(path: Path, role: Role) -> ScanSource:
    """The scan as if it had come with the least of sidecars."""
    container_id = "HLBU1527916"
    record = ScanRecord(
        scan_id=path.stem, container_ids=(container_id,), role=role, site="BRSSZ" if role == "origin" else "NLRTM",
        acquired_at=_FIRST + timedelta(days=0 if role == "origin" else 20), sha256="0" * 64, kind="display",
    )  # fmt: skip
    return ScanSource(path, record, container_id)


def _box(finding: Finding) -> str:
    return " ".join(f"{value:.2f}" for value in finding.container_box.as_list())


if __name__ == "__main__":
    main()
