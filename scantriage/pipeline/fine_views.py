"""What the workbench shows of a container, made while its scans are at hand: 16-bit layers on its own axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.arrays.mass import HARDENING, effective_attenuation
from scantriage.compare.pair import Compared
from scantriage.pipeline.dual_energy import dual_curves
from scantriage.pipeline.prepare import PreparedScan, other_plane
from scantriage.register.fine import own_pitch, sample
from scantriage.register.pair import Registered
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import CONTAINER_WIDTH_M, ContainerGrid
from scantriage.scan.placement import Placement
from scantriage.scan.record import Role
from scantriage.scan.rectified import Rectified
from scantriage.scan.views import DualCurves, FineViews, LayerFacts, LayerQuantity, ViewLayer

FloatArray = NDArray[np.floating[Any]]

BESIDE_PITCHES = 4  # of the other energy's layer: its noise hides materials in anything finer
FINEST_M = 0.005
COARSEST_M = 0.02

# powers of two: what a code stands for is exact also in a shader's single precision
ATTENUATION = (2.0**-13, -0.25)  # scale, offset: to 7.75, where nothing is left to see; noise is 80 steps and more
DIFFERENCE = (2.0**-13, -4.0)
SIGMA = (2.0**-10, -32.0)
# open beams within these are counts or grey levels, shown as they are; transmissions and wide counts are scaled
_FEWEST_COUNTS, _MOST_COUNTS, _FULL_SCALE = 16, 65535, 50_000


_BLIND_CODES: dict[Role, tuple[int, int]] = {"origin": (1, 2), "rescan": (4, 8)}  # unseen, opaque: keys of BLIND


class _Place(NamedTuple):
    """Where a layer lies, as `LayerFacts` has it."""

    x0_m: float
    top_m: float
    dx_m: float
    dz_m: float


def pair_fine_views(
    scans: tuple[PreparedScan, PreparedScan],
    registered: Registered,
    compared: Compared,
) -> FineViews:
    """Layers of a compared pair, the rescan registered."""
    size = registered.origin.placement.size
    placements = (registered.origin.placement, registered.rescan.placement)
    grid = _grid(size, placements)
    layers: dict[str, ViewLayer] = {}
    files: dict[str, LayerFacts] = {}
    for scan, placement, x_m in zip(scans, placements, (None, registered.x_m), strict=True):
        layers |= _scan_layers(scan, placement, grid, x_m)
        files |= _file_layers(scan, placement)
    layers |= _difference_layers(compared, scans[0].energy_mv, to_scale=all(scan.calibrated for scan in scans))
    both: dict[Role, Rectified] = {"origin": registered.origin, "rescan": registered.rescan}
    layers["blind"] = _blind_layer(registered.origin.grid, both)
    return FineViews(size.length_m, size.height_m, layers, files, _dual(layers))


def single_fine_views(scan: PreparedScan, seen: Rectified) -> FineViews:
    """Layers of the one scan there is. seen: it on the container's grid."""
    size, placement = seen.placement.size, seen.placement
    grid = _grid(size, (placement,))
    layers = _scan_layers(scan, placement, grid, None)
    layers["blind"] = _blind_layer(seen.grid, {scan.record.role: seen})
    return FineViews(size.length_m, size.height_m, layers, _file_layers(scan, placement), _dual(layers))


def _grid(size: ContainerSize, placements: tuple[Placement, ...]) -> ContainerGrid:
    """As fine as the finest scan's own pixels, within reason."""
    finest = min(min(own_pitch(placement)) for placement in placements)
    return ContainerGrid.around(size.length_m, size.height_m, pitch_m=min(max(finest, FINEST_M), COARSEST_M))


def _scan_layers(
    scan: PreparedScan, placement: Placement, grid: ContainerGrid, x_m: FloatArray | None
) -> dict[str, ViewLayer]:
    """x_m: where along the container evenly spaced column edges lie in this scan; None when it passed evenly."""
    quantity: LayerQuantity = "attenuation" if scan.calibrated else "relative"
    layers = {}
    for name, pixels, energy_mv, shrunk in _shown(scan):
        is_compared = name == scan.record.role
        own = grid if is_compared else replace(grid, pitch_m=grid.pitch_m * BESIDE_PITCHES)
        where = own.x_m()
        if x_m is not None:
            where = np.interp(where, np.linspace(0, grid.length_m, len(x_m)), x_m)
        values = sample(pixels, placement, own, x_m=where, outside=ATTENUATION[1], shrunk=shrunk)
        layers[name] = _layer(values, _lies(own), quantity, ATTENUATION, energy_mv if scan.calibrated else None)
    return layers


def _shown(scan: PreparedScan) -> Iterator[tuple[str, FloatArray, float, int]]:
    """Name, pixels, MV, and how many pixels were averaged: of what was compared and, where there is one, another plane.

    The other only colours what the first one shows, which needs the mean of many pixels.
    """
    name = scan.record.role
    yield name, scan.image.pixels, scan.energy_mv, 1
    if scan.beside is not None and len(scan.record.energies_mev or ()) > 1:
        other = other_plane(scan.plane)
        which = "low" if other > scan.plane else "high"
        yield f"{name}_{which}", scan.beside.pixels, scan.record.energy_mv(other), scan.n_beside


