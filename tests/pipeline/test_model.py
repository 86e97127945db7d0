"""The model of the comparison as a worker loads it, and as a reading depends on it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_maps import maps

from scantriage.compare.learned import ask
from scantriage.errors import InvalidModel
from scantriage.io.weights import ModelEntry, write_model
from scantriage.learn.network import Network
from scantriage.learn.underside_network import UndersideNetwork
from scantriage.pipeline import day_plan
from scantriage.pipeline.day_plan import ContainerPlan
from scantriage.pipeline.model import FRONT, NAME, UNDERSIDE, load_front, load_model, load_underside, model_entries
from scantriage.pipeline.pairing import Pairing

ENTRY = ModelEntry(
    "comparison.safetensors", "comparison.md", "", "EUPL-1.2", scale=0.5, shift=-2.0, place_from=1.5, n_pairs=8
)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network().eval()


def weights_of(network):
    return {name: values.numpy() for name, values in network.state_dict().items()}


@pytest.fixture
def folder(tmp_path, network):
    write_model(tmp_path, NAME, weights_of(network), ENTRY, card="")
    write_model(tmp_path, FRONT, weights_of(network), replace(ENTRY, file="front.safetensors", shift=-3.0), card="")
    undersides = UndersideNetwork().eval()
    write_model(tmp_path, UNDERSIDE, weights_of(undersides), replace(ENTRY, file="underside.safetensors"), card="")
    return tmp_path


def test_an_opinion_is_the_networks_answer_in_calibrated_log_odds(folder, network):
    one = maps()
    opinion = load_model(folder)(one)
    places, pair = ask(weights_of(network), one)
    np.testing.assert_allclose(opinion.places, places - 1.5, atol=1e-6)
    assert opinion.pair == pytest.approx(0.5 * pair - 2.0)


def test_a_front_is_told_by_a_model_of_its_own(folder, network):
    one = maps()
    _, pair = ask(weights_of(network), one)
    assert load_front(folder)(one).pair == pytest.approx(0.5 * pair - 3.0)


def test_without_a_model_there_is_no_opinion(tmp_path):
    assert load_model(tmp_path) is None
    assert load_front(tmp_path) is None
    assert load_underside(tmp_path) is None
    assert model_entries(tmp_path) == {}


def test_a_damaged_model_is_refused_before_it_is_asked(folder):
    content = bytearray((folder / ENTRY.file).read_bytes())
    content[-1] ^= 1
    (folder / ENTRY.file).write_bytes(content)
    for load in (model_entries, load_model):
        with pytest.raises(InvalidModel, match="another SHA-256"):
            load(folder)


def test_weights_of_another_network_are_refused(tmp_path, network):
    weights = weights_of(network)
    weights.pop("maps.bias")
    write_model(tmp_path, NAME, weights, ENTRY, card="")
    with pytest.raises(InvalidModel, match="of another network; restore the folder"):
        load_model(tmp_path)


def test_the_model_that_comes_with_the_program_is_whole():
    assert set(model_entries()) == {NAME, FRONT, UNDERSIDE}
    assert load_model() is not None
    assert load_front() is not None
    assert load_underside() is not None


def key_with(monkeypatch, entry):
    monkeypatch.setattr(day_plan, "model_entries", lambda: {} if entry is None else {NAME: entry})
    return ContainerPlan(Pairing("HLBU1527916", None, None), None).key.digest


def test_a_reading_is_made_again_with_another_model(monkeypatch):
    entry = replace(ENTRY, sha256="a" * 64)
    keys = [
        key_with(monkeypatch, one)
        for one in (None, entry, replace(entry, sha256="b" * 64), replace(entry, place_from=1.0))
    ]
    assert len(set(keys)) == 4
    assert key_with(monkeypatch, replace(entry)) == keys[1]
