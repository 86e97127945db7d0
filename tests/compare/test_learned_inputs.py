"""Inputs of the network: symmetric as containers are, of about unit size, and the same from half precision."""

from dataclasses import replace

import numpy as np
import pytest
from made_maps import but_depths, maps

from scantriage.compare.learned_inputs import (
    ALONE,
    APART,
    AT_DEPTHS,
    BOLD,
    DEPTHS_M,
    DOORS,
    FRONT,
    N_INPUTS,
    inputs_of,
)
from scantriage.compare.maps import CHANNELS, Maps
from scantriage.learn.batches import exchanged, mirrored_across, mirrored_along, varied

SIGNED = ("mass_kg", "window_kg")
PAIRS = (
    ("origin", "rescan"), ("seen_origin", "seen_rescan"), ("left_origin", "left_rescan"),
    ("weight_origin", "weight_rescan"), ("usable_origin", "usable_rescan"),
)  # fmt: skip


def turned(one: Maps) -> Maps:
    """The maps of the container that has its doors where this one has its front."""
    return Maps(one.channels[:, :, ::-1], one.circumstances)


def other_side(one: Maps) -> Maps:
    """The maps of the container whose left is this one's right, both sources with it."""
    channels = one.channels.copy()
    channels[CHANNELS.index("depth_m")] *= -1
    fans = tuple(replace(fan, side=-fan.side) for fan in one.circumstances.fans)
    return Maps(channels, replace(one.circumstances, fans=fans))


def other_way(one: Maps) -> Maps:
    """The maps of the same two scans, the rescan taken for the origin scan."""
    channels = one.channels.copy()
    for name in SIGNED:
        channels[CHANNELS.index(name)] *= -1
    for names in PAIRS:
        first, second = map(CHANNELS.index, names)
        channels[[first, second]] = channels[[second, first]]
    told = one.circumstances
    return Maps(channels, replace(told, fans=told.fans[::-1], known=told.known[::-1]))


MASKS = np.random.default_rng(1).random((2, 12, 20)) < 0.2


@pytest.mark.parametrize("sides", [(1, -1), (1, 1)], ids=["opposite sides", "same side"])
@pytest.mark.parametrize(
    ("change", "of_maps", "of_masks"),
    [
        (mirrored_along, turned, MASKS[:, :, ::-1]),
        (mirrored_across, other_side, MASKS),
        (exchanged, other_way, MASKS[::-1]),
    ],
)
def test_training_on_a_changed_pair_is_training_on_the_pair_that_was_changed(change, of_maps, of_masks, sides):
    one = maps()
    fans = tuple(replace(fan, side=side) for fan, side in zip(one.circumstances.fans, sides, strict=True))
    one = Maps(one.channels, replace(one.circumstances, fans=fans))
    before = inputs_of(one)
    values, masks = change(before, MASKS)
    np.testing.assert_allclose(values, inputs_of(of_maps(one)), atol=1e-6)  # float32 sums in another order
    np.testing.assert_array_equal(masks, of_masks)
    np.testing.assert_array_equal(before, inputs_of(one))  # inputs are left alone
    again, _ = change(*change(before, MASKS))
    np.testing.assert_array_equal(again, before)


def test_each_way_to_vary_a_pair_is_taken_half_of_the_time():
    values = inputs_of(maps())
    rng = np.random.default_rng(0)
    seen = {varied(values, MASKS, rng)[0].tobytes() for _ in range(100)}
    assert len(seen) == 8  # of 2 x 2 x 2; all but surely so after a hundred


