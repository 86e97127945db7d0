"""A container that hangs in the air."""

import numpy as np
import pytest

from scantriage.calibrate.attenuation import calibrate
from scantriage.locate.frame import locate
from scantriage.scan.geometry import CONTAINER_WIDTH_M
from scantriage.simulate.bare import simulate_bare


@pytest.fixture(scope="module", params=(1, 2, 3, 5))
def scan(request):
    return simulate_bare(request.param, scale=0.3, split="train")


def located(scan):
    image = calibrate(scan.counts, kind="raw", dark_level=round(scan.scanner.dark_counts)).image
    return image, locate(image, n_containers=1).frames[0]


def test_below_its_lower_edges_there_is_air(scan):
    image, frame = located(scan)
    lowest = max(scan.edge_rows(frame.cols))
    first, last = (round(col) for col in frame.cols)
    reach = round(0.05 * (lowest - frame.roof_rows[0]))  # it leans
    below = image.pixels[round(lowest) + reach : round(lowest) + 3 * reach, first:last]
    above = image.pixels[round(lowest) - 2 * reach : round(lowest) - reach, first:last]
    assert np.median(np.abs(below)) < 0.02
    assert np.mean(above) > 2 * np.mean(np.abs(below))


def test_the_roof_shows_where_its_edges_are(scan):
    _, frame = located(scan)
    height = max(scan.edge_rows(frame.cols)) - min(scan.roof_rows(frame.cols))
    assert np.mean(frame.roof_rows) == pytest.approx(min(scan.roof_rows(frame.cols)), abs=0.03 * height)


def test_the_near_edge_shows_lower_than_the_far_one_where_the_source_stands_above_it(scan):
    near, far = scan.edge_rows((0.0, float(scan.counts.shape[1])))
    bottom_m = float(np.mean(scan.passage.raised_m))
    above = scan.scanner.geometry.source_height_m > bottom_m
    assert (near > far) == above
    per_m = scan.counts.shape[0] / np.ptp(scan.scanner.geometry.view_height_m)
    # at most as far apart as a ray from a source 4 m away and 2 m above crosses the container
    assert abs(near - far) < CONTAINER_WIDTH_M * 0.8 * per_m


def test_the_same_seed_gives_the_same_scan_and_another_another():
    one, again, other = (simulate_bare(seed, scale=0.2, split="train").counts for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, again)
    assert one.shape != other.shape or (one != other).any()
