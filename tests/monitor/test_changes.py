"""Rates that changed: found where they did, and rarely where they did not."""

import numpy as np
import pytest

from scantriage.monitor.changes import LONGEST_REFERENCE, changes, log_e_detector

N_DAYS, CHANGED = 90, 60


def days(rate, *, n=300, seed=1, since=None, n_days=N_DAYS):
    """Daily counts at this rate, and at ``since`` from day `CHANGED` on."""
    rates = np.full(n_days, rate)
    if since is not None:
        rates[CHANGED:] = since
    return np.full(n_days, n), np.random.default_rng(seed).binomial(n, rates)


@pytest.mark.parametrize(("rate", "since", "within"), [(0.01, 0.04, 7), (0.01, 0.02, 30), (0.02, 0.005, 21)])
def test_a_change_is_seen_soon_and_its_first_day_is_found(rate, since, within):
    delays, misses = [], []
    for seed in range(8):
        found = changes(*days(rate, since=since, seed=seed), mean_days=200)
        assert len(found) == 1
        delays.append(found[0].seen - CHANGED)
        misses.append(abs(found[0].first - CHANGED))
        assert (found[0].since > found[0].before) == (since > rate)
    assert 0 <= np.median(delays) <= within
    assert np.median(misses) <= 4


def test_rates_before_and_since_are_those_of_the_days():
    trials, events = days(0.01, since=0.08)
    (found,) = changes(trials, events, mean_days=200)
    start = max(0, found.first - LONGEST_REFERENCE)
    assert found.before == pytest.approx(events[start : found.first].sum() / trials[start : found.first].sum())
    assert found.since == pytest.approx(events[found.first :].sum() / trials[found.first :].sum())


@pytest.mark.parametrize(("rate", "n"), [(0.003, 100), (0.05, 20), (0.2, 10)])
def test_without_a_change_the_mean_on_a_day_is_at_most_its_number(rate, n):
    """Whatever the rate is: nothing in the detector knows it."""
    values = [np.exp(log_e_detector(*days(rate, n=n, seed=seed))[0][-1]) for seed in range(300)]
    assert np.mean(values) < N_DAYS + 4 * np.std(values) / np.sqrt(len(values))


def test_false_alarms_are_rarer_than_stated():
    """200 series of 106 watched days, an alarm in 200 days or more: 106 of them would be allowed."""
    n_alarms = sum(bool(changes(*days(0.02, seed=seed, n_days=120), mean_days=200)) for seed in range(200))
    assert n_alarms < 50


def test_events_in_lots_count_as_so_many_lots():
    """Lots of five: taken for single events, half of these series would give an alarm."""
    trials, n_alarms = np.full(120, 300), 0
    for seed in range(100):
        events = 5 * np.random.default_rng(seed).binomial(60, 0.01, 120)
        n_alarms += bool(changes(trials, events, mean_days=200))
    assert n_alarms < 30
    risen = 5 * np.random.default_rng(1).binomial(60, np.repeat([0.01, 0.06], [60, 60]))
    assert len(changes(trials, risen, mean_days=200)) == 1


def test_more_series_together_take_more_to_alarm():
    counts = days(0.01, since=0.03)
    alone, together = (changes(*counts, mean_days=200, n_series=n)[0].seen for n in (1, 1000))
    assert alone < together


def test_two_changes_are_found_one_after_the_other():
    rng, n = np.random.default_rng(3), np.full(150, 300)
    rates = np.repeat([0.01, 0.06, 0.01], 50)
    up, down = changes(n, rng.binomial(n, rates), mean_days=200)
    assert (up.since > up.before, down.since > down.before) == (True, False)
    assert abs(up.first - 50) <= 2
    assert abs(down.first - 100) <= 3
    assert up.since == pytest.approx(0.06, abs=0.01)


@pytest.mark.parametrize(
    ("trials", "events"),
    [([], []), ([5], [5]), ([0] * 90, [0] * 90), ([10] * 90, [0] * 90), ([10] * 90, [10] * 90), ([3] * 14, [1] * 14)],
)
def test_what_cannot_change_does_not(trials, events):
    assert changes(np.array(trials, dtype=np.int64), np.array(events, dtype=np.int64), mean_days=200) == []


def test_days_without_trials_count_for_nothing():
    trials, events = days(0.01, since=0.05)
    trials[70:80], events[70:80] = 0, 0
    assert len(changes(trials, events, mean_days=200)) == 1


def test_inputs_are_left_alone():
    trials, events = days(0.01, since=0.05)
    kept = trials.copy(), events.copy()
    changes(trials, events, mean_days=200)
    np.testing.assert_array_equal(trials, kept[0])
    np.testing.assert_array_equal(events, kept[1])


def test_more_events_than_trials_are_refused():
    with pytest.raises(ValueError, match="events <= trials"):
        changes(np.array([1]), np.array([2]), mean_days=200)
