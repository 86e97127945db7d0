"""PNG (8 bit: display export, 16 bit: raw scan of one energy) and JPEG (8-bit display export)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from scantriage.io.grey import grey_of
from scantriage.io.jpeg_layout import read_jpeg_layout
from scantriage.io.limits import RefusedFileError, check_shape
from scantriage.scan.record import ScanKind

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_NEEDED = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_MAX_CHUNKS = 100_000


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """Kind and shape (1, R, C) of a PNG or JPEG file, before it is decoded."""

    kind: ScanKind
    shape: tuple[int, int, int]


def read_png_header(data: bytes) -> PictureHeader:
    """The size and depth in the IHDR chunk (ISO/IEC 15948, 11.2.2)."""
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise RefusedFileError("is cut short or damaged: it does not begin with its size")
    cols, rows, bits = struct.unpack_from(">IIB", data, 16)
    if bits not in (8, 16):
        raise RefusedFileError(f"has {bits}-bit pixels, and a scan has 8 or 16")
    check_shape(1, rows, cols, 4 * bits // 8)  # 4: colour and alpha are decoded before they are reduced to grey
    return PictureHeader("raw" if bits == 16 else "display", (1, rows, cols))


def decode_png(data: bytes) -> NDArray[Any]:
    """(1, R, C) uint16 counts or uint8 grey."""
    return _as_grey(imagecodecs.png_decode(_needed_chunks(data)))


def _needed_chunks(data: bytes) -> bytes:
    """The file without its ancillary chunks: profiles and texts may unpack to anything."""
    kept, at = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        (length,) = struct.unpack_from(">I", data.ljust(at + 4, b"\0"), at)
        chunk = data[at : at + length + 12]
        if len(chunk) < length + 12 or zlib.crc32(chunk[4:-4]).to_bytes(4, "big") != chunk[-4:]:
            raise RefusedFileError("is cut short or damaged: a part of it fails its check sum")
        if chunk[4:8] in _PNG_NEEDED:
            kept.append(chunk)
        if chunk[4:8] == b"IEND":
            return b"".join(kept)
        at += length + 12
    raise RefusedFileError(f"has more than {_MAX_CHUNKS:,} parts")


def read_jpeg_header(data: bytes) -> PictureHeader:
    """The size in the frame header of a baseline, extended or progressive JPEG file."""
    layout = read_jpeg_layout(data)
    if layout.process > 2 or layout.bits != 8 or layout.samples not in (1, 3):
        raise RefusedFileError("is not an 8-bit grey or RGB JPEG, the only sort that is read")
    check_shape(1, layout.rows, layout.cols, layout.samples)
    return PictureHeader("display", (1, layout.rows, layout.cols))


def decode_jpeg(data: bytes) -> NDArray[Any]:
    """(1, R, C) uint8 grey."""
    return _as_grey(imagecodecs.jpeg8_decode(data))


def _as_grey(image: NDArray[Any]) -> NDArray[Any]:
    """(1, R, C) of an (R, C) or (R, C, S) image."""
    planes = image[np.newaxis] if image.ndim == 2 else np.moveaxis(image, 2, 0)
    return np.ascontiguousarray(grey_of(planes))
