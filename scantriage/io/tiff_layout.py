"""What the directories of a TIFF file claim, checked before a pixel is decoded.

A strict reader of the few tags that a scan needs (TIFF 6.0 and BigTIFF), where a general library would follow
every vendor's tag: a file mutated in a few bytes kept one busy for 14.6 s and gigabytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.io.limits import MAX_DECODED_BYTES, RefusedFileError, check_shape

MAX_PAGES = 16  # energies, and the thumbnails that some exports carry beside them
MAX_TAGS = 512

# TIFF 6.0 section 8; 32946 is the older code of deflate, 50000 that of Zstandard
NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS, ZSTD = 1, 5, 8, 32946, 32773, 50000
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
_COMPRESSIONS = {NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS, ZSTD}
_PHOTOMETRICS = {WHITE_IS_ZERO, BLACK_IS_ZERO, RGB}

# tag: value where the tag is missing (None: required)
_TAGS: dict[int, int | None] = {
    254: 0, 256: None, 257: None, 258: 1, 259: 1, 262: None, 266: 1, 277: 1, 278: 2**32 - 1, 284: 1, 317: 1,
    322: 0, 323: 0, 339: 1, 32997: 1,
}  # fmt: skip
_PLACES = {273, 279, 324, 325}  # offsets and byte counts of strips, of tiles
_TYPES = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}


@dataclass(frozen=True, slots=True, eq=False)
class TiffPage:
    """One image of a TIFF file: S samples of ``bits`` bits at each of rows x cols pixels.

    separate: the samples are stored one plane after another, not pixel by pixel. segment: (rows, cols) of a
    strip or tile. offsets, counts: (N,) where the N strips or tiles lie in the file, bytes; all inside it.
    """

    rows: int
    cols: int
    samples: int
    bits: int
    photometric: int
    compression: int
    predictor: int
    separate: bool
    segment: tuple[int, int]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    tiled: bool
    byte_order: str

    @property
    def grid(self) -> tuple[int, int]:
        """(down, across): how many strips or tiles cover one plane."""
        return -(-self.rows // self.segment[0]), -(-self.cols // self.segment[1])


@dataclass(frozen=True, slots=True)
class _Flavour:
    """Where numbers lie in a classic or a BigTIFF file: struct formats and the size of an entry's value."""

    order: str
    count: str
    entry: str
    offset: str

    @property
    def value_bytes(self) -> int:
        return struct.calcsize("=" + self.offset)


def read_pages(data: bytes) -> list[TiffPage]:
    """The full-size images of a TIFF file, checked against each other's size and the file's length."""
    flavour, offset = _start(data)
    pages: list[TiffPage] = []
    seen: set[int] = set()
    while offset:
        if offset in seen or len(seen) == MAX_PAGES:
            raise RefusedFileError(f"has more than {MAX_PAGES} pages or pages that lead back to each other")
        seen.add(offset)
        tags, offset = _directory(data, offset, flavour)
        if not int(tags[254][0]) & 1:  # bit 0: a reduced copy of another page
            pages.append(_page(tags, len(data), flavour.order))
    if not pages:
        raise RefusedFileError("holds no image")
    if any(
        (a.rows, a.cols, a.bits, a.photometric) != (b.rows, b.cols, b.bits, b.photometric) for a, b in pairwise(pages)
    ):
        raise RefusedFileError("has pages of different size or kind, and energies must be alike")
    return pages


def _start(data: bytes) -> tuple[_Flavour, int]:
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    (version,) = _unpack(order + "H", data, 2)
    if version == 43:
        flavour, at = _Flavour(order, "Q", "HHQ", "Q"), 8
    else:
        flavour, at = _Flavour(order, "H", "HHI", "I"), 4
    (offset,) = _unpack(order + flavour.offset, data, at)
    return flavour, int(offset)


def _unpack(form: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, at)
    except (struct.error, OverflowError) as error:
        raise RefusedFileError("is cut short: a page's directory lies beyond its end") from error


def _directory(data: bytes, at: int, flavour: _Flavour) -> tuple[dict[int, NDArray[Any]], int]:
    """The tags that matter, as arrays, and the offset of the next directory (0: none)."""
    order, head = flavour.order, struct.calcsize("=" + flavour.entry)
    (n_tags,) = _unpack(order + flavour.count, data, at)
    if n_tags > MAX_TAGS:
        raise RefusedFileError(f"is damaged: a page claims {n_tags} tags")
    at += struct.calcsize("=" + flavour.count)
    tags = {tag: np.array([default]) for tag, default in _TAGS.items() if default is not None}
    for _ in range(n_tags):
        tag, kind, count = _unpack(order + flavour.entry, data, at)
        if tag in _TAGS or tag in _PLACES:
            if tag in _TAGS and count > MAX_PAGES:  # one value for each sample at most
                raise RefusedFileError(f"is damaged: tag {tag} claims {count} values")
            tags[tag] = _values(data, at + head, kind, count, flavour)
        at += head + flavour.value_bytes
    (following,) = _unpack(order + flavour.offset, data, at)
    return tags, following


