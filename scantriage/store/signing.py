"""Keys of a workspace's own: what is signed by them, only this workspace can have made."""

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


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key kept there, made when it is first asked for; readable by its owner alone.

    Raises WorkspaceError where it cannot be read or made, or others may read it.
    """
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise WorkspaceError(f"Others than its owner may read the key {path}; give it mode 0600.")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise WorkspaceError(f"The key {path} cannot be used: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        raise WorkspaceError(f"{path} is not an Ed25519 key.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise WorkspaceError(f"{path} is not an Ed25519 key.")
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
