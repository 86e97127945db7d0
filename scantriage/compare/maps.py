"""What a comparison knows of each place, seen from the side: the input of what was learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.changes import ChangeMap
from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.scan.placement import Fan
from scantriage.section.cells import MIN_USABLE, Cells
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
    "weight_origin",  # one over the standard deviation, zero where it was not read
    "weight_rescan",
    "usable_origin",  # whether each scan could be read there
    "usable_rescan",
)
# Around the container: what lies near a source appears there, and nowhere stands out more clearly.
BELOW_M, ABOVE_M = 0.32, 0.56


@dataclass(frozen=True, slots=True, eq=False)
class Circumstances:
    """What holds for a pair as a whole.

    length_m, height_m, reefer: of the container. fans: of origin scan and rescan. known: whether each fan is
    known. likeness: of the profiles once aligned. cell_z_m, cell_x_m: size of a cell. rows: first of the
    container's own and first above its roof.
    """

    length_m: float
    height_m: float
    reefer: bool
    fans: tuple[Fan, Fan]
    known: tuple[bool, bool]
    likeness: float
    cell_z_m: float
    cell_x_m: float
    rows: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """(C, R, S) float32: `CHANNELS`, rising from below the floor to above the roof, and the circumstances of the pair.

    What is known only of the container's own cells is zero above and below them.
    """

    channels: NDArray[np.float32]
    circumstances: Circumstances

    @property
    def inside(self) -> slice:
        """The rows of the container's own cells."""
        return slice(*self.circumstances.rows)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A scan on the grid: (rows, columns) mass thickness, g/cm2, and whether it could be read."""

    thickness: FloatArray
    usable: NDArray[np.bool_]


def own_rows(cells: Cells, n_heights: int) -> tuple[int, int]:
    """First row of the maps that is the container's own, and first above its roof. n_heights: of its cells."""
    n_below = round(BELOW_M / (cells.cell_z * cells.grid.pitch_m))
    return n_below, n_below + n_heights


def maps_of(
    found: ChangeMap,
    loads: Explained,
    views: tuple[View, View],
    layers: tuple[Layer, Layer],
    cells: Cells,
    circumstances: Circumstances,
) -> Maps:
    """Collect the maps of a comparison; layers: both scans on one scale."""
    shape = (cells.n_y, -1, loads.origin.shape[1])
    sections = [load.reshape(shape)[:, cells.inside] for load in (loads.origin, loads.rescan)]
    width = np.float32(CONTAINER_WIDTH_M / cells.n_y)
    own = [
        found.mass_kg, found.window_kg, found.sd_kg, *(section.sum(axis=0) * width for section in sections),
        *_depth(sections[1] - sections[0]),
    ]  # fmt: skip
    n_below, n_above = (round(margin_m / circumstances.cell_z_m) for margin_m in (BELOW_M, ABOVE_M))
    heights = (np.arange(-n_below, len(found.mass_kg) + n_above) + 0.5) * circumstances.cell_z_m
    residuals = [
        view.weight * view.unexplained(load) for view, load in zip(views, (loads.origin, loads.rescan), strict=True)
    ]
    ray, crosses = _rays_at(heights, cells)
    channels = [
        *(np.pad(channel, ((n_below, n_above), (0, 0))) for channel in own),
        *(cells.means_at(layer.thickness, heights) for layer in layers),
        *(values[ray] * crosses for values in (*residuals, *(view.weight * ~view.at_least for view in views))),
        *(cells.means_at(layer.usable.astype(np.float32), heights) >= MIN_USABLE for layer in layers),
    ]
    return Maps(np.stack(channels).astype(np.float32), circumstances)


def _rays_at(heights: FloatArray, cells: Cells) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(K,) the ray that crosses the mid plane nearest to each height, and (K, 1) whether one does within a cell."""
    apart = np.abs(cells.apparent_z_m[:, np.newaxis] - heights)
    crosses = apart.min(axis=0) < cells.cell_z * cells.grid.pitch_m
    return apart.argmin(axis=0), crosses[:, np.newaxis]


def _depth(difference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and spread across the container of what differs, (Z, S) each, metres; zero where nothing does."""
    n_y = len(difference)
    y = (((np.arange(n_y) + 0.5) / n_y - 0.5) * CONTAINER_WIDTH_M).astype(np.float32)
    size = np.abs(difference)
    total = np.maximum(size.sum(axis=0), np.float32(1e-3))
    mean = np.tensordot(y, size, 1) / total
    square = np.tensordot(y**2, size, 1) / total
    return mean, np.sqrt(np.maximum(square - mean**2, 0))
