from dataclasses import replace

import numpy as np
import pytest
import tifffile

from scantriage.io.originals import Original, read_original_tile
from scantriage.io.views import NoSuchView
from scantriage.scan.views import LayerFacts

FACTS = LayerFacts("counts", 80, 150, 0.0, 2.0, 0.01, 0.01, dark=100.0, air=50_000.0)
COUNTS = np.random.default_rng(2).integers(0, 65536, (2, 80, 150), dtype=np.uint16)


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, COUNTS, photometric="minisblack")
    return Original(path, "top_first")


def test_a_tile_is_the_files_own_counts(scan):
    for plane in (0, 1):
        part = read_original_tile(scan, FACTS, plane=plane, tile=64, row=1, col=2)
        assert part.dtype == np.uint16
        assert np.array_equal(part, COUNTS[plane, 64:, 128:])


def test_a_file_that_begins_at_the_bottom_is_turned(scan):
    part = read_original_tile(replace(scan, rows="bottom_first"), FACTS, plane=0, tile=64, row=0, col=0)
    assert np.array_equal(part, COUNTS[0, ::-1][:64, :64])


def test_wide_counts_are_scaled(tmp_path):
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, (COUNTS[0] >> 8).astype(np.uint8), photometric="minisblack")
    facts = replace(FACTS, scale=0.5)
    part = read_original_tile(Original(path, "top_first"), facts, plane=0, tile=64, row=0, col=0)
    assert np.array_equal(part, 2 * (COUNTS[0, :64, :64] >> 8))


def test_what_is_not_there_is_not_shown(scan, tmp_path):
    with pytest.raises(NoSuchView):
        read_original_tile(scan, FACTS, plane=2, tile=64, row=0, col=0)
    with pytest.raises(NoSuchView):
        read_original_tile(scan, FACTS, plane=0, tile=64, row=2, col=0)
    with pytest.raises(NoSuchView):
        read_original_tile(scan, replace(FACTS, rows=81), plane=0, tile=64, row=0, col=0)
    with pytest.raises(NoSuchView):
        read_original_tile(Original(tmp_path / "gone.tif", "top_first"), FACTS, plane=0, tile=64, row=0, col=0)


def test_a_file_that_was_deleted_is_not_remembered_as_another(scan):
    read_original_tile(scan, FACTS, plane=0, tile=64, row=0, col=0)
    scan.path.unlink()
    with pytest.raises(NoSuchView):
        read_original_tile(scan, FACTS, plane=0, tile=64, row=0, col=0)
