import struct
import zlib

import imagecodecs
import numpy as np
import pytest

from scantriage.errors import UnreadableScan
from scantriage.io.scan_files import kind_of, read_header, read_scan


@pytest.fixture
def grey():
    """(80, 110) uint8, smooth, so that JPEG keeps it to a few levels."""
    row, col = np.mgrid[:80, :110]
    return (row + col).astype(np.uint8)


def written(path, data):
    path.write_bytes(bytes(data))
    return path


def refusal_of(path):
    with pytest.raises(UnreadableScan) as refusal:
        read_scan(path)
    assert refusal.value.sentence.startswith(path.name + " ")
    return refusal.value.sentence


def test_sixteen_bits_of_png_are_raw_counts(tmp_path, grey):
    counts = grey.astype(np.uint16) * 251
    path = written(tmp_path / "a.png", imagecodecs.png_encode(counts))
    scan = read_scan(path)
    assert scan.kind == kind_of(path) == "raw"
    assert scan.pixels.dtype == np.uint16
    np.testing.assert_array_equal(scan.pixels, counts[np.newaxis])


def test_eight_bits_of_png_are_a_display_export(tmp_path, grey):
    scan = read_scan(written(tmp_path / "a.png", imagecodecs.png_encode(grey)))
    assert scan.kind == "display"
    np.testing.assert_array_equal(scan.pixels, grey[np.newaxis])


@pytest.mark.parametrize("extra", [[], [255]], ids=["rgb", "rgba"])
def test_png_in_equal_colours_is_grey(tmp_path, grey, extra):
    planes = [grey] * 3 + [np.full_like(grey, level) for level in extra]
    scan = read_scan(written(tmp_path / "a.png", imagecodecs.png_encode(np.stack(planes, axis=2))))
    np.testing.assert_array_equal(scan.pixels, grey[np.newaxis])


def test_colour_and_transparency_are_refused(tmp_path, grey):
    colour = np.stack([grey, 255 - grey, grey], axis=2)
    glass = np.stack([grey] * 3 + [grey], axis=2)
    assert "R = G = B" in refusal_of(written(tmp_path / "a.png", imagecodecs.png_encode(colour)))
    assert "R = G = B" in refusal_of(written(tmp_path / "a.jpg", imagecodecs.jpeg8_encode(colour)))
    assert "transparent" in refusal_of(written(tmp_path / "b.png", imagecodecs.png_encode(glass)))


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_a_display_export(tmp_path, grey, channels):
    image = grey if channels == 1 else np.stack([grey] * 3, axis=2)
    path = written(tmp_path / "a.jpg", imagecodecs.jpeg8_encode(image, level=95))
    scan = read_scan(path)
    assert scan.kind == kind_of(path) == "display"
    assert scan.pixels.shape == read_header(path).shape == (1, *grey.shape)
    # quality 95 quantises the lowest frequencies in steps of 2, the highest in steps of 10
    assert np.abs(scan.pixels[0].astype(int) - grey).max() <= 5


def test_a_file_is_what_its_first_bytes_say(tmp_path, grey):
    scan = read_scan(written(tmp_path / "really_a_png.jpg", imagecodecs.png_encode(grey)))
    np.testing.assert_array_equal(scan.pixels, grey[np.newaxis])


def test_rows_from_the_bottom_are_turned_round(tmp_path, grey):
    scan = read_scan(written(tmp_path / "a.png", imagecodecs.png_encode(grey)), rows="bottom_first")
    np.testing.assert_array_equal(scan.pixels, grey[np.newaxis, ::-1])


@pytest.mark.parametrize("encode", [imagecodecs.png_encode, imagecodecs.jpeg8_encode])
@pytest.mark.parametrize("missing", [1, 2, 12, 500, 1_000])
def test_a_file_cut_short_is_refused(tmp_path, grey, encode, missing):
    noise = np.random.default_rng(1).integers(0, 40, grey.shape).astype(np.uint8)
    data = bytes(encode(grey + noise))
    assert len(data) > 2_000
    assert "is cut short" in refusal_of(written(tmp_path / "a.img", data[:-missing]))


def png_of_size(rows, cols, bits=8):
    """A PNG whose header claims a size, with a correct check sum."""
    head = b"IHDR" + struct.pack(">IIBBBBB", cols, rows, bits, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + zlib.crc32(head).to_bytes(4, "big")


def test_a_billion_pixels_are_refused_before_decoding(tmp_path, grey):
    assert "claims 31623 x 31623 pixels" in refusal_of(written(tmp_path / "a.png", png_of_size(31_623, 31_623)))
    data = bytearray(imagecodecs.jpeg8_encode(grey))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    assert "claims 65000 x 65000 pixels" in refusal_of(written(tmp_path / "a.jpg", data))


def test_depths_that_no_scan_has_are_refused(tmp_path, grey):
    assert "1-bit" in refusal_of(written(tmp_path / "a.png", png_of_size(100, 100, bits=1)))
    lossless = imagecodecs.ljpeg_encode(grey.astype(np.uint16), bitspersample=16)
    assert "8-bit grey or RGB" in refusal_of(written(tmp_path / "a.jpg", lossless))


def test_a_text_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path, grey):
    data = bytes(imagecodecs.png_encode(grey))
    text = b"zTXtbomb\0\0" + zlib.compress(bytes(100_000_000))
    chunk = struct.pack(">I", len(text) - 4) + text + zlib.crc32(text).to_bytes(4, "big")
    scan = read_scan(written(tmp_path / "a.png", data[:33] + chunk + data[33:]))
    np.testing.assert_array_equal(scan.pixels, grey[np.newaxis])
