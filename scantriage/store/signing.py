"""The workspace's own Ed25519 key: what leaves, and the trail's checkpoints, are signed by it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from scantriage.errors import WorkspaceError
from scantriage.store.places import Places


def signing_key(places: Places) -> Ed25519PrivateKey:
    """The key, made when it is first asked for; readable by its owner alone.

    Raises WorkspaceError where it cannot be read or made.
    """
    path = places.signing_key
    try:
        if not path.exists():
            _make(path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise WorkspaceError(f"The signing key {path} cannot be used: {error.strerror}.") from error
    except ValueError as error:
        raise WorkspaceError(f"The signing key {path} is damaged.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise WorkspaceError(f"The signing key {path} is not an Ed25519 key.")
    return key


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Its public half, as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key: Ed25519PrivateKey) -> str:
    """SHA-256 of the public half as PEM: what is made known to receivers by another way."""
    return hashlib.sha256(public_pem(key)).hexdigest()


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)  # unlike a rename it leaves a key alone that another process made meanwhile
        except FileExistsError:
            return
    finally:
        Path(name).unlink()
