"""What a change is: added, removed, moved, or another load altogether."""

from dataclasses import replace

import numpy as np
import pytest
from made_loads import GRID, HEIGHT_M, SIZE

from scantriage.compare.changes import RECOVERED, Change, ChangeMap
from scantriage.compare.judge import (
    CONVINCED,
    CONVINCED_OF_DISPLAY,
    CONVINCED_OF_SWAP,
    FRONT_SHARE,
    MAX_FINDINGS,
    PLAIN,
    Known,
    Opinion,
    is_swapped,
    judge,
)
from scantriage.compare.maps import CHANNELS, Circumstances, Maps
from scantriage.compare.pair import Compared
from scantriage.scan.geometry import MetreBox
from scantriage.scan.placement import Fan
from scantriage.scan.quality import Flag
from scantriage.section.cells import Cells
from scantriage.section.explain import Explained

CELLS = Cells(GRID, HEIGHT_M, n_y=8, cell_z=4, slab_x=6)
NOTHING = np.zeros((CELLS.inside.sum(), GRID.shape[1] // CELLS.slab_x), np.float32)
EMPTY = np.zeros((CELLS.tied.size, NOTHING.shape[1]), np.float32)


MAPS = Maps(
    np.zeros((len(CHANNELS), *NOTHING.shape), np.float32),
    Circumstances(
        length_m=6.058, height_m=HEIGHT_M, reefer=False, fans=(Fan(5.0, 1.5, 1), Fan(5.0, 1.5, -1)),
        known=(True, True), likeness=1.0, cell_z_m=0.04, cell_x_m=0.06, rows=(0, len(NOTHING)),
    ),
)  # fmt: skip


def change(x, kg, *, significance=None, width=0.4, z=0.6):
    return Change(
        box=MetreBox(x, x + width, z, z + 0.4), mass_kg=kg, sd_kg=0.1 * abs(kg),
        significance=significance or 10 * kg / abs(kg), y_m=0.2, cells=NOTHING > 0,
    )  # fmt: skip


def compared(*changes, changed_kg=(30.0, 30.0), total_kg=5_000.0, differs=NOTHING):
    return Compared(
        cells=CELLS, loads=Explained(EMPTY, EMPTY), changes=list(changes), maps=MAPS,
        levelled=None,  # nothing here looks at it
        found=ChangeMap(differs, differs, NOTHING + 1, differs),
        agreement=0.95, changed_kg=changed_kg, origin_kg=total_kg, rescan_kg=total_kg,
    )  # fmt: skip


def findings(*changes, calibrated=True, opinion=None, **summary):
    return [
        one.finding
        for one in judge(compared(*changes, **summary), Known(SIZE, calibrated=calibrated, doors=True), opinion)
    ]


def test_more_is_added_and_less_is_removed():
    more, less = findings(change(1.0, 30.0), change(4.5, -20.0, significance=-8.0))
    assert (more.kind, more.mass_kg, more.significance > 0) == ("added", 30.0, True)
    assert (less.kind, less.mass_kg, less.significance < 0) == ("removed", 20.0, True)


def test_only_what_the_opinion_supports_is_a_finding():
    box = np.zeros_like(NOTHING, dtype=bool)
    box[10:15, 20:25] = True
    here = replace(change(1.3, 30.0), cells=box)
    there = replace(change(4.5, 20.0), cells=np.roll(box, 40, axis=1))
    for_added = np.full((2, *NOTHING.shape), -1.0, np.float32)
    for_added[0, 12, 22] = 0.5
    assert [one.mass_kg for one in findings(here, there, opinion=Opinion(for_added, 0.0))] == [30.0]
    assert findings(here, there, opinion=Opinion(for_added[::-1], 0.0)) == []  # something removed there, it says


def meant_at(rows, slabs):
    """Places that an opinion holds for something added there, and nowhere else."""
    places = np.full((2, *NOTHING.shape), -1.0, np.float32)
    places[0, slice(*rows), slice(*slabs)] = 1.0
    return places


def test_an_opinion_that_is_convinced_names_places_too_faint_for_significance():
    differs, places = NOTHING.copy(), meant_at((11, 15), (21, 25))
    differs[10:16, 20:26] = 1.0
    (meant,) = findings(differs=differs, opinion=Opinion(places, pair=3.0))
    assert (meant.kind, meant.significance) == ("added", 1.0)
    assert (meant.container_box.x0, meant.container_box.x1) == pytest.approx((21 * 0.06, 25 * 0.06))  # where it means
    assert meant.mass_kg == pytest.approx(36 / RECOVERED)
    assert findings(differs=-differs, opinion=Opinion(places, pair=3.0)) == []  # the comparison leans the other way


def test_a_closer_look_at_the_front_adds_its_places_there():
    front = Opinion(np.full((2, 2 * NOTHING.shape[0] + 1, 28), -3.0, np.float32), pair=-2.0)
    front.places[0, 20:30, 8:14] = 2.0
    both = Opinion(meant_at((30, 33), (21, 25)), pair=1.0).with_front(front)
    assert both.places.shape == (2, *NOTHING.shape)
    assert (both.places[0, 10:15, 4:7] == 2).all()
    assert (both.places[0, 30:33, 21:25] == 1).all()
    assert (both.places == 2).sum() == 15


@pytest.mark.parametrize(("whole", "front"), [(-1.0, -3.0), (4.0, -3.0), (-1.0, 6.0), (0.0, 0.0)])
def test_a_load_lies_at_the_front_or_elsewhere(whole, front):
    nowhere = np.full((2, *NOTHING.shape), -1.0, np.float32)
    pair = Opinion(nowhere, whole).with_front(Opinion(nowhere, front)).pair
    odds = (1 - FRONT_SHARE) * np.exp(whole) + FRONT_SHARE * np.exp(front)  # for a mixture of both
    assert np.exp(pair) == pytest.approx(odds)


def test_a_place_whose_mass_is_explained_away_is_still_one_where_something_came():
    differs, places = NOTHING.copy(), meant_at((11, 15), (21, 25))
    differs[10:16, 20:26] = 1.0
    made = compared(differs=differs)
    made = replace(made, found=replace(made.found, mass_kg=NOTHING))
    (meant,) = judge(made, Known(SIZE, calibrated=True, doors=True), Opinion(places, pair=3.0))
    assert (meant.finding.kind, meant.finding.mass_kg, meant.finding.significance) == ("added", 0, 1.0)


@pytest.mark.parametrize(("calibrated", "convincing"), [(True, CONVINCED), (False, CONVINCED_OF_DISPLAY)])
def test_of_display_exports_an_opinion_must_be_surer(calibrated, convincing):
    differs, places = NOTHING.copy(), meant_at((11, 15), (21, 25))
    differs[10:16, 20:26] = 1.0
    for pair, n_named in ((convincing - 0.1, 0), (convincing + 0.1, 1)):
        assert len(findings(calibrated=calibrated, differs=differs, opinion=Opinion(places, pair))) == n_named
    assert CONVINCED < CONVINCED_OF_DISPLAY


def test_beside_the_strongest_place_only_plain_ones_are_named():
    differs, places = NOTHING.copy(), meant_at((11, 15), (21, 25))
    differs[10:16, 20:26] = differs[10:16, 60:66] = 1.0
    for beside, n_named in ((PLAIN - 0.1, 1), (PLAIN + 0.1, 2)):
        places[0, 11:15, 21:25], places[0, 11:15, 61:65] = PLAIN + 1, beside
        assert len(findings(differs=differs, opinion=Opinion(places, pair=3.0))) == n_named
    places[0, 11:15, 21:25], places[0, 11:15, 61:65] = PLAIN - 0.5, PLAIN - 0.6
    (strongest,) = findings(differs=differs, opinion=Opinion(places, pair=3.0))  # where none is plain
    assert strongest.container_box.x0 == pytest.approx(21 * 0.06)


def test_a_place_that_an_opinion_means_is_named_once():
    differs, places = NOTHING.copy(), meant_at((11, 15), (21, 25))
    differs[10:16, 20:26] = differs[10:16, 60:66] = 1.0
    places[0, 11:15, 61:65] = 1.0
    known = replace(change(1.3, 30.0), cells=places[0] * (np.arange(NOTHING.shape[1]) < 40) > 0)
    first, second = findings(known, differs=differs, opinion=Opinion(places, pair=3.0))
    assert (first.mass_kg, first.significance) == (30.0, 10.0)  # as the comparison tells it
    assert second.container_box.x0 == pytest.approx(61 * 0.06)


def test_equal_masses_close_by_that_cancel_have_moved():
    (moved,) = findings(change(2.0, 30.0), change(2.6, -30.0))
    assert moved.kind == "moved"
    assert Flag.MOVED_CARGO in moved.flags
    assert (moved.container_box.x0, moved.container_box.x1) == (2.0, 3.0)
    assert moved.mass_kg == pytest.approx(30)
    assert moved.significance == 0  # nothing came and nothing went


@pytest.mark.parametrize(
    "other",
    [change(5.0, -30.0), change(2.6, 30.0), change(2.6, -12.0)],
    ids=["far apart", "the same sign", "less than half the mass"],
)
def test_what_does_not_cancel_has_not_moved(other):
    assert {finding.kind for finding in findings(change(2.0, 30.0), other)} <= {"added", "removed"}


def test_a_change_has_one_partner():
    kinds = [finding.kind for finding in findings(change(2.0, 30.0), change(2.5, -30.0), change(2.9, -30.0))]
    assert sorted(kinds) == ["moved", "removed"]


def test_when_much_came_and_as_much_went_the_load_is_another():
    (finding,) = findings(change(1.0, 400.0), change(4.0, -400.0), changed_kg=(1500.0, 1500.0))
    assert finding.kind == "swapped"
    assert (finding.container_box.x1, finding.container_box.z1) == (SIZE.length_m, SIZE.height_m)
    assert finding.mass_kg is None


def test_a_large_load_that_only_came_is_no_exchange():
    assert not is_swapped(compared(changed_kg=(2500.0, 10.0)), SIZE)
    assert not is_swapped(compared(changed_kg=(10.0, 2500.0)), SIZE)
    assert is_swapped(compared(changed_kg=(2500.0, 2500.0)), SIZE)


def test_walls_that_lie_beside_their_place_are_no_exchange_in_an_empty_container():
    assert not is_swapped(compared(changed_kg=(200.0, 200.0), total_kg=1500.0), SIZE)


def test_of_another_load_an_opinion_must_be_convinced():
    for pair, kinds in ((CONVINCED_OF_SWAP - 0.1, set()), (CONVINCED_OF_SWAP + 0.1, {"swapped"})):
        opinion = Opinion(np.full((2, *NOTHING.shape), -1.0, np.float32), pair)
        assert {one.kind for one in findings(changed_kg=(1500.0, 1500.0), opinion=opinion)} == kinds


def test_an_empty_comparison_finds_nothing():
    assert findings(changed_kg=(0.0, 0.0), total_kg=0.0) == []


def test_uncalibrated_scans_give_no_mass():
    for finding in findings(change(1.0, 30.0), change(3.0, 20.0), change(3.6, -20.0), calibrated=False):
        assert finding.mass_kg is None
        assert finding.mass_kg_sd is None


def test_the_strongest_come_first_and_only_so_many():
    changes = [change(0.3 * k, 20.0, significance=5.0 + k) for k in range(MAX_FINDINGS + 3)]
    found = findings(*changes)
    assert len(found) == MAX_FINDINGS
    assert [finding.significance for finding in found] == sorted((one.significance for one in found), reverse=True)
    assert found[0].significance == changes[-1].significance


def test_a_thin_upright_line_may_be_a_badly_aligned_edge():
    (line,) = findings(replace(change(1.0, 30.0), box=MetreBox(1.0, 1.06, 0.3, 1.8)))
    (bag,) = findings(change(1.0, 30.0))
    assert Flag.EDGE_ON_EDGE in line.flags
    assert Flag.EDGE_ON_EDGE not in bag.flags


@pytest.mark.parametrize("scan", ["origin", "rescan"])
def test_where_one_scan_shows_only_the_least_its_mass_is_the_least(scan):
    channels = np.ones_like(MAPS.channels)
    channels[CHANNELS.index(f"usable_{scan}"), :, 40:] = 0
    box = np.zeros_like(NOTHING, dtype=bool)
    box[10:15, 20:26] = True
    near = replace(change(1.2, 30.0), cells=box)
    half, mostly = (replace(near, cells=np.roll(box, n, axis=1)) for n in (17, 16))
    made = replace(compared(near, half, mostly), maps=replace(MAPS, channels=channels))
    told = [one.finding for one in judge(made, Known(SIZE, calibrated=True, doors=True), None)]
    assert [Flag.LEAST_MASS in one.flags for one in told] == [False, True, False]
    assert ["at least 30 kg" in one.sentence for one in told] == [False, True, False]
    unknown = judge(made, Known(SIZE, calibrated=False, doors=True), None)
    assert not any(one.finding.flags for one in unknown)


def test_behind_the_doors_is_said_only_where_the_doors_were_seen():
    made = compared(change(0.3, 30.0))
    (seen,), (unseen,) = (judge(made, Known(SIZE, calibrated=True, doors=doors), None) for doors in (True, False))
    assert seen.finding.zone == "cargo"
    assert unseen.finding.zone == "door_end"  # it may be
    assert "at one end" in unseen.finding.sentence
    assert "doors" not in unseen.finding.sentence
