"""How soon a rate that changed is seen, and how rarely one that did not: the detector beside a CUSUM.

python -m benchmarks.rate_changes

The CUSUM is a sum of daily log likelihood ratios for twice the rate, reset at zero, with the limit that gives its
false alarms the stated mean where the rate is known (found by simulation). In the field the rate is not known: it is
given the rate of the first 56 days, as anybody would.
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.kept import Row, Table, keep, stamp
from scantriage.monitor.changes import LONGEST_REFERENCE, log_e_detector

Counts = NDArray[np.int64]
Course = NDArray[np.float64]  # a statistic on each day

MEAN_DAYS = 200
# containers a day and their rate: large flows, a flow, a small flow's flags; openings of a port and their finds
STREAMS = {
    "3000 a day, 2 %": (3000, 0.02), "1000, 2 %": (1000, 0.02), "300, 1 %": (300, 0.01), "300, 0.3 %": (300, 0.003),
    "30, 3 %": (30, 0.03), "18, 2.6 %": (18, 0.026), "20, 30 %": (20, 0.3),
}  # fmt: skip
FACTORS = {"doubled": 2.0, "fourfold": 4.0, "a quarter": 0.25}
N_SERIES = (1, 50)  # watched together
_N_NULL, _N_NULL_DAYS = 300, 400
_N_CHANGED, _N_AFTER = 100, 90
_LOT = 5  # containers that are flagged together


def main() -> None:
    """Simulate, print and keep."""
    measured = {**stamp(), "mean days between false alarms": MEAN_DAYS}
    tables = [
        Table(
            "Days from the change to the alarm, and false alarms",
            [row for name in STREAMS for row in _rows(name)],
            f"Median and ninth tenth of {_N_CHANGED} series, the change on day {LONGEST_REFERENCE}, the day itself "
            f"counted; 'over {_N_AFTER}': not seen by then. False alarms: days without a change for each alarm of one "
            f"series, in {_N_NULL} of {_N_NULL_DAYS} days; stated are {MEAN_DAYS} days for all series together, so "
            f"that times their number for one.",
        ),
        Table("Flagged in lots", _lots(), f"300 a day, 1 %, but {_LOT} at a time: counts that are no Poisson ones."),
        Table("Time", [_cost(n_days) for n_days in (90, 180)], "One series, one thread."),
    ]
    print(f"kept as {keep('rate_changes', measured=measured, tables=tables).name} and .json")


def _rows(name: str) -> list[Row]:
    n, rate = STREAMS[name]
    rng = np.random.default_rng(1)
    changed = {
        factor_name: [_changed(rng, n, rate, factor) for _ in range(_N_CHANGED)]
        for factor_name, factor in FACTORS.items()
    }
    quiet = [rng.binomial(n, rate, _N_NULL_DAYS) for _ in range(_N_NULL)]
    rows: list[dict[str, str | int]] = [{"series": n_series, "stream": name} for n_series in N_SERIES]
    for way, course in (("detector", _detector), ("CUSUM", _cusum)):
        limits = [_limit(way, n, rate, n_series) for n_series in N_SERIES]
        courses = {key: [course(n, events) for events in series] for key, series in changed.items()}
        undisturbed = [course(n, events) for events in quiet]
        for row, limit in zip(rows, limits, strict=True):
            for key, found in courses.items():
                if way == "detector" or FACTORS[key] > 1:  # this CUSUM looks for rises alone
                    row[f"{way}: {key}"] = _delays([_first(one, limit) for one in found])
            row[f"{way}: days for a false alarm"] = _between(undisturbed, limit)
    return list(rows)


def _detector(n: int, events: Counts) -> Course:
    return log_e_detector(np.full(len(events), n), events)[0]


def _cusum(n: int, events: Counts) -> Course:
    """The CUSUM for twice the rate of the first 56 days; nothing in these."""
    rate = max(events[:LONGEST_REFERENCE].sum(), 0.5) / (n * LONGEST_REFERENCE)
    totals = np.concatenate([[0.0], np.cumsum(_steps(n, rate, events[LONGEST_REFERENCE:]))])
    return np.concatenate([np.full(LONGEST_REFERENCE, -np.inf), (totals - np.minimum.accumulate(totals))[1:]])


def _steps(n: int, rate: float, events: Counts) -> Course:
    return events * np.log(2.0) + (n - events) * np.log((1 - 2 * rate) / (1 - rate))


def _limit(way: str, n: int, rate: float, n_series: int) -> float:
    """The stated limit of the detector; of the CUSUM, the one whose alarms come as often as stated at this rate."""
    if way == "detector":
        return float(np.log(n_series * (MEAN_DAYS + LONGEST_REFERENCE)))
    n_days = 100 * MEAN_DAYS * n_series
    steps = _steps(n, rate, np.random.default_rng(7).binomial(n, rate, n_days))
    low, high = 0.1, 15.0
    while high - low > 0.05:
        middle = (low + high) / 2
        low, high = (middle, high) if _n_alarms(steps, middle) > n_days / (MEAN_DAYS * n_series) else (low, middle)
    return high


@njit(cache=False)
def _n_alarms(steps: Course, limit: float) -> int:
    total, n = 0.0, 0
    for step in steps:
        total = max(0.0, total + step)
        if total >= limit:
            total, n = 0.0, n + 1
    return n


def _first(course: Course, limit: float) -> int | None:
    over = np.flatnonzero(course >= limit)
    return int(over[0]) if len(over) else None


def _changed(rng: np.random.Generator, n: int, rate: float, factor: float) -> Counts:
    rates = np.full(LONGEST_REFERENCE + _N_AFTER, rate)
    rates[LONGEST_REFERENCE:] = min(0.95, rate * factor)
    return rng.binomial(n, rates)


def _delays(alarms: list[int | None]) -> str:
    """Days from the change to the alarm; series with an alarm before the change are left out."""
    never = LONGEST_REFERENCE + _N_AFTER
    days = sorted(never if day is None else day for day in alarms if day is None or day >= LONGEST_REFERENCE)
    chosen = (days[len(days) // 2], days[len(days) * 9 // 10])
    return ", ".join(f"over {_N_AFTER}" if day == never else str(day - LONGEST_REFERENCE + 1) for day in chosen)


def _between(courses: list[Course], limit: float) -> str:
    """Days without a change for each alarm; the days after a series' first alarm do not count."""
    alarms = [_first(one, limit) for one in courses]
    n_alarms = sum(day is not None for day in alarms)
    n_days = sum(_N_NULL_DAYS if day is None else day + 1 for day in alarms)
    return f"{n_days / n_alarms:.0f}" if n_alarms else f"over {n_days}"


def _lots() -> list[Row]:
    rng = np.random.default_rng(2)
    courses = [_detector(300, rng.binomial(300 // _LOT, 0.01, _N_NULL_DAYS) * _LOT) for _ in range(_N_NULL)]
    return [
        {"series": n_series, "days for a false alarm": _between(courses, _limit("detector", 300, 0.01, n_series))}
        for n_series in N_SERIES
    ]


def _cost(n_days: int) -> Row:
    events = np.random.default_rng(3).binomial(300, 0.01, n_days)
    seconds = []
    for _ in range(6):
        begun = time.perf_counter()
        _detector(300, events)
        seconds.append(time.perf_counter() - begun)
    return {"days": n_days, "median ms": round(1000 * float(np.median(seconds[1:])), 1)}


if __name__ == "__main__":
    main()
