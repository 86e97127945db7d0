"""Fan beams through solids: exact path lengths, true parallax.

Every column of a scan is a fan in the plane across the container. A ray is the line z = height + slope * y: it
passes the container's mid plane (y = 0) at ``height``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.geometry import FanGeometry
from scantriage.simulate.materials import BASIS, SHARES
from scantriage.simulate.solids import Corrugation, Shape, Solid, Texture, noise_tile
from scantriage.simulate.through import (
    ACROSS,
    ALONG,
    BLOCK,
    CORRUGATED,
    ELLIPSOID,
    PLAIN,
    SUB_RAYS,
    TEXTURED,
    UPRIGHT,
    Rays,
    Solids,
    add_solids,
)

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]
Pattern = tuple[int, tuple[float, float], float, tuple[int, int]]

_LEVEL = 1e-9  # slope that stands for a level ray
_SHAPES: dict[Shape, int] = {
    "block": BLOCK, "upright": UPRIGHT, "across": ACROSS, "along": ALONG, "ellipsoid": ELLIPSOID,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """The rays of one column, several to a row.

    heights, slopes: (R * sub-rays,) from the top row down. source_y_m, source_z_m: place of the source.
    """

    heights: FloatArray
    slopes: FloatArray
    source_y_m: float
    source_z_m: float

    @classmethod
    def of(
        cls, geometry: FanGeometry, *, n_rows: int, source_y_sign: int, raised_m: float = 0.0, aside_m: float = 0.0
    ) -> Fan:
        """The fan of a geometry as seen from a container.

        raised_m: its bottom above the road; aside_m: its middle off the scanner's mid plane, along y.
        """
        offsets = (np.arange(SUB_RAYS) + 0.5) / SUB_RAYS - 0.5
        rows = (np.arange(n_rows)[:, np.newaxis] + offsets).ravel()
        heights = geometry.heights(rows, n_rows=n_rows) - raised_m
        source_y, source_z = source_y_sign * geometry.source_distance_m, geometry.source_height_m - raised_m
        slopes = (source_z - heights) / source_y
        slopes = np.where(np.abs(slopes) < _LEVEL, _LEVEL, slopes)
        return cls(heights + slopes * aside_m, slopes, source_y - aside_m, source_z)

    @property
    def n_rows(self) -> int:
        """Rows of the scan."""
        return len(self.heights) // SUB_RAYS


def project(solids: Solids, x_m: FloatArray, fan: Fan, *, slit_m: float) -> FloatImage:
    """Mass thickness of the basis materials along every ray, g/cm2.

    solids: as `packed` makes them. x_m: (C,) rising, where the columns cut the container. slit_m: width of the
    beam along x, over which a column averages. Returns (B, R, C) float32 with B as in `materials.BASIS`.
    """
    result = np.zeros((len(BASIS), fan.n_rows, len(x_m)), dtype=np.float32)
    rays = Rays(
        fan.heights, -fan.heights, fan.slopes, np.sqrt(1 + fan.slopes**2), float(fan.source_y_m), float(fan.source_z_m)
    )
    add_solids(result, solids, noise_tile(), rays, np.ascontiguousarray(x_m), float(slit_m))
    return result


def packed(solids: Sequence[Solid]) -> Solids:
    """The solids as compiled loops take them: once for all strips and energies of a scan, as it takes its time."""
    shares = [SHARES[solid.material] for solid in solids]
    patterns = [_pattern(solid) for solid in solids]
    boxes = [(solid.x0, solid.x1, solid.y0, solid.y1, solid.z0, solid.z1) for solid in solids]
    per_m = [share.scale * solid.density * 100 for share, solid in zip(shares, solids, strict=True)]
    return Solids(
        shape=np.array([_SHAPES[solid.shape] for solid in solids], dtype=np.int64),
        basis=np.array([share.index for share in shares], dtype=np.int64),
        pattern=np.array([kind for kind, *_ in patterns], dtype=np.int64),
        box=np.array(boxes, dtype=np.float64).reshape(-1, 6),
        per_m=np.array(per_m, dtype=np.float64),
        lean=np.array([solid.lean for solid in solids], dtype=np.float64),
        pitch_m=np.array([pitch for _, pitch, _, _ in patterns], dtype=np.float64).reshape(-1, 2),
        strength=np.array([strength for _, _, strength, _ in patterns], dtype=np.float32),
        offset=np.array([offset for *_, offset in patterns], dtype=np.int64).reshape(-1, 2),
    )


def _pattern(solid: Solid) -> Pattern:
    """Kind, sizes along and up, strength and place on the tile of the solid's pattern."""
    pattern = solid.pattern
    if isinstance(pattern, Corrugation):
        return CORRUGATED, (pattern.pitch_m, 1.0), pattern.excess, (0, 0)
    if isinstance(pattern, Texture):
        return TEXTURED, pattern.cell_m, pattern.contrast, pattern.offset
    return PLAIN, (1.0, 1.0), 0.0, (0, 0)
