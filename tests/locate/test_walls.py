"""Walls take away some of the beam, whatever stands behind them."""

from dataclasses import replace

import numpy as np
import pytest
from made_scenes import Box, truck

from scantriage.locate.frame import locate
from scantriage.locate.walls import wall_attenuation

BOX = Box(left=152.3, right=1220.7, roof=60.4, height=350)  # walls of 0.1


@pytest.mark.parametrize("tilt", [0.0, 10.0])
@pytest.mark.parametrize("cargo", [0.0, 4.0])
def test_walls_show_above_any_load(cargo, tilt):
    image = truck(replace(BOX, cargo=cargo), tilt=tilt)
    (frame,) = locate(image).frames
    assert wall_attenuation(image, frame) == pytest.approx(0.1, abs=0.02)


def test_where_walls_were_taken_for_the_open_beam_they_show_nothing():
    image = truck(BOX)
    (frame,) = locate(image).frames
    mistaken = replace(image, pixels=image.pixels - np.float32(0.1))
    assert wall_attenuation(mistaken, frame) < 0.02


def test_an_outline_outside_the_image_tells_nothing():
    image = truck(BOX)
    (frame,) = locate(image).frames
    outside = replace(frame, cols=(5_000.0, 6_000.0))
    assert np.isnan(wall_attenuation(image, outside))
