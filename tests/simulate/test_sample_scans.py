"""The sample delivery is whole, small, and shows every label."""

import hashlib
import json
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "sample_scans"


def truths():
    return [json.loads(line) for line in (SAMPLES / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


def test_every_file_is_what_it_was_when_it_was_made():
    names = set()
    for line in (SAMPLES / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((SAMPLES / name).read_bytes()).hexdigest() == digest, name
        names.add(name)
    assert {
        p.relative_to(SAMPLES).as_posix() for role in ("origin", "rescan") for p in SAMPLES.glob(f"{role}/*")
    } < names


def test_the_samples_stay_small():
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 25e6


def test_every_label_is_there_and_every_truth_has_its_scans():
    assert {truth["label"] for truth in truths()} == {"clean", "added", "removed", "moved", "swapped"}
    for truth in truths():
        assert len(list((SAMPLES / "origin").glob(f"{truth['origin_scan']}.*"))) == 2
        assert len(list((SAMPLES / "rescan").glob(f"{truth['rescan_scan']}.*"))) == 2


def test_both_sides_both_directions_twins_and_a_display_pair_are_there():
    assert {truth["opposite_sides"] for truth in truths()} == {True, False}
    assert {first for truth in truths() for first in truth["doors_first"]} == {True, False}
    assert len(truths()) == len({truth["origin_scan"] for truth in truths()}) + 1
    assert len(list(SAMPLES.glob("*/*.jpg"))) == 2
