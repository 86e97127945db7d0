"""What a demonstration shows: simulated containers, dated as if the last of them had arrived an hour ago."""

from __future__ import annotations

import csv
import json
import re
import shutil
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from scantriage.pipeline.progress import Progress
from scantriage.pipeline.simulate_run import write_delivery
from scantriage.simulate.contents import Wish
from scantriage.simulate.pair import simulate_pair

# shown where the checkout is at hand; a wheel does not bring it along
_SAMPLES = Path(__file__).parents[2] / "sample_scans"
_SCALE = 0.3  # of full resolution: half a second a pair
_MOMENT = re.compile(r"\d{8}T\d{6}Z")  # in a scan id
_AGO = timedelta(hours=1)
VESSELS = ("Demo Aurora", "Demo Borealis", "Demo Capella", "Demo Deneb", "Demo Electra")

# mostly clean, as a day is; the rest shows each kind of change
_ARRIVED = (
    Wish("added", "doors", 90.0), Wish("added", "reefer", 45.0, "45R1"),
    Wish("added", "in_cargo", 120.0, "45R1", "bananas"),
    Wish("removed", "doors", 70.0), Wish("moved", "doors", 60.0), Wish("swapped"), Wish("added", "roof", 40.0),
    *[Wish("clean")] * 7,
)  # fmt: skip
# still at the source: one scan each, and one is declared empty
_LEAVING = (Wish("removed", "doors", 300.0, "45G1", "empty"), Wish("clean"), Wish("clean"))


def demo_delivery(folder: Path, *, seed: int, now: datetime, progress: Progress) -> list[Path]:
    """Write the deliveries below ``folder``, which exists and is empty, and give their paths."""
    wishes = _ARRIVED + _LEAVING
    seeds = np.random.SeedSequence(seed).generate_state(len(wishes), np.uint64).tolist()
    cases = (simulate_pair(one, scale=_SCALE, wish=wish, cut_off=0.0) for one, wish in zip(seeds, wishes, strict=True))
    arrived, leaving = folder / "arrived", folder / "leaving"
    write_delivery(arrived, islice(cases, len(_ARRIVED)), on_case=lambda n: progress("Simulating", n, len(wishes)))
    write_delivery(leaving, cases, on_case=lambda n: progress("Simulating", len(_ARRIVED) + n, len(wishes)))
    shutil.rmtree(leaving / "rescan")
    sources = [arrived, leaving, *([_SAMPLES] if _SAMPLES.is_dir() else [])]
    return [_dated(source, folder / f"delivery-{n}", now=now) for n, source in enumerate(sources, 1)]


def _dated(source: Path, target: Path, *, now: datetime) -> Path:
    """The delivery, moved in time by whole days so that its latest scan lies within the last day."""
    sidecars = {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted(source.glob("*/*.json"))}
    latest = max(datetime.fromisoformat(told["acquired_at"]) for told in sidecars.values())
    by = timedelta(days=(now - _AGO - latest) // timedelta(days=1))
    for path, told in sidecars.items():
        _write_scan(path, told, target / path.parent.name, by)
    _write_manifest(source / "manifest.csv", target / "manifest.csv", by)
    return target


def _write_scan(sidecar: Path, told: dict[str, Any], folder: Path, by: timedelta) -> None:
    acquired_at = datetime.fromisoformat(told["acquired_at"]) + by
    scan_id = _MOMENT.sub(f"{acquired_at:%Y%m%dT%H%M%SZ}", told["scan_id"])
    # a simulated scan has a scanner of its own; a site has two, as in the past that is made up
    scanner_id = f"{told['site'][2:]}-{acquired_at.second % 2 + 1}"
    moment = f"{acquired_at:%Y-%m-%dT%H:%M:%SZ}"
    changed = told | {"scan_id": scan_id, "acquired_at": moment, "scanner_id": scanner_id}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{scan_id}.json").write_text(json.dumps(changed, indent=1) + "\n", encoding="utf-8")
    image = next(path for path in sidecar.parent.glob(f"{sidecar.stem}.*") if path != sidecar)
    shutil.copyfile(image, folder / f"{scan_id}{image.suffix}")


def _write_manifest(source: Path, target: Path, by: timedelta) -> None:
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for n, row in enumerate(rows):
        row["vessel"], row["voyage"] = VESSELS[n % len(VESSELS)], f"{n % 7 + 1:03d}E"
        row["eta"] = (datetime.fromisoformat(row["eta"]) + by).isoformat() if row["eta"] else ""
    with target.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
