"""Examples as a network takes them."""

import numpy as np
import pytest
from made_maps import but_depths, example, item

from scantriage.compare.learned_inputs import N_INPUTS, SHOWN, inputs_of
from scantriage.learn import batches
from scantriage.learn.batches import (
    END_COLS,
    LEARNABLE_KG,
    LEAST_WEIGHT,
    MOST_STRETCH,
    Sample,
    batch_of,
    groups,
    load_items,
    spliced,
    stretched,
    thinned,
)
from scantriage.learn.example import write_example


def of_shape(z, s, **parts):
    return item(np.random.default_rng(z * s).normal(0, 1, (N_INPUTS, z, s)), **parts)


def test_an_item_is_its_example_on_the_cells_of_the_network(tmp_path):
    made = example((25, 41))
    write_example(tmp_path / "one.npz", made)
    (one,) = load_items([tmp_path / "one.npz"], tmp_path)
    np.testing.assert_allclose(but_depths(one.inputs), but_depths(inputs_of(made.maps)), atol=4 * 2**-11)
    assert one.masks.shape == (2, 12, 20)
    assert (one.masks[0, 2:5, 3:6] == 1).all()  # rows 4 to 10 and slabs 6 to 12, two to a cell
    assert one.masks.sum() == 9
    assert one.changed
    assert not one.known  # one of the two fans was guessed
    window, sd = made.maps.channels[1:3]
    assert one.peak == pytest.approx(np.abs(window / sd).max(), rel=2**-9)


def test_a_changed_pair_has_beside_it_the_same_container_with_nothing_done_to_it(tmp_path):
    labels = ("added", "clean", "added", "clean", "clean")
    shapes = ((24, 40),) * 3 + ((24, 44), (24, 40))  # what was read otherwise cannot stand in
    for k, (label, shape) in enumerate(zip(labels, shapes, strict=True)):
        write_example(tmp_path / f"{k}.npz", example(shape, seed=k, label=label))
    items = load_items([tmp_path / f"{k}.npz" for k in range(5)], tmp_path)
    assert items[0].without is items[1].inputs
    assert all(item.without is None for item in items[1:])


def test_inputs_lie_in_files_that_nobody_sees(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "SHELF", 2)
    shapes = [(24, 40), (24, 44), (26, 40), (24, 40), (24, 44)]
    made = [example(shape, seed=seed) for seed, shape in enumerate(shapes)]
    for k, one in enumerate(made):
        write_example(tmp_path / f"{k}.npz", one)
    paths = sorted(tmp_path.iterdir())
    items = load_items(paths, tmp_path)
    assert sorted(tmp_path.iterdir()) == paths
    for one, read in zip(made, items, strict=True):
        np.testing.assert_allclose(but_depths(read.inputs), but_depths(inputs_of(one.maps)), atol=4 * 2**-11)
        assert not read.inputs.flags.owndata
        assert not read.inputs.flags.writeable


def blobs(*starts, kg, removed=()):
    """Loads two cells wide at these columns, numbered as they come."""
    masks = np.zeros((2, 12, 40), np.uint8)
    for number, start in enumerate(starts, 1):
        masks[1 if number in removed else 0, 3:6, start : start + 2] = number
    return of_shape(12, 40, masks=masks, label="added", net_kg=kg)


def test_loads_too_light_to_be_seen_count_less():
    one = blobs(4, 14, 24, kg=(100.0, -LEARNABLE_KG / 2, 0.1), removed=(2,))
    counts = one.counts
    assert counts[0, 4, 4] == 1.0
    assert counts[1, 4, 14] == 0.5
    assert counts[0, 4, 24] == np.float32(LEAST_WEIGHT)
    assert (counts > 0).sum() == 18
    assert one.shown_kg == 100.0


@pytest.mark.parametrize(
    ("label", "kg", "weight"),
    [("clean", None, 1.0), ("swapped", None, 1.0), ("added", 100.0, 1.0), ("added", -LEARNABLE_KG / 2, 0.5),
     ("added", None, LEAST_WEIGHT)],
)  # fmt: skip
def test_a_pair_counts_as_its_load_that_counts_most_and_least_where_none_is_in_sight(label, kg, weight):
    one = blobs(4, 14, kg=(1.0, kg)) if kg else of_shape(12, 40, label=label)
    assert batch_of([one], None).weights.tolist() == pytest.approx([weight])


def test_some_loads_are_seen_alone_and_the_other_columns_as_they_were_without():
    masks = blobs(4, 14, 30, kg=(100.0, 7.5, 30.0)).masks
    with_loads, without = np.ones((N_INPUTS, 12, 40), np.float32), np.zeros((N_INPUTS, 12, 40), np.float16)
    seen = set()
    for seed in range(60):
        counts = (masks > 0).astype(np.float32)
        values, counts = thinned(with_loads.copy(), counts, without, np.random.default_rng(seed))
        kept = [start for start in (4, 14, 30) if counts[0, 4, start]]
        seen.add(tuple(kept))
        assert (values[:, counts.any(axis=0)] == 1).all()
        if len(kept) == 1:  # parted midway
            borders = {4: (0, 10), 14: (10, 23), 30: (23, 40)}[kept[0]]
            assert np.flatnonzero(values[0, 0]).tolist() == list(range(*borders))
        else:
            assert values.all()
    assert seen == {(4,), (14,), (30,), (4, 14, 30)}


