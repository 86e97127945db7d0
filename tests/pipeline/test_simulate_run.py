"""Simulated deliveries: in FORMAT's form, complete, and the same for the same seed."""

import csv
import hashlib
import json

import numpy as np
import pytest
import tifffile

from scantriage.pipeline.simulate_run import simulate_delivery, write_delivery
from scantriage.simulate.display import export_case
from scantriage.simulate.pair import simulate_pair, simulate_twins


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("delivery")
    told = []
    truths = simulate_delivery(folder, n_pairs=3, seed=5, scale=0.1, on_pair=told.append)
    return folder, truths, told


def test_a_delivery_has_scans_sidecars_manifest_checksums_and_truth(delivery):
    folder, truths, told = delivery
    assert told == [1, 2, 3]
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["container_id"] for row in rows] == [truth.container_id for truth in truths]
    for role in ("origin", "rescan"):
        assert len(list((folder / role).glob("*.json"))) == 3
    lines = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    assert [line["label"] for line in lines] == [truth.label for truth in truths]
    for line in lines:
        assert list((folder / "rescan").glob(f"{line['rescan_scan']}.*"))
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_same_seed_writes_the_same_bytes(delivery, tmp_path):
    folder, _, _ = delivery
    simulate_delivery(tmp_path, n_pairs=3, seed=5, scale=0.1)
    assert (tmp_path / "SHA256SUMS").read_text() == (folder / "SHA256SUMS").read_text()


def test_pages_are_energies_and_sidecars_name_both_boxes(tmp_path):
    case = simulate_twins(4, scale=0.1)
    write_delivery(tmp_path, [case])
    path = tmp_path / "origin" / f"{case.origin.record.scan_id}.tif"
    counts = tifffile.imread(path)
    assert (counts.reshape(case.origin.counts.shape) == case.origin.counts).all()
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["container_ids"] == list(case.origin.record.container_ids)
    assert "source_distance_m" in sidecar.get("geometry", {"source_distance_m": None})


def test_display_exports_are_jpegs_without_calibration(tmp_path):
    case = export_case(simulate_pair(4, scale=0.1), np.random.default_rng(0), scale=0.1)
    write_delivery(tmp_path, [case])
    path = tmp_path / "rescan" / f"{case.rescan.record.scan_id}.jpg"
    assert path.stat().st_size > 500
    assert "dark_level" not in json.loads(path.with_suffix(".json").read_text())
