"""Examples as a network takes them, thinned, mirrored, exchanged and spliced at random."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
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
SHELF = 256  # items whose inputs share a file: a process may map some ten thousand files, not one for each item
N_KNOTS = 6  # of how much it is stretched, evenly along the container
MOST_STRETCH = 1.4  # or its inverse: pallets are of many widths, and none is more than twice as wide as another

Values = NDArray[np.float32]
Counts = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """inputs: (N_INPUTS, Z, S) float16; masks: (2, Z, S) uint8 and net_kg as an example has them; for tables the rest.

    without: inputs of the same container with nothing done to it; None for itself and where there are none.
    peak: largest significance of the comparison, sign aside, which what is learned must beat.
    """

    inputs: NDArray[np.float16]
    masks: NDArray[np.uint8]
    label: str
    net_kg: tuple[float, ...]
    place: str
    opposite: bool
    known: bool
    peak: float
    without: NDArray[np.float16] | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was done to the container."""
        return self.label != "clean"

    @property
    def shown_kg(self) -> float:
        """Net mass of the load that label and place speak of, sign aside."""
        return abs(self.net_kg[0])

    @property
    def counts(self) -> Counts:
        """(2, Z, S) float32 how much the load in each cell counts, up to 1; 0 where none lies."""
        of_loads = np.clip(np.abs(self.net_kg) / LEARNABLE_KG, LEAST_WEIGHT, 1)
        return np.concatenate([[0], of_loads]).astype(np.float32)[self.masks]


def load_items(paths: Sequence[Path], folder: Path) -> list[Item]:
    """Read examples; their inputs, 0.6 MB each, stay in nameless files in the folder, as memory need not hold them all.

    Raises OSError where the folder has no room for them.
    """
    groups_of_paths = (paths[start : start + SHELF] for start in range(0, len(paths), SHELF))
    read = [one for some in groups_of_paths for one in _shelved([_item(path) for path in some], folder)]
    clean = {container: item.inputs for container, item in read if not item.changed}
    return [_beside(item, clean.get(container)) for container, item in read]


def _shelved(read: Sequence[tuple[int, Item]], folder: Path) -> list[tuple[int, Item]]:
    """The same items, with inputs that lie in a file; it is gone when nobody holds them any more."""
    with tempfile.TemporaryFile(dir=folder) as file:
        for _, item in read:
            file.write(item.inputs.tobytes())
        file.flush()
        values = np.memmap(file, np.float16, mode="r")
    ends = np.cumsum([item.inputs.size for _, item in read])
    return [
        (container, replace(item, inputs=np.asarray(values[end - item.inputs.size : end]).reshape(item.inputs.shape)))
        for (container, item), end in zip(read, ends, strict=True)
    ]


def _item(path: Path) -> tuple[int, Item]:
    """An item with the number of its container."""
    example = read_example(path)
    inputs = inputs_of(example.maps)
    rows, cols = inputs.shape[1:]
    blocks = example.masks[:, : rows * POOL, : cols * POOL].reshape(2, rows, POOL, cols, POOL)
    window, sd = example.maps.channels[1:3]
    return example.container, Item(
        inputs=inputs.astype(np.float16),
        masks=np.asarray(blocks.max(axis=(2, 4))),
        label=example.label,
        net_kg=example.net_kg,
        place=example.place,
        opposite=example.opposite,
        known=all(example.maps.circumstances.known),
        peak=float(np.abs(window / np.maximum(sd, 1e-3)).max()),
    )


def _beside(item: Item, clean: NDArray[np.float16] | None) -> Item:
    """The item with what its container looks like with nothing done to it, if it was cut to the same size."""
    if clean is None or not item.changed or clean.shape != item.inputs.shape:
        return item
    return replace(item, without=clean)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B examples of one size.

    counts: (B, 2, Z, S) how much what was added and removed in each cell counts, 0 where nothing was. inside:
    (B, Z, S) bool, False where padded. located: (B,) False where something was done but not to a place. weights: (B,)
    how much each pair counts.
    """

    inputs: Tensor
    counts: Tensor
    inside: Tensor
    changed: Tensor
    located: Tensor
    weights: Tensor

    @property
    def masks(self) -> Tensor:
        """(B, 2, Z, S) 1 where something was added and where something was removed, 0 elsewhere."""
        return (self.counts > 0).to(self.counts.dtype)


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


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What a batch takes of an item: inputs, how much what was done in each cell counts, and whether anything was done.

    located: False where something was done but not to a place.
    """

    values: Values
    counts: Counts
    changed: bool
    located: bool

    @property
    def told(self) -> bool:
        """Whether it is known of each part of the container if anything was done there."""
        return not self.changed or not self.located or bool(self.counts.any())

    @property
    def weight(self) -> float:
        """How much it counts as a whole: as its load that counts most; least where that lies out of sight."""
        if not self.changed or not self.located:
            return 1.0
        return float(max(self.counts.max(), LEAST_WEIGHT))


def batch_of(items: Sequence[Item], rng: np.random.Generator | None) -> Batch:
    """One batch of items of one shape, varied and spliced where a generator is given."""
    samples = [_sample(item, rng) for item in items]
    if rng is not None:
        samples = [_perhaps_spliced(k, samples, rng) for k in range(len(samples))]
    n_inputs, z, s = items[0].inputs.shape
    rows, cols = z + -z % SCALES, s + -s % SCALES
    inputs = np.zeros((len(items), n_inputs, rows, cols), np.float32)
    counts = np.zeros((len(items), 2, rows, cols), np.float32)
    inside = np.zeros((len(items), rows, cols), np.bool_)
    inside[:, :z, :s] = True
    for k, sample in enumerate(samples):
        inputs[k, :, :z, :s], counts[k, :, :z, :s] = sample.values, sample.counts
    return Batch(
        torch.from_numpy(inputs), torch.from_numpy(counts), torch.from_numpy(inside),
        changed=torch.tensor([float(sample.changed) for sample in samples]),
        located=torch.tensor([sample.located for sample in samples]),
        weights=torch.tensor([sample.weight for sample in samples]),
    )  # fmt: skip