def test_ends_floor_and_roof_are_where_the_container_ends():
    values = inputs_of(maps((24, 200)))
    assert values.shape == (N_INPUTS, 12, 100)
    assert values[FRONT, 0, 0] == pytest.approx(0.06 / 1.2)
    assert values[DOORS, 0, -1] == pytest.approx(0.06 / 1.2)
    assert values[FRONT, 0, 50] == values[DOORS, 0, 50] == 1
    beyond = inputs_of(maps((24, 200), rows=(4, 20)))
    floor, roof = beyond[FRONT - 2, :, 0], beyond[FRONT - 1, :, 0]
    np.testing.assert_allclose(floor[[0, 1]], [-0.12 / 0.6, -0.04 / 0.6], atol=1e-6)
    np.testing.assert_allclose(roof[[0, -1]], [1, (24 - 19) * 0.04 / 0.6], atol=1e-6)


def test_an_odd_row_or_column_is_left_out():
    whole, more = maps((24, 40)), maps((25, 41))
    cut = Maps(more.channels[:, :24, :40], more.circumstances)
    np.testing.assert_array_equal(but_depths(inputs_of(more)), but_depths(inputs_of(cut)))
    assert inputs_of(more).shape == inputs_of(whole).shape


def shown_at(depth_m, *, z_m=0.5, lost=False):
    """Maps of an empty container with one thing 15 cm high that stands still at a depth, as two fans show it."""
    one = maps((60, 12), rows=(10, 50))
    channels = np.zeros_like(one.channels)
    for k, (name, fan) in enumerate(zip(("origin", "rescan"), one.circumstances.fans, strict=True)):
        larger = fan.distance_m / (fan.distance_m - fan.side * depth_m)
        z = fan.height_m + ((np.arange(60) - 9.5) * 0.04 - fan.height_m) / larger
        channels[CHANNELS.index(f"seen_{name}")] = 20 * np.exp(-(((z - z_m) / 0.15) ** 2))[:, np.newaxis]
        channels[CHANNELS.index(f"usable_{name}")] = 0.0 if lost and k else 1.0
    return Maps(channels, one.circumstances)


@pytest.mark.parametrize("depth", range(len(DEPTHS_M)))
def test_what_stands_still_cancels_at_its_own_depth_and_nowhere_else(depth):
    left = np.abs(inputs_of(shown_at(DEPTHS_M[depth], z_m=1.0))[AT_DEPTHS, 5:20, 3]).max(axis=1)
    assert left.argmin() == depth
    assert left[depth] < 0.2  # between rows, of 20 g/cm2 in units of 1.5
    assert np.delete(left, depth).min() > 0.5


def test_nothing_differs_where_a_scan_shows_nothing():
    one = shown_at(1.0, lost=True)
    one.channels[CHANNELS.index("seen_rescan")] = 0
    assert not inputs_of(one)[AT_DEPTHS].any()


def test_what_let_nothing_through_holds_more_than_the_other_or_nothing_is_known():
    one, exact = shown_at(0.0, lost=True), shown_at(0.0)
    rescan = CHANNELS.index("seen_rescan")
    for more, factor in ((True, 2.0), (False, 0.5)):
        for maps_ in (one, exact):
            maps_.channels[rescan] = maps_.channels[CHANNELS.index("seen_origin")] * factor
        middle = len(DEPTHS_M) // 2
        known, told = (inputs_of(maps_)[AT_DEPTHS][middle, 5:20] for maps_ in (exact, one))
        np.testing.assert_array_equal(told, np.maximum(known, 0))
        assert (known.max() > 1) == more
        assert told.any() == more


def with_a_beam(beam_g_cm2, load_g_cm2, *, unseen=0):
    """Inputs of an empty container whose floor shows so much more in the rescan all along, and a load on top of it."""
    one = maps((24, 80))
    channels = np.zeros_like(one.channels)
    shown = channels[CHANNELS.index("seen_rescan")]
    shown[8:12] += beam_g_cm2
    shown[8:12, 20:32] += load_g_cm2
    for name in ("usable_origin", "usable_rescan"):
        channels[CHANNELS.index(name), :, unseen:] = 1
    return inputs_of(Maps(channels, one.circumstances))[APART]


