import numpy as np
import pytest
from made_counts import CHASSIS, COLS, DARK, FLOOR, FRONT, REAR, ROOF, ROWS, Detector, container

from scantriage.calibrate.attenuation import calibrate
from scantriage.calibrate.beam import find_open_beam
from scantriage.calibrate.dark import dark_noise
from scantriage.errors import UnreadableScan
from scantriage.scan.quality import Flag
from scantriage.simulate.pair import simulate_pair

SCENE = container()
DETECTOR = Detector()


def calibrated(counts, dark_level=DARK):
    return calibrate(counts, kind="raw", dark_level=dark_level)


@pytest.fixture(scope="module")
def plain():
    return calibrated(DETECTOR.counts(SCENE))


def standardised(image, scene, where):
    return ((image.pixels - scene) / np.sqrt(image.variance))[where & image.usable]


@pytest.mark.parametrize(("low", "high"), [(0, 0.01), (0.1, 0.5), (0.7, 2), (2, 4), (4, 5.2)])
def test_attenuation_is_recovered_behind_every_thickness(plain, low, high):
    where = (low <= SCENE) & (high > SCENE)
    z = standardised(plain.image, SCENE, where)
    # a row's or a pulse's gain is known to about 0.15 of a pixel's noise and shared by its pixels
    assert abs(z.mean()) < 0.1
    assert abs(z.std() - 1) < 0.04


def test_a_clean_scan_has_no_flags_and_is_valid_everywhere(plain):
    assert plain.flags == ()
    assert plain.image.quantity == "attenuation"
    assert plain.image.valid.all()
    assert plain.image.penetrated.all()


def test_air_is_zero_and_free_of_stripes(plain):
    attenuation = plain.image.pixels
    photon_sd = np.sqrt(DETECTOR.per_count / DETECTOR.air)
    rows = attenuation[:, : FRONT - 10]
    assert abs(np.median(rows)) < 0.001
    # a row mean over n pixels scatters by the photon noise over root n; what gain leaves must stay below that
    assert rows.mean(axis=1).std() < 1.2 * photon_sd / np.sqrt(rows.shape[1])
    columns = attenuation[:, : FRONT - 10]
    assert columns.mean(axis=0).std() < 1.2 * photon_sd / np.sqrt(ROWS)


def test_noise_is_measured_whatever_its_size():
    for per_count in (1.0, 12.0):
        noisy = Detector(per_count=per_count)
        image = calibrated(noisy.counts(SCENE)).image
        z = standardised(image, SCENE, (SCENE > 0.1) & (SCENE < 3))
        assert abs(z.std() - 1) < 0.04


def test_gain_and_dose_do_not_matter(plain):
    other = Detector(gain=1 + 0.05 * np.random.default_rng(7).normal(size=ROWS), dose=np.linspace(0.97, 1.03, COLS))
    image = calibrated(other.counts(SCENE)).image
    # same photons' noise, other gains: the difference must stay within the noise of both
    z = (image.pixels - plain.image.pixels) / np.sqrt(image.variance + plain.image.variance)
    assert z.std() < 1
    assert abs(z.mean()) < 0.1


@pytest.mark.parametrize("width", [1, 3, 6])  # columns within which most of it happens
@pytest.mark.parametrize("change", [0.7, 0.9, 1.3])
def test_a_dose_that_changes_suddenly_is_followed(change, width):
    dose = DETECTOR.dose * (1 + (change - 1) / (1 + np.exp(-(np.arange(COLS) - 350) / width)))
    image = calibrated(Detector(air=40_000.0, dose=dose).counts(SCENE)).image
    for where in (SCENE == 0, (SCENE > 0.1) & (SCENE < 2)):
        z = standardised(image, SCENE, where)
        assert abs(z.mean()) < 0.1
        assert z.std() < 1.1


def test_wobble_is_followed_under_the_container():
    swinging = Detector(tilt=0.01 * np.sin(np.arange(COLS) / 12))
    image = calibrated(swinging.counts(SCENE)).image
    under = slice(CHASSIS + 3, ROWS)
    # seen from the lowest rows, which the tilt moves by 1 %: what is left is a tenth
    columns = image.pixels[under, FRONT:370].mean(axis=0)
    expected_sd = np.sqrt(swinging.per_count / swinging.air / (ROWS - CHASSIS - 3))
    assert columns.std() < 2 * expected_sd
    assert expected_sd < 0.25 * 0.01 / np.sqrt(2)