def _lies(grid: ContainerGrid) -> _Place:
    return _Place(0.0, grid.top_m, grid.pitch_m, grid.pitch_m)


def _layer(
    values: FloatArray, place: _Place, quantity: LayerQuantity, code: tuple[float, float],
    energy_mv: float | None = None, hardening: float = HARDENING,
) -> ViewLayer:  # fmt: skip
    """energy_mv: of an attenuation that is to scale."""
    scale, offset = code
    # one pass, which rounds and stays within 16 bits
    codes = cv2.addWeighted(values, 1 / scale, values, 0.0, -offset / scale, dtype=cv2.CV_16U)
    rows, cols = codes.shape
    facts = LayerFacts(quantity, rows, cols, *place, scale, offset)
    if energy_mv is not None:
        effective = effective_attenuation(energy_mv)
        facts = replace(facts, energy_mv=energy_mv, effective_cm2_g=effective, hardening=hardening)
    return ViewLayer(facts, codes)


def cell_maps(compared: Compared, *, energy_mv: float) -> tuple[FloatArray, FloatArray]:
    """(Z, S) difference as attenuation at this energy, and significance; the upper row first."""
    cells, found = compared.cells, compared.found
    thickness = found.mass_kg / np.float32(cells.cell_mass_kg * cells.n_y / CONTAINER_WIDTH_M)
    difference = thickness * np.float32(effective_attenuation(energy_mv))
    return np.ascontiguousarray(difference[::-1]), np.ascontiguousarray(found.significance[::-1])


def _dual(layers: Mapping[str, ViewLayer]) -> dict[str, DualCurves]:
    """What tells materials apart in each scan of two known energies."""
    curves: dict[str, DualCurves] = {}
    for role in _BLIND_CODES:
        other = layers.get(f"{role}_low") or layers.get(f"{role}_high")
        if other is not None and (told := other.facts.energy_mv) and (compared := layers[role].facts.energy_mv):
            curves[role] = _curves(max(told, compared), min(told, compared))
    return curves


@cache
def _curves(higher_mv: float, lower_mv: float) -> DualCurves:
    return dual_curves(higher_mv, lower_mv)


def _difference_layers(compared: Compared, energy_mv: float, *, to_scale: bool) -> dict[str, ViewLayer]:
    """In cells, between which the viewer interpolates: what it draws is what was compared."""
    cells, pitch_m = compared.cells, compared.cells.grid.pitch_m
    place = _Place(0.0, float(cells.z_edges_m[-1]), cells.slab_x * pitch_m, cells.cell_z * pitch_m)
    difference, significance = cell_maps(compared, energy_mv=energy_mv)
    return {
        "difference": _layer(difference, place, "attenuation", DIFFERENCE, energy_mv, 0.0)
        if to_scale
        else _layer(difference, place, "relative", DIFFERENCE),
        "significance": _layer(significance, place, "sigma", SIGMA),
    }


def _blind_layer(grid: ContainerGrid, seen: Mapping[Role, Rectified]) -> ViewLayer:
    """Where which scan could not be read, and why, as the comparison holds it."""
    codes = np.zeros(grid.shape, np.uint16)
    for role, scan in seen.items():
        unseen, opaque = _BLIND_CODES[role]
        # a column of which nothing is used, not even the air above the roof, lies beside a cut: as good as unseen
        lost = ~scan.valid | ~scan.usable.any(axis=0, keepdims=True)
        codes += np.where(scan.usable, np.uint16(0), np.where(lost, np.uint16(unseen), np.uint16(opaque)))
    rows, cols = grid.shape
    return ViewLayer(LayerFacts("flags", rows, cols, *_lies(grid)), codes)


def _file_layers(scan: PreparedScan, placement: Placement) -> dict[str, LayerFacts]:
    """The scan as delivered, each energy: its pixels are cut from the file when somebody looks."""
    rows, cols = scan.image.shape
    dx_m, dz_m = own_pitch(placement)
    told = scan.record.energies_mev or ()
    if scan.record.column_pitch_mm is not None:
        dx_m = scan.record.column_pitch_mm / 1000
    return {
        f"{scan.record.role}_file" + (f"_{plane + 1}" if plane else ""): LayerFacts(
            "counts", rows, cols, 0.0, rows * dz_m, dx_m, dz_m,
            scale=1.0 if _FEWEST_COUNTS <= air <= _MOST_COUNTS else air / _FULL_SCALE,
            energy_mv=told[plane] if plane < len(told) else None,
            dark=dark, air=air if air > dark else dark + 1, flipped=not placement.doors_last,
        )
        for plane, (dark, air) in enumerate(scan.levels)
    }  # fmt: skip
