"""Undersides to learn from, and the network that reads them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scantriage.errors import CannotLearn
from scantriage.learn.chassis import on_chassis
from scantriage.learn.underside_network import UndersideNetwork
from scantriage.learn.undersides import (
    Undersides,
    errors_cm,
    loss_of,
    read_undersides,
    train_undersides,
    write_undersides,
)
from scantriage.locate.underside import N_DEPTHS, N_INPUTS, Underside, probabilities

EDGES = (250.0, 180.0)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def picture(rng, *, n_cols=120):
    """Cargo above a floor, air below."""
    below = np.zeros((N_DEPTHS, n_cols), np.float32)
    below[: int(max(EDGES))] = rng.uniform(0.5, 3, n_cols)
    return Underside(below, np.arange(N_DEPTHS, dtype=float), np.ones(N_DEPTHS, bool), 0.2)


def examples(n=96, *, seed=0):
    """Each input tells something of its own; the edges are where two of them rise."""
    rng = np.random.default_rng(seed)
    edges = rng.uniform(60, 320, (n, 2)).astype(np.float32)
    inputs = rng.normal(0, 0.1, (n, N_INPUTS, N_DEPTHS))
    for which in (0, 1):
        inputs[:, which] += np.arange(N_DEPTHS) > edges[:, which, np.newaxis]
    return Undersides(inputs.astype(np.float16), edges, np.full(n, 0.5, np.float32))


def trained(checkpoint, *, n_epochs=12, seed=0, those=None, on_epoch=lambda _: None):
    those = examples() if those is None else those
    return train_undersides(
        those, examples(32, seed=9), n_epochs=n_epochs, seed=seed, checkpoint=checkpoint, on_epoch=on_epoch
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_chassis_carries_and_does_not_hide_what_is_high_above_it(seed):
    seen = picture(np.random.default_rng(0))
    laid = on_chassis(seen, EDGES, np.random.default_rng(seed))
    high = slice(0, int(min(EDGES)) - 120)  # wheels and beams end 20 cm and less above the bottom
    ratio = np.minimum(np.sort(laid.below[high], axis=1) / np.sort(seen.below[high], axis=1), 2)
    assert np.median(np.abs(ratio - np.median(ratio))) < 0.05  # another energy, and noise
    assert 0.65 < np.median(ratio) < 1.35


def test_chassis_differ():
    seen = picture(np.random.default_rng(0))
    below = int(max(EDGES)) + 3
    loads = [on_chassis(seen, EDGES, np.random.default_rng(k)).below[below:].mean() for k in range(12)]
    assert len({round(float(load), 3) for load in loads}) > 6
    assert max(loads) > 0.1


def test_the_picture_itself_is_left_alone():
    seen = picture(np.random.default_rng(0))
    before = seen.below.copy()
    on_chassis(seen, EDGES, np.random.default_rng(1))
    np.testing.assert_array_equal(seen.below, before)


def test_what_shows_the_edges_is_learned(tmp_path):
    network, curve = trained(tmp_path / "checkpoint.pt")
    assert curve[-1]["loss"] < 0.7 * curve[0]["loss"]
    assert np.median(np.abs(errors_cm(network, examples(32, seed=5)))) < 2


def test_asking_without_torch_gives_what_torch_gives(tmp_path):
    network, _ = trained(tmp_path / "checkpoint.pt", n_epochs=1)
    weights = {name: values.numpy() for name, values in network.state_dict().items()}
    inputs = examples(1).inputs[0].astype(np.float32)
    with torch.no_grad():
        told = torch.softmax(network(torch.from_numpy(inputs)[None]), dim=2)[0].numpy()
    np.testing.assert_allclose(probabilities(weights, inputs), told, atol=1e-5)


def test_a_training_that_was_stopped_gives_the_same_network(tmp_path):
    class Stopped(Exception):
        pass

    def stop(done):
        if done == 2:
            raise Stopped

    whole, _ = trained(tmp_path / "whole.pt", n_epochs=4)
    with pytest.raises(Stopped):
        trained(tmp_path / "parts.pt", n_epochs=4, on_epoch=stop)
    parts, curve = trained(tmp_path / "parts.pt", n_epochs=4)
    assert [row["epoch"] for row in curve] == [0, 1, 2, 3]
    for name, values in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], values, rtol=0, atol=0)


def test_the_checkpoint_of_another_training_is_refused(tmp_path):
    trained(tmp_path / "checkpoint.pt", n_epochs=1)
    with pytest.raises(CannotLearn, match="of another training"):
        trained(tmp_path / "checkpoint.pt", n_epochs=2)


def test_an_edge_out_of_view_teaches_nothing():
    answers = torch.randn(1, 2, N_DEPTHS)
    here, beyond = (loss_of(answers, torch.tensor([[100.0, far]])) for far in (200.0, N_DEPTHS + 50.0))
    alone = loss_of(answers[:, :1], torch.tensor([[100.0]]))
    torch.testing.assert_close(beyond, alone)
    assert here != beyond


def test_an_untrained_network_is_sure_of_nothing():
    torch.manual_seed(0)
    weights = {name: values.numpy() for name, values in UndersideNetwork().state_dict().items()}
    told = probabilities(weights, examples(1).inputs[0].astype(np.float32))
    np.testing.assert_allclose(told.sum(axis=1), 1, rtol=1e-4)
    assert told.max() < 0.1


def test_examples_come_back_from_their_file(tmp_path):
    one = examples(3)
    write_undersides(tmp_path / "one.npz", [one, replace(one, cm=one.cm * 2)])
    read = read_undersides(tmp_path / "one.npz")
    np.testing.assert_array_equal(read.inputs, np.concatenate([one.inputs, one.inputs]))
    np.testing.assert_array_equal(read.cm, np.concatenate([one.cm, one.cm * 2]))
    write_undersides(tmp_path / "none.npz", [])
    assert read_undersides(tmp_path / "none.npz") is None


def test_damaged_examples_are_named(tmp_path):
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(CannotLearn, match=r"torn\.npz"):
        read_undersides(tmp_path / "torn.npz")
