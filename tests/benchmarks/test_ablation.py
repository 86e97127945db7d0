from dataclasses import replace
from importlib import import_module

import pytest

from benchmarks.ablation import VARIANTS, WHOLE, ablation_rows, variant


def standing(target):
    module, name = target.rsplit(".", 1)
    return getattr(import_module(module), name)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != WHOLE])
def test_a_variant_takes_its_part_away_and_gives_it_back(name):
    before = {target: standing(target) for target in VARIANTS[name]}
    with variant(name):
        for target, value in VARIANTS[name].items():
            assert standing(target) is value
            assert value != before[target]
    assert {target: standing(target) for target in VARIANTS[name]} == before


def test_a_variant_that_ranks_the_same_changes_nothing_and_one_that_ranks_backwards_all(ranked):
    day = [
        replace(one, trial=replace(one.trial, truth=replace(one.trial.truth, label=label, mass_kg=30, net_kg=30)))
        for one, label in zip(ranked, ("added", "clean"), strict=False)
    ]
    high, low = (replace(one, ranked=replace(one.ranked, priority=p)) for one, p in zip(day, (0.9, 0.1), strict=True))
    backwards = [replace(one, ranked=replace(one.ranked, priority=1 - one.ranked.priority)) for one in (high, low)]
    whole, same, other = ablation_rows({WHOLE: [high, low], "same": [low, high], "backwards": backwards})
    assert (whole["AUC"], whole["AUC 20 kg"], whole["20 kg at 1 %"], whole["change"]) == (1, 1, 1, None)
    assert (same["change"], same["from"], same["to"]) == (0, 0, 0)
    assert (other["change"], other["from"], other["to"]) == (-1, -1, -1)
