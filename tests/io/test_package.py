"""A package is whole, signed by whoever made it, and the same each time."""

import base64
import hashlib
import io
import subprocess
import zipfile
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from scantriage.io.package import checksum_list, packed
from scantriage.store.signing import public_pem

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FILES = {"referral.json": b"{}\n", "pictures/origin.jpg": b"\xff\xd8", "dossier.pdf": b"%PDF"}
MADE_AT = datetime(2026, 10, 28, 9, 31, 5, tzinfo=UTC)


def package(files=FILES):
    return packed(files, key=KEY, public_key=public_pem(KEY), made_at=MADE_AT)


def opened(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_file_is_in_it_with_its_checksum():
    files = opened(package())
    assert {name: files[name] for name in FILES} == FILES
    listed = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert listed == {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


def test_the_list_is_signed():
    files = opened(package())
    key, signature = load_pem_public_key(files["public_key.pem"]), base64.b64decode(files["SHA256SUMS.sig"])
    key.verify(signature, files["SHA256SUMS"])
    with pytest.raises(InvalidSignature):
        key.verify(signature, checksum_list(FILES | {"dossier.pdf": b"another"}))


def test_coreutils_take_the_list(tmp_path):
    with zipfile.ZipFile(io.BytesIO(package())) as archive:
        archive.extractall(tmp_path)
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True)


def test_made_twice_it_is_the_same():
    assert package() == package()
