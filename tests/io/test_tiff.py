import struct
import time

import imagecodecs
import numpy as np
import pytest
import tifffile

from scantriage.errors import UnreadableScan
from scantriage.io.limits import MAX_PIXELS
from scantriage.io.scan_files import kind_of, read_header, read_scan


@pytest.fixture
def counts():
    """(2, 100, 130): sides that no tile divides."""
    return np.random.default_rng(3).integers(0, 65536, (2, 100, 130)).astype(np.uint16)


def refusal_of(path):
    started = time.monotonic()
    with pytest.raises(UnreadableScan) as refusal:
        read_scan(path)
    assert time.monotonic() - started < 1
    assert refusal.value.sentence.startswith(path.name + " ")
    return refusal.value.sentence


def patched(path, tag, value):
    """Overwrite the value of a tag in every page of a little-endian classic TIFF.

    A tag that is not there takes the place of 305, the name of the writing program.
    """
    with tifffile.TiffFile(path) as tif:
        entries = [page.tags[tag if tag in page.tags else 305].offset for page in tif.pages]
    data = bytearray(path.read_bytes())
    for at in entries:
        struct.pack_into("<HHII", data, at, tag, 4, 1, value)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("n_energies", [1, 2])
@pytest.mark.parametrize("layout", [{}, {"tile": (32, 48)}, {"rowsperstrip": 7}], ids=["page", "tiled", "stripped"])
@pytest.mark.parametrize(
    "packing",
    [
        {},
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": True},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True},
        {"compression": "zstd"},
        {"compression": "zstd", "predictor": True},
        {"compression": "packbits"},
    ],
    ids=lambda packing: "-".join(map(str, packing.values())) or "plain",
)
def test_counts_come_back_whatever_the_packing(tmp_path, counts, packing, layout, n_energies):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts[:n_energies], photometric="minisblack", **packing, **layout)
    scan = read_scan(path)
    assert (scan.kind, scan.pixels.dtype) == ("raw", np.uint16)
    np.testing.assert_array_equal(scan.pixels, counts[:n_energies])


@pytest.mark.parametrize("packing", [{}, {"compression": "zstd", "predictor": True, "tile": (32, 48)}])
def test_energies_may_be_planes_of_one_page(tmp_path, counts, packing):
    together, apart = tmp_path / "together.tif", tmp_path / "apart.tif"
    tifffile.imwrite(apart, counts, photometric="minisblack", planarconfig="separate", **packing)
    tifffile.imwrite(together, np.moveaxis(counts, 0, 2), photometric="minisblack", planarconfig="contig", **packing)
    np.testing.assert_array_equal(read_scan(apart).pixels, counts)
    np.testing.assert_array_equal(read_scan(together).pixels, counts)


@pytest.mark.parametrize("flavour", [{"byteorder": ">"}, {"bigtiff": True}, {"bigtiff": True, "byteorder": ">"}])
def test_every_flavour_of_the_container_is_read(tmp_path, counts, flavour):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts, photometric="minisblack", compression="zlib", predictor=True, **flavour)
    np.testing.assert_array_equal(read_scan(path).pixels, counts)


def test_eight_bits_are_a_display_export(tmp_path, counts):
    grey = (counts[0] >> 8).astype(np.uint8)
    for photometric, expected in (("minisblack", grey), ("miniswhite", 255 - grey)):
        path = tmp_path / f"{photometric}.tif"
        tifffile.imwrite(path, grey, photometric=photometric, compression="lzw")
        scan = read_scan(path)
        assert scan.kind == kind_of(path) == "display"
        np.testing.assert_array_equal(scan.pixels, expected[np.newaxis])


def test_colour_with_equal_channels_is_grey(tmp_path, counts):
    grey = (counts[0] >> 8).astype(np.uint8)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([grey] * 3, axis=2), photometric="rgb")
    np.testing.assert_array_equal(read_scan(path).pixels, grey[np.newaxis])


def test_coloured_lines_on_a_grey_scan_are_taken_out(tmp_path, counts):
    grey = (counts[0] >> 8).astype(np.uint8)
    drawn = np.stack([grey] * 3, axis=2)
    drawn[50] = (255, 255, 0)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, drawn, photometric="rgb")
    pixels = read_scan(path).pixels[0]
    assert (pixels[50] == 0).all()
    np.testing.assert_array_equal(np.delete(pixels, 50, axis=0), np.delete(grey, 50, axis=0))


def test_a_thumbnail_page_is_no_energy(tmp_path, counts):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(counts[0], photometric="minisblack")
        tif.write(counts[0, ::4, ::4], photometric="minisblack", subfiletype=1)
    np.testing.assert_array_equal(read_scan(path).pixels, counts[:1])


