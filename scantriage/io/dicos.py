"""NEMA DICOS DX objects (v02, v02A, v03): a DICOM file whose patient is a container.

Checked against the objects that pyDICOS writes and our own; no claim of conformance.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.config import IGNORE, settings
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.filereader import read_dataset

from scantriage.io.jpeg_layout import read_jpeg_layout
from scantriage.io.limits import RefusedFileError, check_shape
from scantriage.scan.container import container_numbers
from scantriage.scan.record import ScanKind

settings.reading_validation_mode = IGNORE  # real objects have identifiers with leading zeros, and worse

_STORAGE = "1.2.840.10008.5.1.4.1.1.501."  # NEMA IIC 1, DICOS: the storage classes
_PRESENTATION = _STORAGE + "2.1"
# processing: 16 bit, and the classes for other pixels with the dtype of each
_DX = {
    _PRESENTATION: "<u2", _STORAGE + "2.2": "<u2",
    _STORAGE + "2.2.1": "<u4", _STORAGE + "2.2.2": "<u8", _STORAGE + "2.2.3": "<f4",
}  # fmt: skip
_OTHER_OBJECTS = {
    _STORAGE + "1": "a computed tomography image",
    _STORAGE + "3": "a threat detection report",
    _STORAGE + "4": "a body scan in 2D",
    _STORAGE + "5": "a body scan in 3D",
    _STORAGE + "6": "a quadrupole resonance object",
}
_PLAIN_SYNTAXES = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}  # implicit and explicit little endian
_LOSSLESS_JPEG = {"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"}

_PREAMBLE_BYTES = 132
_PIXEL_TAGS = (0x7FE00013, 0x7FE00010)  # wide pixels may lie in the first, 16-bit ones lie in either
_RESCALE = (("RescaleSlope", 1), ("RescaleIntercept", 0))
_UNLOCODE = re.compile(r"[A-Z]{2}[A-Z2-9]{3}")


@dataclass(frozen=True, slots=True)
class DicosHeader:
    """What a DICOS file says of itself; None or empty where it does not.

    container_ids: ISO 6346, from (0010,0020). acquired_at: with a time zone, UTC where the file names none.
    site: UN/LOCODE, where the station or institution is given as one. instance_uid: the object's own id.
    """

    rows: int
    cols: int
    n_energies: int
    kind: ScanKind
    container_ids: tuple[str, ...] = ()
    acquired_at: datetime | None = None
    scanner_id: str | None = None
    site: str | None = None
    instance_uid: str | None = None
    energies_mev: tuple[float, ...] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(energies, rows, columns) as they will be decoded."""
        return self.n_energies, self.rows, self.cols