def test_a_weak_detector_element_is_no_object():
    gain = DETECTOR.gain.copy()
    gain[[8, 120, ROWS - 3]] = 0.6, 1.5, 0.55
    result = calibrated(Detector(gain=gain, air=40_000.0).counts(SCENE))
    assert result.image.valid.all()
    assert np.abs(np.median(result.image.pixels[:, : FRONT - 10], axis=1)).max() < 0.01


def test_two_energies_are_calibrated_each_by_its_own_gain():
    low = Detector(gain=1 + 0.04 * np.random.default_rng(11).normal(size=ROWS), air=42_000.0, per_count=3.0)
    planes = (DETECTOR.counts(SCENE), low.counts(1.18 * SCENE, seed=5))
    higher, lower = (calibrated(counts).image.pixels for counts in planes)
    cargo = (SCENE > 0.1) & (SCENE < 4)
    assert np.median(lower[cargo] / higher[cargo]) == pytest.approx(1.18, rel=0.005)


def test_the_scan_given_is_left_alone():
    counts = DETECTOR.counts(SCENE)
    before = counts.copy()
    calibrate(counts, kind="raw", dark_level=DARK)
    np.testing.assert_array_equal(counts, before)


def test_dead_rows_are_invalid_and_bridged():
    counts = DETECTOR.dark_rows(DETECTOR.counts(SCENE), [70, 71])
    counts[130] = 65535
    counts[150] = 0
    counts[160] = 31_000
    result = calibrated(counts)
    assert Flag.DEAD_ROWS in result.flags
    assert set(np.flatnonzero(~result.image.valid.any(axis=1))) == {70, 71, 130, 150, 160}
    between = result.image.pixels[70, FRONT + 10 : REAR - 10]
    above = result.image.pixels[69, FRONT + 10 : REAR - 10]
    assert np.median(np.abs(between - above)) < 0.05
    assert np.isfinite(result.image.pixels).all()
    assert np.isfinite(result.image.variance).all()


@pytest.mark.parametrize("row", [0, 199])
def test_a_row_that_is_stuck_at_the_edge_of_the_image_spoils_no_row_beside_it(row):
    counts = Detector(air=30_000).counts(SCENE)[:200]  # the last row goes through the cargo
    usual = calibrated(counts)
    stuck = counts.copy()
    stuck[row] = 65535
    result = calibrated(stuck)
    assert np.flatnonzero(~result.image.valid.any(axis=1)).tolist() == [row]
    others = np.arange(200) != row
    assert np.abs(result.image.pixels - usual.image.pixels)[others].max() < 0.02


def test_a_spike_in_a_dead_row_blinds_nothing():
    detector = Detector()
    counts = detector.dark_rows(detector.counts(container()), [100, 180])
    spiked = counts.copy()
    spiked[100, 300], spiked[180, 77] = 65_535, 65_535
    usual, other = (calibrate(one, kind="raw", dark_level=DARK).image for one in (counts, spiked))
    assert (usual.penetrated == other.penetrated).mean() > 0.999


def test_one_hot_and_one_dead_pixel_are_found_and_nothing_beside_them():
    counts = DETECTOR.counts(SCENE)
    counts[100, 205] = 64_000
    counts[12, 300] = 0
    result = calibrated(counts)
    assert sorted(zip(*(axis.tolist() for axis in np.nonzero(~result.image.valid)), strict=True)) == [
        (12, 300),
        (100, 205),
    ]
    assert result.image.pixels[12, 300] == pytest.approx(0, abs=0.05)


def test_noise_makes_no_odd_pixels(plain):
    assert plain.image.valid.all()


def test_padding_is_invalid_and_does_not_disturb(plain):
    padded = np.concatenate([np.zeros((ROWS, 50), np.uint16), DETECTOR.counts(SCENE)], axis=1)
    image = calibrated(padded).image
    assert not image.valid[:, :50].any()
    assert image.valid[:, 50:].all()
    np.testing.assert_allclose(image.pixels[:, 50:], plain.image.pixels, atol=0.02)


def test_what_lies_in_a_pulse_that_did_not_come_is_told_by_those_beside(plain):
    counts = DETECTOR.counts(SCENE)
    lost = [20, 205, 300, 301, 452]  # in the air, in goods, at a gap, two in a row
    counts[:, lost] = DETECTOR.dark_rows(counts.T, lost).T[:, lost]
    image = calibrated(counts).image
    assert image.valid.all()
    np.testing.assert_allclose(np.delete(image.pixels, lost, 1), np.delete(plain.image.pixels, lost, 1), atol=0.02)
    even = np.abs(np.diff(SCENE, axis=1))[:, 204] < 0.01
    assert np.abs(image.pixels - SCENE)[even, 205].mean() < 0.03


