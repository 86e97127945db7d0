"""What a comparison knows of each place, seen from the side: the input of what was learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.changes import ChangeMap
from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.scan.placement import Fan
from scantriage.section.cells import Cells
from scantriage.section.explain import Explained, View

FloatArray = NDArray[np.floating[Any]]

CHANNELS = (
    "mass_kg",  # what differs, rescan minus origin
    "window_kg",
    "sd_kg",
    "origin",  # mass thickness of the two loads, g/cm2
    "rescan",
    "depth_m",  # where across the container the difference lies, and how far it is spread
    "spread_m",
    "seen_origin",  # mass thickness that each scan shows at this apparent height, g/cm2
    "seen_rescan",
    "left_origin",  # what the load leaves unexplained of it, in standard deviations
    "left_rescan",
    "weight_origin",  # one over the standard deviation, zero where not usable
    "weight_rescan",
)


@dataclass(frozen=True, slots=True, eq=False)
class Circumstances:
    """What holds for a pair as a whole.

    length_m, height_m, reefer: of the container. fans: of origin scan and rescan. known: whether each fan is
    known. likeness: of the profiles once aligned. cell_z_m, cell_x_m: size of a cell.
    """

    length_m: float
    height_m: float
    reefer: bool
    fans: tuple[Fan, Fan]
    known: tuple[bool, bool]
    likeness: float
    cell_z_m: float
    cell_x_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """(C, Z, S) float32: `CHANNELS`, z rising from the floor, and the circumstances of the pair."""

    channels: NDArray[np.float32]
    circumstances: Circumstances


def maps_of(
    found: ChangeMap, loads: Explained, views: tuple[View, View], cells: Cells, circumstances: Circumstances
) -> Maps:
    """Collect the maps of a comparison."""
    shape = (cells.n_y, -1, loads.origin.shape[1])
    sections = [load.reshape(shape)[:, cells.inside] for load in (loads.origin, loads.rescan)]
    width = np.float32(CONTAINER_WIDTH_M / cells.n_y)
    thicknesses = [section.sum(axis=0) * width for section in sections]
    edges = cells.z_edges_m
    middle = ((edges[1:] + edges[:-1]) / 2)[cells.inside]
    rays = np.abs(cells.apparent_z_m[:, np.newaxis] - middle).argmin(axis=0)
    residuals = [
        view.weight * (view.thickness - view.path.seen(load))
        for view, load in zip(views, (loads.origin, loads.rescan), strict=True)
    ]
    channels = [
        found.mass_kg, found.window_kg, found.sd_kg, *thicknesses, *_depth(sections[1] - sections[0]),
        *(view.thickness[rays] for view in views), *(residual[rays] for residual in residuals),
        *(view.weight[rays] for view in views),
    ]  # fmt: skip
    return Maps(np.stack(channels).astype(np.float32), circumstances)


def _depth(difference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and spread across the container of what differs, (Z, S) each, metres; zero where nothing does."""
    n_y = len(difference)
    y = (((np.arange(n_y) + 0.5) / n_y - 0.5) * CONTAINER_WIDTH_M).astype(np.float32)
    size = np.abs(difference)
    total = np.maximum(size.sum(axis=0), np.float32(1e-3))
    mean = np.tensordot(y, size, 1) / total
    square = np.tensordot(y**2, size, 1) / total
    return mean, np.sqrt(np.maximum(square - mean**2, 0))
