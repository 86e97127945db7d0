"""Pairs of scans from file to findings, on simulated pairs with truth."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pytest
import tifffile
from scipy.stats import norm

from scantriage.compare.judge import Opinion
from scantriage.locate.rails import far_rail
from scantriage.pipeline import pair_run
from scantriage.pipeline.pair_run import HOPELESS_AGREEMENT, choose_planes, read_pair, read_single
from scantriage.pipeline.prepare import ScanSource, StageClock, container_size, prepare
from scantriage.pipeline.simulate_run import write_scan
from scantriage.register.place import place
from scantriage.register.source import far_rail_row
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import PixelBox
from scantriage.scan.quality import Flag
from scantriage.scan.record import ScanRecord
from scantriage.scan.views import PairViews
from scantriage.simulate.case import SimulatedCase
from scantriage.simulate.contents import Wish
from scantriage.simulate.display import export_case
from scantriage.simulate.pair import simulate_pair, simulate_twins

SCALE = 0.25
EMPTY_BOX = Wish(label="added", place="floor", mass_kg=60.0, size_type="22G1", commodity="empty")
BANANAS = Wish(label="added", place="doors", mass_kg=60.0, size_type="22R1", commodity="bananas")


@dataclass(frozen=True)
class Delivered:
    """A case as files, and how it is read."""

    case: SimulatedCase
    sources: tuple[ScanSource, ScanSource]

    def read(self, **manifest) -> tuple[Reading, PairViews | None]:
        return read_pair(*self.sources, replace(self.case.manifest[0], **manifest))


@pytest.fixture(scope="module", autouse=True)
def nothing_learned():
    """Findings here are those of the comparison itself, whichever model the program comes with."""
    with pytest.MonkeyPatch.context() as patch:
        for load in ("load_model", "load_front"):
            patch.setattr(pair_run, load, lambda: None)
        yield


@pytest.fixture(scope="module")
def deliver(tmp_path_factory):
    def delivered(case: SimulatedCase) -> Delivered:
        folder = tmp_path_factory.mktemp("pair")
        number = case.manifest[0].container_id
        origin, rescan = (
            ScanSource(write_scan(folder / scan.record.role, scan), scan.record, number)
            for scan in (case.origin, case.rescan)
        )
        return Delivered(case, (origin, rescan))

    return delivered


@pytest.fixture(scope="module")
def bag(deliver):
    """60 kg on the floor of an empty 20 ft box."""
    return deliver(simulate_pair(1, scale=SCALE, wish=EMPTY_BOX, cut_off=0.0))


@pytest.fixture(scope="module")
def bag_reading(bag):
    return bag.read()


def overlap(found: PixelBox, true: PixelBox) -> float:
    """Intersection over union."""
    rows = max(0, min(found.row1, true.row1) - max(found.row0, true.row0))
    cols = max(0, min(found.col1, true.col1) - max(found.col0, true.col0))
    area = sum((box.row1 - box.row0) * (box.col1 - box.col0) for box in (found, true))
    return rows * cols / (area - rows * cols)


def strongest(reading: Reading) -> float:
    return max((abs(finding.significance) for finding in reading.findings), default=0.0)


def best_placed(reading: Reading, case: SimulatedCase) -> Finding:
    return max(reading.findings, key=lambda finding: overlap(finding.rescan_box, case.truths[0].rescan_box))


def test_a_bag_on_the_floor_of_an_empty_box_is_found_in_both_files(bag, bag_reading):
    reading, _ = bag_reading
    truth = bag.case.truths[0]
    assert reading.outcome == "compared"
    finding = reading.findings[0]
    assert finding.kind == "added"
    assert finding.significance > 0
    assert overlap(finding.origin_box, truth.origin_box) > 0.3
    assert overlap(finding.rescan_box, truth.rescan_box) > 0.3
    # twice or half at this resolution, where a pixel of the detector is 2 cm
    assert truth.mass_kg / 2.2 < finding.mass_kg < 2 * truth.mass_kg


@pytest.mark.parametrize(("seed", "wish"), [(1, EMPTY_BOX), (4, EMPTY_BOX), (3, BANANAS), (5, BANANAS)])
def test_the_same_container_without_the_load_scores_lower(deliver, seed, wish):
    added, clean = (
        deliver(simulate_pair(seed, scale=SCALE, wish=replace(wish, label=label), cut_off=0.0)).read()[0]
        for label in ("added", "clean")
    )
    # an unchanged container shows as much many times as often
    assert norm.sf(strongest(clean)) > 10 * norm.sf(strongest(added))


@pytest.mark.parametrize(("seed", "wish"), [(1, EMPTY_BOX), (4, EMPTY_BOX), (3, BANANAS), (5, BANANAS)])
def test_the_heavier_what_came_the_less_the_scans_agree(deliver, seed, wish):
    """By masses beside which it is little that an empty box, aligned anew, agrees by 0.02 more or less."""
    clean, *added = (
        deliver(simulate_pair(seed, scale=SCALE, wish=one, cut_off=0.0)).read()[0].agreement
        for one in (replace(wish, label="clean"), *(replace(wish, mass_kg=kg) for kg in (30.0, 400.0, 1200.0)))
    )
    assert added == sorted(added, reverse=True)
    assert clean >= added[1]


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_what_was_removed_has_the_opposite_sign(deliver, seed):
    case = simulate_pair(seed, scale=SCALE, wish=replace(EMPTY_BOX, label="removed"), cut_off=0.0)
    reading, _ = deliver(case).read()
    finding = best_placed(reading, case)
    assert finding.kind == "removed"
    assert finding.significance < 0
    assert finding.mass_kg > 0
    assert overlap(finding.origin_box, case.truths[0].origin_box) > 0.2


def test_the_views_show_what_was_compared(bag_reading):
    reading, views = bag_reading
    for part in (views.origin, views.rescan, views.difference, views.significance, views.usable):
        assert part.shape == views.grid.shape
    finding = reading.findings[0]
    box, z = finding.container_box, views.grid.z_m()
    rows, cols = (z > box.z0) & (z < box.z1), (views.grid.x_m() > box.x0) & (views.grid.x_m() < box.x1)
    there = views.difference[np.ix_(rows, cols)]
    assert there.mean() > 10 * abs(np.median(views.difference))
    assert np.isfinite(views.significance).all()


def test_every_stage_is_timed(bag_reading):
    reading, _ = bag_reading
    assert {"decode", "calibrate", "locate", "register", "compare"} <= set(reading.stage_ms)
    assert all(ms >= 0 for ms in reading.stage_ms.values())


@pytest.mark.parametrize("seed", [5, 10])
def test_another_container_under_the_same_number_is_noticed(deliver, seed):
    wish = Wish(label="swapped", size_type="22R1", commodity="bananas") if seed == 5 else replace(
        EMPTY_BOX, label="swapped", place=None
    )  # fmt: skip
    reading, _ = deliver(simulate_pair(seed, scale=SCALE, wish=wish, cut_off=0.0)).read()
    exchanged = any(finding.kind == "swapped" for finding in reading.findings)
    # little mass, half of it alike: then at least the poor agreement tells that it is hardly the same load
    assert exchanged or reading.outcome == "not_comparable" or reading.agreement < HOPELESS_AGREEMENT


def test_a_load_that_a_voyage_threw_about_is_not_read_the_wrong_way_round(deliver):
    """One scan is cut off, none shows the doors, and stacks moved: by all that differs both ways fit alike."""
    case = simulate_pair(184350595, scale=0.4, split="held_out")
    assert case.truths[0].label == "clean"
    assert "swapped" not in {finding.kind for finding in deliver(case).read()[0].findings}


def test_rows_that_begin_at_the_bottom_are_turned_and_boxes_turned_back(bag, bag_reading, tmp_path):
    origin, rescan = bag.sources
    turned = tmp_path / "turned.tif"
    tifffile.imwrite(turned, bag.case.rescan.counts[:, ::-1], photometric="minisblack")
    upside_down = ScanSource(turned, replace(rescan.record, rows="bottom_first"), rescan.container_id)
    reading, _ = read_pair(origin, upside_down, bag.case.manifest[0])
    n_rows = bag.case.rescan.counts.shape[1]
    usual = bag_reading[0].findings
    assert [finding.origin_box for finding in reading.findings] == [finding.origin_box for finding in usual]
    assert [finding.rescan_box for finding in reading.findings] == [
        PixelBox(n_rows - box.row1, n_rows - box.row0, box.col0, box.col1)
        for box in (finding.rescan_box for finding in usual)
    ]


def test_reading_again_gives_the_same(bag, bag_reading):
    again, views = bag.read()
    assert again.findings == bag_reading[0].findings
    np.testing.assert_array_equal(views.significance, bag_reading[1].significance)


def test_what_was_learned_is_told_beside_the_findings_and_rules_them(bag, bag_reading, monkeypatch):
    assert bag_reading[0].learned is None
    assert bag_reading[0].shows_from_kg == {}  # nobody knows what the comparison alone would have found
    asked = []

    def reading_with(log_odds):
        def opinion_of(maps):
            asked.append(maps.circumstances)
            return Opinion(np.full((2, *maps.channels[0, maps.inside].shape), log_odds, np.float32), pair=0.1)

        monkeypatch.setattr(pair_run, "load_model", lambda: opinion_of)
        return bag.read()[0]

    for log_odds, findings in ((1.0, bag_reading[0].findings), (-1.0, ())):
        reading = reading_with(log_odds)
        assert reading.learned == 0.1
        assert reading.findings == findings
        assert {"door_end", "cargo", "floor", "roof"} <= reading.shows_from_kg.keys()
        assert reading.shows_from_kg["door_end"] < 60  # the bag's, which is found
        assert "learned" in reading.stage_ms
    told = asked[0]
    assert told.known == tuple(source.record.geometry is not None for source in bag.sources)
    assert (told.length_m, told.reefer) == (6.058, False)
    assert -1 <= told.likeness <= 1


@pytest.mark.parametrize("doors", [True, False])
def test_what_was_learned_of_fronts_is_asked_where_it_is_known_which_end_that_is(bag, monkeypatch, doors):
    def opinion_holding(pair):
        return lambda maps: Opinion(np.full((2, *maps.channels[0, maps.inside].shape), -1.0, np.float32), pair)

    monkeypatch.setattr(pair_run, "load_model", lambda: opinion_holding(-1.0))
    monkeypatch.setattr(pair_run, "load_front", lambda: opinion_holding(5.0))
    known = pair_run.Known
    monkeypatch.setattr(pair_run, "Known", lambda size, *, calibrated, **_: known(size, calibrated, doors=doors))
    learned = bag.read()[0].learned
    assert learned > 3 if doors else learned == -1.0


@pytest.mark.parametrize(
    ("commodity", "size_type"), [("empty", "22G1"), ("bananas", "45R1"), ("shrimp", "45R1"), ("machinery", "42G1")]
)
def test_scans_show_the_far_rail_of_the_roof_where_their_fan_says(deliver, commodity, size_type):
    wish = Wish(label="clean", commodity=commodity, size_type=size_type)
    pair = deliver(simulate_pair(11, scale=0.3, wish=wish, cut_off=0.0))
    for source, scan in zip(pair.sources, (pair.case.origin, pair.case.rescan), strict=True):
        prepared = prepare(source, pair.case.manifest[0], StageClock())
        size = container_size(prepared, pair.case.manifest[0])
        n_rows = prepared.image.shape[0]
        where = place(prepared.frame, n_rows=n_rows, size=size, geometry=scan.scanner.geometry)
        low_m, high_m = where.geometry.view_height_m
        off = far_rail(prepared.image, prepared.frame) - far_rail_row(where)
        assert abs(off) * (high_m - low_m) / n_rows < 0.04


def test_what_is_made_to_be_looked_at_changes_no_reading(bag):
    shown, views = read_pair(*bag.sources, bag.case.manifest[0])
    alone, nothing = read_pair(*bag.sources, bag.case.manifest[0], show=False)
    assert views is not None
    assert nothing is None
    assert replace(alone, stage_ms={}) == replace(shown, stage_ms={})


@pytest.mark.parametrize("which", [0, 1])
def test_a_constant_image_is_unprocessable_and_named(bag, which, tmp_path):
    path = tmp_path / "constant.tif"
    tifffile.imwrite(path, np.full((200, 400), 30_000, np.uint16))
    sources = list(bag.sources)
    sources[which] = replace(sources[which], path=path)
    reading, views = read_pair(*sources, bag.case.manifest[0])
    assert (reading.outcome, views) == ("unprocessable", None)
    assert sources[which].record.scan_id in reading.reason
    assert read_single(sources[which], None)[0].outcome == "unprocessable"


def test_a_file_that_is_no_image_is_unprocessable_and_named(bag, tmp_path):
    path = tmp_path / "torn.tif"
    path.write_bytes(bag.sources[0].path.read_bytes()[:2000])
    reading, _ = read_pair(replace(bag.sources[0], path=path), bag.sources[1], None)
    assert reading.outcome == "unprocessable"
    assert "torn.tif" in reading.reason


def test_empty_road_has_no_container_to_compare(bag, tmp_path):
    path = tmp_path / "road.tif"
    counts = bag.case.rescan.counts
    air = np.quantile(counts, 0.95, axis=(1, 2), keepdims=True)
    noise = np.random.default_rng(0).normal(0, 100, counts.shape)
    tifffile.imwrite(path, (air + noise).astype(np.uint16), photometric="minisblack")
    reading, _ = read_pair(bag.sources[0], replace(bag.sources[1], path=path), bag.case.manifest[0])
    assert reading.outcome in ("not_comparable", "unprocessable")
    assert bag.sources[1].record.scan_id in reading.reason


def test_containers_of_different_length_are_not_compared(bag, deliver):
    long = deliver(simulate_pair(2, scale=SCALE, wish=Wish(label="clean", size_type="45G1"), cut_off=0.0))
    short_record, long_record = bag.sources[0].record, long.sources[1].record
    assert short_record.column_pitch_mm is not None
    assert long_record.column_pitch_mm is not None
    other = ScanSource(long.sources[1].path, long_record, long.sources[1].container_id)
    reading, views = read_pair(bag.sources[0], other, None)
    assert (reading.outcome, views) == ("not_comparable", None)
    assert "different length" in reading.reason


def test_a_display_export_is_compared_without_masses(deliver):
    case = simulate_pair(1, scale=SCALE, wish=replace(EMPTY_BOX, mass_kg=200.0), cut_off=0.0)
    shown = export_case(case, np.random.default_rng(0), scale=SCALE)
    reading, _ = deliver(shown).read()
    assert reading.outcome in ("compared", "not_comparable")
    if reading.outcome == "compared":
        assert Flag.UNCALIBRATED in reading.flags
    assert all(finding.mass_kg is None for finding in reading.findings)


@pytest.mark.parametrize("exported", [True, False])
def test_display_exports_that_do_not_line_up_are_not_comparable_but_raw_scans_hold_another_load(
    deliver, monkeypatch, exported
):
    case = simulate_pair(1, scale=SCALE, wish=replace(EMPTY_BOX, mass_kg=200.0), cut_off=0.0)
    if exported:
        case = export_case(case, np.random.default_rng(0), scale=SCALE)
    register = pair_run.register
    monkeypatch.setattr(pair_run, "register", lambda *scans, size: replace(register(*scans, size=size), likeness=0.1))
    reading, _ = deliver(case).read()
    assert reading.outcome == ("not_comparable" if exported else "compared")
    assert (reading.reason or "").startswith("The scans do not line up") is exported


@pytest.mark.parametrize("role", ["origin", "rescan"])
def test_one_scan_is_read_on_its_own(bag, role):
    source = bag.sources[role == "rescan"]
    reading, views = read_single(source, bag.case.manifest[0])
    assert reading.outcome == "single"
    assert reading.cargo_kg is not None
    assert reading.findings == ()
    assert (views.origin is None, views.rescan is None) == (role == "rescan", role == "origin")
    assert (views.difference, views.significance) == (None, None)


TWINS = (
    Wish(label="added", place="floor", mass_kg=150.0, commodity="empty"),
    Wish(label="clean", commodity="garments"),
)


# the boxes stand in the same order or in the other; the truck passes forwards or backwards at either end
@pytest.mark.parametrize(
    ("seed", "same_order", "backwards"),
    [(7, True, (False, False)), (1, False, (False, False)), (8, True, (False, True)), (31, True, (True, True))],
)
def test_two_boxes_in_one_scan_are_each_compared_with_themselves(seed, same_order, backwards, tmp_path):
    case = simulate_twins(seed, scale=SCALE, wishes=TWINS)
    assert (case.origin.record.container_ids == case.rescan.record.container_ids) == same_order
    assert (case.origin.passage.doors_first, case.rescan.passage.doors_first) == backwards
    sources = [(write_scan(tmp_path / scan.record.role, scan), scan.record) for scan in (case.origin, case.rescan)]
    readings = {}
    for entry, truth in zip(case.manifest, case.truths, strict=True):
        pair = (ScanSource(path, record, entry.container_id) for path, record in sources)
        readings[truth.label], _ = read_pair(*pair, entry)
    assert readings["added"].outcome == readings["clean"].outcome == "compared"
    assert readings["added"].findings[0].kind == "added"
    assert overlap(readings["added"].findings[0].rescan_box, case.truths[0].rescan_box) > 0.2
    assert readings["clean"].agreement > 0.9
    assert all(abs(finding.mass_kg) < 75 for finding in readings["clean"].findings)


def record(energies):
    at = datetime(2026, 10, 1, tzinfo=UTC)
    return ScanRecord("S-1", ("HLBU1527916",), "origin", "ECGYE", at, "a" * 64, "raw", energies_mev=energies)


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ((6.0, 4.0), (6.0,), (0, 0)),
        ((6.0, 4.0), (9.0, 4.0), (1, 1)),
        ((9.0, 6.0), (4.0,), (1, 0)),
        ((6.0,), (9.0, 6.0), (0, 1)),
        (None, (9.0, 6.0), (0, 1)),  # nobody told: a linac of 6 MV
    ],
)
def test_the_two_energies_that_are_nearest_are_compared(first, second, chosen):
    assert choose_planes(record(first), record(second)) == chosen


def test_what_the_energy_that_is_compared_does_not_penetrate_is_blind_whatever_a_higher_one_shows(deliver):
    fish = Wish(label="clean", size_type="22R1", commodity="fish")
    scans = deliver(simulate_pair(4, scale=0.2, wish=fish, cut_off=0.0)).sources
    assert scans[0].record.energies_mev == (7.5, 3.5)
    higher, lower = (prepare(scans[0], None, StageClock(), plane=plane).image for plane in (0, 1))
    assert lower.penetrated.mean() < higher.penetrated.mean() - 0.01


def test_a_file_with_fewer_planes_than_its_sidecar_tells_is_compared_by_its_last(bag, bag_reading, tmp_path):
    path = tmp_path / bag.sources[1].path.name
    tifffile.imwrite(path, bag.case.rescan.counts[:1])
    told = bag.case.rescan.record.energy_mv(0)
    told_more = replace(bag.sources[1].record, energies_mev=(told, bag.case.origin.record.energy_mv(0) + 0.01))
    reading, _ = read_pair(bag.sources[0], replace(bag.sources[1], path=path, record=told_more), bag.case.manifest[0])
    assert reading.outcome == "compared"
    assert reading.findings[0].kind == bag_reading[0].findings[0].kind
