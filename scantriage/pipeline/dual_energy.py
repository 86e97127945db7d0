"""What tells materials apart in a scan of two energies: the attenuation each class has at the lower one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.views import DualCurves
from scantriage.simulate.beam import Beam, basis_thickness

FloatArray = NDArray[np.floating[Any]]

N_POINTS = 64
_STEP = 0.125  # attenuation: 63 steps reach 7.9, beyond which nothing is left to see
_CLASSES = {"organic": "water", "inorganic": "aluminium", "metal": "iron"}
_THICKNESS_G_CM2 = np.geomspace(1e-3, 300, 400)
# a pixel in air counts about 8,000 quanta (measured on a raw portal scan); 4 cm squared are some 60 pixels of a scan
_QUANTA = 8_000 * 60
_CALIBRATION = 0.003  # of the attenuation: how far two energies' air and dark wander apart within a scan
_SCATTER = 4e-3  # of the open beam, in both energies: what scatters into a detector and looks like transmission
_CERTAIN_SD = 2.0


def dual_curves(higher_mv: float, lower_mv: float) -> DualCurves:
    """Attenuation of three classes at the lower energy, for attenuations at the higher one.

    ``attenuation``: `N_POINTS` evenly spaced values of the higher energy. ``organic``, ``inorganic``, ``metal``: of
    the lower energy, behind water, aluminium and iron, for beams as they are simulated: a real linac may be filtered
    otherwise, so the classes are a guide. ``readable``: least and most attenuation between which organic goods and
    metal differ by two standard deviations of 4 x 4 cm; below too little is in the way, above too little comes through;
    both zero where nothing can be told.
    """
    attenuation = _STEP * np.arange(N_POINTS)
    curves = {name: _curve(Beam(higher_mv), Beam(lower_mv), basis, attenuation) for name, basis in _CLASSES.items()}
    apart = np.abs(curves["organic"] - curves["metal"])
    at_higher, at_lower = np.exp(attenuation), np.exp(curves["organic"])
    # it takes more from a large attenuation than from a small one, so less of it cancels the more is in the way
    scatter = _SCATTER * (at_lower - np.gradient(curves["organic"], attenuation) * at_higher)
    noise = np.sqrt((at_higher + at_lower) / _QUANTA + (_CALIBRATION * attenuation) ** 2 + scatter**2)
    readable = attenuation[apart > _CERTAIN_SD * noise]
    ends = (readable[0], readable[-1]) if len(readable) else (0.0, 0.0)
    rounded = {name: [round(float(value), 5) for value in values] for name, values in curves.items()}
    return {"attenuation": attenuation.tolist(), **rounded, "readable": [float(end) for end in ends]}


def _curve(higher: Beam, lower: Beam, basis: str, attenuation: FloatArray) -> FloatArray:
    thickness = basis_thickness(basis, _THICKNESS_G_CM2[np.newaxis].astype(np.float32))
    at_higher, at_lower = (-np.log(beam.transmission(thickness)[0].astype(np.float64)) for beam in (higher, lower))
    return np.asarray(np.interp(attenuation, np.append(0.0, at_higher), np.append(0.0, at_lower)))
