"""Examples: what was marked, and that they come back from their files."""

from dataclasses import asdict

import numpy as np
import pytest
from made_maps import CELL_M, but_depths, example, maps

from scantriage.compare.learned_inputs import inputs_of
from scantriage.errors import CannotLearn
from scantriage.learn import example as example_module
from scantriage.learn.example import marked, read_example, write_example
from scantriage.scan.geometry import MetreBox

EVEN_X = (np.arange(40) + 0.5) * CELL_M[1]


def box(x0, x1, z0, z1):
    return MetreBox(x0 * CELL_M[1], x1 * CELL_M[1], z0 * CELL_M[0], z1 * CELL_M[0])


def test_a_box_marks_the_cells_it_covers():
    cells = marked(box(4, 7, 2, 5), EVEN_X, maps())
    assert cells[2:5, 4:7].all()
    assert cells.sum() == 9


def test_a_cell_that_a_box_cuts_belongs_to_it():
    cells = marked(box(4.4, 6.2, 2.9, 4.1), EVEN_X, maps())
    assert cells[2:5, 4:7].all()
    assert cells.sum() == 9


def test_slabs_are_marked_where_they_really_lie():
    """The truck was slower at first: the first slabs are narrower than they seem."""
    true_x = EVEN_X**2 / EVEN_X[-1]
    cells = marked(MetreBox(0.6, 1.2, 0.0, 0.4), true_x, maps())
    slabs = np.flatnonzero(cells.any(axis=0))
    assert true_x[slabs[0]] == pytest.approx(0.6, abs=CELL_M[1])
    assert true_x[slabs[-1]] == pytest.approx(1.2, abs=CELL_M[1])


def test_a_box_is_marked_from_the_floor_up():
    low, lifted = (marked(box(4, 7, 2, 5), EVEN_X, maps(rows=rows)) for rows in ((0, 20), (4, 24)))
    np.testing.assert_array_equal(lifted[4:], low[:-4])


def test_a_box_outside_marks_nothing():
    assert not marked(box(50, 60, 0, 5), EVEN_X, maps()).any()
    assert not marked(box(0, 5, 30, 40), EVEN_X, maps()).any()


def test_an_example_comes_back_from_its_file(tmp_path):
    made = example()
    path = tmp_path / "folder" / "train-1.npz"
    write_example(path, made)
    assert list(path.parent.iterdir()) == [path]
    read = read_example(path)
    assert asdict(read.maps.circumstances) == asdict(made.maps.circumstances)
    for name in ("label", "net_kg", "place", "commodity", "opposite", "container"):
        assert getattr(read, name) == getattr(made, name)
    np.testing.assert_array_equal(read.masks, made.masks)
    np.testing.assert_allclose(read.maps.channels, made.maps.channels, rtol=2**-11, atol=2**-24)
    # a relative change of a channel changes an input by no more, of a significance by twice, of a residual by six
    np.testing.assert_allclose(but_depths(inputs_of(read.maps)), but_depths(inputs_of(made.maps)), atol=3 * 2**-11)


def test_what_half_precision_cannot_hold_is_held_to_its_limit(tmp_path):
    made = example()
    made.maps.channels[:, 0, 0] = [1e6, -1e6, *[1e5] * (len(made.maps.channels) - 2)]
    write_example(tmp_path / "x.npz", made)
    corner = read_example(tmp_path / "x.npz").maps.channels[:, 0, 0]
    assert np.isfinite(corner).all()
    assert (corner[0], corner[1]) == (65504, -65504)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-50])


def garbage(path):
    path.write_text("a letter")


def other_words(path):
    with np.load(path) as file:
        parts = dict(file)
    np.savez(path, **parts | {"words": '{"circumstances": {}}'})


@pytest.mark.parametrize("damage", [cut_short, garbage, other_words, lambda path: path.write_bytes(b"")])
def test_a_damaged_example_is_named(tmp_path, damage):
    path = tmp_path / "train-1.npz"
    write_example(path, example())
    damage(path)
    with pytest.raises(CannotLearn, match=r"train-1\.npz is damaged or of another version; delete it\."):
        read_example(path)


def test_an_example_with_other_channels_is_of_another_version(tmp_path, monkeypatch):
    path = tmp_path / "train-1.npz"
    write_example(path, example())
    monkeypatch.setattr(example_module, "CHANNELS", (*example_module.CHANNELS, "colour"))
    with pytest.raises(CannotLearn, match="another version"):
        read_example(path)
