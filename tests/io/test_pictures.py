"""Pictures: dark is dense, red is added, boxes stand where the metres say, labels do not cover each other."""

from dataclasses import replace
from itertools import combinations

import cv2
import numpy as np
import pytest

from scantriage.io import sheet as ink
from scantriage.io.pictures import _label_place, _name, draw_picture, write_picture
from scantriage.io.sheet import Rectangle, diverging_tones, grey_tones, hatch, text_width, wrapped
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import ContainerGrid, MetreBox
from scantriage.scan.quality import Flag
from scantriage.scan.views import PairViews

COMPARED = Reading("compared", agreement=0.9, blind_fraction=0.1)
BAG = Finding("added", "door_end", 20.0, MetreBox(11.2, 11.6, 0.2, 0.6), mass_kg=40.0)


def views_of(length_m: float) -> PairViews:
    grid = ContainerGrid.around(length_m, 2.591, pitch_m=0.02)
    origin = np.where((grid.z_m() > 0) & (grid.z_m() < 2.591), 0.5, 0.0)[:, np.newaxis].repeat(grid.shape[1], axis=1)
    origin = origin.astype(np.float32)
    return PairViews(grid, origin, origin, origin * 0, origin * 0, np.ones(grid.shape, bool))


def draw(views: PairViews, reading: Reading) -> np.ndarray:
    return draw_picture(views, reading, container_id="MSCU1234566", origin=None, rescan=None)


def test_air_is_white_and_dense_is_dark():
    tones = grey_tones(np.array([[-0.1, 0.0, 0.5, 1.0, 9.0]]), darkest=1.0)
    assert tones.shape == (1, 5, 3)
    np.testing.assert_array_equal(tones[0, :, 0], [255, 255, 127, 0, 0])


def test_added_is_red_removed_is_blue_and_nothing_is_white():
    (less, none, more) = diverging_tones(np.array([[-0.4, 0.0, 0.4]]), strongest=0.4)[0].astype(int)
    blue, red = 0, 2
    assert less[blue] > less[red] + 50
    assert more[red] > more[blue] + 50
    assert none.min() >= 253


def test_what_is_not_readable_is_hatched_grey_and_the_rest_untouched():
    tile = np.full((20, 20, 3), 255, dtype=np.uint8)
    unusable = np.zeros((20, 20), bool)
    unusable[:, :10] = True
    hatch(tile, unusable)
    assert (tile[:, 10:] == 255).all()
    assert len(np.unique(tile[:, :10].reshape(-1, 3), axis=0)) == 2


@pytest.mark.parametrize("length_m", [6.058, 12.192, 13.716])
def test_every_container_fits_the_sheet(length_m):
    picture = draw(views_of(length_m), COMPARED)
    assert picture.shape[1:] == (1400, 3)
    assert picture.dtype == np.uint8
    assert 500 < picture.shape[0] < 2200


def test_an_addition_shows_red_at_its_place_in_the_difference():
    views = views_of(12.192)
    x, z = views.grid.x_m(), views.grid.z_m()
    added = np.outer((z > 0.2) & (z < 0.6), (x > 11.2) & (x < 11.6))
    picture = draw(replace(views, difference=np.where(added, 0.5, 0.0).astype(np.float32)), COMPARED).astype(int)
    rows, cols = np.nonzero((picture[..., 2] - picture[..., 0] > 60) & (np.arange(1400) > 1150))
    rows, cols = rows[rows > picture.shape[0] // 2], cols[rows > picture.shape[0] // 2]
    # the panel spans 1296 pixels for 12.192 m from pixel 52; one pixel of blur at each end, plus the colour scale above
    metres = (np.sort(cols[rows > rows.max() - 20]) - 52) / 1296 * 12.192
    assert metres[[0, -1]] == pytest.approx([11.2, 11.6], abs=0.04)


def test_findings_are_boxed_in_every_panel_in_the_colour_of_their_kind():
    views = views_of(12.192)
    red = np.array(ink.colour("#b2182b"))
    for kinds, least in (((), 0), ((BAG,), 3)):
        picture = draw(views, replace(COMPARED, findings=kinds))[:, 1200:]
        picture[:140] = 255
        marks = np.all(picture == red, axis=2).astype(np.uint8)
        n_marks = cv2.connectedComponents(cv2.dilate(marks, np.ones((9, 9), np.uint8)))[0] - 1
        assert n_marks >= least


@pytest.mark.parametrize(("finding", "name"), [
    (BAG, "added 40 kg"),
    (replace(BAG, flags=(Flag.LEAST_MASS,)), "added at least 40 kg"),
    (replace(BAG, mass_kg=0.4, flags=(Flag.LEAST_MASS,)), "added"),
    (replace(BAG, mass_kg=None), "added"),
    (replace(BAG, kind="swapped"), "swapped"),
])  # fmt: skip
def test_a_label_says_what_and_how_much_as_far_as_that_is_known(finding, name):
    assert _name(finding) == name


def test_labels_stay_inside_and_clear_of_each_other():
    area, tag, taken = Rectangle(52, 100, 1348, 500), Rectangle(0, 0, 110, 20), []
    random = np.random.default_rng(3)
    boxes = [Rectangle(x, y, x + 40, y + 30) for x, y in random.integers((52, 100), (1308, 470), (12, 2)).tolist()]
    for box in boxes:
        place = _label_place(tag, box, area, taken=taken, boxes=boxes)
        if place is not None:
            taken.append(place)
    assert len(taken) >= 10
    assert all(place.within(area) for place in taken)
    assert not any(one.overlaps(other) for one, other in combinations(taken, 2))


def test_text_is_wrapped_to_its_width():
    words = "The two scans look from opposite sides, so near and far cargo change places in height. " * 3
    lines = wrapped(words, 500, size=16)
    assert " ".join(lines) == words.strip()
    assert all(text_width(line, size=16) <= 500 for line in lines)
    assert wrapped("", 500) == []


def test_every_flag_and_many_findings_still_make_a_picture():
    reading = replace(COMPARED, findings=(BAG,) * 30, flags=tuple(Flag), cargo_kg=12_000.0)
    assert draw(views_of(12.192), reading).shape[0] > draw(views_of(12.192), COMPARED).shape[0] + 8 * 20


def test_a_finding_beyond_the_grid_is_boxed_at_its_edge():
    outside = replace(BAG, container_box=MetreBox(12.15, 12.6, -2.0, -1.0))
    assert draw(views_of(12.192), replace(COMPARED, findings=(outside,))).size


def test_nan_and_missing_views_are_drawn_around():
    views = views_of(12.192)
    holes = views.origin.copy()
    holes[:, :100] = np.nan
    single = PairViews(views.grid, holes, None, None, None, None)
    lone = draw(single, Reading("single", blind_fraction=0.2))
    assert lone.shape[0] < draw(views, COMPARED).shape[0] / 2


def test_a_picture_is_written_whole_as_jpeg(tmp_path):
    write_picture(
        tmp_path / "MSCU1234566.jpg", views_of(6.058), COMPARED, container_id="MSCU1234566", origin=None, rescan=None
    )
    assert [path.name for path in tmp_path.iterdir()] == ["MSCU1234566.jpg"]
    assert cv2.imread(str(tmp_path / "MSCU1234566.jpg")).shape[1] == 1400
