"""Inputs of the network: symmetric as containers are, of about unit size, and the same from half precision."""

from dataclasses import replace

import numpy as np
import pytest
from made_maps import maps

from scantriage.compare.learned_inputs import DOORS, FRONT, N_INPUTS, inputs_of
from scantriage.compare.maps import CHANNELS, Maps
from scantriage.learn.batches import exchanged, mirrored_across, mirrored_along, varied

SIGNED = ("mass_kg", "window_kg")
PAIRS = (
    ("origin", "rescan"), ("seen_origin", "seen_rescan"), ("left_origin", "left_rescan"),
    ("weight_origin", "weight_rescan"),
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


def test_an_odd_row_or_column_is_left_out():
    even, odd = maps((24, 40)), maps((25, 41))
    cut = Maps(odd.channels[:, :24, :40], odd.circumstances)
    np.testing.assert_array_equal(inputs_of(odd), inputs_of(cut))
    assert inputs_of(odd).shape == inputs_of(even).shape


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
    np.testing.assert_allclose(inputs_of(halved), inputs_of(whole), atol=3 * 2**-11)


def test_inputs_are_of_about_unit_size_whatever_the_cargo():
    one = maps()
    extreme = Maps(one.channels * np.float32(100), one.circumstances)
    for values in (inputs_of(one), inputs_of(extreme)):
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert np.abs(inputs_of(one)).max() < 6
