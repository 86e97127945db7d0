"""Each way's own contribution: one simulated day, read once whole and once without each of them.

python -m benchmarks.ablation [--pairs N] [--seed S] [--split held_out|train] [--workers W] [--scale X]
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated_day import Order, Trial, read_written, simulated, written
from benchmarks.variants import COLUMNS, measure_variants
from scantriage.calibrate.scatter import Veil, find_veil
from scantriage.compare.learned_inputs import _raised
from scantriage.register.height import HeightFit, align_height
from scantriage.register.pieces import Pieces
from scantriage.register.place import ORDINARY, Source
from scantriage.section.cells import Rays, rays_of

WHOLE = "all"
NOTE = f"One part taken away at a time, the rest left as it is: nothing is tuned or learned anew. {COLUMNS}"


def _no_model() -> None:
    return None


def _one_scale(*_: object, **__: object) -> float:
    return 1.0


def _ordinary_source(*_: object) -> Source:
    return ORDINARY


def _not_raised(origin: Pieces, rescan: Pieces) -> HeightFit:
    """The fit, without the lift: its misfit still tells the side of a scanner that nobody described."""
    fit = align_height(origin, rescan)
    return replace(fit, lift_m=np.zeros_like(fit.lift_m))


def _bare(ratio: NDArray[np.floating[Any]], **_: object) -> NDArray[np.floating[Any]]:
    return ratio


def _no_veil(*seen: Any, **size: int) -> Veil:
    veil = find_veil(*seen, **size)
    return replace(veil, share=0.0, floor=0.0, parts=np.zeros_like(veil.parts))


def _read_rays(*scan: Any, **energy: float) -> Rays:
    """Rays that let too little through count for nothing, not for what is there at least."""
    rays = rays_of(*scan, **energy)
    return replace(rays, measured=rays.usable)


def _raised_where_read(*layer: Any) -> tuple[NDArray[np.floating[Any]], NDArray[np.bool_], NDArray[np.bool_]]:
    values, read, _ = _raised(*layer)
    return values, read, read


# what stands in whose place while a variant is read
VARIANTS: Mapping[str, Mapping[str, object]] = {
    WHOLE: {},
    "scatter left in": {"scantriage.calibrate.counts.find_veil": _no_veil},
    "least masses unused": {
        "scantriage.compare.levelled.rays_of": _read_rays,
        "scantriage.compare.learned_inputs._raised": _raised_where_read,
    },
    "without what was learned": {"scantriage.pipeline.pair_run.load_model": _no_model},
    "without what was learned of fronts": {"scantriage.pipeline.pair_run.load_front": _no_model},
    "without what was learned of undersides": {"scantriage.pipeline.prepare.load_underside": _no_model},
    "even travel": {"scantriage.register.pair.MIN_LIKENESS": float("inf")},
    "sources that nobody told taken for ordinary": {"scantriage.register.pair.likely_source": _ordinary_source},
    "heights of outlines": {"scantriage.register.pair.align_height": _not_raised},
    "without a common scale": {"scantriage.compare.levelled.level": _one_scale},
    "one round": {"scantriage.compare.levelled.N_ITERATIONS": (60,)},
    "loads not tied along and across": {
        "scantriage.section.explain.EVENNESS": 0.0,
        "scantriage.section.explain.CONTINUITY": 0.0,
    },
    "noise of photons and models alone": {"scantriage.compare.changes.normal_significance": _bare},
}


@contextmanager
def variant(name: str) -> Iterator[None]:
    """Read so while it lasts. KeyError for a name that `VARIANTS` has not."""
    with ExitStack() as stack:
        for target, value in VARIANTS[name].items():
            stack.enter_context(patch(target, value))
        yield


def read_variants(order: Order) -> dict[str, list[Trial]]:
    """Simulate and write once, read once for each variant."""
    case = simulated(order)
    trials = {}
    with tempfile.TemporaryDirectory() as folder:
        sources = written(case, Path(folder))
        for name in VARIANTS:
            with variant(name):
                trials[name] = read_written(order, case, sources)
    return trials


def main() -> None:
    """Measure, print and keep."""
    measure_variants("ablation", read_variants, note=NOTE)


if __name__ == "__main__":
    main()
