"""What things are made of, and how it attenuates.

Above 100 keV nearly everything attenuates like one of a few basis materials times a constant, because
scattering off electrons dominates. So a scene is summed in mass thickness of four basis materials, which makes
the polychromatic transmission of a whole image a small matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scantriage.simulate.nist import ELEMENTS, ENERGIES_MEV

FloatArray = NDArray[np.float64]

BASIS = ("water", "aluminium", "iron", "lead")
# between these energies a material is fitted to its basis material: where a filtered 4 to 9 MV beam has its photons
_FITTED_MEV = (0.5, 4.0)

# mass fractions; organic goods by their chemical formula
_COMPOSITIONS: dict[str, dict[str, float]] = {
    "water": {"H": 0.1119, "O": 0.8881},
    "fruit": {"H": 0.1050, "C": 0.0750, "O": 0.8165, "K": 0.0035},
    "meat": {"H": 0.1020, "C": 0.1430, "N": 0.0340, "O": 0.7210},
    "cellulose": {"H": 0.0622, "C": 0.4445, "O": 0.4933},
    "coffee": {"H": 0.0650, "C": 0.4800, "N": 0.0230, "O": 0.4320},
    "sugar": {"H": 0.0648, "C": 0.4211, "O": 0.5141},
    "oil": {"H": 0.1190, "C": 0.7710, "O": 0.1100},
    "cocaine": {"C": 0.6009, "H": 0.0653, "N": 0.0412, "O": 0.1883, "Cl": 0.1043},  # hydrochloride, C17H22ClNO4
    "plastic": {"H": 0.1437, "C": 0.8563},
    "foam": {"H": 0.0700, "C": 0.6400, "N": 0.0700, "O": 0.2200},  # polyurethane
    "rubber": {"H": 0.0900, "C": 0.8500, "S": 0.0200, "Zn": 0.0200, "O": 0.0200},
    "salt": {"Na": 0.3934, "Cl": 0.6066},
    "ceramic": {"O": 0.4900, "Si": 0.3200, "Al": 0.1200, "K": 0.0300, "Ca": 0.0400},
    "aluminium": {"Al": 1.0},
    "iron": {"Fe": 1.0},
    "copper": {"Cu": 1.0},
    "lead": {"Pb": 1.0},
}

_BASIS_OF = {"salt": "aluminium", "ceramic": "aluminium", "aluminium": "aluminium", "iron": "iron", "copper": "iron",
             "lead": "lead"}  # fmt: skip


def attenuation_cm2_g(material: str, energies_mev: FloatArray) -> FloatArray:
    """Mass attenuation of a material, cm2/g, log-log interpolated in NIST's tables.

    energies_mev: photon energies in MeV, 0.1 to 20. Raises KeyError for a material that is not in the table.
    """
    log_energy = np.log(energies_mev)
    total = np.zeros_like(log_energy)
    for element, fraction in _COMPOSITIONS[material].items():
        total += fraction * np.exp(np.interp(log_energy, np.log(ENERGIES_MEV), np.log(ELEMENTS[element])))
    return total


@dataclass(frozen=True, slots=True)
class BasisShare:
    """One gram of a material counts as ``scale`` grams of the basis material with this index."""

    index: int
    scale: float


def _share(material: str) -> BasisShare:
    basis = _BASIS_OF.get(material, "water")
    energies = np.geomspace(*_FITTED_MEV, 24)
    own, reference = attenuation_cm2_g(material, energies), attenuation_cm2_g(basis, energies)
    return BasisShare(BASIS.index(basis), float(np.sum(own * reference) / np.sum(reference**2)))


SHARES: dict[str, BasisShare] = {material: _share(material) for material in _COMPOSITIONS}
