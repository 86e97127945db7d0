"""Weights of networks: what was written comes back, and nothing else is taken for it."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from scantriage.errors import InvalidModel
from scantriage.io import weights as weights_module
from scantriage.io.weights import MANIFEST, ModelEntry, read_entry, read_weights, write_model

WEIGHTS = {
    "first.weight": np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32),
    "bias": np.zeros(4, np.float32),
}
ENTRY = ModelEntry("one.safetensors", "one.md", "", "EUPL-1.2", scale=0.7, shift=-1.5, place_from=2.0, n_pairs=8)


@pytest.fixture
def folder(tmp_path):
    write_model(tmp_path / "models", "one", WEIGHTS, ENTRY, card="# One\n")
    return tmp_path / "models"


def altered(folder, **parts):
    """Change the manifest's entry by hand."""
    path = folder / MANIFEST
    entries = json.loads(path.read_text())
    entries["one"] |= parts
    path.write_text(json.dumps(entries))


def test_a_model_comes_back(folder):
    entry = read_entry(folder, "one")
    assert (entry.scale, entry.shift, entry.place_from, entry.licence) == (0.7, -1.5, 2.0, "EUPL-1.2")
    read = read_weights(folder, entry)
    assert read.keys() == WEIGHTS.keys()
    for name, values in WEIGHTS.items():
        assert read[name].dtype == np.float32
        np.testing.assert_array_equal(read[name], values)
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, "one.md", "one.safetensors"]
    assert (folder / "one.md").read_text() == "# One\n"


def test_another_model_leaves_the_first(folder):
    other = ModelEntry("two.safetensors", "two.md", "", "EUPL-1.2", scale=1.0, shift=0.0, place_from=0.0, n_pairs=8)
    write_model(folder, "two", {"bias": np.ones(1, np.float32)}, other, card="")
    for name in ("one", "two"):
        assert read_weights(folder, read_entry(folder, name))


def test_a_model_takes_the_place_of_its_older_self(folder):
    before = read_entry(folder, "one")
    write_model(folder, "one", {"bias": np.ones(1, np.float32)}, ENTRY, card="")
    entry = read_entry(folder, "one")
    assert entry.sha256 != before.sha256
    assert list(read_weights(folder, entry)) == ["bias"]
    with pytest.raises(InvalidModel, match="another SHA-256"):
        read_weights(folder, before)


def test_without_a_manifest_there_is_no_model(tmp_path):
    assert read_entry(tmp_path, "one") is None
    assert read_entry(tmp_path / "nowhere", "one") is None


@pytest.mark.parametrize("position", [0, 9, 100, -1])
def test_an_altered_byte_is_noticed(folder, position):
    path = folder / ENTRY.file
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(InvalidModel, match=r"one\.safetensors is not the file that manifest\.json names"):
        read_weights(folder, read_entry(folder, "one"))


def test_a_missing_file_is_named(folder):
    (folder / ENTRY.file).unlink()
    with pytest.raises(InvalidModel, match=r"one\.safetensors is missing"):
        read_weights(folder, read_entry(folder, "one"))


def test_a_file_larger_than_any_model_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(weights_module, "MAX_BYTES", 100)
    with pytest.raises(InvalidModel, match="more than the limit"):
        read_weights(folder, read_entry(folder, "one"))


@pytest.mark.parametrize("file", ["../one.safetensors", "/etc/passwd", "deeper/one.safetensors", ".hidden", ""])
def test_a_file_outside_the_folder_is_not_a_model(folder, file):
    (folder.parent / "one.safetensors").write_bytes((folder / ENTRY.file).read_bytes())
    altered(folder, file=file)
    with pytest.raises(InvalidModel, match="is not a manifest of models"):
        read_entry(folder, "one")


@pytest.mark.parametrize("wrong", [{"scale": "much"}, {"place_from": float("nan")}, {"sha256": None}, {"file": 5}])
def test_a_manifest_with_wrong_fields_is_named(folder, wrong):
    altered(folder, **wrong)
    with pytest.raises(InvalidModel, match=r"manifest\.json is not a manifest of models; restore it\."):
        read_entry(folder, "one")


@pytest.mark.parametrize("content", ["", "a letter", "[]", '{"one": {"file": "one.safetensors"}}'])
def test_a_damaged_manifest_is_named_also_when_a_model_is_written(folder, content):
    (folder / MANIFEST).write_text(content)
    with pytest.raises(InvalidModel, match=r"manifest\.json .*; restore it\."):
        read_entry(folder, "one")
    with pytest.raises(InvalidModel, match=r"manifest\.json .*; restore it\."):
        write_model(folder, "one", WEIGHTS, ENTRY, card="")


def test_a_manifest_without_the_model_is_not_whole(folder):
    with pytest.raises(InvalidModel, match="names no model 'comparison'"):
        read_entry(folder, "comparison")


def test_what_is_no_safetensors_file_is_told_even_with_the_right_digest(folder):
    content = b"\xff" * 40
    (folder / ENTRY.file).write_bytes(content)
    altered(folder, sha256=weights_module.hashlib.sha256(content).hexdigest())
    with pytest.raises(InvalidModel, match="is not a safetensors file"):
        read_weights(folder, read_entry(folder, "one"))


def test_a_broken_off_write_leaves_the_old_model(folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def no_room(_path, _content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights_module, "write_whole", no_room)
    with pytest.raises(OSError, match="No space"):
        write_model(folder, "one", {"bias": np.ones(1, np.float32)}, ENTRY, card="new")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_file_is_an_ordinary_safetensors_file(folder):
    assert (folder / ENTRY.file).read_bytes() == save(WEIGHTS)
