"""The network and its answers: nothing outside the container, the same whoever is asked beside, the same again."""

import numpy as np
import pytest
import torch
from made_maps import item, maps

from scantriage.compare.learned import STRONGEST, ask, check
from scantriage.compare.learned_inputs import N_INPUTS, POOL, inputs_of
from scantriage.learn.network import Network, strongest
from scantriage.learn.scores import judged


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network().eval()


def weights_of(network):
    return {name: values.numpy().copy() for name, values in network.state_dict().items()}


def answers(network, items):
    return np.stack(judged(network, items))


def test_nothing_lies_outside_the_container(network):
    inputs = torch.randn(1, N_INPUTS, 16, 24)
    inside = torch.zeros(1, 16, 24, dtype=torch.bool)
    inside[:, :13, :21] = True
    places, _ = network(inputs, inside)
    assert (places[:, :, ~inside[0]] == -20).all()
    assert (places[:, :, inside[0]] > -20).all()


def test_an_untrained_network_expects_loads_in_few_places(network):
    places, _ = ask(weights_of(network), maps())
    assert np.median(places) < -2  # log-odds: one cell in ten at most


def test_the_strongest_cells_speak_for_a_map():
    places = torch.full((1, 2, 8, 8), -20.0)
    places[0, 1].view(-1)[:STRONGEST] = torch.arange(float(STRONGEST))
    np.testing.assert_allclose(strongest(places), [[-20, (STRONGEST - 1) / 2]])


def test_the_answer_for_a_pair_does_not_depend_on_the_pairs_beside_it(network):
    rng = np.random.default_rng(0)
    shapes = [(12, 20), (13, 50), (12, 20), (15, 33), (12, 20), (13, 50)]
    items = [item(rng.normal(0, 1, (N_INPUTS, *shape))) for shape in shapes]
    alone = np.concatenate([answers(network, [one]) for one in items], axis=1)
    np.testing.assert_allclose(answers(network, items), alone, atol=1e-4)


def test_the_answer_in_training_is_the_answer_in_use(network):
    one = maps((26, 46))  # 13 x 23 inputs: padded in both directions
    places, pair = ask(weights_of(network), one)
    values = inputs_of(one).astype(np.float16)
    whole, place = answers(network, [item(values)])
    # examples hold their inputs in half precision, to 2**-11 each
    assert pair == pytest.approx(whole[0], abs=0.02)
    cells = torch.from_numpy(places[:, ::POOL, ::POOL].copy())[None]
    assert float(strongest(cells).max()) == pytest.approx(place[0], abs=0.02)


def test_asking_gives_what_torch_gives(network):
    # sums of products in another order: float32 keeps 1e-4 of log-odds of about ten
    one = maps((26, 46))
    inputs = inputs_of(one)
    padded = np.pad(inputs, ((0, 0), (0, 3), (0, 1)))
    inside = torch.zeros(1, *padded.shape[1:], dtype=torch.bool)
    inside[:, : inputs.shape[1], : inputs.shape[2]] = True
    with torch.inference_mode():
        places, pair = network(torch.from_numpy(padded)[None], inside)
    ours, our_pair = ask(weights_of(network), one)
    np.testing.assert_allclose(ours[:, ::POOL, ::POOL], places[0, :, : inputs.shape[1], : inputs.shape[2]], atol=1e-4)
    assert our_pair == pytest.approx(float(pair[0]), abs=1e-4)


def test_the_same_weights_give_the_same_answer(network):
    places, pair = ask(weights_of(network), maps())
    again, pair_again = ask(weights_of(network), maps())
    np.testing.assert_array_equal(places, again)
    assert pair == pair_again


def test_answers_lie_on_the_cells_of_the_comparison(network):
    for shape in ((24, 40), (25, 41), (66, 203)):
        places, pair = ask(weights_of(network), maps(shape))
        assert places.shape == (2, *shape)
        assert np.isfinite(places).all()
        assert isinstance(pair, float)
        blocks = places[:, : shape[0] // POOL * POOL : POOL, : shape[1] // POOL * POOL : POOL]
        np.testing.assert_array_equal(places[:, 1 : shape[0] // POOL * POOL : POOL, 1::POOL][:, :, : blocks.shape[2]],
                                      blocks)  # fmt: skip


@pytest.mark.parametrize("damage", ["missing", "another shape"])
def test_weights_of_another_network_are_refused(network, damage):
    weights = weights_of(network)
    name = next(iter(weights))
    if damage == "missing":
        del weights[name]
    else:
        weights[name] = weights[name][:1]
    with pytest.raises(ValueError, match="another network"):
        check(weights)


def test_inputs_and_weights_are_left_alone(network):
    one, weights = maps(), weights_of(network)
    channels = one.channels.copy()
    ask(weights, one)
    np.testing.assert_array_equal(one.channels, channels)
    for name, values in weights_of(network).items():
        np.testing.assert_array_equal(weights[name], values)
