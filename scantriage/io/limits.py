"""How large a file from outside may be, and the refusal of one that is larger or broken.

Every decoder checks what a file's header claims against these limits before it decodes a pixel.
"""

from __future__ import annotations

from pathlib import Path

MIB = 1024 * 1024

# the largest scan in the field, 2,000 rows x 8,000 columns x 2 energies x 16 bit, is 64 MB uncompressed
MAX_FILE_BYTES = 512 * MIB
# 2,000 rows x 20,000 columns: a drive-through lorry at a crawl
MAX_PIXELS = 40_000_000
MAX_DECODED_BYTES = 256 * MIB
# OpenCV's remap indexes with 16 bit; scan lines beyond this are a line that was never switched off
MAX_SIDE = 32_000
# a container 2.6 m high in 64 rows has 4 cm pixels: nothing smuggled is larger than a few of them
MIN_SIDE = 64
# dual energy is the rule, two detectors of two energies the most that is built
MAX_ENERGIES = 4


class RefusedFileError(Exception):
    """Why a file is not read: the rest of a sentence that begins with the file's name. Stays inside io."""


def check_shape(energies: int, rows: int, cols: int, bytes_per_pixel: int) -> None:
    """Refuse an image of E energies, R rows and C columns that is too large or too small to be a scan."""
    if not 1 <= energies <= MAX_ENERGIES:
        raise RefusedFileError(f"holds {energies} energies, and 1 to {MAX_ENERGIES} can be read")
    if min(rows, cols) < MIN_SIDE:
        raise RefusedFileError(f"has {rows} x {cols} pixels, and a scan has at least {MIN_SIDE} x {MIN_SIDE}")
    if max(rows, cols) > MAX_SIDE or rows * cols > MAX_PIXELS:
        raise RefusedFileError(
            f"claims {rows} x {cols} pixels, more than the limit of {MAX_PIXELS:,} ({MAX_SIDE:,} a side)"
        )
    if energies * rows * cols * bytes_per_pixel > MAX_DECODED_BYTES:
        raise RefusedFileError(
            f"would take {energies * rows * cols * bytes_per_pixel // MIB} MiB once decoded, more than the limit "
            f"of {MAX_DECODED_BYTES // MIB} MiB"
        )


def read_limited(path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The content of a regular file that is neither empty nor larger than ``max_bytes``."""
    if not path.is_file():  # a pipe or a device would keep us waiting for ever
        raise RefusedFileError("is missing" if not path.exists() else "is not a file")
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise RefusedFileError(f"has {size:,} bytes, more than the limit of {max_bytes:,}")
        content = path.read_bytes()
    except OSError as error:
        raise RefusedFileError(f"cannot be read ({error.strerror})") from error
    if not content:
        raise RefusedFileError("is empty (0 bytes)")
    return content
