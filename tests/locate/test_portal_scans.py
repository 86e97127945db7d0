"""The labelled portal scans and the acceptance delivery, where they are at hand."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from scantriage.calibrate.attenuation import calibrate
from scantriage.locate.frame import locate
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import FanGeometry
from scantriage.scan.quality import Flag

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
SIZES = {"20": ContainerSize(6.058, 2.591), "40": ContainerSize(12.192, 2.591), "40HC": ContainerSize(12.192, 2.896)}

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared scans are not at hand")


@needs_shared
def test_every_seventh_portal_scan(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    from portal_scans import run_all

    cases = run_all(SHARED, every=7)
    overlaps = np.array([value for case in cases for value in case.overlaps()])
    # hand-drawn labels lie 2 % of the height outside the outline: 0.93 is what a perfect outline reaches
    assert np.median(overlaps) > 0.90
    assert np.mean(overlaps < 0.8) < 0.05
    assert all(case.right_number for case in cases)


def acceptance_scans():
    truths = (SHARED / "acceptance" / "truth.jsonl").read_text().splitlines()
    for truth in map(json.loads, truths):
        for place, role in enumerate(("origin", "rescan")):
            path = SHARED / "acceptance" / role / f"{truth[f'{role}_scan']}.tif"
            yield path, truth, role, truth["doors_first"][place]


def located(path, size):
    sidecar = json.loads(path.with_suffix(".json").read_text())
    pixels = tifffile.imread(path)
    image = calibrate(pixels.reshape(-1, *pixels.shape[-2:])[0], kind="raw", dark_level=sidecar["dark_level"]).image
    geometry = FanGeometry(**{**sidecar["geometry"], "view_height_m": tuple(sidecar["geometry"]["view_height_m"])})
    pitch_mm = sidecar["column_pitch_mm"]
    location = locate(image, n_containers=1, size=size, geometry=geometry, column_pitch_mm=pitch_mm)
    return location, geometry, pitch_mm, image.shape[0]


@needs_shared
def test_acceptance_scans_have_their_lengths_heights_and_doors():
    from scantriage.locate.height import box_height_m

    for path, truth, role, doors_first in acceptance_scans():
        size = SIZES[truth["size"]]
        location, geometry, pitch_mm, n_rows = located(path, size)
        (frame,) = location.frames
        assert not location.flags, path.stem
        assert frame.doors == ("left" if doors_first else "right"), path.stem
        length = (frame.cols[1] - frame.cols[0]) * pitch_mm / 1000
        # a drive-through scanner's speed is uneven by 1 to 2 %, a portal or gantry by half a per cent
        tolerance = (0.02 if "drive" in truth[f"{role}_scanner"] else 0.006) * size.length_m
        assert length == pytest.approx(size.length_m, abs=tolerance), path.stem
        height = box_height_m(frame.roof_rows[0], frame.floor_rows[0], n_rows=n_rows, geometry=geometry)
        assert height == pytest.approx(size.height_m, abs=0.04), path.stem


@needs_shared
def test_loads_of_the_acceptance_truth_lie_where_it_says_along_the_frame():
    for path, truth, role, doors_first in acceptance_scans():
        if role == "origin" or truth["box_rescan_px"] is None:
            continue
        location, *_ = located(path, SIZES[truth["size"]])
        (left, right) = location.frames[0].cols
        _, _, first, last = truth["box_rescan_px"]
        shares = sorted(
            abs((col if not doors_first else left + right - col) - left) / (right - left) for col in (first, last)
        )
        assert shares == pytest.approx(truth["x_fraction_from_front"], abs=2 / (right - left))


@needs_shared
@pytest.mark.parametrize("group", ["B", "C"])
def test_rescans_of_one_container_get_frames_of_one_shape(group):
    sets = {entry["set"]: entry["files"] for entry in json.loads((SHARED / "real" / "rescans.json").read_text())}
    frames = []
    for name in sets[group]:
        grey = cv2.imread(str(SHARED / "real" / "portal_scans" / name), cv2.IMREAD_GRAYSCALE)
        location = locate(calibrate(grey, kind="display", dark_level=None).image)
        (frame,) = location.frames
        assert (Flag.CUT_OFF in location.flags) == (frame.cut_left or frame.cut_right)
        frames.append(frame)
    heights = [np.mean(np.subtract(frame.floor_rows, frame.roof_rows)) for frame in frames]
    # without a geometry the floor is the near or the far rail's lower edge: 2 % of the height apart
    assert max(heights) - min(heights) < 0.025 * np.mean(heights)
    assert len({frame.doors for frame in frames if frame.doors}) == 1
    if group == "B":
        assert [frame.cut_left for frame in frames] == [False, True, True]
