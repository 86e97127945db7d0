"""Training: it learns, goes on as if it had never stopped, and refuses what is of another training."""

import json

import numpy as np
import pytest
import torch
from made_maps import item

from scantriage.compare.learned_inputs import N_INPUTS
from scantriage.errors import CannotLearn
from scantriage.learn import network as network_module
from scantriage.learn import training
from scantriage.learn.batches import batch_of
from scantriage.learn.scores import scores_of
from scantriage.learn.training import AFRESH, FilterMuon, Plan, Start, loss_of, optimisers_of, train


def blob_items(n, *, seed=0, shape=(12, 16)):
    """Noise; in every second pair a bag of 4 x 3 cells that stands out in the first input marks the change."""
    rng = np.random.default_rng(seed)
    made = []
    for k in range(n):
        inputs = rng.normal(0, 0.3, (N_INPUTS, *shape))
        masks = np.zeros((2, *shape), np.bool_)
        if k % 2:
            z, s = rng.integers(0, shape[0] - 4), rng.integers(0, shape[1] - 3)
            came = rng.random() < 0.5
            inputs[0, z : z + 4, s : s + 3] += 2.0 if came else -2.0
            masks[0 if came else 1, z : z + 4, s : s + 3] = True
        made.append(item(inputs, masks=masks, label="added" if k % 2 else "clean", net_kg=(40.0 * (k % 2),)))
    return made


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(items, tmp_path, n_epochs=2, *, name="one", stop_after=None, seed=0, start=None):
    """Train; like Ctrl-C, it may be stopped between two epochs."""

    def on_epoch(done):
        if done == stop_after:
            raise KeyboardInterrupt

    plan = Plan(n_epochs, seed, tmp_path / name / "checkpoint.pt", start)
    return train(items, items[:8], plan, on_epoch=on_epoch)


def weights_of(network):
    return [values.numpy().copy() for values in network.state_dict().values()]


def test_a_load_that_stands_out_is_learned(tmp_path):
    network, curve = run(blob_items(64), tmp_path, 8)
    assert curve[-1]["loss"] < 0.5 * curve[0]["loss"]
    scores = scores_of(network, blob_items(64, seed=1))
    assert scores.places > 0.95
    assert scores.whole > 0.9
    assert [row["epoch"] for row in curve] == list(range(8))
    assert not network.training


def started(network, sha256="a" * 64):
    return Start({name: values.numpy() for name, values in network.state_dict().items()}, sha256)


def test_what_has_learned_goes_on_from_what_it_knows(tmp_path):
    taught, before = run(blob_items(64), tmp_path, 8)
    _, curve = run(blob_items(64, seed=5), tmp_path, 1, name="onward", start=started(taught))
    assert curve[0]["loss"] < 1.5 * before[-1]["loss"] < before[1]["loss"]
    assert run(blob_items(64), tmp_path, 1, name="other")[1][0]["loss"] > 2 * curve[0]["loss"]


def test_a_checkpoint_is_of_one_start(tmp_path):
    taught, _ = run(blob_items(16), tmp_path)
    run(blob_items(16), tmp_path, name="onward", start=started(taught))
    with pytest.raises(CannotLearn, match="of another training"):
        run(blob_items(16), tmp_path, name="onward", start=started(taught, "b" * 64))
    other = started(taught)
    del other.weights["maps.bias"]
    with pytest.raises(CannotLearn, match="of another network; learn from nothing"):
        run(blob_items(16), tmp_path, name="third", start=other)


def test_where_a_load_is_learned_too(tmp_path):
    network, _ = run(blob_items(64), tmp_path, 8)
    batch = batch_of(blob_items(16, seed=2), None)
    with torch.no_grad():
        maps, _ = network(batch.inputs, batch.inside)
    inside, outside = maps[batch.masks > 0], maps[batch.masks == 0]
    assert inside.median() > outside.median() + 2  # log-odds


def test_a_training_that_was_stopped_gives_the_same_network(tmp_path):
    items = blob_items(20)
    whole, curve = run(items, tmp_path, 2, name="whole")
    with pytest.raises(KeyboardInterrupt):
        run(items, tmp_path, 2, name="stopped", stop_after=1)
    torch.manual_seed(99)  # another process has another random state
    resumed, curve_again = run(items, tmp_path, 2, name="stopped")
    for one, other in zip(weights_of(whole), weights_of(resumed), strict=True):
        np.testing.assert_array_equal(one, other)
    assert json.dumps(curve) == json.dumps(curve_again)  # as text: not-a-number is not itself


def test_the_same_seed_gives_the_same_network_and_another_another(tmp_path):
    items = blob_items(8)
    first, again, other = (
        weights_of(run(items, tmp_path, 1, name=name, seed=seed)[0]) for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True))


