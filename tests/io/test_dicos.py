from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from dicos_writer import (
    EXPLICIT,
    FLOAT,
    IMPLICIT,
    LOSSLESS_JPEG,
    PLAIN_PIXELS,
    PRESENTATION,
    STORAGE,
    UINT32,
    UINT64,
    WIDE_PIXELS,
    write_dicos,
)
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from scantriage.errors import UnreadableScan
from scantriage.io.scan_files import kind_of, read_header, read_scan

REAL = Path(__file__).parents[3] / "shared" / "real" / "dicos"


@pytest.fixture
def counts():
    return np.random.default_rng(7).integers(0, 65536, (2, 70, 90)).astype(np.uint16)


@pytest.mark.parametrize("pixel_tag", [PLAIN_PIXELS, WIDE_PIXELS])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, LOSSLESS_JPEG])
def test_counts_come_back_whatever_the_transfer_syntax(tmp_path, counts, syntax, pixel_tag):
    scan = read_scan(write_dicos(tmp_path / "a.dcs", counts, syntax=syntax, pixel_tag=pixel_tag))
    assert scan.kind == "raw"
    assert scan.pixels.dtype == np.uint16
    np.testing.assert_array_equal(scan.pixels, counts)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize(("sop_class", "dtype"), [(UINT32, "<u4"), (UINT64, "<u8"), (FLOAT, "<f4"), (FLOAT, "<f8")])
def test_wide_pixels_become_float32(tmp_path, counts, sop_class, dtype, syntax):
    path = write_dicos(
        tmp_path / "a.dcs", counts.astype(dtype), sop_class=sop_class, syntax=syntax, pixel_tag=WIDE_PIXELS
    )
    scan = read_scan(path)
    assert scan.pixels.dtype == np.float32
    np.testing.assert_array_equal(scan.pixels, counts)  # 16-bit counts fit into float32 exactly


def test_a_float_that_is_no_number_is_a_dead_pixel(tmp_path, counts):
    pixels = counts.astype("<f4")
    pixels[0, 3, 4], pixels[1, 5, 6], pixels[1, 0, 0] = np.nan, np.inf, -np.inf
    scan = read_scan(write_dicos(tmp_path / "a.dcs", pixels, sop_class=FLOAT, pixel_tag=WIDE_PIXELS))
    expected = np.where(np.isfinite(pixels), pixels, 0)
    np.testing.assert_array_equal(scan.pixels, expected)


def test_nothing_but_nan_is_refused(tmp_path):
    path = write_dicos(tmp_path / "a.dcs", np.full((1, 70, 90), np.nan, "<f4"), sop_class=FLOAT, pixel_tag=WIDE_PIXELS)
    with pytest.raises(UnreadableScan, match=r"^a\.dcs holds no pixel that is a finite number\.$"):
        read_scan(path)


def test_the_rescale_is_applied_to_counts(tmp_path, counts):
    scan = read_scan(write_dicos(tmp_path / "a.dcs", counts, RescaleSlope="0.5", RescaleIntercept="10"))
    np.testing.assert_array_equal(scan.pixels, counts * np.float32(0.5) + np.float32(10))


def test_air_is_bright_also_where_the_file_has_it_dark(tmp_path, counts):
    scan = read_scan(write_dicos(tmp_path / "a.dcs", counts >> 2, BitsStored=14, PixelIntensityRelationshipSign=-1))
    np.testing.assert_array_equal(scan.pixels, 2**14 - 1 - (counts >> 2))


def test_a_presentation_is_a_display_export_with_full_range(tmp_path, counts):
    grey = counts[:1] >> 4
    grey[0, 0, :2] = 0, 4095
    path = write_dicos(
        tmp_path / "a.dcs", grey, sop_class=PRESENTATION, BitsStored=12, PhotometricInterpretation="MONOCHROME1"
    )
    scan = read_scan(path)
    assert scan.kind == kind_of(path) == "display"
    assert scan.pixels.dtype == np.uint16
    assert scan.pixels[grey == 0].min() == 65535  # MONOCHROME1: 0 is white
    assert scan.pixels[grey == 4095].max() == 0


def test_the_header_tells_what_a_sidecar_would(tmp_path, counts):
    path = write_dicos(
        tmp_path / "a.dcs",
        counts,
        PatientID="mscu 124369-7",
        AcquisitionDateTime="20261001025954.250000+0200",
        DeviceSerialNumber="GYE-gantry-1",
        StationName="ECGYE",
        KVP=None,
    )
    header = read_header(path).dicos
    assert header.container_ids == ("MSCU1243697",)
    assert header.acquired_at == datetime(2026, 10, 1, 0, 59, 54, tzinfo=UTC)
    assert (header.scanner_id, header.site) == ("GYE-gantry-1", "ECGYE")
    assert header.shape == counts.shape


