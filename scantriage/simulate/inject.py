"""Threat image projection (TIP): a simulated load put into a scan that exists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.geometry import FanGeometry
from scantriage.simulate.beam import Beam, basis_thickness
from scantriage.simulate.concealment import stack_packets
from scantriage.simulate.fan import Fan, packed, project
from scantriage.simulate.materials import SHARES
from scantriage.simulate.structure import Room

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

_FAR_M = 1_000.0  # a source this far away shines parallel
_DEEPEST_G_CM2 = 400.0  # of water; nothing is measured behind more


def bag_thickness(
    mass_kg: float, *, row_pitch_m: float, col_pitch_m: float, rng: np.random.Generator
) -> FloatImage:  # fmt: skip
    """(r, c) mass thickness in g/cm2 of a bag of packets seen from the side; it sums to the mass.

    row_pitch_m, col_pitch_m: size of a pixel on the container's mid plane.
    """
    region = Room((0.0, 1.2), (-0.4, 0.4), (0.0, 1.0))
    packets = stack_packets(region, mass_kg, "floor", rng)
    low, high = min(p.x0 for p in packets) - col_pitch_m, max(p.x1 for p in packets) + col_pitch_m
    top = max(p.z1 for p in packets) + row_pitch_m
    n_rows = round((top + row_pitch_m) / row_pitch_m) + 1
    geometry = FanGeometry("plane", _FAR_M, 0.5, "right", (-row_pitch_m, (n_rows - 2) * row_pitch_m))
    fan = Fan.of(geometry, n_rows=n_rows, source_y_sign=1)
    basis = project(packed(packets), np.arange(low, high, col_pitch_m), fan, slit_m=col_pitch_m)
    return np.asarray(basis.sum(axis=0) / SHARES["cocaine"].scale, dtype=np.float32)


def placed(thickness: FloatImage, shape: tuple[int, int], *, row: int, col: int) -> FloatImage:
    """(R, C) image of this shape, zero but for the thickness with its first pixel at row, col.

    Raises ValueError where it does not fit.
    """
    rows, cols = slice(row, row + thickness.shape[0]), slice(col, col + thickness.shape[1])
    if row < 0 or col < 0 or rows.stop > shape[0] or cols.stop > shape[1]:
        raise ValueError(f"a load of {thickness.shape} pixels at {(row, col)} does not fit into {shape}")
    result = np.zeros(shape, dtype=np.float32)
    result[rows, cols] = thickness
    return result


def inject_into_counts(
    counts: NDArray[np.uint16], thickness: FloatImage, *, beams: Sequence[Beam], dark_counts: float,
    air_counts: float, quanta: float, rng: np.random.Generator, material: str = "cocaine",
) -> NDArray[np.uint16]:  # fmt: skip
    """Counts of the same scan with the load in it.

    counts: (E, R, C) uint16, highest energy first. thickness: (R, C) g/cm2 of the material. beams: one per
    energy. air_counts: open beam above dark; quanta: what its noise corresponds to. The beam is hardened by what
    is there already; the noise is what fewer photons make it: thinning n quanta to t n leaves t^2 n of their
    variance, so t (1 - t) n is added.
    """
    result = counts.copy()
    where = thickness > 0
    per_quantum = air_counts / quanta
    for energy, beam in enumerate(beams):
        signal = counts[energy][where].astype(np.float64) - dark_counts
        through = _relative_transmission(signal / air_counts, thickness[where], beam, material)
        spread = np.sqrt(np.maximum(signal, 0) * per_quantum * through * (1 - through))
        injected = signal * through + spread * rng.standard_normal(signal.shape) + dark_counts
        result[energy][where] = np.clip(np.rint(injected), 0, 65_535).astype(np.uint16)
    return result


def inject_into_display(
    grey: NDArray[np.uint8], thickness: FloatImage, *, beam: Beam, white: int = 255, gamma: float = 1.0
) -> NDArray[np.uint8]:
    """Grey levels of the same display export with the load in it; approximate.

    grey: (R, C) uint8, bright where the beam is open. thickness: (R, C) g/cm2 of cocaine. Nobody knows an
    export's grey scale: grey / white is taken as transmission to the power gamma, which is exact for a linear
    window from zero. Pixels clipped to white darken as if they showed just the open beam.
    """
    result = grey.copy()
    where = thickness > 0
    level = grey[where] / float(white)
    through = _relative_transmission(level ** (1 / gamma), thickness[where], beam, "cocaine")
    result[where] = np.clip(np.rint(grey[where] * through**gamma), 0, 255).astype(np.uint8)
    return result


def _relative_transmission(present: FloatArray, thickness: FloatImage, beam: Beam, material: str) -> FloatArray:
    """(N,) what a load lets through, behind what already transmits only this share of the beam."""
    water = np.linspace(0, _DEEPEST_G_CM2, 401, dtype=np.float32)
    curve = np.log(beam.transmission(basis_thickness("water", water[np.newaxis]))[0])
    behind = np.interp(-np.log(np.clip(present, np.exp(curve[-1]), 1.0)), -curve, water)
    share = SHARES[material]
    basis = basis_thickness("water", behind[np.newaxis].astype(np.float32))
    before = beam.transmission(basis)[0]
    basis[share.index] += share.scale * thickness
    return np.asarray(beam.transmission(basis)[0] / before, dtype=np.float64)
