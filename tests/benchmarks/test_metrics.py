import math

import numpy as np
import pytest

from benchmarks.metrics import auc, bootstrap, core_width, detection_at, iou, locates, threshold_at
from scantriage.scan.geometry import PixelBox


def test_auc_is_one_when_every_changed_container_lies_above_every_clean_one():
    assert auc(np.array([0.1, 0.2]), np.array([0.3, 0.9])) == 1.0
    assert auc(np.array([0.3, 0.9]), np.array([0.1, 0.2])) == 0.0


def test_ties_count_half():
    assert auc(np.array([0.5, 0.5]), np.array([0.5])) == 0.5


def test_auc_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(0)
    clean, changed = rng.integers(0, 9, 40) / 9, rng.integers(3, 12, 30) / 9
    right = sum((b > a) + (b == a) / 2 for a in clean for b in changed)
    assert auc(clean, changed) == pytest.approx(right / 1200)


def test_auc_of_two_normals_is_what_theory_says():
    rng, n = np.random.default_rng(1), 4_000
    measured = auc(rng.normal(0, 1, n), rng.normal(1, 1, n))
    expected = 0.5 * (1 + math.erf(1 / math.sqrt(2) / math.sqrt(2)))  # P(X - Y > 0) with X - Y ~ N(1, 2)
    assert abs(measured - expected) < 5 * math.sqrt(1 / (12 * n) * 2)


def test_auc_of_nothing_is_not_a_number():
    assert math.isnan(auc(np.array([]), np.array([0.5])))


def test_no_more_clean_containers_than_permitted_lie_above_the_threshold():
    clean = np.arange(100) / 100
    for share in (0.0, 0.01, 0.05, 0.10, 0.299):
        above = np.mean(clean > threshold_at(clean, share))
        assert above <= share + 1e-9
        assert above > share - 0.01


def test_with_few_clean_containers_none_may_be_a_false_alarm():
    assert threshold_at(np.array([0.1, 0.7, 0.2]), 0.05) == 0.7


def test_a_changed_container_as_high_as_the_threshold_is_not_detected():
    assert detection_at(np.array([0.1, 0.7]), np.array([0.7, 0.8]), 0.05) == 0.5


@pytest.mark.parametrize(("clean", "share"), [([], 0.05), ([0.5], 1.0), ([0.5], -0.1)])
def test_a_threshold_needs_clean_containers_and_a_share(clean, share):
    with pytest.raises(ValueError, match="needs clean priorities"):
        threshold_at(np.array(clean), share)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng, inside, n_days = np.random.default_rng(2), 0, 60
    expected = 0.5 * (1 + math.erf(0.5))
    for _ in range(n_days):
        clean, changed = rng.normal(0, 1, 60), rng.normal(1, 1, 60)
        low, high = bootstrap(auc, clean, changed, rng=rng, n_draws=200)
        inside += low <= expected <= high
    assert inside > n_days * (0.95 - 5 * math.sqrt(0.95 * 0.05 / n_days))


def test_boxes_that_share_half_of_one_another_have_an_iou_of_a_third():
    assert iou(PixelBox(0, 2, 0, 2), PixelBox(0, 2, 1, 3)) == pytest.approx(1 / 3)
    assert iou(PixelBox(0, 2, 0, 2), PixelBox(5, 7, 0, 2)) == 0


def test_a_finding_locates_what_its_middle_lies_in_and_not_what_it_merely_swallows():
    bag = PixelBox(100, 140, 500, 540)
    assert locates(PixelBox(118, 122, 518, 522), bag)
    assert locates(PixelBox(90, 150, 480, 560), bag)
    assert not locates(PixelBox(0, 400, 0, 900), bag)
    assert not locates(None, bag)
    assert not locates(bag, None)


def test_the_core_of_normal_noise_with_outliers_is_as_wide_as_its_sd():
    rng = np.random.default_rng(3)
    values = rng.normal(0, 2.0, 10_000).astype(np.float32)
    values[:100] = 500  # a hundredth shifts the quantiles by about a hundredth
    assert core_width(values) == pytest.approx(2.0, rel=0.05)