def read_dicos(data: bytes) -> tuple[Dataset, DicosHeader]:
    """Parse and check a DICOS DX object; decodes no pixel.

    A threat detection report, a CT image or any other object is refused by name.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # the file meta alone first (PS3.10 7.1, explicit little endian): a deflated syntax would unpack to anything
        meta = read_dataset(
            io.BytesIO(data[_PREAMBLE_BYTES:]), False, True, stop_when=lambda tag, _vr, _length: tag.group > 2
        )
        sop_class, syntax = str(meta.get("MediaStorageSOPClassUID", "")), str(meta.get("TransferSyntaxUID", ""))
        _check_object(sop_class, syntax)
        dataset = pydicom.dcmread(io.BytesIO(data))
        if str(dataset.get("SOPClassUID", sop_class)) != sop_class:
            raise RefusedFileError("names two different object classes")
        return dataset, _header(dataset, sop_class)


def _check_object(sop_class: str, syntax: str) -> None:
    if sop_class not in _DX:
        kind = _OTHER_OBJECTS.get(sop_class, f"a DICOM object of class {sop_class or 'unknown'}")
        raise RefusedFileError(f"is {kind}, not a scan")
    if syntax not in _PLAIN_SYNTAXES | _LOSSLESS_JPEG:
        raise RefusedFileError(f"is encoded by transfer syntax {syntax or 'unknown'}, which is not read")


def _header(dataset: Dataset, sop_class: str) -> DicosHeader:
    rows, cols = _integer(dataset, "Rows"), _integer(dataset, "Columns")
    n_frames = _integer(dataset, "NumberOfFrames", default=1)
    dtype = np.dtype(_DX[sop_class])
    check_shape(n_frames, rows, cols, max(dtype.itemsize, 4))
    if _integer(dataset, "SamplesPerPixel", default=1) != 1:
        raise RefusedFileError("is a colour image, and a scan is grey")
    if "PALETTE" in str(dataset.get("PhotometricInterpretation", "")) and sop_class == _PRESENTATION:
        raise RefusedFileError("is shown in palette colours, and a scan is grey")
    return DicosHeader(
        rows=rows,
        cols=cols,
        n_energies=n_frames,
        kind="display" if sop_class == _PRESENTATION else "raw",
        container_ids=container_numbers(_text(dataset, "PatientID")),
        acquired_at=_acquired_at(dataset),
        scanner_id=_known(_text(dataset, "DeviceSerialNumber")) or _known(_text(dataset, "StationName")),
        site=_site(dataset),
        instance_uid=_text(dataset, "SOPInstanceUID") or None,
        energies_mev=_energies_mev(dataset, n_frames),
    )


def _integer(dataset: Dataset, keyword: str, *, default: int | None = None) -> int:
    value = dataset.get(keyword)
    if value is None and default is not None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise RefusedFileError(f"is damaged: its {keyword} is not a number") from error


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        return str(dataset.get(keyword) or "").strip()
    except Exception:  # a value that cannot be converted is a value that is not given
        return ""


def _known(text: str) -> str | None:
    return None if text.lower() in ("", "unknown", "none", "n/a") else text


def _site(dataset: Dataset) -> str | None:
    names = ("StationName", "InstitutionName", "InstitutionalDepartmentName", "InstitutionAddress")
    return next((text for text in (_text(dataset, name) for name in names) if _UNLOCODE.fullmatch(text)), None)


def _acquired_at(dataset: Dataset) -> datetime | None:
    """The most specific date and time the header has."""
    parts = ("Acquisition", "Content", "InstanceCreation", "Series", "Study")
    stamps = [_text(dataset, "AcquisitionDateTime")]
    stamps += [_text(dataset, part + "Date") + _text(dataset, part + "Time") for part in parts]
    offset = _text(dataset, "TimezoneOffsetFromUTC")
    return next((moment for moment in (_moment(stamp, offset) for stamp in stamps) if moment), None)


def _moment(stamp: str, offset: str) -> datetime | None:
    """A DICOM date and time (PS3.5 6.2: YYYYMMDDHHMMSS.FFFFFF&ZZXX); at least a date and an hour."""
    parts = re.fullmatch(r"(\d{10,14})(\.\d{1,6})?([+-]\d{4})?", stamp)
    if parts is None:
        return None
    digits, _, zone = parts.groups()
    zone = zone or (offset if re.fullmatch(r"[+-]\d{4}", offset) else "+0000")
    shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    try:
        local = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S").replace(
            tzinfo=timezone(-shift if zone[0] == "-" else shift)
        )
    except ValueError:
        return None
    return local.astimezone(UTC)


def _energies_mev(dataset: Dataset, n_energies: int) -> tuple[float, ...] | None:
    """From the tube voltage in kV, where it gives one sensible value for each frame."""
    try:
        kilovolts = [float(text) for text in _text(dataset, "KVP").strip("[]").split(",")]
    except ValueError:
        return None
    sensible = len(kilovolts) == n_energies and all(100 <= kv <= 25_000 for kv in kilovolts)
    return tuple(kv / 1000 for kv in kilovolts) if sensible else None


def decode_dicos(dataset: Dataset, header: DicosHeader) -> NDArray[Any]:
    """(E, R, C) uint16 where the file holds 16 bit as it stands, float32 where it holds more or is rescaled.

    A float pixel that is no number or infinite becomes 0, as of a dead detector; none but such are refused.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compressed = str(dataset.file_meta.TransferSyntaxUID) in _LOSSLESS_JPEG
        pixels = _unpack_jpeg(dataset, header) if compressed else _unpack_plain(dataset, header)
        if pixels.dtype != np.uint16:
            pixels = _finite(pixels)
        if header.kind == "display":
            return _display_grey(pixels, dataset)
        return _rescaled(_bright_air(pixels, dataset), dataset)


