"""What scanners make of scenes: direction, sides, boxes, noise."""

from dataclasses import replace

import numpy as np
import pytest

from scantriage.simulate.detector import expose
from scantriage.simulate.exposure import box_of, exposures, mass_thickness
from scantriage.simulate.passage import draw_passage
from scantriage.simulate.scanner import N_SCANNERS, known_scanner
from scantriage.simulate.solids import block

STEADY = replace(
    known_scanner("train", 3).scaled(0.4), stretch=0.0, jitter=0.0, bounce_m=0.0, n_dead=0, n_hot=0, n_spikes=0
)
BLOCK = block((4.0, 4.5), (-0.2, 0.2), (1.0, 1.4), "water", 1.0)


def passage(scanner, *, doors_first=False, seed=1):
    return draw_passage(scanner, 6.058, 1.2, np.random.default_rng(seed), doors_first=doors_first)


def test_the_front_comes_first_unless_the_doors_do():
    first = box_of([BLOCK], STEADY, passage(STEADY))
    turned = box_of([BLOCK], STEADY, passage(STEADY, doors_first=True))
    n_cols = len(passage(STEADY).x_m)
    # 4.25 m of 6.058 m, with 0.6 m before the front
    assert (first.col0 + first.col1) / 2 == pytest.approx((0.6 + 4.25) / (6.058 + 1.2) * n_cols, abs=2)
    assert abs(first.col0 - (n_cols - turned.col1)) <= 1


@pytest.mark.parametrize(("side", "doors_first", "sign"), [
    ("left", False, -1), ("right", False, 1), ("left", True, 1), ("right", True, -1),
])  # fmt: skip
def test_the_source_s_side_turns_with_the_container(side, doors_first, sign):
    # y is positive to the right of someone who looks towards the front
    assert passage(STEADY, doors_first=doors_first).source_y_sign(side) == sign


def test_opposite_sides_exchange_near_and_far():
    near = block((4.0, 4.5), (0.9, 1.0), (2.0, 2.2), "water", 1.0)
    left = replace(STEADY, geometry=replace(STEADY.geometry, source_side="left", source_height_m=1.0))
    right = replace(STEADY, geometry=replace(STEADY.geometry, source_side="right", source_height_m=1.0))
    boxes = [box_of([near], scanner, passage(scanner)) for scanner in (left, right)]
    # above the source, what is near it appears higher: a smaller row
    assert boxes[1].row0 < boxes[0].row0


def test_the_box_holds_every_pixel_that_changes():
    scanner, way = known_scanner("train", 5).scaled(0.3), passage(known_scanner("train", 5).scaled(0.3))
    wall = block((0, 6), (1.1, 1.2), (0, 2.5), "iron", 1.0)
    without, with_it = (next(exposures(s, scanner, way)) for s in ([wall], [wall, BLOCK]))
    changed = np.argwhere(np.abs(with_it - without) > 0.005)
    box = box_of([BLOCK], scanner, way)
    assert changed.size
    assert changed[:, 0].min() >= box.row0
    assert changed[:, 0].max() < box.row1
    assert changed[:, 1].min() >= box.col0
    assert changed[:, 1].max() < box.col1


def test_the_second_energy_is_half_a_column_later():
    scanner = replace(STEADY, beams=STEADY.beams[:1] * 2)
    way = passage(scanner)
    high, low = exposures([BLOCK], scanner, way)
    # the shadow's centre of mass along travel, in columns
    cols = np.arange(high.shape[1])
    high_at, low_at = ((1 - image).sum(axis=0) @ cols / (1 - image).sum() for image in (high, low))
    assert high_at - low_at == pytest.approx(0.5, abs=0.05)


def test_noise_is_what_was_asked_for():
    scanner = replace(
        STEADY, quanta=10_000.0, noise_lag=0.6, gain_sd=0.0, gain_slope=0.0, dose_sd=0.0, wobble_sd=0.0,
        scatter=0.0, scatter_floor=0.0, row_spread_counts=0.0, electronic_counts=0.0, air_counts=50_000.0,
    )  # fmt: skip
    flat = np.full((200, 500), 0.25, dtype=np.float32)
    counts = expose([flat], scanner, np.random.default_rng(0))[0].astype(float) - scanner.dark_counts
    n_independent = counts.size * (1 - 0.6) / (1 + 0.6)
    assert counts.mean() == pytest.approx(12_500, abs=5 * 250 / np.sqrt(n_independent))
    # 2,500 quanta of 5 counts each: a standard deviation of 250 counts
    assert counts.std() == pytest.approx(250, rel=5 / np.sqrt(2 * n_independent))
    rest = counts - counts.mean()
    assert (rest[:, 1:] * rest[:, :-1]).mean() / rest.var() == pytest.approx(0.6, abs=0.02)


def test_few_quanta_never_give_less_than_nothing():
    scanner = replace(STEADY, electronic_counts=0.0, row_spread_counts=0.0, scatter=0.0, scatter_floor=0.0)
    black = np.full((100, 400), 1e-5, dtype=np.float32)
    counts = expose([black], scanner, np.random.default_rng(0))[0]
    quantum = scanner.air_counts / scanner.quanta
    # the inverse of Anscombe's root reaches 3/8 of a quantum below zero
    assert counts.min() >= scanner.dark_counts - 0.375 * quantum - 1
    assert counts.mean() == pytest.approx(scanner.dark_counts + 1e-5 * scanner.air_counts, abs=0.3 * quantum)


def test_gain_dose_dead_and_hot_rows_show():
    scanner = replace(STEADY, n_dead=2, n_hot=1, gain_sd=0.05, dose_sd=0.02)
    counts = expose([np.ones((200, 300), dtype=np.float32)], scanner, np.random.default_rng(0))[0].astype(float)
    rows = np.median(counts, axis=1)
    assert (rows == 65_535).sum() == 1
    assert (rows <= scanner.dark_counts).sum() == 2
    alive = (rows < 65_535) & (rows > scanner.dark_counts)
    assert rows[alive].std() / rows[alive].mean() > 0.025


def test_no_scanner_is_in_both_splits():
    train = {known_scanner("train", i).geometry for i in range(N_SCANNERS["train"])}
    held_out = {known_scanner("held_out", i).geometry for i in range(N_SCANNERS["held_out"])}
    assert not train & held_out
    with pytest.raises(ValueError, match="400 scanners"):
        known_scanner("train", 400)


def test_thickness_is_zero_outside_the_solid():
    image = mass_thickness([BLOCK], STEADY, passage(STEADY))
    assert image.max() == pytest.approx(40.0, rel=0.05)
    assert (image > 0).mean() < 0.05
