import numpy as np
import pytest
import tifffile
from made_views import layer, made_views

from scantriage.io.views import NoSuchView, read_facts, read_halved_tile, read_view_layer, read_view_tile, write_views
from scantriage.scan.views import FineViews


@pytest.fixture(scope="module")
def views():
    return made_views()


@pytest.fixture(scope="module")
def path(views, tmp_path_factory):
    path = tmp_path_factory.mktemp("views") / "kept.tif"
    write_views(path, views)
    return path


def test_what_was_written_is_read(path, views):
    assert read_facts(path).facts == views.facts
    for name, written in views.layers.items():
        read = read_view_layer(path, name)
        assert read.facts == written.facts
        assert np.array_equal(read.codes, written.codes)


def test_other_programs_read_the_layers_as_pages(path, views):
    with tifffile.TiffFile(path) as tiff:
        pages = [page.asarray() for page in tiff.pages]
    assert len(pages) == len(views.layers)
    assert all(np.array_equal(page, one.codes) for page, one in zip(pages, views.layers.values(), strict=True))


def test_tiles_make_up_the_layer(path, views):
    tile = read_facts(path).tile
    for name, written in views.layers.items():
        rows, cols = written.codes.shape
        parts = [
            [read_view_tile(path, name, row, col) for col in range(-(-cols // tile))] for row in range(-(-rows // tile))
        ]
        assert np.array_equal(np.block(parts), written.codes)


def test_a_halved_tile_is_the_mean_of_what_is_there_or_all_flags_that_occur(tmp_path):
    codes = np.random.default_rng(5).integers(0, 4, (5, 7)) * 16_383
    codes[0:2, 0:2] = [[0, 1], [2, 2]]  # 5/3: up
    codes[0:2, 2:4] = [[3, 0], [0, 4]]  # 3.5: up
    codes[2:4, 0:2] = 0
    views = {"rescan": layer(codes), "blind": layer(codes, quantity="flags", scale=1.0, offset=0.0)}
    write_views(tmp_path / "kept.tif", FineViews(6.058, 2.591, views))

    means, flags = (read_halved_tile(tmp_path / "kept.tif", name, 0, 0) for name in ("rescan", "blind"))

    assert means.shape == flags.shape == (3, 4)
    assert means[0, :2].tolist() == [2, 4]
    assert means[1, 0] == 0
    for row, col in np.ndindex(3, 4):
        here = codes[2 * row : 2 * row + 2, 2 * col : 2 * col + 2]
        there = here[here > 0]
        assert means[row, col] == (int(there.mean() + 0.5) if there.size else 0)
        assert flags[row, col] == np.bitwise_or.reduce(here, axis=None)


def test_tiles_fit_every_texture_and_leave_little_over(path, views):
    tile = read_facts(path).tile
    assert tile % 16 == 0
    assert tile <= 2048
    assert 2 * tile - views.facts.layers["origin"].cols < 32


@pytest.mark.parametrize("place", [(1, 0), (0, 2), (-1, 0), (0, -1), (9999, 9999)])
def test_there_are_no_tiles_outside(path, place):
    with pytest.raises(NoSuchView):
        read_view_tile(path, "origin", *place)


@pytest.mark.parametrize("name", ["", "rescan_low", "../origin", "origin_file"])
def test_there_are_no_other_layers(path, name):
    with pytest.raises(NoSuchView):
        read_view_tile(path, name, 0, 0)
    with pytest.raises(NoSuchView):
        read_view_layer(path, name)


def test_views_that_were_deleted_are_not_there(tmp_path, views):
    path = tmp_path / "kept.tif"
    with pytest.raises(NoSuchView):
        read_facts(path)
    write_views(path, views)
    read_facts(path)
    path.unlink()
    with pytest.raises(NoSuchView):
        read_view_tile(path, "origin", 0, 0)


def test_views_that_were_written_anew_are_read_anew(tmp_path, views):
    path = tmp_path / "kept.tif"
    write_views(path, views)
    read_facts(path)
    fewer = FineViews(6.058, 2.591, {"rescan": layer(np.full((40, 60), 7))})
    write_views(path, fewer)
    assert list(read_facts(path).facts.layers) == ["rescan"]
    assert (read_view_tile(path, "rescan", 0, 0) == 7).all()


def test_code_zero_says_nothing_but_of_flags():
    scan = layer(np.array([[0, 2048, 10240]]))
    assert np.isnan(scan.values()[0, 0])
    assert scan.values()[0, 1:].tolist() == [0.0, 1.0]
    assert layer(np.array([[0, 3]]), quantity="flags", scale=1.0, offset=0.0).values().tolist() == [[0.0, 3.0]]


def test_codes_have_the_size_that_the_facts_say():
    one = layer(np.ones((3, 4)))
    with pytest.raises(ValueError, match="codes are"):
        type(one)(one.facts, one.codes.T)
