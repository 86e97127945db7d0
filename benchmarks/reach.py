"""What decides whether a load is found: the coefficients of `scantriage.compare.reach`, and how far they hold.

python -m benchmarks.reach EXAMPLES   (the folder `examples` that `scantriage learn` fills)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize

from benchmarks.metrics import auc
from scantriage.compare.reach import FOUND, OF_ZONE, SURE, conditions, zones_of_cells
from scantriage.learn.example import Example, read_example
from scantriage.pipeline.model import load_model
from scantriage.scan.container import ContainerSize

_ZONES = list(OF_ZONE)
_LEAST_KG = 2.0  # net
_RIDGE = 1e-3  # of a coefficient squared, per load: holds a zone in which all are found


class _Loads(NamedTuple):
    """(N, 9) logarithms of mass, standard deviation and thickness, then one per zone; (N,) whether it was found."""

    facts: NDArray[np.float64]
    found: NDArray[np.bool_]


def main() -> None:
    """Print the coefficients, and what they foretell of loads held back."""
    folder = Path(sys.argv[1])
    loads, others = (_read(sorted(folder.glob(f"{split}-*.npz"))) for split in ("train", "held_out"))
    fitted = _fitted(loads)
    named = zip(["mass", "sd", "thickness", *_ZONES], fitted.tolist(), strict=True)
    print(len(loads.found), "loads:", {name: round(value, 2) for name, value in named})
    chance = 1 / (1 + np.exp(-others.facts @ fitted))
    print(len(others.found), f"held back: area {auc(chance[~others.found], chance[others.found]):.3f}")
    for low, high in ((0, 0.2), (0.2, 0.5), (0.5, SURE), (SURE, 1)):
        said = (chance >= low) & (chance < high)
        print(f"said to be found with {low} to {high}: {said.sum()}, found {others.found[said].mean():.2f}")


def _read(paths: list[Path]) -> _Loads:
    opinion_of = load_model()
    assert opinion_of is not None
    facts, found = [], []
    for path in track(paths):
        example = read_example(path)
        own = (example.masks == 1).any(axis=0)[example.maps.inside]
        if example.label in ("added", "removed") and abs(example.net_kg[0]) >= _LEAST_KG and own.any():
            facts.append(_facts(example, own))
            found.append(opinion_of(example.maps).pair > FOUND)
    return _Loads(np.array(facts), np.array(found))


def _facts(example: Example, own: NDArray[np.bool_]) -> list[float]:
    pair = example.maps.circumstances
    size = ContainerSize(pair.length_m, pair.height_m, pair.reefer)
    here = zones_of_cells(example.maps, size, doors_known=True)[own].tolist()
    zone = max(_ZONES, key=here.count)
    around = [float(layer[own].mean()) for layer in conditions(example.maps)]
    return [np.log(abs(example.net_kg[0])), *around, *(float(zone == other) for other in _ZONES)]


def _fitted(loads: _Loads) -> NDArray[np.float64]:
    """(9,) log-odds per unit of each fact, most likely."""
    sign = np.where(loads.found, -1.0, 1.0)

    def cost(weights: NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, sign * (loads.facts @ weights)).mean() + _RIDGE * (weights**2).mean())

    return np.asarray(minimize(cost, np.zeros(loads.facts.shape[1])).x)


if __name__ == "__main__":
    main()