def test_what_is_done_is_not_done_again(tmp_path, monkeypatch):
    items = blob_items(8)
    network, _ = run(items, tmp_path, 1)
    monkeypatch.setattr(training, "loss_of", None)  # nothing to compute a loss for
    again, _ = run(items, tmp_path, 1)
    for one, other in zip(weights_of(network), weights_of(again), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("n_items", "n_epochs", "seed", "said"),
    [(8, 3, 0, "epochs 2, not 3"), (7, 2, 0, "pairs 8, not 7"), (8, 2, 1, "seed 0, not 1")],
)
def test_the_checkpoint_of_another_training_is_refused_in_one_sentence(tmp_path, n_items, n_epochs, seed, said):
    items = blob_items(8)
    run(items, tmp_path, 2)
    with pytest.raises(CannotLearn, match="is of another training") as refused:
        run(items[:n_items], tmp_path, n_epochs, seed=seed)
    assert said in refused.value.sentence
    assert refused.value.sentence.endswith("delete it, or learn in another folder.")


@pytest.mark.parametrize("damage", ["another network", "cut short", "garbage", "empty"])
def test_a_checkpoint_that_cannot_be_taken_up_is_refused_in_one_sentence(tmp_path, damage, monkeypatch):
    items = blob_items(8)
    run(items, tmp_path, 2)
    path = tmp_path / "one" / "checkpoint.pt"
    if damage == "another network":
        monkeypatch.setattr(network_module, "WIDTHS", (8, 16, 24))
    else:
        path.write_bytes({"cut short": path.read_bytes()[:1000], "garbage": b"a letter", "empty": b""}[damage])
    with pytest.raises(CannotLearn, match=r"delete it, or learn in another folder\.$") as refused:
        run(items, tmp_path, 2)
    assert str(path) in refused.value.sentence


def as_trained():
    network = network_module.Network()
    return network.to(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", ["filters", "rest"])
def test_the_rate_rises_once_and_falls_whatever_epoch_it_is_taken_up_at(name):
    optimiser = optimisers_of(as_trained(), AFRESH)[name]
    most = optimiser.defaults["lr"]
    rates = []
    for epoch in range(20):
        schedule = training._schedule(optimiser, epoch * 10, 200)
        for _ in range(10):
            rates.append(schedule.get_last_lr()[0])
            optimiser.step()
            schedule.step()
    assert int(np.argmax(rates)) == pytest.approx(training.RISING * 200, abs=1)
    assert max(rates) == pytest.approx(most)
    assert rates[-1] < 0.01 * most
    assert np.count_nonzero(np.diff(np.sign(np.diff(rates)))) == 1  # one top
    assert np.abs(np.diff(rates)).max() < 0.1 * most  # no leap where an epoch begins


def test_each_weight_is_learned_once():
    network = as_trained()
    before = {name: values.clone() for name, values in network.named_parameters()}
    optimisers = optimisers_of(network, AFRESH)
    assert [sum(values.numel() for values in one.param_groups[0]["params"]) for one in optimisers.values()] == [
        sum(
            values.numel() for name, values in before.items() if (values.ndim == 4 and name != "maps.weight") is filters
        )
        for filters in (True, False)
    ]
    for values in network.parameters():
        values.grad = torch.randn_like(values)
    for one in optimisers.values():
        one.step()
    assert all((values != before[name]).any() for name, values in network.named_parameters())


def test_filters_learn_what_parts_their_channels_as_fast_as_what_these_share():
    filters = torch.nn.Parameter(torch.zeros(6, 4, 3, 3).to(memory_format=torch.channels_last))
    rng = np.random.default_rng(0)
    bases = [np.linalg.qr(rng.normal(size=(n, 6)))[0] for n in (6, 36)]
    sizes = np.array([1.0, 0.3, 0.1, 0.1, 0.03, 0.03])  # of what they share and what parts them
    gradient = (bases[0] * sizes) @ bases[1].T
    filters.grad = torch.from_numpy(gradient.reshape(6, 3, 3, 4).astype(np.float32)).permute(0, 3, 1, 2)
    FilterMuon([filters], 0.02).step()
    step = filters.detach().permute(0, 2, 3, 1).reshape(6, -1).numpy() / 0.02
    along = -np.diag(bases[0].T @ step @ bases[1])
    assert along.min() > 0.4
    assert along.max() < 1.4


def loss_of_places(network, monkeypatch, one):
    monkeypatch.setattr(training, "PAIR_SHARE", 0.0)
    return float(loss_of(network, batch_of([one], None)).detach())


def test_pairs_whose_whole_load_is_another_say_nothing_of_places(monkeypatch):
    torch.manual_seed(0)
    network = network_module.Network().eval()
    inputs = np.random.default_rng(0).normal(0, 1, (N_INPUTS, 12, 16))
    assert loss_of_places(network, monkeypatch, item(inputs)) > 0
    assert loss_of_places(network, monkeypatch, item(inputs, label="swapped")) == 0


def test_a_heavy_load_that_is_missed_costs_more_than_a_light_one(monkeypatch):
    torch.manual_seed(0)
    network = network_module.Network().eval()  # expects nothing anywhere
    inputs, masks = np.zeros((N_INPUTS, 12, 16)), np.zeros((2, 12, 16), np.bool_)
    masks[0, 4:8, 4:8] = True
    light, heavy = (
        loss_of_places(network, monkeypatch, item(inputs, masks=masks, label="added", net_kg=(kg,)))
        for kg in (3.0, 30.0)
    )
    assert heavy > 2 * light
