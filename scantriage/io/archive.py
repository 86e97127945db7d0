"""Unpacking a delivery that comes as .zip, .tar or .tar.gz; everything in it is taken for hostile.

Only regular files under plain names come out, of the kinds a delivery has. Nothing is written outside the
folder, no link is made, and an archive that grows out of proportion is refused before it fills the disk.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Self

from scantriage.errors import ScantriageError, UnsafeArchive, UnusableInput, WorkspaceError
from scantriage.io.limits import MAX_FILE_BYTES, MIB
from scantriage.io.problem import Problem, shown

MAX_ENTRIES = 200_000
# radiographs shrink to two thirds, an all-black one to a thousandth: whole deliveries never to a hundredth
MAX_RATIO = 100
FREE_BYTES = 64 * MIB  # what may come out of any archive, however small: a few synthetic scans
_MAX_READ = 64 * MIB  # a zip's directory of 200,000 entries has 20
_MAX_DEPTH, _MAX_NAME_BYTES = 32, 255
_MAX_TAR_HEADER = MIB  # long names and extended headers, which are read into memory as a whole
_CHUNK = MIB


def unpack(archive: Path, into: Path, *, wanted: frozenset[str]) -> list[Problem]:
    """Unpack the files whose suffix or name (in small letters) is wanted; the folder must exist and be empty.

    Returns what was left out, entry by entry. UnsafeArchive: too many entries, or far more bytes than the
    archive's own. UnusableInput: it is no archive that can be read. WorkspaceError: the disk is full.
    """
    try:
        if _first_bytes(archive) == b"PK":
            return list(_unpack_zip(archive, into, wanted))
        return list(_unpack_tar(archive, into, wanted))
    except ScantriageError:
        raise
    except Exception as error:  # the border: a damaged archive makes the readers raise whatever comes
        if _disk_is_full(error):
            raise WorkspaceError(f"There is no room on the disk to unpack {archive.name}.") from error
        raise UnusableInput(f"{archive.name} is not an archive that can be read ({error}).") from error


def _disk_is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _first_bytes(archive: Path) -> bytes:
    with archive.open("rb") as file:
        return file.read(2)


def _allowed_bytes(archive: Path) -> int:
    return FREE_BYTES + MAX_RATIO * archive.stat().st_size


def _bomb(archive: Path) -> UnsafeArchive:
    return UnsafeArchive(f"{archive.name} would unpack to more than {MAX_RATIO} times its size and was refused.")


class _Bounded(io.FileIO):
    """A file that is never read in one huge piece, whatever a directory inside it claims."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size > _MAX_READ:
            raise UnsafeArchive(f"{Path(str(self.name)).name} claims a directory larger than any delivery has.")
        return super().read(size)


def _unpack_zip(archive: Path, into: Path, wanted: frozenset[str]) -> Iterator[Problem]:
    with _Bounded(archive) as file, zipfile.ZipFile(file) as content:
        entries = content.infolist()
        if len(entries) > MAX_ENTRIES:
            raise UnsafeArchive(f"{archive.name} has {len(entries):,} entries, more than {MAX_ENTRIES:,}.")
        if sum(entry.file_size for entry in entries) > _allowed_bytes(archive):
            raise _bomb(archive)
        for entry in entries:
            if entry.is_dir():
                continue
            why = _why_not(entry.filename, entry.file_size) or _why_not_zip(entry)
            if why is None and _is_wanted(entry.filename, wanted):
                try:
                    with content.open(entry) as source:
                        why = _copy(source, into / _inner(entry.filename))
                except ScantriageError:
                    raise
                except Exception as error:
                    if _disk_is_full(error):
                        raise
                    why = f"is damaged ({error})"
            if why:
                yield _left_out(archive, entry.filename, why)


def _why_not_zip(entry: zipfile.ZipInfo) -> str | None:
    if entry.flag_bits & 0x1:
        return "is encrypted"
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):  # 0: made where files have no mode
        return "is a link" if stat.S_ISLNK(mode) else "is not a regular file"
    return None


