"""Containers that hang in the air: scans without a vehicle, over undersides of many makes, to learn edges from.

Beside the simulator's own chassis stand others (`scantriage.learn.chassis` lays them beneath); whoever had seen only
the simulator's took the clearest of its beams for the container's edge, and found none over another's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.simulate.contents import Wish, draw_contents
from scantriage.simulate.detector import expose
from scantriage.simulate.exposure import exposures
from scantriage.simulate.passage import Passage, draw_passage
from scantriage.simulate.scanner import N_SCANNERS, ScannerModel, Split, known_scanner
from scantriage.simulate.solids import Solid, block

_HALF_M = CONTAINER_WIDTH_M / 2
_STEEL = 7.85
_BOARDS_M = 0.17  # all that lies wholly below is of the underside
_BED_M = (1.05, 1.35)


@dataclass(frozen=True, slots=True, eq=False)
class BareScan:
    """counts: (R, C) uint16 of the highest energy. size: of the container."""

    counts: NDArray[np.uint16]
    scanner: ScannerModel
    passage: Passage
    size: ContainerSize

    def edge_rows(self, cols: tuple[float, float]) -> tuple[float, float]:
        """Rows (of edges) of the lower edge at the wall near the source, and at the far one; means over columns."""
        return self._rows(cols, 0.0)

    def roof_rows(self, cols: tuple[float, float]) -> tuple[float, float]:
        """The same of the upper edges."""
        return self._rows(cols, self.size.height_m)

    def _rows(self, cols: tuple[float, float], height_m: float) -> tuple[float, float]:
        geometry, passage = self.scanner.geometry, self.passage
        n_rows, n_cols = self.counts.shape
        first, last = max(0, round(cols[0])), min(n_cols, round(cols[1]))
        edge_m = float(np.mean(passage.raised_m[first:last])) + height_m
        aside_m = passage.aside_m * passage.source_y_sign(geometry.source_side)
        seen_m = geometry.on_mid_plane(np.array(edge_m), np.array([aside_m + _HALF_M, aside_m - _HALF_M]))
        near, far = geometry.rows(seen_m, n_rows=n_rows) + 0.5
        return float(near), float(far)


def simulate_bare(seed: int, *, scale: float, split: Split) -> BareScan:
    """A loaded container without a vehicle, its underside of any make. The same arguments give the same scan."""
    contents_seed, rest = np.random.SeedSequence(seed).spawn(2)
    rng = np.random.default_rng(rest)
    contents = draw_contents(contents_seed, Wish(label="clean"))
    scanner = known_scanner(split, int(rng.integers(N_SCANNERS[split]))).scaled(scale)
    size = ContainerSize(contents.length_m, contents.height_m)
    solids = [solid for solid in contents.rescan if solid.z1 > _BOARDS_M]
    passage = draw_passage(
        scanner, size.length_m, rng.uniform(*_BED_M), rng, doors_first=bool(rng.random() < 0.5),
        before_m=rng.uniform(0.4, 3.0), after_m=rng.uniform(0.4, 1.2),
    )  # fmt: skip
    counts = expose(list(exposures([*solids, *_underside(size.length_m, rng)], scanner, passage)), scanner, rng)
    return BareScan(counts[0], scanner, passage, size)


def _underside(length_m: float, rng: np.random.Generator) -> list[Solid]:
    """Side rails, castings and beams across, of every make that there may be.

    Some rails hardly show, some beams stand far apart, and the tunnel for a gooseneck is missing.
    """
    solids = [
        block(end, _wall(sign, 0.162), (0.0, 0.118), "iron", 3.2)
        for sign in (-1, 1)
        for end in ((0.0, 0.178), (length_m - 0.178, length_m))
    ]
    solids += [
        block(end, (-1.05, 1.05), (0.02, 0.12), "iron", 0.12 * _STEEL)
        for end in ((0.0, 0.1), (length_m - 0.12, length_m - 0.02))
    ]
    if rng.random() < 0.8:
        density, high_m = rng.uniform(0, 0.3) * _STEEL, rng.uniform(0.06, 0.2)
        along = (0.05, length_m - 0.05)
        solids += [block(along, _wall(sign, 0.06), (0.0, high_m), "iron", density) for sign in (-1, 1)]
    return solids + _across(length_m, rng)


def _across(length_m: float, rng: np.random.Generator) -> list[Solid]:
    """Beams from wall to wall: webs, most of them with flanges."""
    pitch_m, web_m, flange_m = rng.uniform(0.24, 0.62), rng.uniform(0.002, 0.012), rng.uniform(0.0, 0.06)
    bottom_m, reach_m = rng.uniform(0.0, 0.04), rng.uniform(1.14, 1.2)
    tunnel_m = rng.uniform(3.0, 3.4) if length_m > 7 and rng.random() < 0.6 else 0.0
    solids = []
    for x in np.arange(pitch_m, length_m - 0.12, pitch_m):
        for span in [(-reach_m, -0.52), (0.52, reach_m)] if x < tunnel_m else [(-reach_m, reach_m)]:
            solids.append(block((x, x + web_m), span, (bottom_m, 0.142), "iron", _STEEL))
            if flange_m > web_m:
                lows = (0.138, bottom_m)
                solids += [block((x, x + flange_m), span, (low, low + 0.004), "iron", _STEEL) for low in lows]
    return solids


def _wall(sign: int, width_m: float) -> tuple[float, float]:
    """Across, from the outer face of a wall inward."""
    inner, outer = sign * (_HALF_M - width_m), sign * _HALF_M
    return min(inner, outer), max(inner, outer)
