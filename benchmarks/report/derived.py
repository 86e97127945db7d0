"""What the page says, from the rows of kept results. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmarks.kept import Cell, Row
from benchmarks.metrics import Priorities, threshold_at
from scantriage.rank.weights import DEFAULT_WEIGHTS

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def is_clean(row: Row) -> bool:
    """Whether nothing was done to the container."""
    return row["label"] == "clean"


def column(rows: Sequence[Row], name: str) -> Priorities:
    """One column as numbers, rows that say nothing left out."""
    return np.array([row[name] for row in rows if row.get(name) is not None], dtype=np.float64)


def split(rows: Sequence[Row], name: str = "priority") -> tuple[Priorities, Priorities]:
    """One column of the clean and of the changed."""
    return (
        column([row for row in rows if is_clean(row)], name),
        column([row for row in rows if not is_clean(row)], name),
    )


def roc(clean: Priorities, changed: Priorities) -> Curve:
    """Share of the clean and of the changed above each threshold, both rising from 0 to 1."""
    thresholds = np.unique(np.concatenate([clean, changed]))[::-1]
    above = [[float(np.mean(part >= limit)) for limit in thresholds] for part in (clean, changed)]
    return np.array([0.0, *above[0]]), np.array([0.0, *above[1]])


def rocs(rows: Sequence[Row], group: Callable[[Row], str | None], *, own_clean: bool) -> dict[str, Curve]:
    """A curve for each group of changed containers, against the clean ones of its own group or against all."""
    clean = [row for row in rows if is_clean(row)]
    names = sorted({name for row in rows if not is_clean(row) and (name := group(row)) is not None})
    curves = {}
    for name in names:
        against = [row for row in clean if group(row) == name] if own_clean else clean
        changed = [row for row in rows if not is_clean(row) and group(row) == name]
        if against:
            label = f"{name} ({len(changed)} against {len(against)})"
            curves[label] = roc(column(against, "priority"), column(changed, "priority"))
    return curves


def detected_by(
    rows: Sequence[Row], across: Callable[[Row], str | None], down: Callable[[Row], str | None], *, false_share: float
) -> list[Row]:
    """Share detected at this share of false positives by two groupings at once: 'found of all'."""
    clean, _ = split(rows)
    limit = threshold_at(clean, false_share)
    changed = [row for row in rows if not is_clean(row)]
    columns = sorted({name for row in changed if (name := across(row)) is not None})
    table: list[Row] = []
    for name in sorted({name for row in changed if (name := down(row)) is not None}):
        cells: dict[str, Cell] = {"": name}
        for other in columns:
            hit = [float(row["priority"] or 0) > limit for row in changed if (down(row), across(row)) == (name, other)]
            cells[other] = f"{sum(hit)} of {len(hit)}" if hit else None
        table.append(cells)
    return table


def beyond(histogram: Sequence[Row]) -> list[Row]:
    """Share of the clean maps beyond so many standard deviations, measured and as a normal distribution has it."""
    rows: list[Row] = []
    for limit in (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0):
        outside = [row for row in histogram if _at(row["from"], -np.inf) >= limit or _at(row["to"], np.inf) <= -limit]
        measured, expected = float(column(outside, "share").sum()), float(2 * ndtr(-limit))
        rows.append(
            {"sigma": limit, "predicted": expected, "measured": measured, "measured / predicted": measured / expected}
        )
    return rows


def false_alarms(rows: Sequence[Row]) -> list[Row]:
    """False alarms above thresholds of priority, predicted from the changed containers and measured on clean ones.

    A priority p states a likelihood ratio L, its odds over those of the base rate. If L is true, the share of
    clean containers above a threshold is the mean of 1 / L over the changed ones, those below it counted as 0.
    """
    clean, changed = split(rows)
    base = DEFAULT_WEIGHTS.base_rate
    table: list[Row] = []
    for limit in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3):
        above = changed[changed >= limit]
        ratios = above / (1 - above) * (1 - base) / base
        predicted, measured = float(np.sum(1 / ratios)) / len(changed), float(np.mean(clean >= limit))
        table.append(
            {"priority": limit, "detected": len(above) / len(changed), "predicted": predicted, "measured": measured,
             "measured / predicted": measured / predicted if predicted else None}
        )  # fmt: skip
    return table


def _at(edge: Cell, otherwise: float) -> float:
    return otherwise if edge is None else float(edge)
