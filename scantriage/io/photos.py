"""Photographs that inspectors take: checked, turned upright, made small, and freed of all but the picture."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from scantriage.errors import UnreadablePhoto
from scantriage.io.limits import MIB

MAX_PHOTO_BYTES = 25 * MIB  # a telephone's finest JPEG has 15
MAX_PHOTO_PIXELS = 64_000_000  # and 50 million pixels
MAX_SIDE = 3_000  # kept: a label on a packet a metre away can be read
_QUALITY = 88
PHOTO_TYPE = "image/jpeg"


def cleaned_photo(content: bytes) -> bytes:
    """The photo as a JPEG of at most `MAX_SIDE` pixels a side: pixels only, no place, time, camera or thumbnail.

    UnreadablePhoto: neither JPEG nor PNG, damaged, or larger than the limits.
    """
    if len(content) > MAX_PHOTO_BYTES:
        raise UnreadablePhoto(f"The photo has more than {MAX_PHOTO_BYTES // MIB} MiB.", n_bytes=len(content))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # strange metadata, which we drop
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as photo:
                _check_size(photo)
                photo.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a JPEG is decoded at the scale that is kept
                upright = ImageOps.exif_transpose(photo)
                upright.thumbnail((MAX_SIDE, MAX_SIDE))
                return _as_jpeg(upright)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        raise UnreadablePhoto("The photo is not a JPEG or PNG picture that can be read.") from error


def _check_size(photo: Image.Image) -> None:
    """Refuse by the header, before a pixel is decoded."""
    width, height = photo.size
    if width * height > MAX_PHOTO_PIXELS:
        raise UnreadablePhoto(
            f"The photo has {width} x {height} pixels, more than {MAX_PHOTO_PIXELS // 1_000_000} million.",
            width=width, height=height,
        )  # fmt: skip


def _as_jpeg(photo: Image.Image) -> bytes:
    plain = Image.new("RGB", photo.size, "white")  # a new image carries no metadata; transparent places become white
    seen = photo.convert("RGBA")
    plain.paste(seen, mask=seen.getchannel("A"))
    target = io.BytesIO()
    plain.save(target, "JPEG", quality=_QUALITY)
    return target.getvalue()