class _Header(tarfile.TarInfo):
    """A tar header that refuses extended headers too large to be read into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.type not in tarfile.REGULAR_TYPES and header.size > _MAX_TAR_HEADER:
            raise UnsafeArchive("The archive has a header larger than any delivery has.")
        return header


class _Metered:
    """A stream that refuses to give more bytes than an archive of its size may hold."""

    def __init__(self, stream: io.BufferedIOBase, archive: Path) -> None:
        self._stream, self._archive = stream, archive
        self._left = _allowed_bytes(archive)

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _bomb(self._archive)
        return data


def _unpack_tar(archive: Path, into: Path, wanted: frozenset[str]) -> Iterator[Problem]:
    with archive.open("rb") as file:
        compressed = _first_bytes(archive) == b"\x1f\x8b"
        stream: io.BufferedIOBase = gzip.GzipFile(fileobj=file) if compressed else file
        metered = _Metered(stream, archive)
        with tarfile.open(fileobj=metered, mode="r|", tarinfo=_Header) as content:  # type: ignore[call-overload]
            try:
                yield from _unpack_members(archive, content, into, wanted)
            except (tarfile.ReadError, EOFError, zlib.error, gzip.BadGzipFile) as error:
                yield Problem(archive.name, f"{archive.name} ends early or is damaged ({error}); the rest is lost.")


def _unpack_members(archive: Path, content: tarfile.TarFile, into: Path, wanted: frozenset[str]) -> Iterator[Problem]:
    for number, member in enumerate(content):
        if number >= MAX_ENTRIES:
            raise UnsafeArchive(f"{archive.name} has more than {MAX_ENTRIES:,} entries.")
        if member.size > _allowed_bytes(archive):  # before it is read only to be skipped
            raise _bomb(archive)
        if member.isdir():
            continue
        why = _why_not(member.name, member.size)
        if member.islnk() or member.issym():
            why = "is a link"
        elif not member.isreg() or member.issparse():
            why = "is not a regular file"
        if why is None and _is_wanted(member.name, wanted):
            source = content.extractfile(member)
            why = _copy(source, into / _inner(member.name)) if source else "is not a regular file"
        if why:
            yield _left_out(archive, member.name, why)


def _inner(name: str) -> PurePosixPath:
    """The path an entry means; some programs of Windows write backslashes."""
    return PurePosixPath(name.replace("\\", "/"))


def _why_not(name: str, size: int) -> str | None:
    """Why an entry of this name is not unpacked."""
    path = _inner(name)
    if path.is_absolute() or ".." in path.parts:
        return "leads out of the delivery"
    too_long = any(len(part.encode("utf-8", "surrogateescape")) > _MAX_NAME_BYTES for part in path.parts)
    if too_long or not name.isprintable() or not 1 <= len(path.parts) <= _MAX_DEPTH:
        return "has a name that cannot be used"
    if size > MAX_FILE_BYTES:
        return f"has {size:,} bytes, more than the limit of {MAX_FILE_BYTES:,}"
    return None


def _is_wanted(name: str, wanted: frozenset[str]) -> bool:
    path = _inner(name.lower())
    return path.suffix in wanted or path.name in wanted


def _copy(source: IO[bytes], target: Path) -> str | None:
    """Write the file; why not, where another entry took its place. Nothing is left of one that breaks off."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file: BinaryIO = target.open("xb")
    except (FileExistsError, NotADirectoryError):
        return "has the name of another entry"
    try:
        with file:
            while chunk := source.read(_CHUNK):
                file.write(chunk)
    except BaseException:
        with contextlib.suppress(OSError):
            target.unlink()
        raise
    return None


def _left_out(archive: Path, name: str, why: str) -> Problem:
    return Problem(shown(name), f"{shown(name)} in {archive.name} {why} and was left out.")
