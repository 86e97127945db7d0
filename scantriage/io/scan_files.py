"""One way in for every kind of scan file: what it is, and its pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scantriage.errors import UnreadableScan
from scantriage.io.dicos import DicosHeader, decode_dicos, read_dicos
from scantriage.io.display import PNG_SIGNATURE, decode_jpeg, decode_png, read_jpeg_header, read_png_header
from scantriage.io.limits import MAX_ENERGIES, RefusedFileError, read_limited
from scantriage.io.tiff import decode_tiff, read_tiff_header
from scantriage.scan.record import RowOrder, ScanKind

Pixels = NDArray[Any]
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class ScanHeader:
    """What a file claims before it is decoded. shape: (E, R, C). dicos: for DICOS files only."""

    kind: ScanKind
    shape: tuple[int, int, int]
    dicos: DicosHeader | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A decoded file: highest energy first, top row first.

    pixels: (E, R, C); raw: uint16 counts, or float32 from wide or rescaled DICOS pixels; display: uint8 or
    uint16 grey, white is the largest value of the type. 0 also stands for pixels that hold nothing.
    """

    pixels: Pixels
    kind: ScanKind
    header: DicosHeader | None = None


def read_header(path: Path) -> ScanHeader:
    """Kind and size of a scan file, checked against the limits; decodes nothing.

    UnreadableScan: one sentence that begins with the file's name.
    """
    return _guarded(path, lambda: _open(read_limited(path))[0])


def kind_of(path: Path) -> ScanKind:
    """Whether a file holds raw counts or a display export. Raises as `read_header`."""
    return read_header(path).kind


def read_scan(path: Path, *, rows: RowOrder = "top_first", n_energies: int = MAX_ENERGIES) -> Decoded:
    """Decode a scan file of any kind; its first bytes say which, not its name.

    rows: the order in which the file has them; ``bottom_first`` is turned round. n_energies: how many are wanted at
    most, from the highest down. Raises as `read_header`.
    """
    return _guarded(path, lambda: _decode(read_limited(path), rows, n_energies))


def _decode(data: bytes, rows: RowOrder, n_energies: int) -> Decoded:
    header, decode = _open(data)
    pixels = decode(n_energies)[:n_energies]
    if pixels.shape != (min(header.shape[0], n_energies), *header.shape[1:]):
        raise RefusedFileError(f"decodes to {pixels.shape}, and its header says {header.shape}")
    if rows == "bottom_first":
        pixels = pixels[:, ::-1]
    return Decoded(np.ascontiguousarray(pixels), header.kind, header.dicos)


def _open(data: bytes) -> tuple[ScanHeader, Callable[[int], Pixels]]:
    """The checked header, and how to go on to the pixels of at least so many energies."""
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        tiff = read_tiff_header(data)
        return ScanHeader(tiff.kind, tiff.shape), lambda n_energies: decode_tiff(data, tiff, n_energies=n_energies)
    if data.startswith(PNG_SIGNATURE):
        png = read_png_header(data)
        return ScanHeader(png.kind, png.shape), lambda _: decode_png(data)
    if data.startswith(b"\xff\xd8\xff"):
        jpeg = read_jpeg_header(data)
        return ScanHeader(jpeg.kind, jpeg.shape), lambda _: decode_jpeg(data)
    if data[128:132] == b"DICM":
        dataset, dicos = read_dicos(data)
        return ScanHeader(dicos.kind, dicos.shape, dicos), lambda _: decode_dicos(dataset, dicos)
    raise RefusedFileError("is not a TIFF, PNG, JPEG or DICOS file")


def _guarded(path: Path, read: Callable[[], _Result]) -> _Result:
    try:
        return read()
    except RefusedFileError as refusal:
        raise UnreadableScan(f"{path.name} {refusal}.") from refusal
    except MemoryError as error:
        raise UnreadableScan(f"{path.name} needs more memory than there is.") from error
    except Exception as error:  # the border: whatever a decoder says of hostile bytes ends here
        raise UnreadableScan(f"{path.name} is damaged and cannot be decoded.", cause=repr(error)[:200]) from error
