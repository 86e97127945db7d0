"""Examples as a network takes them, mirrored, exchanged and spliced at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scantriage.compare.learned_inputs import (
    BY_DEPTH,
    DOORS,
    EXCHANGED,
    FRONT,
    MIRRORED_IN_DEPTH,
    POOL,
    SCALES,
    SHOWN,
    SIGNED,
    inputs_of,
)
from scantriage.learn.example import read_example

LEARNABLE_KG = 15.0  # lighter net changes count less: most of them cannot be seen
LEAST_WEIGHT = 0.1
N_TRIES = 6  # for a cut that goes past all loads
END_COLS = 10  # columns of 12 cm: so near an end inputs tell how far it is, and nothing is stretched
N_KNOTS = 6  # of how much it is stretched, evenly along the container
MOST_STRETCH = 1.4  # or its inverse: pallets are of many widths, and none is more than twice as wide as another


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """inputs: (N_INPUTS, Z, S) float16; masks: (2, Z, S) bool; what is needed to weigh and to tabulate it.

    peak: largest significance of the comparison, sign aside, which what is learned must beat.
    """

    inputs: NDArray[np.float16]
    masks: NDArray[np.bool_]
    label: str
    net_kg: float
    place: str
    opposite: bool
    known: bool
    peak: float

    @property
    def changed(self) -> bool:
        """Whether anything was done to the container."""
        return self.label != "clean"

    @property
    def weight(self) -> float:
        """How much this example counts."""
        if self.label in ("clean", "swapped", "moved"):
            return 1.0
        return float(np.clip(abs(self.net_kg) / LEARNABLE_KG, LEAST_WEIGHT, 1))


def load_items(paths: Sequence[Path]) -> list[Item]:
    """Read examples into memory, 0.6 MB each."""
    return [_item(path) for path in paths]


def _item(path: Path) -> Item:
    example = read_example(path)
    inputs = inputs_of(example.maps)
    rows, cols = inputs.shape[1:]
    blocks = example.masks[:, : rows * POOL, : cols * POOL].reshape(2, rows, POOL, cols, POOL)
    window, sd = example.maps.channels[1:3]
    return Item(
        inputs=inputs.astype(np.float16),
        masks=np.asarray(blocks.any(axis=(2, 4))),
        label=example.label,
        net_kg=example.net_kg,
        place=example.place,
        opposite=example.opposite,
        known=all(example.maps.circumstances.known),
        peak=float(np.abs(window / np.maximum(sd, 1e-3)).max()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B examples of one size.

    inside: (B, Z, S) bool, False where padded. located: (B,) False where something was done but not to a place.
    places, pairs: (B,) weights of the two losses.
    """

    inputs: Tensor
    masks: Tensor
    inside: Tensor
    changed: Tensor
    located: Tensor
    places: Tensor
    pairs: Tensor


def groups(items: Sequence[Item], size: int, rng: np.random.Generator | None) -> list[list[int]]:
    """Indices of all items in groups of at most ``size``, in random order where a generator is given.

    Only items of one shape share a group: none is padded more than it is when asked about alone, which would
    change what the network's normalisation does to it.
    """
    alike: dict[tuple[int, ...], list[int]] = {}
    for k in range(len(items)) if rng is None else rng.permutation(len(items)).tolist():
        alike.setdefault(items[k].inputs.shape, []).append(k)
    cut = [same[start : start + size] for same in alike.values() for start in range(0, len(same), size)]
    return cut if rng is None else [cut[k] for k in rng.permutation(len(cut))]


