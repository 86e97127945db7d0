"""Simulated cases to deliveries in the form of FORMAT, with their truth beside them."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from pathlib import Path

import cv2
import numpy as np
import tifffile

from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.simulate.case import SimulatedCase, SimulatedScan, Truth
from scantriage.simulate.display import export_case
from scantriage.simulate.pair import simulate_pair, simulate_twins
from scantriage.simulate.scanner import Split

_TWIN_SHARE, _DISPLAY_SHARE = 0.04, 0.04  # two 20 ft boxes in one scan; display exports
_JPEG_QUALITY = 75
_SIZE_NAMES = {("2", "2"): "20", ("4", "2"): "40", ("4", "5"): "40HC", ("L", "5"): "45HC"}


def simulate_delivery(
    folder: Path, *, n_pairs: int, seed: int, scale: float = 0.4, split: Split = "train",
    on_pair: Callable[[int], object] | None = None,
) -> list[Truth]:  # fmt: skip
    """Write a delivery of ``n_pairs`` simulated pairs and return the truth about every container.

    The folder gets origin/, rescan/, manifest.csv, SHA256SUMS and truth.jsonl; it is made where it does not exist.
    scale: of full resolution. on_pair: told how many pairs are written, after each.
    """
    cases = _cases(n_pairs, seed, scale, split)
    return write_delivery(folder, cases, on_case=on_pair)


def write_delivery(
    folder: Path, cases: Iterable[SimulatedCase], *, on_case: Callable[[int], object] | None = None
) -> list[Truth]:
    """Write these cases as a delivery, one at a time; see `simulate_delivery`."""
    truths: list[Truth] = []
    entries: list[ManifestEntry] = []
    lines: list[str] = []
    for number, case in enumerate(cases, start=1):
        for scan in (case.origin, case.rescan):
            write_scan(folder / scan.record.role, scan)
        truths += case.truths
        entries += case.manifest
        lines += [json.dumps(truth_line(case, truth)) for truth in case.truths]
        if on_case:
            on_case(number)
    (folder / "truth.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    _write_manifest(folder / "manifest.csv", entries)
    write_checksums(folder)
    return truths


def _cases(n_pairs: int, seed: int, scale: float, split: Split) -> Iterable[SimulatedCase]:
    seeds = np.random.SeedSequence(seed).generate_state(n_pairs, np.uint64)
    for pair_seed in seeds.tolist():
        rng = np.random.default_rng([pair_seed, 1])
        simulate = simulate_twins if rng.random() < _TWIN_SHARE else simulate_pair
        case = simulate(pair_seed, scale=scale, split=split)
        yield export_case(case, rng, scale=scale) if rng.random() < _DISPLAY_SHARE else case


def write_scan(folder: Path, scan: SimulatedScan) -> Path:
    """Write a scan and its sidecar; returns the image's path.

    Raw counts become a zlib TIFF with one page per energy, a display export a JPEG.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{scan.record.scan_id}{'.tif' if scan.record.kind == 'raw' else '.jpg'}"
    if scan.record.kind == "raw":
        tifffile.imwrite(path, scan.counts, compression="zlib", predictor=True, photometric="minisblack")
    else:
        _, jpeg = cv2.imencode(".jpg", scan.counts[0].astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        path.write_bytes(jpeg.tobytes())
    write_sidecar(path.with_suffix(".json"), scan.record)
    return path


def write_sidecar(path: Path, record: ScanRecord) -> None:
    """Write what the record tells; what is None stays out, as at real terminals."""
    ids = record.container_ids
    told = {
        "scan_id": record.scan_id,
        **({"container_id": ids[0]} if len(ids) == 1 else {"container_ids": list(ids)}),
        "role": record.role,
        "site": record.site,
        "scanner_id": record.scanner_id,
        "acquired_at": f"{record.acquired_at:%Y-%m-%dT%H:%M:%SZ}",
        "energies_mev": record.energies_mev,
        "column_pitch_mm": record.column_pitch_mm,
        "dark_level": record.dark_level,
        "geometry": asdict(record.geometry) if record.geometry else None,
    }
    text = json.dumps({key: value for key, value in told.items() if value is not None}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def truth_line(case: SimulatedCase, truth: Truth) -> dict[str, object]:
    """One container's truth as a line of truth.jsonl."""
    entry = next(entry for entry in case.manifest if entry.container_id == truth.container_id)
    code = entry.size_type or ""
    length = 13.716 if code[0] == "L" else 12.192 if code[0] == "4" else 6.058
    box = truth.container_box
    return {
        "container_id": truth.container_id,
        "origin_scan": case.origin.record.scan_id,
        "rescan_scan": case.rescan.record.scan_id,
        "kind": truth.commodity,
        "size": _SIZE_NAMES[code[0], code[1]],
        "label": truth.label,
        "where": truth.place or "",
        "kg": round(truth.mass_kg, 2),
        "box_rescan_px": truth.rescan_box.as_list() if truth.rescan_box else None,
        "x_fraction_from_front": [float(box.x0 / length), float(box.x1 / length)] if box else None,
        "origin_scanner": case.origin.record.scanner_id,
        "rescan_scanner": case.rescan.record.scanner_id,
        "doors_first": [case.origin.passage.doors_first, case.rescan.passage.doors_first],
        "opposite_sides": case.opposite_sides,
        "zone": truth.zone,
        "net_kg": round(truth.net_kg, 2),
        "container_box_m": box.as_list() if box else None,
        "moved_from_m": truth.moved_from.as_list() if truth.moved_from else None,
        "box_origin_px": truth.origin_box.as_list() if truth.origin_box else None,
        "split": case.split,
    }


def _write_manifest(path: Path, entries: Iterable[ManifestEntry]) -> None:
    names = [field.name for field in fields(ManifestEntry)]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(names)
        for entry in entries:
            values = (getattr(entry, name) for name in names)
            table.writerow(["" if v is None else v.isoformat() if hasattr(v, "isoformat") else v for v in values])


def write_checksums(folder: Path) -> None:
    """Write SHA256SUMS for the delivery's scans, sidecars, manifest and truth, in coreutils form."""
    paths = sorted(path for pattern in ("origin/*", "rescan/*", "*.csv", "*.jsonl") for path in folder.glob(pattern))
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}" for path in paths
    ]
    (folder / "SHA256SUMS").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
