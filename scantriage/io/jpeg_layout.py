"""Size and wholeness of a JPEG stream (ITU-T T.81 annex B), read without decoding it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scantriage.io.limits import RefusedFileError

MAX_PASSES = 64  # a progressive export has about 10; each pass costs a walk over all coefficients
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length


@dataclass(frozen=True, slots=True)
class JpegLayout:
    """What the frame header says. process: 0 baseline, 1 extended, 2 progressive, 3 lossless."""

    process: int
    bits: int
    rows: int
    cols: int
    samples: int


def read_jpeg_layout(data: bytes) -> JpegLayout:
    """The frame header of a JPEG stream that reaches its end marker; a half one would decode half grey."""
    frame: JpegLayout | None = None
    at, n_passes = 2, 0
    while True:
        marker, at = _next_marker(data, at)
        if marker == _END:
            break
        if marker in _ALONE or marker == _START:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            raise RefusedFileError("is cut short: a segment of it lies beyond its end")
        if marker in _FRAMES:
            frame = _frame(marker - 0xC0, data[at + 2 : at + length])
        n_passes += marker == _SCAN
        if n_passes > MAX_PASSES:
            raise RefusedFileError(f"is stored in more than {MAX_PASSES} passes")
        at += length
    if frame is None or n_passes == 0:
        raise RefusedFileError("holds no image")
    return frame


def _next_marker(data: bytes, at: int) -> tuple[int, int]:
    """The next marker and the place after it; skips entropy-coded bytes, where FF is followed by 00."""
    found = _MARKER.search(data, at)
    if found is None:
        raise RefusedFileError("is cut short: its end marker is missing")
    return found[0][1], found.end()


def _frame(process: int, body: bytes) -> JpegLayout:
    if len(body) < 6:
        raise RefusedFileError("is damaged: its frame header is too short")
    rows, cols = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    return JpegLayout(process=process, bits=body[0], rows=rows, cols=cols, samples=body[5])
