"""From attenuation to mass: the tables, the hardening, the units."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scantriage.arrays.mass import EFFECTIVE_ATTENUATION_SD, effective_attenuation, mass_kg, mass_thickness


@pytest.mark.parametrize(("mv", "organic", "iron"), [(3.8, 0.0615, 0.0560), (6.0, 0.0519, 0.0482), (9, 0.0441, 0.0426)])
def test_the_tabulated_energies_are_met(mv, organic, iron):
    assert effective_attenuation(mv) == pytest.approx(organic)
    assert effective_attenuation(mv, "iron") == pytest.approx(iron)


@given(mv=st.floats(1.5, 15), step=st.floats(1.01, 1.3))
def test_a_harder_beam_is_attenuated_less(mv, step):
    assert effective_attenuation(mv * step) < effective_attenuation(mv)


@pytest.mark.parametrize("mv", [0.16, 6000.0, float("nan")])
def test_other_machines_and_other_units_are_refused(mv):
    with pytest.raises(ValueError, match="MV"):
        effective_attenuation(mv)


@pytest.mark.parametrize(("steel_mm", "transmission"), [(20, 0.45), (100, 0.031), (200, 0.0017), (300, 1e-4)])
def test_steel_of_known_thickness_is_weighed_right_at_6_mv(steel_mm, transmission):
    # published transmissions are rounded to two digits: up to 5 % of 1 - ... in T, less in its logarithm
    found = mass_thickness(np.array(-np.log(transmission)), energy_mv=6.0, material="iron")
    assert float(found) == pytest.approx(steel_mm / 10 * 7.85, rel=EFFECTIVE_ATTENUATION_SD)


def test_a_gram_per_square_centimetre_is_ten_kilograms_per_square_metre():
    assert mass_kg(np.ones((2, 5)), 0.1) == pytest.approx(10.0)
    assert mass_kg(np.ones((2, 1)), np.array([[0.25], [0.75]])) == pytest.approx(10.0)
