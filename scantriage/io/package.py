"""A referral as one file that leaves: a zip of its files, their checksums, and an Ed25519 signature over these.

The same content gives the same bytes, so that a package made twice is one package.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scantriage.io.checksums import CHECKSUM_FILE

SIGNATURE_FILE, KEY_FILE = f"{CHECKSUM_FILE}.sig", "public_key.pem"


def checksum_list(files: Mapping[str, bytes]) -> bytes:
    """The files' digests as ``sha256sum`` writes them, in the order of their names."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def packed(files: Mapping[str, bytes], *, key: Ed25519PrivateKey, public_key: bytes, made_at: datetime) -> bytes:
    """The zip of these files, with ``SHA256SUMS``, ``SHA256SUMS.sig`` (base64) and ``public_key.pem``.

    public_key: PEM of the key's public half. made_at: with a time zone; the date of every file in the zip.
    """
    listed = checksum_list(files)
    signed = {
        **files,
        CHECKSUM_FILE: listed,
        SIGNATURE_FILE: base64.b64encode(key.sign(listed)) + b"\n",
        KEY_FILE: public_key,
    }
    moment = made_at.astimezone(UTC)
    stamp = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in signed.items():
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return written.getvalue()
