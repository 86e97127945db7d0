import imagecodecs
import numpy as np
import pytest
from made_views import OFFSET, PITCH_M, SCALE, TOP_M, layer, made_views

from scantriage.io.view_picture import Look, Region, all_of, draw_jpeg, draw_layer, grey_levels, values_at
from scantriage.io.views import NoSuchView, write_views


def region_of(one, *, shrink=1):
    """A pixel of the picture to each texel, or to so many of them."""
    facts = one.facts
    length_m, height_m = facts.cols * facts.dx_m, facts.rows * facts.dz_m
    return Region(length_m / 2, facts.top_m - height_m / 2, length_m, facts.cols // shrink, facts.rows // shrink)


@pytest.fixture
def noise():
    return layer(np.random.default_rng(1).integers(1, 65536, (48, 80)))


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("inverted", [False, True])
def test_grey_is_what_the_formula_says(noise, linear, inverted):
    look = Look((0.1, 0.9), linear=linear, inverted=inverted)
    drawn = draw_layer(noise, "origin", look, region_of(noise))[..., 0].astype(int)
    attenuation = OFFSET + SCALE * noise.codes.astype(np.float64)
    value = np.exp(-attenuation) if linear else attenuation
    grey = 255 * np.clip((value - 0.1) / (0.9 - 0.1), 0, 1)
    expected = grey if linear != inverted else 255 - grey
    # half a level from rounding; sampling in single precision adds less than a hundredth
    assert np.abs(drawn - expected).max() <= 0.51


def test_dense_is_dark_and_invert_turns_it():
    values = np.array([0.0, 1.0, 2.5])
    assert grey_levels(values, Look((0.0, 2.5))).tolist() == [255, 153, 0]
    assert grey_levels(values, Look((0.0, 2.5), inverted=True)).tolist() == [0, 102, 255]
    assert grey_levels(values, Look((0.0, 1.0), linear=True)).tolist() == [255, 94, 21]


def test_nothing_is_mid_grey(noise):
    codes = noise.codes.copy()
    codes[:, :40] = 0
    drawn = draw_layer(layer(codes), "rescan", Look((0.0, 2.5)), region_of(noise))
    assert (drawn[:, :40] == 128).all()
    beside = Region(-5.0, 2.0, 1.0, 30, 10)
    assert (draw_layer(noise, "rescan", Look((0.0, 2.5), inverted=True), beside) == 128).all()


def test_zoomed_out_it_is_the_mean_of_what_is_there():
    codes = np.zeros((16, 32))
    codes[:, :16] = 1000
    codes[::2, 16:] = 3000  # every other row says nothing
    shown = values_at(layer(codes), region_of(layer(codes), shrink=4))
    assert np.allclose(shown[:, :3], OFFSET + SCALE * 1000)
    assert np.allclose(shown[:, 5:], OFFSET + SCALE * 3000)


def test_between_texels_it_is_in_proportion():
    two = layer(np.array([[1000, 2000], [1000, 2000]]))
    across = values_at(two, Region(PITCH_M, TOP_M - PITCH_M, PITCH_M, 5, 1))[0]
    assert np.allclose((across - OFFSET) / SCALE, [1100, 1300, 1500, 1700, 1900], atol=0.1)


def test_what_was_added_is_red_and_what_was_removed_blue():
    signed = layer(np.array([[32768, 32768 + 3277, 32768 - 3277]]), offset=-4.0)
    none, more, less = draw_layer(signed, "difference", Look((0.0, 2.5)), region_of(signed))[0].astype(int)
    assert none.tolist() == [255, 255, 255]
    assert more[0] > more[1] + 100
    assert less[2] > less[0] + 100


def test_the_window_holds_what_is_there(noise):
    low, high = all_of({"origin": noise}, linear=False)
    assert OFFSET <= low < high <= OFFSET + SCALE * 65535
    assert high - low > 0.9 * SCALE * 65535
    assert all_of({"origin": noise}, linear=True) == (np.exp(-high), np.exp(-low))
    flat = all_of({"origin": layer(np.full((16, 16), 2048))}, linear=False)
    assert flat[0] < flat[1]


def test_a_picture_is_drawn_of_all_or_of_one_layer(tmp_path):
    path = tmp_path / "kept.tif"
    write_views(path, made_views(rows=330, cols=1219))
    stack = imagecodecs.jpeg_decode(draw_jpeg(path, Look(), width=600))
    one = imagecodecs.jpeg_decode(draw_jpeg(path, Look(), layer="difference", width=600))
    assert stack.shape[1] == one.shape[1] == 600
    assert stack.shape[0] > one.shape[0]
    with pytest.raises(NoSuchView):
        draw_jpeg(path, Look(), layer="rescan_low", width=600)
    with pytest.raises(NoSuchView):
        draw_jpeg(tmp_path / "none.tif", Look(), width=600)
