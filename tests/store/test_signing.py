"""The workspace has one key, and keeps it to itself."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from scantriage.errors import WorkspaceError
from scantriage.store.signing import fingerprint, public_pem, signing_key


def test_the_key_is_made_once_whoever_asks(tmp_path):
    path = tmp_path / "signing_key.pem"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: public_pem(signing_key(path)), range(8)))
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["signing_key.pem"]


def test_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "key.pem"
    signing_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(WorkspaceError, match="Others than its owner"):
        signing_key(path)


def test_its_fingerprint_is_that_of_the_file_that_is_sent_along(tmp_path):
    key = signing_key(tmp_path / "key.pem")
    assert fingerprint(key) == fingerprint(signing_key(tmp_path / "key.pem"))
    assert public_pem(key).startswith(b"-----BEGIN PUBLIC KEY-----")


def test_a_damaged_key_is_told_and_not_replaced(tmp_path):
    path = tmp_path / "key.pem"
    path.write_text("nonsense")
    path.chmod(0o600)
    with pytest.raises(WorkspaceError, match="not an Ed25519 key"):
        signing_key(path)
    assert path.read_text() == "nonsense"