def _values(data: bytes, at: int, kind: int, count: int, flavour: _Flavour) -> NDArray[Any]:
    if kind not in _TYPES or count == 0:
        raise RefusedFileError("is damaged: a tag of a page has no sensible value")
    dtype = np.dtype(flavour.order + _TYPES[kind])
    if count * dtype.itemsize > flavour.value_bytes:
        (at,) = _unpack(flavour.order + flavour.offset, data, at)
    if at + count * dtype.itemsize > len(data):
        raise RefusedFileError("is cut short or damaged: a tag's values lie beyond its end")
    return np.frombuffer(data, dtype, count, at)


def _page(tags: dict[int, NDArray[Any]], n_bytes: int, order: str) -> TiffPage:
    missing = [tag for tag, default in _TAGS.items() if default is None and tag not in tags]
    if missing:
        raise RefusedFileError(f"is damaged: tag {missing[0]} is missing")
    one = {tag: int(tags[tag][0]) for tag in _TAGS}
    rows, cols, samples, bits = one[257], one[256], one[277], one[258]
    _check_kind(one, all_bits=set(tags[258].tolist()), formats=set(tags[339].tolist()))
    check_shape(samples, rows, cols, bits // 8)
    tiled = 324 in tags
    offsets, counts = (tags.get(tag) for tag in ((324, 325) if tiled else (273, 279)))
    if offsets is None or counts is None:
        raise RefusedFileError("is damaged: it does not say where its pixels lie")
    page = TiffPage(
        rows=rows,
        cols=cols,
        samples=samples,
        bits=bits,
        photometric=one[262],
        compression=one[259],
        predictor=one[317],
        separate=one[284] == 2 and samples > 1,
        segment=(one[323], one[322]) if tiled else (min(one[278], rows), cols),
        offsets=_inside(offsets, n_bytes),
        counts=_inside(counts, n_bytes),
        tiled=tiled,
        byte_order=order,
    )
    _check_segments(page, n_bytes)
    return page


def _inside(values: NDArray[Any], n_bytes: int) -> NDArray[np.int64]:
    if values.min() == 0 or values.max() > n_bytes:  # 0: a hole, which a reader would fill with zeros
        raise RefusedFileError("is cut short or damaged: pixels lie beyond its end or are missing")
    return values.astype(np.int64)


def _check_kind(one: dict[int, int], *, all_bits: set[int], formats: set[int]) -> None:
    if len(all_bits) > 1 or one[258] not in (8, 16) or formats - {1, 4}:  # 4: undefined
        raise RefusedFileError("does not hold unsigned 8 or 16 bit pixels")
    if one[259] not in _COMPRESSIONS:
        raise RefusedFileError(f"is compressed by method {one[259]}, which is not read (LZW, deflate and zstd are)")
    if one[262] not in _PHOTOMETRICS:
        raise RefusedFileError("is stored in colour (palette or other), and a scan is grey")
    if one[317] not in (1, 2) or (one[317] == 2 and one[259] == NONE):
        raise RefusedFileError(f"uses predictor {one[317]}, which is not read with compression {one[259]}")
    if one[266] != 1 or one[32997] != 1 or one[284] not in (1, 2):
        raise RefusedFileError("stores its pixels in an order that is not read (fill order, depth or planes)")


def _check_segments(page: TiffPage, n_bytes: int) -> None:
    if min(page.segment) < 1:
        raise RefusedFileError("is damaged: its strips or tiles are empty")
    down, across = page.grid
    n_segments = down * across * (page.samples if page.separate else 1)
    if not n_segments == len(page.offsets) == len(page.counts):
        raise RefusedFileError(f"is damaged: {n_segments} strips or tiles are needed, {len(page.offsets)} are listed")
    if down * across * page.segment[0] * page.segment[1] * page.samples * page.bits // 8 > 2 * MAX_DECODED_BYTES:
        raise RefusedFileError("has tiles far larger than its image")
    if (page.offsets + page.counts).max() > n_bytes:
        raise RefusedFileError("is cut short: its last pixels lie beyond its end")
