"""How the window sums of unchanged pairs are distributed: the tables of `scantriage.compare.normal`.

python -m benchmarks.normality EXAMPLES   (the folder `examples` that `scantriage learn` fills)
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.stats import norm

from scantriage.compare.maps import CHANNELS, Maps
from scantriage.compare.normal import EDGE_M, LEVELS
from scantriage.learn.example import read_example

_EDGES = np.geomspace(1e-3, 1e4, 1401)
_PLACES = ("inside", "floor", "roof", "ends")


def main() -> None:
    """Print the tables."""
    counts = np.zeros((len(_PLACES), len(_EDGES) - 1))
    for path in track(sorted(Path(sys.argv[1]).glob("train-*.npz"))):
        example = read_example(path)
        if example.label == "clean":
            counts += _counted(example.maps)
    for place, row in zip(_PLACES, counts, strict=True):
        reached = np.interp(2 * norm.cdf(LEVELS) - 1, np.cumsum(row) / row.sum(), np.log(_EDGES[1:]))
        print(f"{place}: {row.sum():,.0f} windows, {np.round(np.exp(reached), 3).tolist()}")


def _counted(maps: Maps) -> NDArray[np.float64]:
    of = dict(zip(CHANNELS, maps.channels[:, maps.inside], strict=True))
    ratio = np.clip(np.abs(of["window_kg"] / np.maximum(of["sd_kg"], 1e-6)), _EDGES[0] * 1.0001, _EDGES[-1] * 0.9999)
    usable = (of["weight_origin"] > 0) & (of["weight_rescan"] > 0)
    pair, (n_z, n_x) = maps.circumstances, ratio.shape
    z, x = (np.arange(n_z) + 0.5) * pair.cell_z_m, (np.arange(n_x) + 0.5) * pair.cell_x_m
    place = np.zeros(ratio.shape, np.intp)
    place[z < EDGE_M], place[z > pair.height_m - EDGE_M] = 1, 2
    place[:, np.minimum(x, pair.length_m - x) < EDGE_M] = 3
    return np.stack([np.histogram(ratio[(place == k) & usable], _EDGES)[0] for k in range(len(_PLACES))]).astype(float)


if __name__ == "__main__":
    main()
