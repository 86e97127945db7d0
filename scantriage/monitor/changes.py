"""When a daily rate changed, with a stated rate of false alarms, from a rate that nobody knows.

A sum of e-processes, one for every day on which the rate may have changed: the Shiryaev-Roberts e-detector of Shin,
Ramdas and Rinaldo, arXiv:2203.03532. Each is the likelihood of its reference days and the days since under a changed
rate, mixed over rates and odds ratios, over the greatest likelihood that one unchanged rate can reach (universal
inference: Wasserman, Ramdas and Balakrishnan 2020, doi:10.1073/pnas.1922664117). So the bound on false alarms holds
whatever the rate is; no estimate stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
FloatArray = NDArray[np.float64]

# days before a possible change from which its rate is learned: enough for a rate of one a day, short beside a season
LONGEST_REFERENCE, SHORTEST_REFERENCE = 56, 14
# a change that did not show within so many days is no longer looked for
LONGEST_MEMORY = 60

# every rate from 1 in 10,000 to 1 in 2 is as likely before, in steps that lose little even with 100 events
_ODDS_BEFORE = np.geomspace(1e-4, 1.0, 30)
_ODDS_RATIOS = np.array([1 / 4, 1 / 2, 2.0, 4.0])


@dataclass(frozen=True, slots=True)
class Change:
    """A rate that changed.

    first, seen: index of the first day of the new rate, and of the day on which it was certain enough. before, since:
    events over trials in the reference days, and from ``first`` to the day before the next change or the end.
    """

    first: int
    seen: int
    before: float
    since: float


def changes(trials: Counts, events: Counts, *, mean_days: float, n_series: int = 1) -> list[Change]:
    """The changes of a daily rate, in order, upwards and downwards.

    trials, events: (T,) counts of each day. mean_days: while no rate changes, the first false alarm among ``n_series``
    series together comes after so many days or more, on average. ValueError for more events than trials.
    """
    if trials.shape != events.shape or np.any(events < 0) or np.any(events > trials):
        raise ValueError("each day needs 0 <= events <= trials")
    found = list(_found(trials, events, threshold=np.log(n_series * (mean_days + LONGEST_REFERENCE))))
    return [
        replace(one, since=_rate(trials, events, one.first, later.first if later else len(trials)))
        for one, later in zip_longest(found, found[1:])
    ]


def log_e_detector(trials: Counts, events: Counts) -> tuple[FloatArray, Counts]:
    """The logarithm of the e-detector on each day, and the likeliest first day of a new rate; -inf and -1 before any.

    trials, events: (T,) counts of each day. While the rate does not change, its mean on any stopping day
    is at most that day's number plus `LONGEST_REFERENCE`.
    """
    n_days = len(trials)
    total, peak = np.full(n_days, -np.inf), np.full(n_days, -1)
    if n_days <= SHORTEST_REFERENCE:
        return total, peak
    trials_to, events_to = (np.concatenate([[0], np.cumsum(counts)]) for counts in (trials, events))
    days, first = _possible(n_days)
    start = np.maximum(first - LONGEST_REFERENCE, 0)
    before = trials_to[first] - trials_to[start], events_to[first] - events_to[start]
    since = trials_to[days + 1] - trials_to[first], events_to[days + 1] - events_to[first]
    log_e = _log_changed(*before, *since) - _log_constant(before[0] + since[0], before[1] + since[1])
    for day in range(SHORTEST_REFERENCE, n_days):
        here = slice(*np.searchsorted(days, [day, day + 1]))
        total[day] = np.logaddexp.reduce(log_e[here])
        peak[day] = first[here][np.argmax(log_e[here])]
    return total, peak


def _found(trials: Counts, events: Counts, *, threshold: float) -> Iterator[Change]:
    """The changes one after the other; after each, the new rate is learned afresh."""
    offset = 0
    while True:
        total, peak = log_e_detector(trials[offset:], events[offset:])
        over = np.flatnonzero(total >= threshold)
        if len(over) == 0:
            return
        seen = offset + int(over[0])
        first = offset + int(peak[over[0]])
        start = max(first - LONGEST_REFERENCE, offset)
        yield Change(first, seen, _rate(trials, events, start, first), np.nan)
        offset = seen + 1


def _possible(n_days: int) -> tuple[Counts, Counts]:
    """Every pair of a day and a first day of a new rate that is looked for on it, by days."""
    days, back = np.divmod(np.arange(n_days * LONGEST_MEMORY), LONGEST_MEMORY)
    first = days - back
    keep = first >= SHORTEST_REFERENCE
    return days[keep], first[keep]


def _log_changed(n_before: Counts, x_before: Counts, n_since: Counts, x_since: Counts) -> FloatArray:
    """Log likelihood under a changed rate, mixed evenly over rates before and odds ratios."""
    odds, ratio = (grid.ravel() for grid in np.meshgrid(_ODDS_BEFORE, _ODDS_RATIOS))
    counts = np.stack([x_before + x_since, x_since, n_before, n_since], axis=-1).astype(np.float64)
    log_each = counts @ np.stack([np.log(odds), np.log(ratio), -np.log1p(odds), -np.log1p(odds * ratio)])
    highest = log_each.max(axis=-1)
    log_each -= highest[:, np.newaxis]
    mixed: FloatArray = highest + np.log(np.exp(log_each, out=log_each).mean(axis=-1))
    return mixed


def _log_constant(n: Counts, x: Counts) -> FloatArray:
    """The greatest log likelihood that any one rate gives x events in n trials."""
    rate = np.divide(x, n, out=np.zeros(n.shape), where=n > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        some, none = x * np.log(rate), (n - x) * np.log1p(-rate)
    return np.where(x > 0, some, 0.0) + np.where(x < n, none, 0.0)


def _rate(trials: Counts, events: Counts, start: int, end: int) -> float:
    n = int(trials[start:end].sum())
    return float(events[start:end].sum()) / n if n else 0.0
