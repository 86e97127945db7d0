"""How well priorities tell changed containers from clean ones, and boxes from boxes. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.geometry import PixelBox

Priorities = NDArray[np.float64]

LOCATED_IOU = 0.1  # a finding around a bag includes what is uncertain of its edges: 20 cm on a bag of 40


def auc(clean: Priorities, changed: Priorities) -> float:
    """Chance that a changed container has a higher priority than a clean one; ties count half.

    The area under the curve of detections against false positives (Mann and Whitney 1947,
    doi:10.1214/aoms/1177730491). NaN where either is empty.
    """
    if not len(clean) or not len(changed):
        return float("nan")
    ordered = np.sort(clean)
    below = np.searchsorted(ordered, changed, side="left")
    not_above = np.searchsorted(ordered, changed, side="right")
    return float((below + not_above).mean() / 2 / len(clean))


def threshold_at(clean: Priorities, false_share: float) -> float:
    """The lowest of the clean priorities above which at most this share of them lies.

    With fewer clean containers than one per permitted false alarm it is the highest of them. ValueError for no
    clean container, and for a share outside 0 to 1.
    """
    if not len(clean) or not 0 <= false_share < 1:
        raise ValueError(f"needs clean priorities and a share in [0, 1), got {len(clean)} and {false_share}")
    falling = np.sort(clean)[::-1]
    return float(falling[int(false_share * len(clean) + 1e-9)])


def detection_at(clean: Priorities, changed: Priorities, false_share: float) -> float:
    """Share of the changed containers above `threshold_at`; NaN where there is none."""
    return float(np.mean(changed > threshold_at(clean, false_share))) if len(changed) else float("nan")


def bootstrap(
    statistic: Callable[[Priorities, Priorities], float], clean: Priorities, changed: Priorities,
    *, rng: np.random.Generator, n_draws: int = 1_000,
) -> tuple[float, float]:  # fmt: skip
    """Central 95 % interval of a statistic under redrawing clean and changed containers, each with replacement."""
    drawn = [
        statistic(rng.choice(clean, len(clean)), rng.choice(changed, len(changed))) for _ in range(n_draws)
    ]  # fmt: skip
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def iou(first: PixelBox, second: PixelBox) -> float:
    """Area that two boxes share over the area they cover together, 0 to 1."""
    rows = min(first.row1, second.row1) - max(first.row0, second.row0)
    cols = min(first.col1, second.col1) - max(first.col0, second.col0)
    shared = max(rows, 0) * max(cols, 0)
    return shared / (_area(first) + _area(second) - shared)


def locates(found: PixelBox | None, truth: PixelBox | None) -> bool:
    """Whether a finding's box tells where something is: it overlaps, or its middle lies inside."""
    if found is None or truth is None:
        return False
    row, col = (found.row0 + found.row1) / 2, (found.col0 + found.col1) / 2
    inside = truth.row0 <= row < truth.row1 and truth.col0 <= col < truth.col1
    return inside or iou(found, truth) > LOCATED_IOU


def core_width(values: NDArray[np.float32]) -> float:
    """Half of what lies between the 16th and the 84th of a hundred values: the sd of the core, tails aside."""
    low, high = np.quantile(values, (0.1587, 0.8413))
    return float(high - low) / 2


def median(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return float(np.median(values)) if len(values) else None


def percentile_95(values: Sequence[float]) -> float | None:
    """The 95th percentile; None of nothing."""
    return float(np.quantile(values, 0.95)) if len(values) else None


def _area(box: PixelBox) -> int:
    return (box.row1 - box.row0) * (box.col1 - box.col0)
