"""Where the marks of a plot stand, in the pixels of its SVG; the templates in ``plots/`` draw them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from scantriage.pipeline.monitoring import Measure, RateChange
from scantriage.pipeline.monitoring_tables import Scope, Table
from scantriage.store.daily_counts import Dimension

# days of which a line is the mean: whole weeks, so that weekdays do not show; openings are a few a day
_SMOOTHED: dict[Measure, int] = {"flags": 7, "finds": 28}
_N_PANELS, _A_ROW = 9, 3
_PANEL = (344, 168)  # pixels, labels and margins included
_LEGEND = 22
_MARGIN = (44, 30, 12, 22)  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from values to pixels; the ticks are values."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...] = ()

    @property
    def decimals(self) -> int:
        """Decimals that its ticks need in per cent."""
        return max(0, -math.floor(math.log10(self.ticks[1] * 100) + 1e-9))

    def __call__(self, value: float) -> float:
        """The pixel, to a tenth; beyond the scale: its end."""
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)


@dataclass(frozen=True, slots=True)
class Mark:
    """A day from which a rate is another one."""

    x: float
    day: date
    rose: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One small plot of a rate. line: pieces of a path. dots: days, where a day alone tells something."""

    value: str
    left: int
    top: int
    x: Axis
    y: Axis
    days: tuple[tuple[float, date], ...]
    line: str
    dots: tuple[tuple[float, float], ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Panels:
    """Small plots of one measure on one scale.

    n_days: of which a line is the mean. n_left_out: values with fewer containers that are not drawn.
    """

    by: Dimension
    measure: Measure
    n_days: int
    width: int
    height: int
    panels: tuple[Panel, ...]
    n_left_out: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a bar; kind names what it counts."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Stacked bars of days."""

    width: int
    height: int
    y: Axis
    left: float
    right: float
    days: tuple[tuple[float, date], ...]
    bars: tuple[Bar, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was found against what was claimed, on logarithmic scales: (x, y, y of the interval's ends, openings)."""

    width: int
    height: int
    x: Axis
    y: Axis
    points: tuple[tuple[float, float, float, float, int], ...]


def panels(table: Table, changes: Sequence[RateChange], scope: Scope, by: Dimension, measure: Measure) -> Panels:
    """The rates of the values with most containers; table: `rate_days`."""
    of_value: defaultdict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    place = 2 if measure == "flags" else 4
    for row in table.rows:
        day, value, n, events = row[0], str(row[1]), _number(row[place]), _number(row[place + 1])
        assert isinstance(day, date)  # noqa: S101  (the first column of this table)
        of_value[value][day] = int(n), int(events)
    order = sorted(of_value, key=lambda value: (-sum(n for n, _ in of_value[value].values()), value))
    if by == "zone":  # each has all containers, so the most flagged come first
        order = sorted(of_value, key=lambda value: (-sum(events for _, events in of_value[value].values()), value))
    shown = [value for value in order if any(n for n, _ in of_value[value].values())][:_N_PANELS]
    days = [scope.first + timedelta(days=i) for i in range((scope.last - scope.first).days + 1)]
    n_days = min(_SMOOTHED[measure], max(1, len(days) // 2))
    lines = {value: _smoothed(of_value[value], days, n_days) for value in shown}
    top = max((rate for line in lines.values() for rate in line if rate is not None), default=0.0)
    placed = tuple(
        _panel(i, value, of_value[value] if measure == "flags" else {}, lines[value], days, top, [
            one for one in changes if (one.measure, one.dimension, one.value) == (measure, by, value)
        ])
        for i, value in enumerate(shown)
    )  # fmt: skip
    width, height = _PANEL[0] * _A_ROW, _PANEL[1] * max(1, math.ceil(len(shown) / _A_ROW)) + _LEGEND
    return Panels(by, measure, n_days, width, height, placed, len(order) - len(shown))


def day_bars(table: Table, scope: Scope) -> Bars:
    """How the containers of each day ended; table: `coverage_days`."""
    width, height, left, right, top, bottom = 1032, 220, 52, 1024, 8, 194
    kinds = tuple(column.name for column in table.columns[1:])
    n_days = (scope.last - scope.first).days + 1
    highest = max((sum(_number(n) for n in row[1:]) for row in table.rows), default=1.0)
    y = _linear(max(highest, 1.0), bottom, top)
    step = (right - left) / n_days
    bars = []
    for row in table.rows:
        assert isinstance(row[0], date)  # noqa: S101  (the first column of this table)
        x, below = left + (row[0] - scope.first).days * step, 0.0
        for kind, n in zip(kinds, row[1:], strict=True):
            base, below = y(below), below + _number(n)
            if base > y(below):
                bars.append(
                    Bar(kind, round(x + step * 0.08, 1), y(below), round(step * 0.84, 1), round(base - y(below), 1))
                )
    days = Axis(0, n_days, left, right)
    return Bars(width, height, y, left, right, _day_ticks(scope.first, n_days, days, 10), tuple(bars), kinds)


def reliability(table: Table) -> Reliability:
    """The calibration's classes; table: `calibration`."""
    width, height = 420, 340
    x = _logarithmic(56, width - 12)
    y = _logarithmic(height - 44, 12)
    points = []
    for row in table.rows:
        _, _, n, _, claimed, found, low, high = (_number(value) for value in row)
        points.append((x(_log(claimed)), y(_log(found)), y(_log(low)), y(_log(high)), int(n)))
    return Reliability(width, height, x, y, tuple(points))


def _panel(
    i: int,
    value: str,
    counts: dict[date, tuple[int, int]],
    line: list[float | None],
    days: list[date],
    top: float,
    changes: Sequence[RateChange],
) -> Panel:
    left, above, right, below = _MARGIN
    x = Axis(0, max(1, len(days) - 1), left, _PANEL[0] - right)
    y = _linear(min(max(top, 1e-6) * 1.05, 1.0), _PANEL[1] - below, above)
    pieces, drawing = [], False
    for day, rate in enumerate(line):
        if rate is not None:
            pieces.append(f"{'L' if drawing else 'M'}{x(day)} {y(rate)}")
        drawing = rate is not None
    dots = tuple((x(i), y(counts[day][1] / counts[day][0])) for i, day in enumerate(days) if counts.get(day, (0, 0))[0])
    marks = tuple(
        Mark(x((one.first - days[0]).days), one.first, one.since > one.before)
        for one in changes
        if days[0] <= one.first <= days[-1]
    )
    return Panel(
        value, i % _A_ROW * _PANEL[0], i // _A_ROW * _PANEL[1], x, y, _day_ticks(days[0], len(days), x, 3),
        "".join(pieces), dots, marks,
    )  # fmt: skip


def _smoothed(counts: dict[date, tuple[int, int]], days: list[date], n_days: int) -> list[float | None]:
    """The rate of the last so many days together, at each day; None where there are not so many, or none tried."""
    rates: list[float | None] = [None] * (n_days - 1)
    for i in range(n_days - 1, len(days)):
        some = [counts.get(day, (0, 0)) for day in days[i - n_days + 1 : i + 1]]
        n = sum(one for one, _ in some)
        rates.append(sum(events for _, events in some) / n if n else None)
    return rates


def _linear(high: float, start: float, end: float) -> Axis:
    """From zero to a round number, with three to five ticks."""
    power = 10 ** math.floor(math.log10(high / 3))
    step = next(power * factor for factor in (1, 2, 5, 10) if high / (power * factor) <= 4)
    n = math.ceil(high / step - 1e-9)
    return Axis(0, n * step, start, end, tuple(i * step for i in range(n + 1)))


def _logarithmic(start: float, end: float) -> Axis:
    return Axis(math.log10(0.01), 0.0, start, end, tuple(math.log10(p) for p in (0.01, 0.03, 0.1, 0.3, 1.0)))


def _log(rate: float) -> float:
    return math.log10(max(rate, 1e-9))


def _day_ticks(first: date, n_days: int, x: Axis, n_wanted: int) -> tuple[tuple[float, date], ...]:
    step = max(1, math.ceil(n_days / n_wanted))
    return tuple((x(i), first + timedelta(days=i)) for i in range(step // 2, n_days, step))


def _number(value: Any) -> float:
    return float(value) if value is not None else 0.0
