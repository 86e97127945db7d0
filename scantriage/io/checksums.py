"""SHA-256 of files, and the SHA256SUMS lists that come with them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath

from scantriage.io.limits import MIB, RefusedFileError, read_limited

CHECKSUM_FILE = "SHA256SUMS"
_MAX_LIST_BYTES = 64 * MIB
# coreutils: a leading backslash tells that the name is escaped; ' ' or '*' is text or binary mode
_LINE = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)")
_ESCAPES = {r"\\": "\\", r"\n": "\n", r"\r": "\r"}


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, as 64 hexadecimal digits; OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_checksums(path: Path) -> tuple[dict[Path, str], list[str]]:
    """The checksum of each file that a SHA256SUMS lists, and a sentence for each line that cannot be used.

    The files lie in the folder of the list or below it; a name that leads out of it is ignored.
    """
    try:
        text = read_limited(path, max_bytes=_MAX_LIST_BYTES).decode("utf-8", errors="surrogateescape")
    except RefusedFileError as refusal:
        return {}, [f"{path.name} {refusal}."]
    digests: dict[Path, str] = {}
    sentences: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        parts = _LINE.fullmatch(line.rstrip("\r"))
        if parts is None:
            if line.strip():
                sentences.append(f"{path.name} line {number} is not a checksum and a file name.")
            continue
        escaped, digest, name = parts.groups()
        if escaped:
            name = re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], name)
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or "\0" in name:
            sentences.append(f"{path.name} line {number} leads out of its folder and was ignored.")
            continue
        digests[path.parent / inside] = digest.lower()
    return digests, sentences
