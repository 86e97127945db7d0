"""Makes examples, trains on them, and writes the model with its card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from scantriage.io.weights import ModelEntry, write_model
from scantriage.learn.batches import load_items
from scantriage.learn.calibration import calibrated, place_threshold
from scantriage.learn.card import card
from scantriage.learn.scores import judged
from scantriage.learn.training import Plan, train
from scantriage.pipeline.engines import Engine, Failure
from scantriage.pipeline.examples import ExampleOrder, make_example
from scantriage.pipeline.model import NAME
from scantriage.pipeline.progress import Progress
from scantriage.simulate.scanner import Split

HELD_BACK_SHARE = 0.1  # as many pairs again, of scanners that are never trained on
FIRST_SEED = 500_000  # of examples; days to measure on take theirs from all 32 bits
MEMORY_BYTES = 6 * 2**30
DEADLINE_S = 300.0
LICENCE = "EUPL-1.2"


def learn(folder: Path, models: Path, *, n_pairs: int, n_epochs: int, n_workers: int, progress: Progress) -> list[str]:
    """Train the model of the comparison and write it; goes on where an earlier run in the folder stopped.

    folder: of examples and checkpoint. Returns what was left out, one sentence each.
    """
    orders = _orders(folder, n_pairs)
    left_out = _make(orders, n_workers, progress)
    torch.set_num_threads(n_workers)
    items, held_back = (
        load_items([order.path for order in orders if order.split == split and order.path.exists()])
        for split in ("train", "held_out")
    )
    plan = Plan(n_epochs, seed=0, checkpoint=folder / "checkpoint.pt")
    network, curve = train(items, held_back, plan, on_epoch=lambda done: progress("Training", done, n_epochs))
    pairs, places = judged(network, held_back)
    changed = np.array([item.changed for item in held_back])
    scale, shift = calibrated(pairs, changed)
    entry = ModelEntry(
        file=f"{NAME}.safetensors", card=f"{NAME}.md", sha256="", licence=LICENCE, scale=scale, shift=shift,
        place_from=place_threshold(places[~changed]),
    )  # fmt: skip
    weights = {name: values.numpy() for name, values in network.state_dict().items()}
    text = card(items, held_back, pairs, curve, made=datetime.now(UTC), epochs=n_epochs)
    write_model(models, NAME, weights, entry, card=text)
    return left_out


def _orders(folder: Path, n_pairs: int) -> list[ExampleOrder]:
    counts: dict[Split, int] = {"train": n_pairs, "held_out": round(HELD_BACK_SHARE * n_pairs)}
    return [ExampleOrder(FIRST_SEED + k, split, folder / "examples") for split, n in counts.items() for k in range(n)]


def _make(orders: Sequence[ExampleOrder], n_workers: int, progress: Progress) -> list[str]:
    """Make the examples that are not there yet."""
    waiting = [order for order in orders if not order.path.exists()]
    engine = Engine(n_workers, MEMORY_BYTES, DEADLINE_S)
    left_out = []
    for done, (order, result) in enumerate(engine.run(make_example, waiting), 1):
        progress("Simulating", done, len(waiting))
        reason = result.what if isinstance(result, Failure) else result
        if reason is not None:
            left_out.append(f"Pair {order.seed} ({order.split}): {reason}")
    return left_out
