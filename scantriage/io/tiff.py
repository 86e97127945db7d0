"""16-bit raw scans and 8-bit display exports in TIFF; one or more energies as pages or as planes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from scantriage.io.grey import grey_of
from scantriage.io.limits import MAX_ENERGIES, RefusedFileError, check_shape
from scantriage.io.tiff_layout import (
    DEFLATE,
    LZW,
    NONE,
    OLD_DEFLATE,
    PACKBITS,
    RGB,
    WHITE_IS_ZERO,
    ZSTD,
    TiffPage,
    read_pages,
)
from scantriage.scan.record import ScanKind

Pixels = NDArray[Any]

# each stops at ``out`` bytes, so a strip of a few bytes cannot unpack to gigabytes
_DECODERS: dict[int, Callable[..., bytes | bytearray]] = {
    NONE: lambda data, out: data[:out],
    LZW: imagecodecs.lzw_decode,
    DEFLATE: imagecodecs.deflate_decode,
    OLD_DEFLATE: imagecodecs.deflate_decode,
    PACKBITS: imagecodecs.packbits_decode,
    ZSTD: imagecodecs.zstd_decode,
}


@dataclass(frozen=True, slots=True)
class TiffHeader:
    """What a TIFF file claims: its kind, shape (E, R, C) as it will be decoded, and where the pixels lie."""

    kind: ScanKind
    shape: tuple[int, int, int]
    pages: tuple[TiffPage, ...]


def read_tiff_header(data: bytes) -> TiffHeader:
    """Read and check the directories; decodes nothing."""
    pages = read_pages(data)
    first = pages[0]
    if len(pages) > 1 and any(page.samples > 1 for page in pages):
        raise RefusedFileError("has pages of several planes each, and energies are either pages or planes")
    colour = first.photometric == RGB
    energies = 1 if colour else len(pages) * first.samples
    check_shape(energies, first.rows, first.cols, first.bits // 8)
    if colour and (len(pages) > 1 or first.samples not in (3, 4)):
        raise RefusedFileError("is stored in colour, and a scan is grey")
    if first.bits == 8 and energies > 1:
        raise RefusedFileError(f"has {energies} planes of 8 bit, and a display export has one")
    if first.bits == 16 and first.photometric == WHITE_IS_ZERO:
        raise RefusedFileError("marks its 16-bit counts as 0 = white, which leaves open what a count means")
    return TiffHeader("raw" if first.bits == 16 else "display", (energies, first.rows, first.cols), tuple(pages))


def decode_tiff(data: bytes, header: TiffHeader, *, n_energies: int = MAX_ENERGIES) -> Pixels:
    """(E, R, C) uint16 counts, or (1, R, C) uint8 grey with 255 as white.

    n_energies: how many are wanted; of energies in pages of their own the others are not decoded.
    """
    pages = [_decode_page(data, page) for page in header.pages[:n_energies]]
    planes = pages[0] if len(pages) == 1 else np.concatenate(pages)
    first = header.pages[0]
    if first.photometric == RGB:
        planes = grey_of(planes)
    return ~planes if first.photometric == WHITE_IS_ZERO else planes


def _decode_page(data: bytes, page: TiffPage) -> Pixels:
    """(S, R, C) the page's samples as planes."""
    planes = np.empty((page.samples, page.rows, page.cols), np.uint8 if page.bits == 8 else np.uint16)
    down, across = page.grid
    height, width = page.segment
    for index in range(len(page.offsets)):
        plane, place = divmod(index, down * across)
        row, col = place // across * height, place % across * width
        # a strip ends with the image, a tile is always whole
        n_rows = height if page.tiled else min(height, page.rows - row)
        segment = _decode_segment(data, page, index, n_rows)[: page.rows - row, : page.cols - col]
        part = planes[plane : plane + 1] if page.separate else planes
        part[:, row : row + height, col : col + width] = np.moveaxis(segment, 2, 0)
    return planes


def _decode_segment(data: bytes, page: TiffPage, index: int, n_rows: int) -> Pixels:
    """(rows, cols, samples) one strip or tile."""
    shape = n_rows, page.segment[1], 1 if page.separate else page.samples
    n_bytes = shape[0] * shape[1] * shape[2] * page.bits // 8
    start, count = int(page.offsets[index]), int(page.counts[index])
    unpacked = _DECODERS[page.compression](data[start : start + count], out=n_bytes)
    if len(unpacked) != n_bytes:
        raise RefusedFileError(f"is cut short: part {index + 1} of {len(page.offsets)} ends early")
    stored = np.frombuffer(unpacked, f"{page.byte_order}u{page.bits // 8}").reshape(shape)
    pixels = stored.astype(stored.dtype.newbyteorder("="))
    if page.predictor == 2:  # TIFF 6.0 section 14: each sample is the step from its left neighbour
        imagecodecs.delta_decode(pixels, axis=1, out=pixels)
    return pixels
