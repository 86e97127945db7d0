import numpy as np
import pytest
from made_counts import COLS, DARK, ROWS, Detector, container
from scipy.ndimage import gaussian_filter

from scantriage.calibrate.attenuation import calibrate
from scantriage.calibrate.scatter import find_veil

SCENE = container()
DIRECT = np.exp(-SCENE).astype(np.float32)
WAYS = [(0.03, 0.0), (0.0, 0.02), (0.03, 0.02), (0.0, 0.06)]


def calibrated(detector, scene=SCENE):
    return calibrate(detector.counts(scene), kind="raw", dark_level=DARK).image


def veiled(share, floor):
    """The scene as parts of the open beam, and the veil in it."""
    veil = share * gaussian_filter(DIRECT, 15, mode="nearest") + floor
    return ((1 - share) * DIRECT + veil) / (1 + floor), veil / (1 + floor)


def at_rows(veil):
    return veil.parts[np.round(veil.at).astype(int)]


@pytest.mark.parametrize(("share", "floor"), WAYS)
@pytest.mark.parametrize(("low", "high"), [(0.1, 1), (1, 2), (2, 3)])
def test_a_veil_of_scatter_is_taken_off(share, floor, low, high):
    image = calibrated(Detector(scatter=share, scatter_floor=floor))
    where = (low <= SCENE) & (high > SCENE) & image.usable
    under_it = -np.log(veiled(share, floor)[0])
    error, seeming = ((values - SCENE)[where].mean() for values in (image.pixels, under_it))
    assert abs(error) < 0.01 + 0.25 * abs(seeming)


@pytest.mark.parametrize(("share", "floor"), WAYS)
def test_the_veil_is_told_from_the_darkest_places(share, floor):
    seen, true = veiled(share, floor)
    found, dark = at_rows(find_veil(seen, n_rows=ROWS, n_cols=COLS)), DIRECT < 0.05
    # what the darkest let through remains unknown: that of 200 mm of steel is taken for granted
    assert abs(np.median((found - true)[dark])) < 0.0017 + 0.05 * np.median(true[dark])


def test_where_something_opaque_is_seen_dark_there_is_no_veil():
    veil = find_veil(DIRECT, n_rows=ROWS, n_cols=COLS)
    assert (veil.share, veil.floor) == (0, 0)
    assert veil.clear == 1


def test_nothing_is_darker_than_the_veil_over_it():
    rng = np.random.default_rng(0)
    for _ in range(20):
        seen = rng.uniform(0, 0.3) + rng.uniform(0, 1) * gaussian_filter(rng.uniform(size=(80, 200)), 4)
        veil = find_veil(seen.astype(np.float32), n_rows=80, n_cols=200)
        assert (at_rows(veil) <= seen + 1e-6).mean() > 0.995


@pytest.mark.parametrize("floor", [0.02, 0.06])
def test_what_steel_is_too_thick_for_is_not_penetrated_under_scatter(floor):
    steel, inside = SCENE.copy(), np.s_[105:155, 205:295]
    steel[100:160, 200:300] = 6.4  # 200 mm at 6 MV
    assert calibrated(Detector(), steel).penetrated[inside].all()
    assert calibrated(Detector(scatter_floor=floor), steel).penetrated[inside].mean() < 0.01


def test_open_beam_is_zero_attenuation_whatever_scatters():
    image = calibrated(Detector(scatter=0.05, scatter_floor=0.03))
    assert abs(image.pixels[:15].mean()) < 5e-3
