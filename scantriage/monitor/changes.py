"""When a daily rate changed, with a stated rate of false alarms, from a rate that nobody knows.

A sum of e-values, one for every day on which the rate may have changed: the Shiryaev-Roberts e-detector of Shin, Ramdas
and Rinaldo, arXiv:2203.03532. Each compares the days since with reference days before, given how many events both have
together: under one rate the events fall on the days by chance, however high the rate is, so no estimate of it is
needed (the conditional test of two Poisson rates: Przyborowski and Wilenski 1940, doi:10.1093/biomet/31.3-4.313; as a
ratio it is the Bayes factor under the scale-invariant prior). Its mean under one rate is 1.

Containers of one consignment are flagged together. Lots of five say as much as a fifth of so many events, so logarithms
are divided by how much more the counts vary from day to day than single events would.
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

# what a rate may change to, times what it was: smaller changes are weather
_FACTORS = np.array([1 / 4, 1 / 2, 2.0, 4.0])


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
    series together comes after so many days or more, on average; simulated, see docs/decisions/0017-monitoring.md.
    ValueError for more events than trials.
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

    trials, events: (T,) counts of each day. While the rate does not change, its mean on any given day is at most
    that day's number, whatever the rate is.
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
    log_e = _log_e(*before, *since, lot=_lots(trials, events)[days])
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


def _lots(trials: Counts, events: Counts) -> FloatArray:
    """How many events come together, 1 or more, as far as each day can tell: differences of neighbouring days.

    A rate that changes makes one of these differences larger, not all of them.
    """
    some = trials > 0
    n, x = trials[some].astype(np.float64), events[some].astype(np.float64)
    expected = np.maximum(np.cumsum(x), 1e-9) / np.cumsum(n)
    squares = (x[1:] / n[1:] - x[:-1] / n[:-1]) ** 2 / (1 / n[1:] + 1 / n[:-1])
    lots = np.ones(len(trials))
    if len(n) > 1:
        mean = np.cumsum(squares) / np.arange(1, len(n)) / expected[1:]
        seen = np.maximum(np.cumsum(some) - 2, -1)  # the last pair of days until each day
        lots = np.where(seen >= 0, np.maximum(mean[seen], 1.0), 1.0)
    return lots


def _log_e(n_before: Counts, x_before: Counts, n_since: Counts, x_since: Counts, *, lot: FloatArray) -> FloatArray:
    """Log likelihood ratio of changed to unchanged, given all events, mixed evenly over `_FACTORS`.

    lot: events that come together. Counts are taken for Poisson ones. Where rates are high, events vary less than
    that, and alarms come later.
    """
    trials, events = n_before + n_since, x_before + x_since
    split = trials[:, np.newaxis] / np.maximum(n_before[:, np.newaxis] + n_since[:, np.newaxis] * _FACTORS, 1e-9)
    log_each = x_since[:, np.newaxis] * np.log(_FACTORS) + events[:, np.newaxis] * np.log(np.maximum(split, 1e-9))
    log_e: FloatArray = np.logaddexp.reduce(log_each / lot[:, np.newaxis], axis=1) - np.log(len(_FACTORS))
    return log_e


def _rate(trials: Counts, events: Counts, start: int, end: int) -> float:
    n = int(trials[start:end].sum())
    return float(events[start:end].sum()) / n if n else 0.0