Values = NDArray[np.float32]
Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What a batch takes of an item: inputs, masks, whether anything was done, and how much it counts.

    located: False where something was done but not to a place.
    """

    values: Values
    truth: Truth
    changed: bool
    located: bool
    weight: float

    @property
    def told(self) -> bool:
        """Whether it is known of each part of the container if anything was done there."""
        return not self.changed or not self.located or bool(self.truth.any())


def batch_of(items: Sequence[Item], rng: np.random.Generator | None) -> Batch:
    """One batch of items of one shape; mirrored, exchanged, stretched and spliced where a generator is given."""
    samples = [_sample(item, rng) for item in items]
    if rng is not None:
        samples = [_perhaps_spliced(k, samples, rng) for k in range(len(samples))]
    n_inputs, z, s = items[0].inputs.shape
    rows, cols = z + -z % SCALES, s + -s % SCALES
    inputs = np.zeros((len(items), n_inputs, rows, cols), np.float32)
    masks = np.zeros((len(items), 2, rows, cols), np.float32)
    inside = np.zeros((len(items), rows, cols), np.bool_)
    inside[:, :z, :s] = True
    for k, sample in enumerate(samples):
        inputs[k, :, :z, :s], masks[k, :, :z, :s] = sample.values, sample.truth
    located = torch.tensor([sample.located for sample in samples])
    weights = torch.tensor([sample.weight for sample in samples])
    return Batch(
        torch.from_numpy(inputs), torch.from_numpy(masks), torch.from_numpy(inside),
        changed=torch.tensor([float(sample.changed) for sample in samples]),
        located=located, places=weights * located, pairs=weights,
    )  # fmt: skip


def _sample(item: Item, rng: np.random.Generator | None) -> Sample:
    values, truth = item.inputs.astype(np.float32), item.masks
    if rng is not None:
        values, truth = varied(values, truth, rng)
    return Sample(values, truth, item.changed, item.label != "swapped", item.weight)


def _perhaps_spliced(k: int, samples: Sequence[Sample], rng: np.random.Generator) -> Sample:
    """Sample k, as often as not with the rear of one of the others."""
    if len(samples) == 1 or rng.random() < 0.5:
        return samples[k]
    other = int(rng.integers(len(samples) - 1))
    return spliced(samples[k], samples[other + (other >= k)], rng)


def spliced(front: Sample, rear: Sample, rng: np.random.Generator) -> Sample:
    """The front of one container and the rear of another of its size: a pair with a truth that nobody simulated.

    The first alone where no cut goes past the loads of both.
    """
    cut = _cut(front, rear, rng)
    if cut is None:
        return front
    values = np.concatenate([front.values[:, :, :cut], rear.values[:, :, cut:]], axis=2)
    truth = np.concatenate([front.truth[:, :, :cut], rear.truth[:, :, cut:]], axis=2)
    # what was done to a container as a whole was done to each part of it
    parts = ((front, truth[:, :, :cut]), (rear, truth[:, :, cut:]))
    done = [sample for sample, part in parts if not sample.located or part.any()]
    return Sample(
        values, truth, changed=bool(done), located=front.located and rear.located,
        weight=max((sample.weight for sample in done), default=1.0),
    )  # fmt: skip


def _cut(front: Sample, rear: Sample, rng: np.random.Generator) -> int | None:
    """A column in the middle half that cuts no load of either; None where some tries find none."""
    if not (front.told and rear.told):
        return None
    n_cols = front.truth.shape[2]
    for cut in rng.integers(n_cols // 4, 3 * n_cols // 4 + 1, N_TRIES).tolist():
        if not any((truth[:, :, cut - 1].any() and truth[:, :, cut].any()) for truth in (front.truth, rear.truth)):
            return int(cut)
    return None


def varied(values: Values, truth: Truth, rng: np.random.Generator) -> tuple[Values, Truth]:
    """The same pair mirrored along or across, its scans exchanged, its load stretched: as true as the pair itself."""
    for change in (mirrored_along, mirrored_across, exchanged):
        if rng.random() < 0.5:
            values, truth = change(values, truth)
    return stretched(values, truth, rng) if rng.random() < 0.5 else (values, truth)


def mirrored_along(values: Values, truth: Truth) -> tuple[Values, Truth]:
    """Inputs and masks of the container that has its doors where this one has its front."""
    return _swapped(values[:, :, ::-1], ((FRONT, DOORS),)), truth[:, :, ::-1]


def mirrored_across(values: Values, truth: Truth) -> tuple[Values, Truth]:
    """Inputs and masks of the container whose left is this one's right, both sources with it."""
    values = _negated(values, MIRRORED_IN_DEPTH)
    for inputs in BY_DEPTH:
        values[inputs] = values[inputs][::-1].copy()
    return values, truth


def exchanged(values: Values, truth: Truth) -> tuple[Values, Truth]:
    """Inputs and masks where the rescan is the origin scan: what was added was removed."""
    return _swapped(_negated(values, SIGNED), EXCHANGED), truth[::-1]


def stretched(values: Values, truth: Truth, rng: np.random.Generator) -> tuple[Values, Truth]:
    """Inputs and masks of a load drawn out here and pushed together there: each column stands for itself.

    Where a cell lies is not stretched with it.
    """
    n_cols = values.shape[2]
    n_inner = n_cols - 2 * END_COLS
    if n_inner < 2:
        return values, truth
    knots = rng.uniform(-np.log(MOST_STRETCH), np.log(MOST_STRETCH), N_KNOTS)
    steps = np.exp(np.interp(np.linspace(0, 1, n_inner - 1), np.linspace(0, 1, N_KNOTS), knots))
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    source = np.arange(n_cols, dtype=np.float64)
    source[END_COLS : n_cols - END_COLS] = END_COLS + reached / reached[-1] * (n_inner - 1)
    before = np.minimum(source.astype(np.int64), n_cols - 2)
    share = (source - before).astype(np.float32)
    out = values.copy()
    out[SHOWN] = values[SHOWN][:, :, before] * (1 - share) + values[SHOWN][:, :, before + 1] * share
    return out, truth[:, :, np.rint(source).astype(np.int64)]


def _negated(values: Values, inputs: Sequence[int]) -> Values:
    values = values.copy()
    values[list(inputs)] *= -1
    return values


def _swapped(values: Values, pairs: Sequence[tuple[int, int]]) -> Values:
    values = values.copy()
    for one, other in pairs:
        values[[one, other]] = values[[other, one]]
    return values
