from dataclasses import replace

from benchmarks.variants import variant_rows


def test_a_variant_that_ranks_the_same_changes_nothing_and_one_that_ranks_backwards_all(ranked):
    day = [
        replace(one, trial=replace(one.trial, truth=replace(one.trial.truth, label=label, mass_kg=30, net_kg=30)))
        for one, label in zip(ranked, ("added", "clean"), strict=False)
    ]
    high, low = (replace(one, ranked=replace(one.ranked, priority=p)) for one, p in zip(day, (0.9, 0.1), strict=True))
    backwards = [replace(one, ranked=replace(one.ranked, priority=1 - one.ranked.priority)) for one in (high, low)]
    whole, same, other = variant_rows({"whole": [high, low], "same": [low, high], "backwards": backwards})
    assert (whole["AUC"], whole["AUC 20 kg"], whole["20 kg at 1 %"], whole["change"]) == (1, 1, 1, None)
    assert (same["change"], same["from"], same["to"]) == (0, 0, 0)
    assert (other["change"], other["from"], other["to"]) == (-1, -1, -1)
