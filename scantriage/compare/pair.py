"""Compare two scans of one container that lie on one grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.changes import Change, ChangeMap, change_map, find_changes
from scantriage.compare.grey import straightened
from scantriage.compare.level import level
from scantriage.compare.maps import N_BELOW, Circumstances, Layer, Maps, maps_of
from scantriage.scan.rectified import Rectified
from scantriage.section.cells import Cells, rays_of, thickness, views_of
from scantriage.section.explain import Explained, View, explain

FloatArray = NDArray[np.floating[Any]]

N_Y = 16  # 15 cm: with 30 cm compact steel in machinery did not fit both views, and errors were 2 times larger
CELL_Z = 4  # cm: a layer of bricks is 5
SLAB_X = 6  # cm: what is left of the travel error is 1 to 2 cm
LIKENESS = 1.0  # 3 lost a 20 kg load in reefer machinery, 0.3 doubled what unchanged loads leave
# A second round doubles the mass of a weak load, a third adds nothing. 300 steps a round put half of what differs into
# other cells, and find no more loads; 20 more in the second change a window by 0.07 standard deviations.
N_ITERATIONS = (60, 40)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Two loads and what differs between them.

    agreement: 0 to 1, the share of mass that both loads have in common. changed_kg: mass added, mass removed.
    origin_kg, rescan_kg: mass in and of the container, as if all were organic.
    """

    cells: Cells
    loads: Explained
    changes: list[Change]
    found: ChangeMap
    maps: Maps
    agreement: float
    changed_kg: tuple[float, float]
    origin_kg: float
    rescan_kg: float


def compare(
    origin: Rectified,
    rescan: Rectified,
    *,
    energies_mv: tuple[float, float],
    geometry_known: tuple[bool, bool] = (True, True),
    calibrated: tuple[bool, bool] = (True, True),
    likeness: float = 1.0,
) -> Compared:
    """Find what was added to and removed from a container between its two scans.

    origin, rescan: on one grid, the rescan aligned along the container; one energy each, energies_mv.
    geometry_known: of each scan, not assumed. calibrated: each; of others the grey curve is found first. likeness: of
    their profiles along the container.
    """
    origin, rescan = straightened((origin, rescan), calibrated=calibrated, energies_mv=energies_mv)
    levelled = levelled_views(origin, rescan, energies_mv=energies_mv)
    cells, views, loads = levelled.cells, levelled.views, levelled.loads()
    found = change_map(loads, *views, cells, guessed=not all(geometry_known))
    changes = find_changes(found, loads, cells)
    size, pitch = origin.placement.size, origin.grid.pitch_m
    circumstances = Circumstances(
        length_m=size.length_m, height_m=size.height_m, reefer=size.reefer,
        fans=(origin.placement.fan, rescan.placement.fan), known=geometry_known, likeness=likeness,
        cell_z_m=CELL_Z * pitch, cell_x_m=SLAB_X * pitch, rows=(N_BELOW, N_BELOW + len(found.mass_kg)),
    )  # fmt: skip
    maps = maps_of(found, loads, views, levelled.layers, cells, circumstances)
    return _summary(loads, cells, found, changes, maps)


@dataclass(frozen=True, slots=True, eq=False)
class Levelled:
    """Two scans on one scale: on the grid, and as rays through the cells of the comparison."""

    cells: Cells
    layers: tuple[Layer, Layer]
    views: tuple[View, View]

    @property
    def ties(self) -> FloatArray:
        """(N, 1) what ties the two loads in each cell; below the floor nothing does."""
        return np.where(self.cells.tied, np.float32(LIKENESS), np.float32(0))[:, np.newaxis]

    def loads(self) -> Explained:
        """The two loads that explain the two scans."""
        return explain(*self.views, n_y=N_Y, likeness=self.ties, n_iterations=N_ITERATIONS)


def levelled_views(origin: Rectified, rescan: Rectified, *, energies_mv: tuple[float, float]) -> Levelled:
    """Bring two scans to one scale and cut them into the cells of the comparison."""
    cells = Cells(origin.grid, origin.placement.size.height_m, n_y=N_Y, cell_z=CELL_Z, slab_x=SLAB_X)
    first, second = (thickness(scan, energy_mv=mv) for scan, mv in zip((origin, rescan), energies_mv, strict=True))
    second = second * np.float32(level(origin, rescan, (first, second), energies_mv=energies_mv))
    rays = (
        rays_of(origin, first, cells, energy_mv=energies_mv[0]),
        rays_of(rescan, second, cells, energy_mv=energies_mv[1]),
    )
    layers = (Layer(first, origin.usable), Layer(second, rescan.usable))
    return Levelled(cells, layers, views_of(*rays, cells))


def _summary(loads: Explained, cells: Cells, found: ChangeMap, changes: list[Change], maps: Maps) -> Compared:
    origin_kg, rescan_kg = (float(load[cells.tied].sum()) * cells.cell_mass_kg for load in (loads.origin, loads.rescan))
    added = float(np.maximum(found.mass_kg, 0).sum())
    removed = float(np.maximum(-found.mass_kg, 0).sum())
    common = np.minimum(loads.origin, loads.rescan)[cells.tied].sum() * cells.cell_mass_kg
    return Compared(
        cells=cells,
        loads=loads,
        changes=changes,
        found=found,
        maps=maps,
        agreement=float(common / max(origin_kg, rescan_kg, 1e-6)),
        changed_kg=(added, removed),
        origin_kg=origin_kg,
        rescan_kg=rescan_kg,
    )
