"""How well changed pairs are told from unchanged ones, counted by hand."""

import math

import numpy as np
import torch
from made_maps import item

from scantriage.compare.learned_inputs import N_INPUTS
from scantriage.learn.network import Network
from scantriage.learn.scores import area, judged, scores_of


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    changed, clean = np.array([3.0, 1.0]), np.array([0.0, 2.0, 1.0])
    # 3 is above all three; 1 above one, level with one, below one
    assert area(changed, clean) == (3 + 1 + 0.5) / 6
    assert area(-changed, -clean) == 1 - area(changed, clean)


def test_there_is_no_area_without_both_kinds():
    assert math.isnan(area(np.array([]), np.array([1.0])))
    assert math.isnan(area(np.array([1.0]), np.array([])))


def items():
    rng = np.random.default_rng(0)
    kinds = [("clean", 0.0, 1.0), ("clean", 0.0, 5.0), ("added", 30.0, 9.0), ("removed", -25.0, 3.0),
             ("added", 8.0, 0.5), ("swapped", 0.0, 7.0)]  # fmt: skip
    return [
        item(rng.normal(0, 1, (N_INPUTS, 12, 20 + 4 * (k % 2))), label=label, net_kg=(net_kg,), peak=peak)
        for k, (label, net_kg, peak) in enumerate(kinds)
    ]


def test_the_significance_is_scored_beside_what_was_learned():
    torch.manual_seed(0)
    scores = scores_of(Network(), items())
    # clean: 1, 5; changed: 9, 3, 0.5, 7 are above 2, 1, 0 and 2 of them
    assert scores.peak == 5 / 8
    assert scores.peak_20 == 3 / 4  # 9 and 3: 8 kg are too light, and another load has no mass
    assert all(0 <= value <= 1 for value in scores.as_row().values())


def test_answers_come_in_the_order_of_the_items():
    torch.manual_seed(0)
    network, made = Network(), items()
    np.testing.assert_allclose(
        np.stack(judged(network, made))[:, ::-1], np.stack(judged(network, made[::-1])), atol=1e-5
    )


def test_without_a_heavy_load_there_is_nothing_to_detect():
    row = scores_of(Network(), items()[:2] + items()[4:]).as_row()
    assert math.isnan(row["detected_1"])
    assert math.isnan(row["whole_20"])