@pytest.mark.parametrize(
    ("dtype", "why"), [("int16", "unsigned"), ("uint32", "unsigned"), ("float32", "unsigned"), ("bool", "unsigned")]
)
def test_other_pixels_are_refused(tmp_path, counts, dtype, why):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts.astype(dtype), photometric="minisblack")
    assert why in refusal_of(path)


def test_pages_and_planes_that_are_no_energies_are_refused(tmp_path, counts):
    unlike, many, eight, coloured = (tmp_path / f"{name}.tif" for name in ("unlike", "many", "eight", "coloured"))
    with tifffile.TiffWriter(unlike) as tif:
        tif.write(counts[0], photometric="minisblack")
        tif.write(counts[0, :80], photometric="minisblack")
    assert "different size" in refusal_of(unlike)
    tifffile.imwrite(many, np.repeat(counts, 3, axis=0), photometric="minisblack")
    assert "holds 6 energies" in refusal_of(many)
    tifffile.imwrite(eight, counts.astype(np.uint8), photometric="minisblack")
    assert "2 planes of 8 bit" in refusal_of(eight)
    tifffile.imwrite(coloured, np.random.default_rng(0).integers(0, 256, (70, 70, 3), np.uint8), photometric="rgb")
    assert "colour" in refusal_of(coloured)


def test_a_strip_of_a_scan_is_refused(tmp_path, counts):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts[0, :63], photometric="minisblack")
    assert refusal_of(path) == "a.tif has 63 x 130 pixels, and a scan has at least 64 x 64."


@pytest.mark.parametrize(("tag", "what"), [(256, "columns"), (257, "rows")])
def test_a_billion_pixels_are_refused_before_decoding(tmp_path, counts, tag, what):
    path = tmp_path / f"{what}.tif"
    tifffile.imwrite(path, counts[0], photometric="minisblack", compression="zlib")
    assert f"{MAX_PIXELS:,}" in refusal_of(patched(path, tag, 10_000_000))


@pytest.mark.parametrize(
    ("tag", "value", "why"),
    [
        (259, 7, "compressed by method 7"),
        (317, 3, "predictor 3"),
        (262, 3, "in colour"),
        (278, 1, "100 strips or tiles are needed, 1 are listed"),
        (278, 0, "empty"),
        (277, 9, "holds 9 energies"),
        (273, 10_000_000, "beyond its end"),
        (279, 10_000_000, "beyond its end"),
        (273, 0, "are missing"),
        (284, 3, "order"),
        (266, 2, "order"),
    ],
)
def test_tags_that_cannot_be_are_refused(tmp_path, counts, tag, value, why):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts[0], photometric="minisblack", compression="zlib", predictor=True)
    assert why in refusal_of(patched(path, tag, value))


def test_counts_with_zero_as_white_are_refused(tmp_path, counts):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts[0], photometric="miniswhite")
    assert "0 = white" in refusal_of(path)


def test_pages_in_a_ring_are_refused(tmp_path, counts):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts[0], photometric="minisblack")
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    (n_tags,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * n_tags, first)
    path.write_bytes(data)
    assert "lead back" in refusal_of(path)


def test_a_strip_that_unpacks_to_more_than_its_rows_is_refused(tmp_path, counts):
    """The bomb inside a file: 300 MB of zeros behind the offset of a strip of 26 kB."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts[0], photometric="minisblack", compression="zlib")
    bomb = imagecodecs.zlib_encode(bytes(300_000_000))
    start = path.stat().st_size
    path.write_bytes(path.read_bytes() + bomb)
    patched(path, 273, start)
    patched(path, 279, len(bomb))
    assert "damaged" in refusal_of(path)


@pytest.mark.parametrize("packing", [{}, {"compression": "lzw"}, {"compression": "zlib"}, {"compression": "zstd"}])
@pytest.mark.parametrize("part", [0.01, 0.3, 0.7, 0.99])
def test_a_file_cut_short_is_refused(tmp_path, counts, packing, part):
    whole, cut = tmp_path / "whole.tif", tmp_path / "cut.tif"
    tifffile.imwrite(whole, counts, photometric="minisblack", **packing)
    data = whole.read_bytes()
    cut.write_bytes(data[: int(part * len(data))])
    refusal_of(cut)


def test_a_strip_that_ends_early_is_refused(tmp_path, counts):
    """LZW tells nothing of its own end: half a strip would pass for a whole one."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts[0], photometric="minisblack", compression="lzw")
    assert "part 1 of 1 ends early" in refusal_of(patched(path, 279, 5_000))


def test_the_header_alone_tells_kind_and_shape(tmp_path, counts):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counts, photometric="minisblack", compression="zstd")
    header = read_header(path)
    assert (header.kind, header.shape, header.dicos) == ("raw", counts.shape, None)
