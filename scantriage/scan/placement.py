"""How a container stands in a scan: from metres in the container to pixels in the file, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import FanGeometry, MetreBox, PixelBox

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Fan:
    """The fan beam as the container sees it: x towards the doors, y to the left of that, z up from its bottom.

    distance_m: source to mid plane. height_m: of the source above the container's bottom (may be negative).
    side: +1 when the source stands at positive y, -1 otherwise.
    """

    distance_m: float
    height_m: float
    side: int

    def apparent_z(self, z_m: FloatArray, y_m: FloatArray) -> FloatArray:
        """Height on the mid plane at which a point (y, z) of the container appears, metres."""
        scale = self.distance_m / (self.distance_m - self.side * np.asarray(y_m))
        return np.asarray(self.height_m + (np.asarray(z_m) - self.height_m) * scale, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """One container's place in one scan.

    geometry: known or assumed. cols: columns of the front wall's and the doors' outer face (pixel edges;
    front first, so they fall when the doors passed first). base_m: (K,) height of the container's bottom
    above the road at K places evenly spaced from the front to the doors: it tilts, and it bounces.
    """

    geometry: FanGeometry
    size: ContainerSize
    n_rows: int
    cols: tuple[float, float]
    base_m: FloatArray

    @property
    def doors_last(self) -> bool:
        """Whether the front of the container passed the scanner first."""
        return self.cols[0] < self.cols[1]

    @property
    def fan(self) -> Fan:
        """The fan beam in the container's own coordinates."""
        left = 1 if self.geometry.source_side == "left" else -1
        # The left of the vehicle is positive y of the container only when it travels front first:
        # seen from above, x then points backwards along the road and the vehicle's left is at y < 0.
        side = -left if self.doors_last else left
        return Fan(self.geometry.source_distance_m, self.geometry.source_height_m - self.mean_base_m, side)

    @property
    def mean_base_m(self) -> float:
        """Height of the container's bottom above the road, averaged along it."""
        return float(np.mean(self.base_m))

    def base_at(self, x_m: FloatArray) -> FloatArray:
        """Height of the container's bottom above the road at distances from the front wall, metres."""
        knots = np.linspace(0.0, self.size.length_m, len(self.base_m))
        return np.interp(x_m, knots, self.base_m)

    def columns(self, x_m: FloatArray) -> FloatArray:
        """Fractional columns (pixel edges) at which distances from the front wall appear."""
        share = np.asarray(x_m, dtype=np.float64) / self.size.length_m
        return np.asarray(self.cols[0] + (self.cols[1] - self.cols[0]) * share)

    def rows(self, apparent_z_m: FloatArray, *, base_m: float) -> FloatArray:
        """Fractional rows (pixel edges) that see heights on the mid plane above a bottom at this height."""
        height = np.asarray(apparent_z_m, dtype=np.float64) + base_m
        return np.asarray(self.geometry.rows(height, n_rows=self.n_rows) + 0.5, dtype=np.float64)

    def pixel_box(self, box: MetreBox, *, y_m: float, n_cols: int) -> PixelBox | None:
        """Where a box of the container at depth y appears in the file; None when outside it."""
        z = self.fan.apparent_z(np.array([box.z1, box.z0]), np.array(y_m))
        rows = self.rows(z, base_m=float(self.base_at(np.array((box.x0 + box.x1) / 2))))
        cols = np.sort(self.columns(np.array([box.x0, box.x1])))
        row0, row1 = max(0, int(np.floor(rows[0]))), min(self.n_rows, int(np.ceil(rows[1])))
        col0, col1 = max(0, int(np.floor(cols[0]))), min(n_cols, int(np.ceil(cols[1])))
        return PixelBox(row0, row1, col0, col1) if row0 < row1 and col0 < col1 else None

    def turned(self) -> Self:
        """The same place with front and doors exchanged."""
        return replace(self, cols=self.cols[::-1], base_m=self.base_m[::-1])

    def raised(self, by_m: FloatArray) -> Self:
        """The same place with the bottom raised by (K,) metres at K places from the front to the doors."""
        knots = np.linspace(0.0, self.size.length_m, len(by_m))
        return replace(self, base_m=self.base_at(knots) + by_m)

    def with_side(self, side: Literal["left", "right"]) -> Self:
        """The same place with the source on this side of the vehicle."""
        return replace(self, geometry=replace(self.geometry, source_side=side))