def test_a_header_that_says_nothing_gives_nothing(tmp_path, counts):
    header = read_header(write_dicos(tmp_path / "a.dcs", counts, PatientID="unknown", StationName="unknown")).dicos
    assert header.container_ids == ()
    assert (header.acquired_at, header.scanner_id, header.site, header.energies_mev) == (None, None, None, None)


def test_separate_date_and_time_are_put_together(tmp_path, counts):
    fields = {"ContentDate": "20261001", "ContentTime": "2359", "TimezoneOffsetFromUTC": "-0500"}
    header = read_header(write_dicos(tmp_path / "a.dcs", counts, **fields)).dicos
    assert header.acquired_at == datetime(2026, 10, 2, 4, 59, tzinfo=UTC)


def test_energies_come_from_the_tube_voltage_of_each_frame(tmp_path, counts):
    header = read_header(write_dicos(tmp_path / "a.dcs", counts[:1], KVP="6000")).dicos
    assert header.energies_mev == (6.0,)
    assert read_header(write_dicos(tmp_path / "b.dcs", counts, KVP="6000")).dicos.energies_mev is None


@pytest.mark.parametrize(
    ("sop_class", "what"),
    [
        (STORAGE + "1", "a computed tomography image"),
        (STORAGE + "3", "a threat detection report"),
        ("1.2.840.10008.5.1.4.1.1.2", "a DICOM object of class 1.2.840.10008.5.1.4.1.1.2"),
    ],
)
def test_other_objects_are_refused_by_name(tmp_path, counts, sop_class, what):
    path = write_dicos(tmp_path / "a.dcs", counts, sop_class=sop_class)
    with pytest.raises(UnreadableScan) as refusal:
        read_scan(path)
    assert refusal.value.sentence == f"a.dcs is {what}, not a scan."


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, RLELossless])
def test_other_transfer_syntaxes_are_refused(tmp_path, counts, syntax):
    path = write_dicos(tmp_path / "a.dcs", counts)
    data = path.read_bytes()
    old = b"UI\x14\x00" + EXPLICIT.encode() + b"\0"
    assert data.count(old) == 1
    uid = (syntax + "\0" * (len(syntax) % 2)).encode()
    path.write_bytes(data.replace(old, b"UI" + len(uid).to_bytes(2, "little") + uid))
    with pytest.raises(UnreadableScan, match="transfer syntax"):
        read_scan(path)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"Rows": 65535, "Columns": 65535}, "claims 65535 x 65535 pixels"),
        ({"Rows": 30}, "has 30 x 90 pixels"),
        ({"NumberOfFrames": 500}, "holds 500 energies"),
        ({"NumberOfFrames": 3}, "is cut short: it holds 25,200 bytes of 37,800"),
        ({"SamplesPerPixel": 3}, "is a colour image"),
        ({"PixelRepresentation": 1}, "signed pixels"),
        ({"BitsAllocated": 8}, "8-bit"),
        ({"PixelIntensityRelationship": "LOG"}, "logarithms"),
        ({"RescaleSlope": "0"}, "rescaled by 0.0"),
    ],
)
def test_a_header_that_cannot_be_is_refused(tmp_path, counts, fields, why):
    path = write_dicos(tmp_path / "a.dcs", counts, **fields)
    with pytest.raises(UnreadableScan) as refusal:
        read_scan(path)
    assert why in refusal.value.sentence


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, LOSSLESS_JPEG])
@pytest.mark.parametrize("part", [0.05, 0.4, 0.8, 0.999])
def test_a_file_cut_short_is_refused(tmp_path, counts, syntax, part):
    whole = write_dicos(tmp_path / "a.dcs", counts, syntax=syntax).read_bytes()
    cut = tmp_path / "cut.dcs"
    cut.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(UnreadableScan, match=r"^cut\.dcs "):
        read_scan(cut)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real objects are not at hand")
def test_the_real_objects_are_read_or_recognised():
    for path in REAL.glob("*TDR.dcs"):
        with pytest.raises(UnreadableScan, match="is a threat detection report, not a scan"):
            read_scan(path)
    # pyDICOS fills its phantoms with 0, 1, 2 ... or, for the palette, with its 128 entries
    ramp = np.arange(128 * 256, dtype=np.uint16).reshape(1, 128, 256)
    processing, presentation = read_scan(REAL / "SimpleProcessingDX.dcs"), read_scan(REAL / "SimplePresentationDX.dcs")
    palette = read_scan(REAL / "SimpleColorPaletteDX.dcs")
    np.testing.assert_array_equal(processing.pixels, ramp)
    np.testing.assert_array_equal(presentation.pixels, ramp)
    assert palette.pixels.shape == ramp.shape
    assert palette.pixels.max() == 127
    assert (processing.kind, presentation.kind, palette.kind) == ("raw", "display", "raw")
