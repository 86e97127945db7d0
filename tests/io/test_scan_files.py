import contextlib
import io
import os
import pickle
import time

import imagecodecs
import numpy as np
import pytest
import tifffile
from dicos_writer import EXPLICIT, IMPLICIT, LOSSLESS_JPEG, write_dicos
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scantriage.errors import UnreadableScan
from scantriage.io.scan_files import read_header, read_scan

COUNTS = (np.random.default_rng(5).integers(0, 40, (2, 64, 66)).cumsum(axis=2)).astype(np.uint16)


def tiff_bytes(**packing):
    file = io.BytesIO()
    tifffile.imwrite(file, COUNTS, photometric="minisblack", **packing)
    return file.getvalue()


@pytest.fixture(scope="module")
def small_files(tmp_path_factory):
    """One small file of every kind."""
    folder = tmp_path_factory.mktemp("dicos")
    dicos = [write_dicos(folder / "a.dcs", COUNTS, syntax=each) for each in (EXPLICIT, IMPLICIT, LOSSLESS_JPEG)]
    grey = (COUNTS[0] >> 5).astype(np.uint8)
    return [
        tiff_bytes(),
        tiff_bytes(compression="lzw", predictor=True),
        tiff_bytes(compression="zlib", predictor=True, tile=(32, 32)),
        tiff_bytes(compression="zstd", rowsperstrip=8, bigtiff=True, byteorder=">"),
        bytes(imagecodecs.png_encode(COUNTS[0])),
        bytes(imagecodecs.jpeg8_encode(grey)),
        *(path.read_bytes() for path in dicos),
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_changed_in_a_file_only_unreadable_scan_comes_out(small_files, tmp_path, data):
    changed = bytearray(data.draw(st.sampled_from(small_files)))
    # headers lie at the beginning and, of a TIFF, often at the end
    near_an_end = st.one_of(st.integers(0, 400), st.integers(-400, -1), st.integers(0, len(changed) - 1))
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(near_an_end) % len(changed)] = data.draw(st.sampled_from([0, 1, 2, 7, 127, 128, 254, 255]))
    if data.draw(st.booleans()):
        changed = changed[: data.draw(st.integers(1, len(changed)))]
    path = tmp_path / "mutated.img"
    path.write_bytes(changed)
    started = time.monotonic()
    with contextlib.suppress(UnreadableScan):
        scan = read_scan(path)
        assert scan.pixels.ndim == 3
        assert scan.pixels.dtype in (np.uint8, np.uint16, np.float32)
    assert time.monotonic() - started < 2


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    magic=st.sampled_from(
        [b"", b"II*\0", b"MM\0*", b"II+\0", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", bytes(128) + b"DICM"]
    ),
    garbage=st.binary(max_size=300),
)
def test_garbage_is_refused(tmp_path, magic, garbage):
    path = tmp_path / "garbage.tif"
    path.write_bytes(magic + garbage)
    with pytest.raises(UnreadableScan, match=r"^garbage\.tif "):
        read_scan(path)


def test_only_the_energies_wanted_are_decoded(tmp_path):
    path = tmp_path / "two.tif"
    path.write_bytes(tiff_bytes())
    both = read_scan(path).pixels
    assert len(both) == 2
    np.testing.assert_array_equal(read_scan(path, n_energies=1).pixels, both[:1])
    np.testing.assert_array_equal(read_scan(path, n_energies=3).pixels, both)


def test_what_is_no_file_is_refused(tmp_path):
    empty, folder, pipe = tmp_path / "empty.tif", tmp_path / "folder.tif", tmp_path / "pipe.tif"
    empty.touch()
    folder.mkdir()
    os.mkfifo(pipe)
    for path, why in (
        (empty, "is empty (0 bytes)"),
        (folder, "is not a file"),
        (pipe, "is not a file"),
        (tmp_path / "gone.tif", "is missing"),
    ):
        for read in (read_scan, read_header):
            with pytest.raises(UnreadableScan) as refusal:
                read(path)
            assert refusal.value.sentence == f"{path.name} {why}."


def test_a_file_too_large_is_not_even_opened(tmp_path):
    path = tmp_path / "huge.tif"
    with path.open("wb") as file:
        file.truncate(2**40)  # sparse: takes no room
    with pytest.raises(UnreadableScan, match="more than the limit"):
        read_scan(path)


def test_the_refusal_travels_from_worker_processes(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0")
    with pytest.raises(UnreadableScan) as refusal:
        read_scan(path)
    assert pickle.loads(pickle.dumps(refusal.value)).sentence == refusal.value.sentence  # noqa: S301 - our own bytes
