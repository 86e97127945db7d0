import cv2
import numpy as np
import pytest
from made_counts import CHASSIS, COLS, DARK, FLOOR, FRONT, REAR, ROOF, ROWS, Detector, container

from scantriage.calibrate.attenuation import calibrate
from scantriage.scan.quality import Flag

SCENE = container()
EVEN = Detector(gain=np.ones(ROWS), dose=np.ones(COLS), tilt=np.zeros(COLS))


def export(scene=SCENE, *, air=260.0, quality=75, seed=0):
    """8-bit JPEG of transmission, air at the grey given: over 255 it is clipped white."""
    counts = EVEN.counts(scene, seed=seed).astype(float) - DARK
    grey = np.clip(np.round(counts / EVEN.air * air), 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


def calibrated(grey):
    return calibrate(grey, kind="display", dark_level=None)


def middling():
    """Where an export of 8 bits can tell the attenuation at all: away from both ends."""
    return cv2.erode(((SCENE > 0.1) & (SCENE < 2.5)).astype(np.uint8), np.ones((5, 5))) > 0


def test_an_export_agrees_with_the_calibrated_scan_it_was_made_from():
    raw = calibrate(EVEN.counts(SCENE), kind="raw", dark_level=DARK).image
    result = calibrated(export())
    assert result.image.quantity == "relative_attenuation"
    assert Flag.UNCALIBRATED in result.flags
    inside = middling() & result.image.valid
    assert np.corrcoef(raw.pixels[inside], result.image.pixels[inside])[0, 1] > 0.99


def test_where_white_is_clipped_next_to_nothing_is_and_clipped_black_is_not_penetrated():
    result = calibrated(export())
    air = np.s_[: ROOF - 8, FRONT + 10 : REAR - 10]
    assert result.image.usable[air].all()
    assert (result.image.pixels[air] == 0).all()
    two_walls = 0.14  # it may hide them
    assert (result.image.variance[air] > two_walls**2).all()
    assert (result.image.pixels[:15, :40] == 0).all()  # columns of nothing but white may be padding
    opaque = SCENE.copy()
    opaque[100:160, 300:360] = 12
    dark = calibrated(export(opaque))
    assert not dark.image.penetrated[104:156, 304:356].any()
    assert dark.image.penetrated[ROOF + 10 : 70].all()
    assert Flag.CLIPPED in dark.flags


def test_air_that_is_not_clipped_is_valid_and_zero_also_where_the_dose_drifts():
    drifting = Detector(gain=np.ones(ROWS), dose=np.linspace(1.02, 0.98, COLS), tilt=np.zeros(COLS))
    counts = drifting.counts(SCENE).astype(float) - DARK
    grey = np.round(counts / drifting.air * 230).clip(0, 255).astype(np.uint8)
    image = calibrated(grey).image
    air = np.zeros(SCENE.shape, bool)
    air[: ROOF - 8] = air[:, : FRONT - 12] = air[:, REAR + 12 :] = True
    assert image.valid[air].all()
    # its drift is known to two levels of grey; over 18 rows and 20 columns noise averages to a tenth of one
    stretches = image.pixels[: ROOF - 8].reshape(ROOF - 8, -1, 20).mean(axis=(0, 2))
    assert np.abs(stretches).max() < 2 / 230


def test_noise_of_an_export_is_measured_per_grey_level():
    scene = np.zeros((ROWS, COLS))
    scene[ROOF:, FRONT:REAR] = np.linspace(0.2, 2.2, REAR - FRONT)
    counts = EVEN.counts(scene).astype(float) - DARK
    grey = np.round(counts / EVEN.air * 240).clip(0, 255).astype(np.uint8)
    image = calibrated(grey).image
    inside = np.s_[ROOF + 10 : ROWS - 10, FRONT + 20 : REAR - 20]
    z = (image.pixels - scene)[inside] / np.sqrt(image.variance[inside])
    # 32 classes of grey, within each of which the noise changes by up to a tenth
    assert z.std() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("air", [260.0, 243.0])
def test_an_inverted_export_reads_the_same(air):
    grey = export(air=air)
    upright, inverted = calibrated(grey).image, calibrated(255 - grey).image
    np.testing.assert_allclose(inverted.pixels, upright.pixels, atol=1e-5)
    np.testing.assert_array_equal(inverted.valid, upright.valid)


def test_black_padding_is_invalid_and_has_no_attenuation():
    grey = export(air=243.0)
    padded = np.concatenate([np.zeros((ROWS, 80), np.uint8), grey, np.zeros((ROWS, 40), np.uint8)], axis=1)
    for quality in (75, 95):
        smeared = cv2.imdecode(cv2.imencode(".jpg", padded, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0)
        image = calibrated(smeared).image
        assert not image.valid[:, :80].any()
        assert not image.valid[:, -40:].any()
        assert (image.pixels[:, :78] == 0).all()
        assert image.valid[ROOF + 10 : 60, 90:-50].mean() > 0.95


def test_rows_with_light_added_are_dead():
    grey = export(air=243.0).astype(float)
    fault = np.random.default_rng(3).normal(40, 6, (3, COLS))
    grey[120:123] = np.clip(grey[120:123] + fault, 0, 255)
    result = calibrated(grey.round().astype(np.uint8))
    assert Flag.DEAD_ROWS in result.flags
    dead = np.flatnonzero(~result.image.valid.any(axis=1))
    assert set(dead) == {120, 121, 122}


def test_a_bright_gap_between_floor_and_chassis_is_no_dead_row():
    gap = SCENE.copy()
    gap[FLOOR + 2 : FLOOR + 5, FRONT + 8 : REAR - 8] = 0.3
    assert Flag.DEAD_ROWS not in calibrated(export(gap, air=243.0)).flags
    counts = EVEN.counts(gap)
    assert Flag.DEAD_ROWS not in calibrate(counts, kind="raw", dark_level=DARK).flags
    assert gap[CHASSIS + 2, FRONT + 100] == 0


def test_an_export_of_more_than_8_bits_reads_like_one_of_8():
    counts = EVEN.counts(SCENE).astype(float) - DARK
    transmission = counts / EVEN.air * 0.95
    coarse = calibrated(np.round(transmission * 255).clip(0, 255).astype(np.uint8)).image
    fine = calibrated(np.round(transmission * 4095).clip(0, 4095).astype(np.uint16)).image
    inside = middling()
    assert np.median(np.abs(coarse.pixels - fine.pixels)[inside]) < 0.02


def test_the_export_given_is_left_alone():
    grey = export()
    before = grey.copy()
    calibrate(grey, kind="display", dark_level=None)
    np.testing.assert_array_equal(grey, before)


def of_detector(gain, scene=SCENE):
    """An export whose viewer shows what each element delivers."""
    counts = Detector(gain=gain, dose=np.ones(COLS), tilt=np.zeros(COLS)).counts(scene).astype(float) - DARK
    grey = np.round(counts / EVEN.air * 243).clip(0, 255)
    return grey.astype(np.uint8)


def test_elements_of_less_gain_leave_no_lines_across_an_export():
    gain = np.ones(ROWS)
    gain[[20, 60, 61]], gain[90:100] = 0.85, 0.9
    even, uneven = (calibrated(of_detector(rows)).image for rows in (np.ones(ROWS), gain))
    assert uneven.valid.all()
    inside = middling() & (SCENE < 1.5)  # darker, a level of grey is 2 % and more
    change = uneven.pixels - even.pixels
    for row in (60, 61, *range(90, 100)):
        assert abs(change[row][inside[row]].mean()) < 1 / 243 + 0.005  # half a level of grey at either end, and noise
    assert np.abs(uneven.pixels[20]).mean() < 0.01


def test_an_element_that_shows_too_little_is_dead():
    gain = np.ones(ROWS)
    gain[70] = 0.5
    result = calibrated(of_detector(gain))
    assert Flag.DEAD_ROWS in result.flags
    assert set(np.flatnonzero(~result.image.valid.any(axis=1))) == {70}


def test_a_roof_that_runs_from_edge_to_edge_is_no_element_of_less_gain():
    inside = np.s_[:, FRONT + 10 : REAR - 10]
    image = calibrated(of_detector(np.ones(ROWS))[inside]).image
    rows = np.s_[ROOF - 2 : ROOF + 12]
    roof, seen = (np.median(plane[rows], axis=1) for plane in (SCENE[inside], image.pixels))
    # the dose is looked for as well, and walls from edge to edge are taken for air: that is the same in all rows
    assert np.ptp(seen) == pytest.approx(np.ptp(roof), abs=0.02)
