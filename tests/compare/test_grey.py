"""Two viewers, two grey curves, one load."""

from dataclasses import replace

import numpy as np
import pytest
from made_loads import ENERGY_MV, LOADED, NOISE, Block, geometry, placement, rectified

from scantriage.compare.grey import straightened
from scantriage.compare.pair import compare

FANS = (geometry(), geometry("right", height_m=1.4, distance_m=4.8))
STACKS = (*LOADED, Block((0.4, 1.4), (-1.1, 1.1), (0.2, 1.9), 0.4), Block((4.6, 5.8), (-1.1, 0.2), (0.2, 1.5), 0.5))


def seen(k):
    return rectified(STACKS, placement(FANS[k]), noise=NOISE, seed=k)


def exported(scan, *, black, logarithmic):
    """As a viewer shows it whose black is a transmission of `black`, read as if grey were transmission."""
    through = np.exp(-scan.attenuation)
    grey = 1 - scan.attenuation / -np.log(black) if logarithmic else (through - black) / (1 - black)
    grey, black = np.clip(grey, 1 / 255, None).astype(np.float32), grey < 1.5 / 255
    return replace(scan, attenuation=-np.log(grey), usable=~black)


def straight(first, second, calibrated):
    return straightened((first, second), calibrated=calibrated, energies_mv=(ENERGY_MV, ENERGY_MV))


def bend_of(scan, true):
    """By how much the attenuation of what is thick is too large beside that of what is thin."""
    thin, thick = ((true.attenuation > low) & (true.attenuation < high) for low, high in ((0.2, 0.5), (1.2, 1.8)))
    ratio = scan.attenuation / true.attenuation
    return float(np.median(ratio[thick]) / np.median(ratio[thin]))


def test_scans_that_are_calibrated_are_left_alone():
    scans = seen(0), seen(1)
    assert all(found is scan for found, scan in zip(straight(*scans, (True, True)), scans, strict=True))


@pytest.mark.parametrize(("black", "logarithmic"), [(0.1, False), (0.1, True), (0.02, True)])
@pytest.mark.parametrize("export", [0, 1])
def test_an_export_beside_a_calibrated_scan_is_straightened(black, logarithmic, export):
    true = [seen(0), seen(1)]
    scans, calibrated = list(true), [True, True]
    scans[export] = exported(true[export], black=black, logarithmic=logarithmic)
    calibrated[export] = False
    found = straight(*scans, tuple(calibrated))
    np.testing.assert_allclose(found[1 - export].attenuation, scans[1 - export].attenuation, atol=1e-5)
    before, after = (np.log(bend_of(scan, true[export])) for scan in (scans[export], found[export]))
    assert before > 0.1
    assert abs(after) < 0.3 * before


def test_two_exports_are_straightened_against_each_other():
    true = [seen(0), seen(1)]
    scans = [exported(true[0], black=0.02, logarithmic=False), exported(true[1], black=0.05, logarithmic=True)]
    found = straight(*scans, (False, False))
    before, after = (
        np.log([bend_of(scan, at) for scan, at in zip(pair, true, strict=True)]) for pair in (scans, found)
    )
    assert abs(after[0] - after[1]) < 0.4 * abs(before[0] - before[1])


def test_an_unchanged_load_differs_less_once_its_export_is_known_for_one():
    scans = seen(0), exported(seen(1), black=0.1, logarithmic=True)
    taken, known = (
        compare(*scans, energies_mv=(ENERGY_MV, ENERGY_MV), calibrated=(True, calibrated))
        for calibrated in (True, False)
    )
    assert sum(known.changed_kg) < 0.7 * sum(taken.changed_kg)


def test_where_nothing_can_be_fitted_nothing_is_bent():
    blank = replace(seen(0), usable=np.zeros_like(seen(0).usable), valid=np.zeros_like(seen(0).valid))
    for scan, found in zip((blank, blank), straight(blank, blank, (False, False)), strict=True):
        np.testing.assert_allclose(found.attenuation, scan.attenuation, atol=1e-5)
