"""Compare two scans of one container that lie on one grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.changes import Change, ChangeMap, change_map, find_changes
from scantriage.compare.level import level
from scantriage.scan.rectified import Rectified
from scantriage.section.cells import Cells, thickness, views_of
from scantriage.section.explain import Explained, View, explain

FloatArray = NDArray[np.floating[Any]]

N_Y = 16  # 15 cm: with 30 cm compact steel in machinery did not fit both views, and errors were 2 times larger
CELL_Z = 4  # cm: a layer of bricks is 5
SLAB_X = 6  # cm: what is left of the travel error is 1 to 2 cm
LIKENESS = 1.0  # 3 lost two thirds of a 40 kg load, 1 keeps nine tenths of it
N_ITERATIONS = 120  # 300 changed no load of the acceptance pairs by more than 5 %
N_WEIGHING = 40
WEIGHING_SHARE = 0.3  # of the likeness; with none, depth and mass trade places between opposite sides


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Two loads and what differs between them.

    agreement: 0 to 1, the share of mass that both loads have in common. changed_kg: mass added, mass removed.
    origin_kg, rescan_kg: mass in and of the container, as if all were organic.
    """

    cells: Cells
    changes: list[Change]
    found: ChangeMap
    agreement: float
    changed_kg: tuple[float, float]
    origin_kg: float
    rescan_kg: float
    misfit: float


def compare(origin: Rectified, rescan: Rectified, *, energies_mv: tuple[float, float]) -> Compared:
    """Find what was added to and removed from a container between its two scans.

    origin, rescan: on one grid, the rescan aligned along the container; one energy each, energies_mv.
    """
    height_m = origin.placement.size.height_m
    cells = Cells(origin.grid, height_m, n_y=N_Y, cell_z=CELL_Z, slab_x=SLAB_X)
    layers = (thickness(origin, energy_mv=energies_mv[0]), thickness(rescan, energy_mv=energies_mv[1]))
    factor = np.float32(level(origin, rescan, layers, energies_mv=energies_mv))
    views = views_of(origin, rescan, (layers[0], layers[1] * factor), cells, energies_mv=energies_mv)
    tied = np.where(cells.tied, np.float32(LIKENESS), np.float32(0))[:, np.newaxis]
    loads = explain(*views, n_y=N_Y, likeness=tied, n_iterations=N_ITERATIONS)
    found = change_map(loads, *views, cells)
    changes = find_changes(found, loads, cells)
    if changes:
        loads = explain(*views, n_y=N_Y, likeness=_weighing(changes, tied, cells), n_iterations=N_WEIGHING, start=loads)
        found = change_map(loads, *views, cells)
        changes = find_changes(found, loads, cells)
    return _summary(loads, views, cells, found, changes)


def _weighing(changes: list[Change], tied: FloatArray, cells: Cells) -> FloatArray:
    """(N, S) likeness that lets go where something changed: the pull to be alike would take mass from it."""
    inside = cells.inside
    free = np.zeros((inside.size, changes[0].cells.shape[1]), dtype=bool)
    for change in changes:
        free[inside] |= change.cells
    return np.where(np.tile(free, (cells.n_y, 1)), np.float32(WEIGHING_SHARE), np.float32(1)) * tied


def _summary(
    loads: Explained, views: tuple[View, View], cells: Cells, found: ChangeMap, changes: list[Change]
) -> Compared:
    origin_kg, rescan_kg = (float(load[cells.tied].sum()) * cells.cell_mass_kg for load in (loads.origin, loads.rescan))
    added = float(np.maximum(found.mass_kg, 0).sum())
    removed = float(np.maximum(-found.mass_kg, 0).sum())
    common = np.minimum(loads.origin, loads.rescan)[cells.tied].sum() * cells.cell_mass_kg
    return Compared(
        cells=cells,
        changes=changes,
        found=found,
        agreement=float(common / max(origin_kg, rescan_kg, 1e-6)),
        changed_kg=(added, removed),
        origin_kg=origin_kg,
        rescan_kg=rescan_kg,
        misfit=max(_misfit(view, load) for view, load in zip(views, (loads.origin, loads.rescan), strict=True)),
    )


def _misfit(view: View, load: FloatArray) -> float:
    """Root mean square of what a load leaves unexplained in a scan, in standard deviations."""
    residual = view.weight * (view.path @ load - view.thickness)
    return float(np.sqrt((residual**2).sum() / max(int((view.weight > 0).sum()), 1)))
