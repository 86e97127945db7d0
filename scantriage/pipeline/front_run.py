"""Makes examples of containers' fronts, trains on them, and writes the model with its card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch

from scantriage.errors import CannotLearn
from scantriage.learn.batches import load_items
from scantriage.learn.card import FRONT as SUBJECT
from scantriage.learn.card import Making
from scantriage.learn.training import Plan, train
from scantriage.pipeline.engines import Engine, Failure
from scantriage.pipeline.front_examples import FrontOrder, make_front_examples
from scantriage.pipeline.learn_run import (
    DEADLINE_S,
    HELD_BACK_SHARE,
    MEMORY_BYTES,
    SEED,
    Examples,
    one_sentence,
    refuse_few,
    write_learned,
)
from scantriage.pipeline.model import FRONT
from scantriage.pipeline.progress import Progress
from scantriage.simulate.scanner import Split

# a seed is a container with its load whichever scanners see it: none of those that pairs or undersides are made of
FIRST_SEED: dict[Split, int] = {"train": 2_600_000, "held_out": 3_600_000}


def learn_front(
    folder: Path, models: Path, *, n_containers: int, n_epochs: int, n_workers: int, progress: Progress
) -> list[str]:
    """Train the model of the front and write it; goes on where an earlier run in the folder stopped.

    Returns what was left out, one sentence each. Raises CannotLearn for too few examples, a checkpoint of another
    training, and folders that cannot be written.
    """
    counts: dict[Split, int] = {"train": n_containers, "held_out": round(HELD_BACK_SHARE * n_containers)}
    orders = {
        split: [FrontOrder(FIRST_SEED[split] + k, split, folder / "fronts") for k in range(n)]
        for split, n in counts.items()
    }
    with one_sentence(folder):
        for place in (folder / "fronts", models):
            place.mkdir(parents=True, exist_ok=True)
        left_out = _make([order for some in orders.values() for order in some], n_workers, progress)
        items, held_back = (
            load_items([path for order in some for path in order.paths if path.exists()], folder)
            for some in orders.values()
        )
        refuse_few(items, held_back, left_out)
        torch.set_num_threads(n_workers)
        plan = Plan(n_epochs, SEED, folder / "front.pt")
        trained = train(items, held_back, plan, on_epoch=lambda done: progress("Training", done, n_epochs))
        making = Making(SUBJECT, datetime.now(UTC), SEED)
        write_learned(models, FRONT, trained, Examples(items, held_back, left_out), making, n_pairs=n_containers)
    return left_out


def _make(orders: Sequence[FrontOrder], n_workers: int, progress: Progress) -> list[str]:
    """Make the examples that are not there yet; what was left out, now and earlier."""
    waiting = [order for order in orders if not order.done.exists()]
    failed: dict[FrontOrder, str] = {}
    for done, (order, result) in enumerate(
        Engine(n_workers, MEMORY_BYTES, DEADLINE_S).run(make_front_examples, waiting), 1
    ):
        progress("Simulating", done, len(waiting))
        if isinstance(result, Failure):
            if result.disk_full:
                raise CannotLearn(f"The disk is full: {order.folder}.")
            failed[order] = result.what
    reasons = {order: failed.get(order) or order.done.read_text(encoding="utf-8") for order in orders}
    return [f"Container {order.seed} ({order.split}): {reason}" for order, reason in reasons.items() if reason]