def test_three_pulses_in_a_row_that_did_not_come_are_not_told():
    counts = DETECTOR.counts(SCENE)
    counts[:, 300:303] = round(DARK)
    valid = calibrated(counts).image.valid
    assert not valid[:, 300:303].any()
    assert np.delete(valid, [300, 301, 302], 1).all()


def test_what_no_photon_passes_is_not_penetrated():
    opaque = SCENE.copy()
    opaque[100:140, 300:340] = 12
    image = calibrated(DETECTOR.counts(opaque)).image
    inside = (slice(102, 138), slice(302, 338))
    assert not image.penetrated[inside].any()
    assert image.penetrated.mean() > 0.99
    # a lower bound, not infinity: the signal at which noise reaches half the signal
    assert 6 < image.pixels[inside].max() < 9
    assert (image.variance[inside] >= 0.25).all()


def test_clipped_pixels_are_invalid_and_flagged():
    counts = DETECTOR.counts(SCENE)
    counts[ROOF + 30 : ROOF + 50, 200:230] = 65535
    result = calibrated(counts)
    assert Flag.CLIPPED in result.flags
    assert not result.image.valid[ROOF + 30 : ROOF + 50, 200:230].any()


def test_an_overexposed_air_stays_at_zero_attenuation():
    result = calibrated(Detector(air=75_000.0, gain=np.ones(ROWS)).counts(SCENE))
    air = np.s_[:15, :40]
    assert Flag.CLIPPED in result.flags
    assert not result.image.valid[air].any()
    assert abs(np.median(result.image.pixels[air])) < 0.01


def test_an_unknown_dark_level_is_estimated_from_dead_rows():
    counts = DETECTOR.dark_rows(DETECTOR.counts(SCENE), [77])
    result = calibrated(counts, dark_level=None)
    assert Flag.DARK_ASSUMED in result.flags
    known = calibrated(counts)
    # 400 counts known to the noise of a row: nothing behind e**-4 of the beam
    thick = SCENE > 3
    np.testing.assert_allclose(result.image.pixels[thick], known.image.pixels[thick], atol=0.01)


def test_an_unknown_dark_level_is_estimated_from_opaque_places():
    opaque = SCENE.copy()
    opaque[100:160, 300:360] = 11
    result = calibrated(DETECTOR.counts(opaque), dark_level=None)
    known = calibrated(DETECTOR.counts(opaque))
    cargo = (SCENE > 1) & (SCENE < 4)
    assert np.median(np.abs(result.image.pixels[cargo] - known.image.pixels[cargo])) < 0.02


def test_a_container_that_fills_the_view_is_flagged():
    filled = DETECTOR.counts(SCENE)[ROOF:FLOOR, FRONT:REAR]
    result = calibrated(filled)
    assert Flag.NO_AIR in result.flags
    # the level is the brightest place's, behind the two walls
    shown = result.image.pixels[30:60]
    assert abs(np.median(shown)) < 0.1


def test_walls_are_not_taken_for_air_where_the_roof_leaves_the_view():
    scene = SCENE.copy()
    scene[ROOF : FLOOR - 6, 300:420] = 0.07  # thin walls, and nothing behind them
    scene[:ROOF, 300:420] = 0.3
    even = Detector(dose=np.ones(COLS))
    walls = calibrated(even.counts(scene)).image.pixels[ROOF + 20 : FLOOR - 20]
    for left in range(300, 420, 20):
        assert np.median(walls[:, left : left + 20]) == pytest.approx(0.07, abs=0.02)


def test_a_roof_that_leaves_the_view_is_not_taken_for_a_falling_dose():
    rescan = simulate_pair(2_195_996_373, scale=0.2, split="held_out").rescan
    assert np.ptp(rescan.passage.raised_m) > 0.05  # the vehicle bounces
    dose = find_open_beam(rescan.counts[0], dark=rescan.scanner.dark_counts).pulses.dose
    assert np.abs(dose - 1).max() < 4 * rescan.scanner.dose_sd  # taken for it, the walls made it 0.86


