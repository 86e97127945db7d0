"""A vehicle with two boxes stands as its wheels say."""

import numpy as np
import pytest

from scantriage.calibrate.attenuation import calibrate
from scantriage.locate.frame import locate
from scantriage.simulate.pair import simulate_twins


def scan_of(seed):
    scan = simulate_twins(seed, scale=0.2).origin
    return calibrate(scan.counts[0], kind="raw", dark_level=scan.record.dark_level).image, scan.passage.doors_first


@pytest.mark.parametrize("seed", range(8))
def test_a_trailers_wheels_tell_where_its_front_is(seed):
    image, backwards = scan_of(seed)
    evidence = locate(image, n_containers=2).front_at_left
    assert (evidence < 0) == backwards


def test_the_mirrored_scan_says_the_opposite():
    image, _ = scan_of(3)
    mirrored = type(image)(
        np.ascontiguousarray(image.pixels[..., ::-1]),
        np.ascontiguousarray(image.variance[..., ::-1]),
        np.ascontiguousarray(image.valid[..., ::-1]),
        np.ascontiguousarray(image.penetrated[..., ::-1]),
        image.quantity,
    )
    seen, opposite = (locate(one, n_containers=2).front_at_left for one in (image, mirrored))
    assert seen == pytest.approx(-opposite, abs=0.05)


def test_one_box_says_nothing():
    scan = simulate_twins(3, scale=0.2).origin
    image = calibrate(scan.counts[0], kind="raw", dark_level=scan.record.dark_level).image
    assert locate(image, n_containers=1).front_at_left == 0
