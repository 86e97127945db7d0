from dataclasses import replace

import numpy as np
import pytest

from benchmarks.strange_scanners import TROUBLES
from scantriage.simulate.contents import Wish
from scantriage.simulate.pair import simulate_pair

TOLD_WRONG = [name for name in TROUBLES if name.endswith("told wrong") or name == "nothing told"]
BENT = [
    name
    for name in TROUBLES
    if name not in (*TOLD_WRONG, "as it is", "12 bit", "gaps between modules", "overexposed", "coarse")
]


@pytest.fixture(scope="module")
def scan():
    return simulate_pair(3, scale=0.15, wish=Wish("clean", size_type="22G1"), cut_off=0.0).origin


def troubled(name, scan):
    return TROUBLES[name](scan, np.random.default_rng(1))


def test_a_day_as_it_is_has_no_trouble(scan):
    assert troubled("as it is", scan) is scan


@pytest.mark.parametrize("name", TOLD_WRONG)
def test_what_is_told_wrong_leaves_the_pixels_and_who_and_when(name, scan):
    wrong = troubled(name, scan)
    assert wrong.counts is scan.counts
    assert wrong.record != scan.record
    assert (wrong.record.scan_id, wrong.record.acquired_at) == (scan.record.scan_id, scan.record.acquired_at)


@pytest.mark.parametrize("name", BENT)
def test_what_a_scanner_does_shows_in_the_pixels_and_keeps_the_light(name, scan):
    bent = troubled(name, scan)
    assert bent.record == scan.record
    assert bent.counts.shape == scan.counts.shape
    assert bent.counts.dtype == scan.counts.dtype
    assert not np.array_equal(bent.counts, scan.counts)
    assert bent.counts.mean() == pytest.approx(scan.counts.mean(), rel=0.1)


def test_fewer_levels_are_the_same_scan_of_an_older_machine(scan):
    coarse = troubled("12 bit", scan)
    assert coarse.counts.max() < 4096
    told = replace(coarse.record, dark_level=None)
    assert told == replace(scan.record, dark_level=None)
    assert coarse.record.dark_level == scan.record.dark_level / 16


def test_larger_pixels_show_the_same_light_over_the_same_way(scan):
    coarse = troubled("coarse", scan)
    assert coarse.counts[0].mean() == pytest.approx(scan.counts[0].mean(), rel=0.02)
    n_cols, pitch_mm = coarse.counts.shape[2], coarse.record.column_pitch_mm
    assert n_cols * pitch_mm == pytest.approx(scan.counts.shape[2] * scan.record.column_pitch_mm, rel=0.01)


def test_an_overexposed_open_beam_is_clipped(scan):
    assert (troubled("overexposed", scan).counts == 65_535).mean() > 0.1


def test_between_sixteen_modules_fifteen_rows_are_not_seen(scan):
    seen = troubled("gaps between modules", scan).counts
    assert seen.shape[1] == scan.counts.shape[1] - 15
    assert np.isin(seen[0, :, 0], scan.counts[0, :, 0]).all()


def test_one_pulse_in_a_hundred_is_dark(scan):
    n_cols = scan.counts.shape[2]
    dark = round(scan.scanner.dark_counts)
    assert (troubled("lost pulses", scan).counts == dark).all(axis=(0, 1)).sum() == n_cols // 100
