"""Maps of comparisons that were never made, with numbers as they occur, and examples of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scantriage.compare.learned_inputs import AT_DEPTHS, BOLD
from scantriage.compare.maps import CHANNELS, Circumstances, Maps
from scantriage.learn.batches import Item
from scantriage.learn.example import Example
from scantriage.scan.placement import Fan

CELL_M = (0.04, 0.06)  # height, length

# an ordinary spread of each channel, and whether it has a sign
SPREADS = {
    "mass_kg": (0.05, True), "window_kg": (3.0, True), "sd_kg": (2.0, False), "origin": (30.0, False),
    "rescan": (30.0, False), "depth_m": (0.5, True), "spread_m": (0.4, False), "seen_origin": (40.0, False),
    "seen_rescan": (40.0, False), "left_origin": (1.5, True), "left_rescan": (1.5, True),
    "weight_origin": (1.0, False), "weight_rescan": (1.0, False),
    "usable_origin": (1.0, False), "usable_rescan": (1.0, False),
}  # fmt: skip


def circumstances(shape, **parts) -> Circumstances:
    """Of a container as long and as high as its cells."""
    made = Circumstances(
        length_m=shape[1] * CELL_M[1], height_m=shape[0] * CELL_M[0], reefer=True,
        fans=(Fan(5.4, 0.5, 1), Fan(4.8, 0.1, -1)), known=(True, False), likeness=0.9,
        cell_z_m=CELL_M[0], cell_x_m=CELL_M[1], rows=(0, shape[0]),
    )  # fmt: skip
    return replace(made, **parts)


def maps(shape=(24, 40), *, seed=0, **parts) -> Maps:
    """Random maps of (Z, S) cells; a tenth of the cells is not usable in one scan."""
    rng = np.random.default_rng(seed)
    channels = []
    for name in CHANNELS:
        spread, signed = SPREADS[name]
        values = rng.normal(0, spread, shape)
        channels.append(values if signed else np.abs(values) + 0.01 * spread)
    channels[CHANNELS.index("weight_origin")][rng.random(shape) < 0.1] = 0
    return Maps(np.stack(channels).astype(np.float32), circumstances(shape, **parts))


def example(shape=(24, 40), *, seed=0, label="added", net_kg=40.0) -> Example:
    """Maps with a box marked where something was added; of each container two, as their seeds count."""
    masks = np.zeros((2, *shape), np.uint8)
    if label == "added":
        masks[0, 4:10, 6:12] = 1
    return Example(
        maps(shape, seed=seed), masks, label, (net_kg,), "doors", "bananas", opposite=True, container=seed // 2
    )


def but_depths(inputs):
    """Inputs without those that half precision keeps less well: differences of what two scans show."""
    return np.delete(inputs, range(AT_DEPTHS.start, BOLD.stop), axis=0)


def item(inputs, *, masks=None, label="clean", net_kg=(0.0,), peak=1.0) -> Item:
    """An example as a network takes it."""
    masks = np.zeros((2, *inputs.shape[1:]), np.uint8) if masks is None else masks.astype(np.uint8)
    return Item(inputs.astype(np.float16), masks, label, net_kg, "", opposite=False, known=True, peak=peak)