def test_cut_off_at_both_ends_the_air_above_is_enough():
    middle = slice(FRONT + 20, REAR - 20)
    result = calibrated(DETECTOR.counts(SCENE)[:, middle])
    above = result.image.pixels[: ROOF - 6]
    assert abs(np.median(above)) < 0.005


def test_a_scan_without_vehicle_is_air_everywhere():
    result = calibrated(DETECTOR.counts(np.zeros((ROWS, COLS))))
    assert result.flags == ()
    assert abs(np.median(result.image.pixels)) < 0.001


def test_a_float_scan_with_holes_is_read_and_the_holes_are_invalid():
    counts = DETECTOR.counts(SCENE).astype(np.float32)
    counts[40:44, 100:104] = np.nan
    image = calibrated(counts).image
    assert not image.valid[40:44, 100:104].any()
    assert np.isfinite(image.pixels).all()


def test_a_float_scan_between_zero_and_one_is_read_like_counts(plain):
    unit = (DETECTOR.counts(SCENE) / np.float32(65535)).astype(np.float32)
    image = calibrated(unit, dark_level=DARK / 65535).image
    np.testing.assert_allclose(image.pixels, plain.image.pixels, atol=0.01)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (np.zeros((40, 60), np.uint16), "zero everywhere"),
        (np.full((40, 60), 65535, np.uint16), "everywhere"),
        (np.full((40, 60), 1234, np.uint16), "1234 everywhere"),
        (np.where(np.arange(2400).reshape(40, 60) < 10, 900, 65535).astype(np.uint16), "saturated"),
        (np.where(np.arange(2400).reshape(40, 60) < 10, 900, 0).astype(np.uint16), "dark"),
        (np.full((40, 60), np.nan, np.float32), "zero everywhere"),
        (np.tile(np.arange(60, dtype=np.uint16), (40, 1)), "no signal"),
    ],
)
@pytest.mark.parametrize("kind", ["raw", "display"])
def test_a_hopeless_image_is_refused_in_one_sentence(counts, said, kind):
    with pytest.raises(UnreadableScan, match=said) as refused:
        calibrate(counts, kind=kind, dark_level=None)
    assert str(refused.value).startswith("The image ")


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 3), (7, 9)])
def test_a_tiny_image_is_calibrated_or_refused_but_never_breaks(shape):
    counts = np.random.default_rng(0).integers(500, 60_000, shape).astype(np.uint16)
    for kind in ("raw", "display"):
        try:
            image = calibrate(counts, kind=kind, dark_level=None).image
        except UnreadableScan:
            continue
        assert np.isfinite(image.pixels).all()


def test_several_planes_at_once_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="R, C"):
        calibrate(np.zeros((2, 40, 60), np.uint16), kind="raw", dark_level=None)


def test_a_row_that_is_stuck_at_light_tells_no_noise_of_the_dark():
    rng = np.random.default_rng(0)
    dark_row = rng.normal(500, 3, (1, 2000))
    lit_row = np.where(rng.random((1, 2000)) < 0.4, 45_000, 700) + rng.normal(0, 30, (1, 2000))
    assert dark_noise(np.concatenate([dark_row, lit_row, lit_row]), dark=500, level=45_000) == pytest.approx(3, rel=0.1)
    assert dark_noise(lit_row, dark=500, level=45_000) is None


def any_picture(rng):
    """Counts of nothing in particular: waves, slopes, pulses and rows of any gain, rectangles."""
    y, x = np.linspace(0, 1, rng.integers(40, 300))[:, np.newaxis], np.linspace(0, 1, rng.integers(40, 700))
    a, b, c, d, e = rng.uniform(0, 0.6, 5)
    picture = (1 + a * np.sin(rng.uniform(0, 60) * x + rng.uniform(0, 60) * y)) * (1 - b * x) * (1 - c * y)
    picture = picture * np.exp(rng.normal(0, d / 4, x.size)) * np.exp(rng.normal(0, e / 4, y.shape))
    top, left = rng.integers(y.size), rng.integers(x.size)
    picture[top : top + rng.integers(5, y.size), left : left + rng.integers(5, x.size)] *= rng.uniform()
    return np.minimum(picture * rng.uniform(2_000, 50_000) + DARK, 65_535).astype(np.uint16)


@pytest.mark.parametrize("seed", range(40))
def test_any_picture_is_calibrated_or_refused(seed):
    counts = any_picture(np.random.default_rng(seed))
    try:
        image = calibrated(counts).image
    except UnreadableScan:
        return
    assert np.isfinite(image.pixels).all()
    assert np.isfinite(image.variance).all()
