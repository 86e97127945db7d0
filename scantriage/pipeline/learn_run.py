"""Makes examples, trains on them, and writes the model with its card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from scantriage.errors import CannotLearn, says_disk_full
from scantriage.io.weights import ModelEntry, read_entry, read_weights, write_model
from scantriage.learn.batches import Item, load_items
from scantriage.learn.calibration import calibrated, place_threshold
from scantriage.learn.card import COMPARISON, Making, card
from scantriage.learn.checkpoint import Curve
from scantriage.learn.network import Network
from scantriage.learn.scores import judged
from scantriage.learn.training import Plan, Start, train
from scantriage.pipeline.engines import Engine, Failure
from scantriage.pipeline.examples import ExampleOrder, make_example
from scantriage.pipeline.model import NAME
from scantriage.pipeline.progress import Progress
from scantriage.simulate.scanner import Split

SEED = 0
HELD_BACK_SHARE = 0.1  # as many pairs again, of scanners that are never trained on
LEAST = 10  # clean pairs, and changed ones, without which a threshold or a scale means nothing
# Of examples; days to measure on take theirs from all 64 bits. A seed means the same container with the same load for
# both splits, so what is held back has seeds of its own.
FIRST_SEED: dict[Split, int] = {"train": 500_000, "held_out": 1_500_000}
MOST_PAIRS = FIRST_SEED["held_out"] - FIRST_SEED["train"]  # more would be trained on what is held back
MEMORY_BYTES = 6 * 2**30
DEADLINE_S = 300.0
LICENCE = "EUPL-1.2"


@dataclass(frozen=True, slots=True)
class Examples:
    """What there is to learn from and to measure on, and why some pairs are missing, one sentence each."""

    items: list[Item]
    held_back: list[Item]
    left_out: list[str]


def learn(
    folder: Path,
    models: Path,
    *,
    n_pairs: int,
    n_epochs: int,
    n_workers: int,
    progress: Progress,
    onward: bool = False,
) -> list[str]:
    """Train the model of the comparison and write it; goes on where an earlier run in the folder stopped.

    folder: of examples and checkpoint. onward: from the model that is there, on pairs that it has not seen. Returns
    what was left out, one sentence each. Raises CannotLearn for too few examples or too many, a checkpoint of another
    training, no model to go on from, and folders that cannot be written; InvalidModel for one that is damaged.
    """
    start, n_seen = _start(models) if onward else (None, 0)
    if n_seen + n_pairs > MOST_PAIRS:
        raise CannotLearn(f"{n_pairs} pairs are too many; ask for {MOST_PAIRS - n_seen} at most.")
    with one_sentence(folder):
        for place in (folder, models):  # before hours of work, not after
            place.mkdir(parents=True, exist_ok=True)
        examples = _examples(folder, orders_of(folder, n_pairs, n_seen), n_workers, progress)
        torch.set_num_threads(n_workers)
        plan = Plan(n_epochs, SEED, folder / "checkpoint.pt", start)
        trained = train(
            examples.items, examples.held_back, plan, on_epoch=lambda done: progress("Training", done, n_epochs)
        )
        making = Making(COMPARISON, datetime.now(UTC), SEED, None if start is None else start.sha256)
        write_learned(models, NAME, trained, examples, making, n_pairs=n_seen + n_pairs)
    return examples.left_out


def _start(models: Path) -> tuple[Start, int]:
    """The model that is there, and how many seeds it has seen."""
    entry = read_entry(models, NAME)
    if entry is None:
        raise CannotLearn(f"{models} holds no model to go on from; learn without --onward.")
    return Start(read_weights(models, entry), entry.sha256), entry.n_pairs


def orders_of(folder: Path, n_pairs: int, n_seen: int = 0) -> list[ExampleOrder]:
    """The pairs to train on, after the n_seen first, MOST_PAIRS with them at most; and those to hold back."""
    first = {"train": FIRST_SEED["train"] + n_seen, "held_out": FIRST_SEED["held_out"]}
    counts: dict[Split, int] = {"train": n_pairs, "held_out": round(HELD_BACK_SHARE * n_pairs)}
    seeds = {split: range(first[split], first[split] + n) for split, n in counts.items()}
    return [ExampleOrder(seed, split, folder / "examples") for split in seeds for seed in seeds[split]]


def _examples(folder: Path, orders: Sequence[ExampleOrder], n_workers: int, progress: Progress) -> Examples:
    left_out = _make(orders, n_workers, progress)
    items, held_back = (
        load_items([order.path for order in orders if order.split == split and order.path.exists()], folder)
        for split in ("train", "held_out")
    )
    refuse_few(items, held_back, left_out)
    return Examples(items, held_back, left_out)


def refuse_few(items: Sequence[Item], held_back: Sequence[Item], left_out: Sequence[str]) -> None:
    """Raise CannotLearn where there are not `LEAST` clean and changed ones of both. left_out: why some are missing."""
    for name, those in (("to train on", items), ("held back", held_back)):
        n_changed = sum(item.changed for item in those)
        if min(n_changed, len(those) - n_changed) < LEAST:
            lost = f" {len(left_out)} were left out, such as this one: {left_out[0]}" if left_out else ""
            raise CannotLearn(
                f"{len(those) - n_changed} clean and {n_changed} changed pairs {name} are too few; {LEAST} of each are "
                f"needed: ask for more pairs.{lost}"
            )


def _make(orders: Sequence[ExampleOrder], n_workers: int, progress: Progress) -> list[str]:
    """Make the examples that are not there yet; what was left out, now and earlier."""
    reasons = {order: order.refusal.read_text() for order in orders if order.refusal.exists()}
    waiting = [order for order in orders if not order.path.exists() and order not in reasons]
    engine = Engine(n_workers, MEMORY_BYTES, DEADLINE_S)
    for done, (order, result) in enumerate(engine.run(make_example, waiting), 1):
        progress("Simulating", done, len(waiting))
        if isinstance(result, Failure) and result.disk_full:
            raise CannotLearn(f"The disk is full: {order.folder}.")
        reason = result.what if isinstance(result, Failure) else result
        if reason is not None:
            reasons[order] = reason
    return [f"Pair {order.seed} ({order.split}): {reason}" for order, reason in reasons.items()]


def write_learned(
    models: Path, name: str, trained: tuple[Network, Curve], examples: Examples, making: Making, *, n_pairs: int
) -> None:
    """Calibrate a network on what was held back, and write it under this name with its card."""
    network, curve = trained
    pairs, places = judged(network, examples.held_back)
    changed = np.array([item.changed for item in examples.held_back])
    scale, shift = calibrated(pairs, changed)
    entry = ModelEntry(
        file=f"{name}.safetensors", card=f"{name}.md", sha256="", licence=LICENCE, scale=scale, shift=shift,
        place_from=place_threshold(places[~changed]), n_pairs=n_pairs,
    )  # fmt: skip
    weights = {name: values.contiguous().numpy() for name, values in network.state_dict().items()}
    text = card(examples.items, examples.held_back, pairs, curve, making)
    write_model(models, name, weights, entry, card=text)


@contextmanager
def one_sentence(folder: Path) -> Iterator[None]:
    """What the operating system refuses becomes one sentence; it names the folder where no file is named."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        if says_disk_full(error):
            raise CannotLearn(f"The disk is full: {where}.") from error
        raise CannotLearn(f"{where} cannot be used: {error.strerror}.") from error
