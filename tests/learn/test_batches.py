"""Examples as a network takes them."""

import numpy as np
import pytest
from made_maps import example, item

from scantriage.compare.learned_inputs import N_INPUTS, inputs_of
from scantriage.learn.batches import LEARNABLE_KG, LEAST_WEIGHT, batch_of, groups, load_items
from scantriage.learn.example import write_example


def of_shape(z, s, **parts):
    return item(np.random.default_rng(z * s).normal(0, 1, (N_INPUTS, z, s)), **parts)


def test_an_item_is_its_example_on_the_cells_of_the_network(tmp_path):
    made = example((25, 41))
    write_example(tmp_path / "one.npz", made)
    (one,) = load_items([tmp_path / "one.npz"])
    np.testing.assert_allclose(one.inputs, inputs_of(made.maps), atol=4 * 2**-11)
    assert one.masks.shape == (2, 12, 20)
    assert one.masks[0, 2:5, 3:6].all()  # rows 4 to 10 and slabs 6 to 12, two to a cell
    assert one.masks.sum() == 9
    assert one.changed
    assert not one.known  # one of the two fans was guessed
    window, sd = made.maps.channels[1:3]
    assert one.peak == pytest.approx(np.abs(window / sd).max(), rel=2**-9)


@pytest.mark.parametrize(
    ("label", "net_kg", "weight"),
    [
        ("clean", 0.0, 1.0), ("swapped", 0.0, 1.0), ("moved", 0.0, 1.0), ("added", 100.0, 1.0),
        ("added", LEARNABLE_KG / 2, 0.5), ("removed", -LEARNABLE_KG / 2, 0.5), ("added", 0.1, LEAST_WEIGHT),
    ],
)  # fmt: skip
def test_loads_too_light_to_be_seen_count_less(label, net_kg, weight):
    assert of_shape(12, 20, label=label, net_kg=net_kg).weight == pytest.approx(weight)


@pytest.mark.parametrize("rng", [None, np.random.default_rng(3)])
def test_every_item_is_in_one_group_of_its_own_size(rng):
    shapes = [(12, 20)] * 7 + [(13, 50)] * 3 + [(12, 50)]
    items = [of_shape(*shape) for shape in shapes]
    made = groups(items, 3, rng)
    assert sorted(k for group in made for k in group) == list(range(len(items)))
    assert all(len(group) <= 3 and len({shapes[k] for k in group}) == 1 for group in made)
    assert len(made) == 3 + 1 + 1


def test_an_epoch_has_its_own_order_and_the_same_seed_has_the_same():
    items = [of_shape(12, 20)] * 12
    first, again, other = (groups(items, 4, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_items_are_padded_to_what_the_network_halves_twice():
    batch = batch_of([of_shape(13, 22, label="added", net_kg=30.0), of_shape(13, 22)], None)
    assert batch.inputs.shape == (2, N_INPUTS, 16, 24)
    assert batch.masks.shape == (2, 2, 16, 24)
    assert batch.inside[:, :13, :22].all()
    assert batch.inside.sum() == 2 * 13 * 22
    assert (batch.inputs[:, :, 13:] == 0).all()
    assert batch.changed.tolist() == [1.0, 0.0]


def test_another_load_altogether_has_no_place():
    batch = batch_of([of_shape(12, 20, label="swapped"), of_shape(12, 20, label="added", net_kg=30.0)], None)
    assert batch.located.tolist() == [False, True]
    assert batch.places.tolist() == [0.0, 1.0]
    assert batch.pairs.tolist() == [1.0, 1.0]


def test_items_are_left_alone_when_they_are_varied():
    one = of_shape(12, 20)
    before = one.inputs.copy()
    for seed in range(8):
        batch_of([one], np.random.default_rng(seed))
    np.testing.assert_array_equal(one.inputs, before)
