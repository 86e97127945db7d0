"""How well what was learned tells changed pairs from unchanged ones, beside what was not learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scantriage.learn.batches import Item, batch_of, groups
from scantriage.learn.network import Network, strongest

FloatArray = NDArray[np.floating[Any]]
BATCH = 16


@dataclass(frozen=True, slots=True)
class Scores:
    """Areas under the curve of the network's two scores and of the significance, over all and from 20 kg net.

    detected_1, detected_10: share of loads from 20 kg found where 1 and 10 % of the clean pairs are flagged.
    Not a number where there is no such load.
    """

    whole: float
    places: float
    peak: float
    whole_20: float
    places_20: float
    peak_20: float
    detected_1: float
    detected_10: float

    def as_row(self) -> dict[str, float]:
        """Rounded, for a curve."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def judged(network: Network, items: Sequence[Item]) -> tuple[FloatArray, FloatArray]:
    """(N,) log-odds of each pair as a whole and of its strongest place."""
    network.eval()
    pairs, places = np.empty((2, len(items)))
    with torch.inference_mode():
        for group in groups(items, BATCH, None):
            batch = batch_of([items[k] for k in group], None)
            maps, whole = network(batch.inputs, batch.inside)
            pairs[group], places[group] = whole.numpy(), strongest(maps).amax(1).numpy()
    return pairs, places


def scores_of(network: Network, items: Sequence[Item]) -> Scores:
    """Score a network on examples that it was not trained on; some of them must be clean."""
    whole, places = judged(network, items)
    peak = np.array([item.peak for item in items])
    changed = np.array([item.changed for item in items])
    heavy = np.array([item.label in ("added", "removed") and item.shown_kg >= 20 for item in items])
    of = {"whole": whole, "places": places, "peak": peak}
    overall = {name: area(score[changed], score[~changed]) for name, score in of.items()}
    from_20 = {f"{name}_20": area(score[heavy], score[~changed]) for name, score in of.items()}
    detected = {
        f"detected_{percent}": _share(whole[heavy] > np.quantile(whole[~changed], 1 - percent / 100))
        for percent in (1, 10)
    }
    return Scores(**overall, **from_20, **detected)


def area(changed: FloatArray, clean: FloatArray) -> float:
    """Area under the curve: the chance that a changed pair scores above a clean one; not a number without both."""
    return _share(changed[:, np.newaxis] > clean) + 0.5 * _share(changed[:, np.newaxis] == clean)


def _share(found: NDArray[np.bool_]) -> float:
    return float(found.mean()) if found.size else float("nan")
