"""Panels show the layers on one scale in metres, so that a box drawn from metres lies on what it names."""

import cv2
import numpy as np
import pytest

from scantriage.io.panels import panels
from scantriage.scan.views import LayerFacts, ViewLayer

PITCH_M, ROWS, COLS, TOP_M = 0.01, 369, 1219, 3.296
ATTENUATION = (2.0**-13, -0.25)


def layer(values, quantity="attenuation", code=ATTENUATION):
    scale, offset = code
    codes = np.rint((values - offset) / scale).astype(np.uint16)
    return ViewLayer(LayerFacts(quantity, *codes.shape, 0.0, TOP_M, PITCH_M, PITCH_M, scale, offset), codes)


def with_block(x0, x1, z0, z1, value):
    values = np.zeros((ROWS, COLS), dtype=np.float32)
    values[round((TOP_M - z1) / PITCH_M) : round((TOP_M - z0) / PITCH_M), round(x0 / PITCH_M) : round(x1 / PITCH_M)] = (
        value
    )
    return values


def pixels_of(panel):
    return cv2.imdecode(np.frombuffer(panel.jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)


def metres_of(panel, shown):
    """The box of the pixels that are shown, in metres of the container."""
    height, width = shown.shape
    rows, cols = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    x = panel.x0_m + np.array([cols[0], cols[-1] + 1]) * (panel.x1_m - panel.x0_m) / width
    z = panel.top_m - np.array([rows[-1] + 1, rows[0]]) * (panel.top_m - panel.bottom_m) / height
    return [*x, *z]


def test_a_block_lies_in_the_panel_where_it_lies_in_the_container():
    box = [8.0, 9.0, 0.5, 1.5]
    scan = with_block(*box, 2.0)
    made = list(panels({"origin": layer(scan), "rescan": layer(scan)}, height_m=2.591))
    assert [panel.view for panel in made] == ["origin", "rescan"]
    for panel in made:
        dark = pixels_of(panel).mean(axis=2) < 128
        assert metres_of(panel, dark) == pytest.approx(box, abs=0.02)  # two pixels of 7 mm, JPEG's ringing
        assert panel.bottom_m == pytest.approx(-0.1, abs=PITCH_M)
        assert panel.top_m == pytest.approx(2.791, abs=PITCH_M)


def test_more_is_red_less_is_blue_and_what_was_not_read_is_hatched():
    difference = with_block(2.0, 3.0, 0.5, 1.5, 0.4) + with_block(5.0, 6.0, 0.5, 1.5, -0.4)
    blind = with_block(9.0, 10.0, 0.5, 1.5, 2.0)
    layers = {
        "difference": layer(difference, code=(2.0**-13, -4.0)), "blind": layer(blind, "flags", (1.0, 0.0)),
        "origin": layer(np.zeros_like(blind)),
    }  # fmt: skip
    panel = list(panels(layers, height_m=2.591))[-1]
    blue, green, red = (pixels_of(panel).astype(int)[..., channel] for channel in range(3))
    assert metres_of(panel, red - blue > 60) == pytest.approx([2.0, 3.0, 0.5, 1.5], abs=0.03)
    assert metres_of(panel, blue - red > 60) == pytest.approx([5.0, 6.0, 0.5, 1.5], abs=0.03)
    hatched = (np.abs(red - blue) < 40) & (green < 232)
    assert metres_of(panel, hatched & (np.arange(green.shape[1]) > 1200)) == pytest.approx(
        [9.0, 10.0, 0.5, 1.5], abs=0.03
    )


def test_both_scans_are_on_one_grey_scale():
    light, dark = np.full((ROWS, COLS), 0.5), np.full((ROWS, COLS), 3.0)
    origin, rescan = (
        pixels_of(panel).mean() for panel in panels({"origin": layer(light), "rescan": layer(dark)}, height_m=2.6)
    )
    assert origin == pytest.approx(255 * (1 - 0.5 / 3.0), abs=2)
    assert rescan == pytest.approx(0, abs=2)


def test_a_20_ft_container_is_drawn_at_the_same_pixels_per_metre():
    long, short = (
        next(panels({"origin": layer(np.zeros((ROWS, cols)))}, height_m=2.591)) for cols in (COLS, COLS // 2)
    )
    widths = [pixels_of(panel).shape[1] / (panel.x1_m - panel.x0_m) for panel in (long, short)]
    assert widths[0] == pytest.approx(widths[1], rel=0.002)


def test_where_nothing_was_kept_nothing_is_shown():
    assert list(panels({}, height_m=2.591)) == []
