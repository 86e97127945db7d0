"""The workspace has one key, and keeps it to itself."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from scantriage.errors import WorkspaceError
from scantriage.store.places import Places
from scantriage.store.signing import fingerprint, public_pem, signing_key


def test_the_key_is_made_once_whoever_asks(tmp_path):
    places = Places(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: public_pem(signing_key(places)), range(8)))
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["signing_key.pem"]


def test_only_its_owner_may_read_it(tmp_path):
    signing_key(Places(tmp_path))
    assert stat.S_IMODE(Places(tmp_path).signing_key.stat().st_mode) == 0o600


def test_its_fingerprint_is_that_of_the_file_that_is_sent_along(tmp_path):
    key = signing_key(Places(tmp_path))
    assert fingerprint(key) == fingerprint(signing_key(Places(tmp_path)))
    assert public_pem(key).startswith(b"-----BEGIN PUBLIC KEY-----")


def test_a_damaged_key_is_told_and_not_replaced(tmp_path):
    places = Places(tmp_path)
    places.signing_key.write_text("nonsense")
    with pytest.raises(WorkspaceError, match="damaged"):
        signing_key(places)
    assert places.signing_key.read_text() == "nonsense"
