"""Compare two scans of one container that lie on one grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.changes import Change, ChangeMap, change_map, find_changes
from scantriage.compare.grey import straightened
from scantriage.compare.levelled import Levelled, levelled_views
from scantriage.compare.maps import Circumstances, Maps, maps_of, own_rows
from scantriage.scan.rectified import Rectified
from scantriage.section.cells import Cells
from scantriage.section.explain import Explained

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Two loads and what differs between them.

    levelled: what both scans show, on one scale. agreement: 0 to 1, the share of mass that both loads have in common.
    changed_kg: mass added, mass removed. origin_kg, rescan_kg: mass in and of the container, as if all
    were organic.
    """

    cells: Cells
    loads: Explained
    changes: list[Change]
    found: ChangeMap
    maps: Maps
    levelled: Levelled
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
    return _summary(levelled, _mapped(levelled, known=geometry_known, likeness=likeness))


def front_maps(compared: Compared) -> Maps:
    """Maps of the first `FRONT_M` of the container, on finer cells: 50 ms, so only for who asks."""
    pair = compared.maps.circumstances
    return _mapped(compared.levelled.front(), known=pair.known, likeness=pair.likeness).maps


@dataclass(frozen=True, slots=True, eq=False)
class _Mapped:
    """What differs between two scans, or parts of them."""

    loads: Explained
    found: ChangeMap
    maps: Maps


def _mapped(levelled: Levelled, *, known: tuple[bool, bool], likeness: float) -> _Mapped:
    cells, loads = levelled.cells, levelled.loads()
    found = change_map(loads, *levelled.views, cells, guessed=not all(known))
    size, pitch_m = levelled.scans[0].placement.size, cells.grid.pitch_m
    origin, rescan = (scan.placement.fan for scan in levelled.scans)
    circumstances = Circumstances(
        length_m=size.length_m, height_m=size.height_m, reefer=size.reefer, fans=(origin, rescan), known=known,
        likeness=likeness, cell_z_m=cells.cell_z * pitch_m, cell_x_m=cells.slab_x * pitch_m,
        rows=own_rows(cells, len(found.mass_kg)),
    )  # fmt: skip
    return _Mapped(loads, found, maps_of(found, loads, levelled.views, levelled.layers, cells, circumstances))


def _summary(levelled: Levelled, whole: _Mapped) -> Compared:
    cells, loads, found = levelled.cells, whole.loads, whole.found
    origin_kg, rescan_kg = (float(load[cells.tied].sum()) * cells.cell_mass_kg for load in (loads.origin, loads.rescan))
    added = float(np.maximum(found.mass_kg, 0).sum())
    removed = float(np.maximum(-found.mass_kg, 0).sum())
    common = np.minimum(loads.origin, loads.rescan)[cells.tied].sum() * cells.cell_mass_kg
    return Compared(
        cells=cells,
        loads=loads,
        changes=find_changes(found, loads, cells),
        found=found,
        maps=whole.maps,
        levelled=levelled,
        agreement=float(common / max(origin_kg, rescan_kg, 1e-6)),
        changed_kg=(added, removed),
        origin_kg=origin_kg,
        rescan_kg=rescan_kg,
    )
