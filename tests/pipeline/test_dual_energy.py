"""Curves that tell materials apart: in the right order, and silent where nothing can be told."""

import numpy as np
import pytest

from scantriage.pipeline.dual_energy import N_POINTS, dual_curves
from scantriage.simulate.beam import Beam, basis_thickness


@pytest.mark.parametrize("energies", [(6.0, 4.0), (9.0, 6.0), (6.0, 3.5)])
def test_organic_goods_lose_more_at_the_lower_energy_than_metal_does(energies):
    curves = dual_curves(*energies)

    assert {len(curves[name]) for name in ("attenuation", "organic", "inorganic", "metal")} == {N_POINTS}
    organic, inorganic, metal = (np.array(curves[name][1:]) for name in ("organic", "inorganic", "metal"))
    assert np.all(organic > inorganic)
    assert np.all(inorganic > metal)
    assert np.all(metal > np.array(curves["attenuation"][1:]))


def test_little_and_very_much_tell_nothing():
    least, most = dual_curves(6.0, 4.0)["readable"]

    assert 0.1 <= least <= 1  # 2 to 20 g/cm2
    assert 2.5 <= most <= 5  # beyond, scatter decides


def test_one_energy_twice_tells_nothing():
    assert dual_curves(6.0, 6.0)["readable"] == [0.0, 0.0]


def test_a_known_material_lies_on_its_curve():
    curves = dual_curves(9.0, 6.0)
    thickness = basis_thickness("iron", np.array([[40.0]], dtype=np.float32))
    higher, lower = (-np.log(float(Beam(mv).transmission(thickness)[0, 0])) for mv in (9.0, 6.0))

    # 0.125 apart, the curve is straight to 1e-3
    assert np.interp(higher, curves["attenuation"], curves["metal"]) == pytest.approx(lower, abs=2e-3)
