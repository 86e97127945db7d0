from importlib import import_module

import pytest

from benchmarks.ablation import VARIANTS, WHOLE, variant


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
