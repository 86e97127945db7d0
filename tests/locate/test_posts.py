"""A container whose walls and roof were clipped to white is found by its posts."""

from dataclasses import replace

import numpy as np
import pytest
from made_scenes import Box, truck

from scantriage.locate.frame import locate

BOX = Box(left=152.3, right=1220.7, roof=60.4, height=350)
END, ROOF = 4.0, 8.0  # pixels; less is there to see than where the walls show


def bleached(image, level=0.55):
    """As a bright window shows it: what attenuates less than a level is white, walls, rails and floor as well."""
    return replace(image, pixels=np.maximum(image.pixels - np.float32(level), 0))


@pytest.mark.parametrize("tilt", [0.0, 10.0, -10.0])
@pytest.mark.parametrize("cargo", [0.0, 2.0])
def test_walls_that_do_not_show_leave_the_outline_where_it_is(tilt, cargo):
    box = replace(BOX, cargo=cargo)
    (frame,) = locate(bleached(truck(box, tilt=tilt))).frames
    left, right = tilt * box.left / 1400, tilt * box.right / 1400
    assert frame.cols == pytest.approx((box.left, box.right), abs=END)
    assert frame.roof_rows == pytest.approx((box.roof + left, box.roof + right), abs=ROOF)
    assert not frame.cut_left
    assert not frame.cut_right


def test_what_stands_higher_than_the_posts_of_a_chassis_is_the_container():
    # two stakes of a flat trailer, a full stack between them
    scene = bleached(truck(replace(BOX, cargo=2.0)))
    pixels = scene.pixels.copy()
    pixels[200:420, 60:70] = pixels[200:420, 1300:1310] = 1.0
    (frame,) = locate(replace(scene, pixels=pixels)).frames
    assert frame.cols == pytest.approx((BOX.left, BOX.right), abs=END)
