"""What is kept of a container to be looked at closely."""

from dataclasses import replace

import numpy as np
import pytest

from scantriage.arrays.mass import mass_thickness
from scantriage.errors import UnreadableScan
from scantriage.pipeline import pair_run, prepare
from scantriage.pipeline.fine_views import ATTENUATION, _layer, _Place
from scantriage.pipeline.pair_run import read_pair, read_single
from scantriage.pipeline.prepare import ScanSource
from scantriage.pipeline.simulate_run import write_scan
from scantriage.simulate.contents import Wish
from scantriage.simulate.display import export_case
from scantriage.simulate.pair import simulate_pair

SCALE = 0.25
PLACE = _Place(0.0, 3.0, 0.005, 0.005)


@pytest.fixture(scope="module", autouse=True)
def nothing_learned():
    with pytest.MonkeyPatch.context() as patch:
        for load in ("load_model", "load_front"):
            patch.setattr(pair_run, load, lambda: None)
        yield


@pytest.fixture(scope="module")
def case():
    wish = Wish(label="added", place="floor", mass_kg=60.0, size_type="22G1", commodity="empty")
    return simulate_pair(1, scale=SCALE, wish=wish, cut_off=0.0)


@pytest.fixture(scope="module")
def sources(case, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    return tuple(
        ScanSource(write_scan(folder / scan.record.role, scan), scan.record, case.manifest[0].container_id)
        for scan in (case.origin, case.rescan)
    )


@pytest.fixture(scope="module")
def pair(case, sources):
    return read_pair(*sources, case.manifest[0])


@pytest.fixture(scope="module")
def twice(case, sources):
    """The origin scan, compared with itself."""
    again = replace(sources[0].record, role="rescan", scan_id="again")
    return read_pair(sources[0], replace(sources[0], record=again), case.manifest[0])[1].fine


def test_codes_are_within_half_a_step_of_what_was_measured():
    values = np.random.default_rng(3).uniform(-0.2, 7.7, (64, 64)).astype(np.float32)
    kept = _layer(values, PLACE, "attenuation", ATTENUATION)
    # half a step, and the rounding of attenuations in single precision
    assert np.abs(kept.values() - values).max() <= ATTENUATION[0] / 2 + np.spacing(np.float32(8))
    beyond = _layer(np.full((2, 2), 9.0, np.float32), PLACE, "attenuation", ATTENUATION)
    assert (beyond.codes == 65535).all()


def test_what_a_code_stands_for_is_exact_in_single_precision():
    codes = np.arange(1, 65536)
    single = codes.astype(np.float32) * np.float32(ATTENUATION[0]) + np.float32(ATTENUATION[1])
    assert np.array_equal(single.astype(np.float64), codes * ATTENUATION[0] + ATTENUATION[1])


def test_a_pair_leaves_both_scans_and_what_differs(pair):
    fine = pair[1].fine
    assert {"origin", "rescan", "difference", "significance", "blind"} <= fine.layers.keys()
    grids = {
        (one.facts.rows, one.facts.cols, one.facts.dx_m)
        for name, one in fine.layers.items()
        if name in ("origin", "rescan")
    }
    assert len(grids) == 1
    facts = fine.layers["origin"].facts
    assert facts.cols * facts.dx_m == pytest.approx(fine.length_m, abs=facts.dx_m)


def test_two_energies_leave_the_other_one_and_what_tells_materials_apart(pair, sources):
    fine = pair[1].fine
    for source in sources:
        role, energies = source.record.role, source.record.energies_mev
        others = [one for name, one in fine.layers.items() if name in (f"{role}_low", f"{role}_high")]
        assert len(others) == (len(energies) > 1)
        for other in others:
            assert {other.facts.energy_mv, fine.layers[role].facts.energy_mv} == set(energies[:2])
            assert role in fine.dual


def test_the_other_energy_shows_the_same_container(pair):
    fine = pair[1].fine
    for name in ("origin_low", "rescan_low", "origin_high", "rescan_high"):
        if name in fine.layers:
            other, scan = fine.layers[name], fine.layers[name.partition("_")[0]]
            n = round(other.facts.dx_m / scan.facts.dx_m)
            rows, cols = (length // n for length in scan.codes.shape)
            mean = scan.values()[: rows * n, : cols * n].reshape(rows, n, cols, n).mean(axis=(1, 3))
            likeness = np.corrcoef(mean.ravel(), other.values()[:rows, :cols].ravel())[0, 1]
            assert likeness > 0.97


def test_the_same_scan_twice_lies_at_the_same_metres(twice):
    origin, rescan = (twice.layers[name].values() for name in ("origin", "rescan"))
    assert np.nanmedian(np.abs(origin - rescan)) < 0.01
    # where the container's own edges lie: half a pixel of the grid, or the two would not blink as one
    shift = _best_shift(origin, rescan)
    assert np.abs(shift).max() <= 0.5


def test_the_rescan_is_registered(pair):
    """By the empty box's own walls and posts, which nobody moved."""
    fine = pair[1].fine
    origin, rescan = (fine.layers[name].values() for name in ("origin", "rescan"))
    shift = _best_shift(origin, rescan)
    assert np.abs(shift[1]) * fine.layers["origin"].facts.dx_m < 0.02  # travel: about 1 cm is left


def _best_shift(first, second, reach=12):
    """(rows, columns) by which the second lies further, where their mean profiles differ least."""
    profiles = [(np.nan_to_num(one).mean(axis=1), np.nan_to_num(one).mean(axis=0)) for one in (first, second)]
    return np.array([_lag(one, other, reach) for one, other in zip(*profiles, strict=True)])


def _lag(one, other, reach):
    """To a part of a pixel, by the parabola through the least misfit and its neighbours."""
    n = len(one) - 2 * reach
    misfit = np.array([np.mean((one[reach : reach + n] - other[at : at + n]) ** 2) for at in range(2 * reach + 1)])
    best = int(np.clip(misfit.argmin(), 1, 2 * reach - 1))
    before, at, after = misfit[best - 1 : best + 2]
    return best - reach + 0.5 * (before - after) / (before - 2 * at + after)


def test_the_load_shows_where_the_finding_says(pair):
    reading, views = pair
    finding = max(reading.findings, key=lambda one: one.significance)
    layer = views.fine.layers["difference"]
    box, facts = finding.container_box, layer.facts
    rows = slice(round((facts.top_m - box.z1) / facts.dz_m), round((facts.top_m - box.z0) / facts.dz_m) + 1)
    cols = slice(int(box.x0 / facts.dx_m), int(box.x1 / facts.dx_m) + 1)
    values = np.nan_to_num(layer.values())
    assert values[rows, cols].max() == values.max()


def test_mass_thickness_follows_from_the_facts(pair):
    one = pair[1].fine.layers["origin"]
    facts, attenuation = one.facts, one.values()
    from_facts = attenuation * (1 + facts.hardening * attenuation) / facts.effective_cm2_g
    assert np.allclose(from_facts, mass_thickness(attenuation, energy_mv=facts.energy_mv), rtol=1e-5, equal_nan=True)


def test_blind_areas_say_why(pair):
    _, views = pair
    codes = views.fine.layers["blind"].codes
    assert np.array_equal(codes == 0, views.usable)
    assert codes.max() < 16


def test_a_single_scan_leaves_the_layers_it_has(sources, case):
    for source in sources:
        fine = read_single(source, case.manifest[0])[1].fine
        role = source.record.role
        assert {name for name in fine.layers if not name.startswith(role)} == {"blind"}
        assert all(name.startswith(f"{role}_file") for name in fine.files)


def test_a_display_export_is_not_to_scale(case, tmp_path):
    shown = export_case(case, np.random.default_rng(1), scale=SCALE)
    source = ScanSource(write_scan(tmp_path, shown.origin), shown.origin.record, case.manifest[0].container_id)
    facts = read_single(source, case.manifest[0])[1].fine.layers["origin"].facts
    assert (facts.quantity, facts.effective_cm2_g) == ("relative", None)


def test_the_files_facts_hold_for_the_files(pair, case):
    for scan in (case.origin, case.rescan):
        for name, facts in pair[1].fine.files.items():
            if name.startswith(scan.record.role):
                assert (facts.rows, facts.cols) == scan.counts.shape[1:]
                assert 0 <= facts.dark < facts.air <= scan.counts.max()


def test_a_second_energy_that_shows_nothing_spoils_nothing(case, sources, monkeypatch):
    def broken(*_args, **_kwargs):
        raise UnreadableScan("The image is zero everywhere, so nothing can be seen in it.")

    two = next(source for source in sources if len(source.record.energies_mev) > 1)
    whole = read_single(two, case.manifest[0])
    real, calls = prepare.calibrate, iter([True])
    monkeypatch.setattr(prepare, "calibrate", lambda *a, **k: real(*a, **k) if next(calls, False) else broken())
    reading, views = read_single(two, case.manifest[0])
    assert reading.cargo_kg == whole[0].cargo_kg
    assert len(views.fine.layers) == len(whole[1].fine.layers) - 1