def test_what_runs_on_along_the_container_is_taken_away_and_a_load_on_it_stays():
    alone, hidden = with_a_beam(0, 5), with_a_beam(200, 5)
    assert np.abs(with_a_beam(200, 0)).max() < 1e-4
    np.testing.assert_allclose(hidden, alone, atol=1e-3)
    assert alone[4, 5, 12] == pytest.approx(np.arcsinh(5 / 1.5), abs=0.01)


def test_what_is_usual_is_what_could_be_seen():
    seen = with_a_beam(200, 5, unseen=50)
    assert np.abs(seen).max() < 1e-4  # the load was not seen, and the beam runs on through what was
    assert not with_a_beam(200, 5, unseen=80).any()


def test_a_block_among_even_goods_stands_alone_in_the_scan_that_shows_it():
    one = maps((24, 80))
    channels = np.zeros_like(one.channels)
    goods, block = 80.0 * (1 + np.arange(24) % 5)[:, np.newaxis] / 3, 12.0  # in layers, g/cm2
    for name in ("origin", "rescan"):
        channels[CHANNELS.index(f"seen_{name}")], channels[CHANNELS.index(f"usable_{name}")] = goods, 1
    channels[CHANNELS.index("seen_rescan"), 8:14, 30:40] += block
    origin_row, rescan_row, origin_around, rescan_around = inputs_of(Maps(channels, one.circumstances))[ALONE]
    expected = np.zeros((12, 40))
    expected[4:7, 15:20] = np.arcsinh(block / 8)
    for origin, rescan in ((origin_row, rescan_row), (origin_around, rescan_around)):
        assert not origin.any()
        np.testing.assert_allclose(rescan, expected, atol=1e-5)


def test_a_stack_among_others_is_beyond_its_row_and_a_stow_that_ends_is_like_what_is_around_it():
    """Half of a container is stowed: its rows have no usual load, but nothing stands out from what is around."""
    one = maps((24, 120))
    channels = np.zeros_like(one.channels)
    channels[CHANNELS.index("usable_rescan")] = 1
    channels[CHANNELS.index("seen_rescan"), :, :50] = 60
    _, row, _, around = inputs_of(Maps(channels, one.circumstances))[ALONE]
    assert (row[:, :25] > 2).all()
    assert not around.any()


def test_half_precision_keeps_what_differs_also_in_dense_cargo():
    """Two loads of 300 g/cm2 that differ by 0.05: halves of such numbers are 0.25 apart."""
    channels = maps().channels.copy()
    thick, differs = np.float32(300), np.float32(0.05)
    channels[CHANNELS.index("origin")] = thick
    channels[CHANNELS.index("rescan")] = thick + differs
    channels[CHANNELS.index("mass_kg")] = differs * np.float32(10 * 0.04 * 0.06)
    whole = Maps(channels, maps().circumstances)
    halved = Maps(channels.astype(np.float16).astype(np.float32), whole.circumstances)
    # Halves are off by 2**-11 at most, and no input changes by more than its channel does, relatively: two
    # channels in one input, and residuals up to 6, halved.
    rough, exact = inputs_of(halved), inputs_of(whole)
    np.testing.assert_allclose(but_depths(rough), but_depths(exact), atol=3 * 2**-11)
    # but differences of what two scans show, up to 160 g/cm2 each here, in units of 1.5: twice 0.06 between halves
    np.testing.assert_allclose(rough[AT_DEPTHS], exact[AT_DEPTHS], atol=2 * 0.06 / 1.5)
    np.testing.assert_allclose(rough[APART], exact[APART], atol=4 * 0.06 / 1.5)  # and of their row's
    np.testing.assert_allclose(rough[BOLD], exact[BOLD], atol=4 * 0.06 / 10)


def test_inputs_are_of_about_unit_size_whatever_the_cargo():
    one = maps()
    extreme = Maps(one.channels * np.float32(100), one.circumstances)
    for values in (inputs_of(one), inputs_of(extreme)):
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert np.abs(inputs_of(one)).max() < 6