def _sample(item: Item, rng: np.random.Generator | None) -> Sample:
    values, counts = item.inputs.astype(np.float32), item.counts
    if rng is not None:
        values, counts = varied(*thinned(values, counts, item.without, rng), rng)
    return Sample(values, counts, item.changed, item.label != "swapped")


def thinned(
    values: Values, counts: Counts, without: NDArray[np.float16] | None, rng: np.random.Generator
) -> tuple[Values, Counts]:
    """Inputs and counts with one of the loads alone as often as not, and the other columns as they were without.

    Where all loads are always there, a container with one is rare; in a port it is what there is to be found.
    """
    parts = _parts(np.asarray(counts.any(axis=(0, 1))))
    if without is None or len(parts) < 2 or rng.random() < 0.5:
        return values, counts
    for k in rng.permutation(len(parts))[1:]:
        values[:, :, parts[k]], counts[:, :, parts[k]] = without[:, :, parts[k]], 0
    return values, counts


def _parts(loaded: NDArray[np.bool_]) -> list[slice]:
    """Columns that belong to each load, all columns together: loads are parted midway between them."""
    edges = np.diff(loaded, prepend=False, append=False).nonzero()[0]
    cuts = (edges[1:-1:2] + edges[2::2]) // 2
    bounds = [0, *cuts.tolist(), len(loaded)]
    return [slice(*ends) for ends in pairwise(bounds)]


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
    counts = np.concatenate([front.counts[:, :, :cut], rear.counts[:, :, cut:]], axis=2)
    # what was done to a container as a whole was done to each part of it
    located = front.located and rear.located
    return Sample(values, counts, changed=bool(counts.any()) or not located, located=located)


def _cut(front: Sample, rear: Sample, rng: np.random.Generator) -> int | None:
    """A column in the middle half that cuts no load of either; None where some tries find none."""
    if not (front.told and rear.told):
        return None
    n_cols = front.counts.shape[2]
    for cut in rng.integers(n_cols // 4, 3 * n_cols // 4 + 1, N_TRIES).tolist():
        if not any((one[:, :, cut - 1].any() and one[:, :, cut].any()) for one in (front.counts, rear.counts)):
            return int(cut)
    return None


def varied(values: Values, counts: Counts, rng: np.random.Generator) -> tuple[Values, Counts]:
    """The same pair mirrored along or across, its scans exchanged, its load stretched: as true as the pair itself."""
    for change in (mirrored_along, mirrored_across, exchanged):
        if rng.random() < 0.5:
            values, counts = change(values, counts)
    return stretched(values, counts, rng) if rng.random() < 0.5 else (values, counts)


def mirrored_along(values: Values, counts: Counts) -> tuple[Values, Counts]:
    """Inputs and counts of the container that has its doors where this one has its front."""
    return _swapped(values[:, :, ::-1], ((FRONT, DOORS),)), counts[:, :, ::-1]


def mirrored_across(values: Values, counts: Counts) -> tuple[Values, Counts]:
    """Inputs and counts of the container whose left is this one's right, both sources with it."""
    values = _negated(values, MIRRORED_IN_DEPTH)
    for inputs in BY_DEPTH:
        values[inputs] = values[inputs][::-1].copy()
    return values, counts


def exchanged(values: Values, counts: Counts) -> tuple[Values, Counts]:
    """Inputs and counts where the rescan is the origin scan: what was added was removed."""
    return _swapped(_negated(values, SIGNED), EXCHANGED), counts[::-1]


def stretched(values: Values, counts: Counts, rng: np.random.Generator) -> tuple[Values, Counts]:
    """Inputs and counts of a load drawn out here and pushed together there: each column stands for itself.

    Where a cell lies is not stretched with it.
    """
    n_cols = values.shape[2]
    n_inner = n_cols - 2 * END_COLS
    if n_inner < 2:
        return values, counts
    knots = rng.uniform(-np.log(MOST_STRETCH), np.log(MOST_STRETCH), N_KNOTS)
    steps = np.exp(np.interp(np.linspace(0, 1, n_inner - 1), np.linspace(0, 1, N_KNOTS), knots))
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    source = np.arange(n_cols, dtype=np.float64)
    source[END_COLS : n_cols - END_COLS] = END_COLS + reached / reached[-1] * (n_inner - 1)
    before = np.minimum(source.astype(np.int64), n_cols - 2)
    share = (source - before).astype(np.float32)
    out = values.copy()
    out[SHOWN] = values[SHOWN][:, :, before] * (1 - share) + values[SHOWN][:, :, before + 1] * share
    return out, counts[:, :, np.rint(source).astype(np.int64)]


def _negated(values: Values, inputs: Sequence[int]) -> Values:
    values = values.copy()
    values[list(inputs)] *= -1
    return values


def _swapped(values: Values, pairs: Sequence[tuple[int, int]]) -> Values:
    values = values.copy()
    for one, other in pairs:
        values[[one, other]] = values[[other, one]]
    return values
