"""Physics that must hold on the shared deliveries, where they are at hand; nothing is fitted to them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from scantriage.calibrate.attenuation import calibrate
from scantriage.scan.quality import Flag

SHARED = Path(__file__).parents[3] / "shared"
ACCEPTANCE = sorted((SHARED / "acceptance").glob("*/*.tif"))
PORTAL = sorted((SHARED / "real" / "portal_scans").glob("*.jpg"))[::9]


@pytest.mark.skipif(not ACCEPTANCE, reason="the acceptance delivery is not at hand")
@pytest.mark.parametrize("path", ACCEPTANCE, ids=lambda path: path.stem[:17])
def test_air_is_zero_without_stripes(path):
    counts = tifffile.imread(path)
    for plane in counts.reshape(-1, *counts.shape[-2:]):
        image = calibrate(plane, kind="raw", dark_level=400.0).image
        attenuation, variance = image.pixels, image.variance
        ends = np.r_[:40, plane.shape[1] - 40 : plane.shape[1]]
        empty = ends[np.percentile(cv2.blur(attenuation, (3, 9)), 98, axis=0)[ends] < 0.05]
        air, photon_sd = attenuation[:, empty][image.valid[:, 0]], np.sqrt(variance[:, empty][image.valid[:, 0]].mean())
        assert empty.size > 10
        assert abs(np.median(air)) < 0.005
        assert air.std() == pytest.approx(photon_sd, rel=0.08)
        assert air.mean(axis=0).std() < photon_sd
        assert air.mean(axis=1).std() < photon_sd


@pytest.mark.skipif(not PORTAL, reason="the portal scans are not at hand")
@pytest.mark.parametrize("path", PORTAL, ids=lambda path: path.stem[-6:])
def test_an_export_has_white_air_and_nothing_far_below_it(path):
    result = calibrate(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), kind="display", dark_level=None)
    attenuation = result.image.pixels
    assert Flag.UNCALIBRATED in result.flags
    assert np.isfinite(attenuation).all()
    assert np.isfinite(result.image.variance).all()
    assert np.percentile(attenuation, 1) > -0.05
    assert 0.02 < np.median(attenuation[:, attenuation.shape[1] // 3 : attenuation.shape[1] // 2]) < 5