def _pixel_bytes(dataset: Dataset) -> bytes:
    for tag in _PIXEL_TAGS:
        if tag in dataset:
            value = dataset.get_item(tag).value
            if isinstance(value, bytes) and value:
                return value
    raise RefusedFileError("holds no pixels")


def _unpack_plain(dataset: Dataset, header: DicosHeader) -> NDArray[Any]:
    dtype = np.dtype(_DX[str(dataset.file_meta.MediaStorageSOPClassUID)])
    bits = _integer(dataset, "BitsAllocated", default=8 * dtype.itemsize)
    if dtype.kind == "f" and bits == 64:
        dtype = np.dtype("<f8")
    elif bits != 8 * dtype.itemsize or _integer(dataset, "PixelRepresentation", default=0) != 0:
        raise RefusedFileError(f"has {bits}-bit or signed pixels, which its object class does not allow")
    n_pixels = header.n_energies * header.rows * header.cols
    data = _pixel_bytes(dataset)
    if len(data) < n_pixels * dtype.itemsize:
        raise RefusedFileError(f"is cut short: it holds {len(data):,} bytes of {n_pixels * dtype.itemsize:,}")
    return np.frombuffer(data, dtype, n_pixels).reshape(header.shape)


def _unpack_jpeg(dataset: Dataset, header: DicosHeader) -> NDArray[Any]:
    frames = list(generate_frames(_pixel_bytes(dataset), number_of_frames=header.n_energies))
    if len(frames) != header.n_energies:
        raise RefusedFileError(f"is cut short: it holds {len(frames)} frames of {header.n_energies}")
    for frame in frames:
        layout = read_jpeg_layout(frame)
        if (layout.process, layout.rows, layout.cols, layout.samples) != (3, header.rows, header.cols, 1):
            raise RefusedFileError("is damaged: a frame is not a lossless JPEG of the size the header gives")
    return np.stack([imagecodecs.ljpeg_decode(frame) for frame in frames]).astype(np.uint16)


def _finite(pixels: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        counts = pixels.astype(np.float32)
    good = np.isfinite(counts)
    if not good.any():
        raise RefusedFileError("holds no pixel that is a finite number")
    counts[~good] = 0
    return counts


def _display_grey(pixels: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """Grey levels with the largest uint16 as white, however few bits are stored."""
    top = _top(dataset)
    grey: NDArray[np.uint16] = np.minimum(pixels, top)
    if dataset.get("PhotometricInterpretation") == "MONOCHROME1":  # 0 is white
        grey = top - grey
    return (grey.astype(np.uint32) * 65535 // top).astype(np.uint16)


def _top(dataset: Dataset) -> np.uint16:
    """The largest value of the bits stored."""
    bits = _integer(dataset, "BitsStored", default=16)
    if not 8 <= bits <= 16:
        raise RefusedFileError(f"stores {bits} bits a pixel, and a scan has 8 to 16")
    return np.uint16(2**bits - 1)


def _bright_air(pixels: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """Turned round where more X-rays give a smaller number (PS3.3 C.8.11.3, intensity relationship)."""
    if _text(dataset, "PixelIntensityRelationship") == "LOG":
        raise RefusedFileError("holds logarithms of counts, and only counts themselves are read")
    if _text(dataset, "PixelIntensityRelationshipSign") != "-1":
        return pixels
    top = _top(dataset) if pixels.dtype == np.uint16 else pixels.max()
    return np.asarray(top - np.minimum(pixels, top), dtype=pixels.dtype)


def _rescaled(pixels: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """The modality rescale (PS3.3 C.11.1) where it changes anything."""
    slope, intercept = (float(dataset.get(keyword, default)) for keyword, default in _RESCALE)
    if (slope, intercept) == (1, 0):
        return pixels
    if not (slope > 0 and np.isfinite(slope) and np.isfinite(intercept)):
        raise RefusedFileError(f"is to be rescaled by {slope} and {intercept}, which gives no counts")
    return _finite(np.asarray(pixels * np.float32(slope) + np.float32(intercept)))