def test_one_load_is_never_taken_away():
    one = blobs(4, kg=(100.0,))
    values = np.ones((N_INPUTS, 12, 40), np.float32)
    for seed in range(9):
        thinned(values, one.counts, np.zeros_like(one.inputs), np.random.default_rng(seed))
    assert values.all()


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
    batch = batch_of([of_shape(13, 22, label="added", net_kg=(30.0,)), of_shape(13, 22)], None)
    assert batch.inputs.shape == (2, N_INPUTS, 16, 24)
    assert batch.masks.shape == (2, 2, 16, 24)
    assert batch.inside[:, :13, :22].all()
    assert batch.inside.sum() == 2 * 13 * 22
    assert (batch.inputs[:, :, 13:] == 0).all()
    assert batch.changed.tolist() == [1.0, 0.0]


def test_another_load_altogether_has_no_place():
    batch = batch_of([of_shape(12, 40, label="swapped"), blobs(4, kg=(30.0,))], None)
    assert batch.located.tolist() == [False, True]
    assert batch.weights.tolist() == [1.0, 1.0]


def test_items_are_left_alone_when_they_are_varied():
    one = of_shape(12, 20)
    before = one.inputs.copy()
    for seed in range(8):
        batch_of([one], np.random.default_rng(seed))
    np.testing.assert_array_equal(one.inputs, before)


def sample(fill, *, loads=(), whole=False, weight=1.0):
    counts = np.zeros((2, 12, 40), np.float32)
    for first, last in loads:
        counts[0, 3:6, first:last] = weight
    values = np.full((N_INPUTS, 12, 40), fill, np.float32)
    return Sample(values, counts, changed=bool(loads) or whole, located=not whole)


def splices(front, rear, n=60):
    """Spliced pairs with the columns that they were cut at."""
    made = [spliced(front, rear, np.random.default_rng(seed)) for seed in range(n)]
    return [(one, int((one.values[0, 0] == front.values[0, 0, 0]).sum())) for one in made]


def test_a_splice_holds_what_was_done_to_its_parts_and_nothing_else():
    loaded, clean = sample(1.0, loads=((12, 15),), weight=0.5), sample(2.0)
    both = {True: 0, False: 0}
    for made, cut in splices(loaded, clean):
        assert made.changed == (cut > 12)
        assert (made.counts > 0).sum() == (9 if made.changed else 0)
        assert made.weight == (0.5 if made.changed else 1.0)
        both[made.changed] += 1
    assert min(both.values()) > 0
    assert not any(made.changed for made, _ in splices(clean, sample(3.0)))


def test_no_load_is_cut_in_two():
    wide, other = sample(1.0, loads=((10, 18),)), sample(2.0, loads=((19, 31),))
    for made, cut in splices(wide, other):
        assert made.counts.any(axis=(0, 1)).sum() in (0, 8, 12, 20)
        assert cut == 40 or not (10 < cut < 18 or 19 < cut < 31)
    assert all(cut == 40 for _, cut in splices(sample(1.0, loads=((0, 40),)), other))  # left alone


def test_a_part_of_what_was_exchanged_as_a_whole_was_exchanged():
    for made, _ in splices(sample(1.0), sample(2.0, whole=True)):
        assert made.changed
        assert not made.located


def test_a_load_that_nobody_knows_the_place_of_is_not_spliced():
    lost = Sample(sample(1.0).values, sample(1.0).counts, changed=True, located=True)
    assert all(made is lost for made, _ in splices(lost, sample(2.0)))


def test_a_load_that_is_stretched_keeps_its_mask_and_every_cell_its_place():
    rng = np.random.default_rng(0)
    truth = np.zeros((2, 12, 100), np.bool_)
    truth[0, 3:6, 40:60] = True
    values = np.broadcast_to(np.arange(100, dtype=np.float32), (N_INPUTS, 12, 100)).copy()
    values[0] = truth[0]
    widths = set()
    for _ in range(30):
        out, mask = stretched(values, truth, rng)
        np.testing.assert_array_equal(out[SHOWN.stop :], values[SHOWN.stop :])
        for end in (slice(0, END_COLS), slice(100 - END_COLS, 100)):
            np.testing.assert_allclose(out[:, :, end], values[:, :, end], rtol=1e-6)
        clear = np.abs(out[0] - 0.5) > 0.01
        np.testing.assert_array_equal((out[0] > 0.5)[clear], mask[0][clear])
        steps = np.diff(out[1, 0])
        assert 1 / MOST_STRETCH**2 <= steps.min() <= steps.max() <= MOST_STRETCH**2
        widths.add(int(mask[0, 3].sum()))
    assert len(widths) > 4
    assert min(widths) < 20 < max(widths)


def test_a_container_too_short_to_be_stretched_is_left_alone():
    values, truth = np.ones((N_INPUTS, 12, 2 * END_COLS), np.float32), np.ones((2, 12, 2 * END_COLS), np.bool_)
    assert stretched(values, truth, np.random.default_rng(0)) == (values, truth)
