"""Trains the network of a comparison: seeded, resumable, with its curve kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scantriage.errors import CannotLearn
from scantriage.learn.batches import Batch, Item, batch_of, groups
from scantriage.learn.checkpoint import Curve, keep, resume
from scantriage.learn.network import Network, strongest
from scantriage.learn.scores import scores_of

BATCH = 8
MOST_RATE = 3e-3
# Of weights that have learned before, seen to gain over 19,799 pairs. Over 1,600 pairs 2e-3 lost in an epoch what three
# did not give back; at 5e-4 inputs that are new beside them stay too small to count.
ONWARD_RATE = 1.5e-3
DECAY = 1e-3
LOADED_CELL = 15.0  # weight of a cell with a load: one in a hundred holds one
PAIR_SHARE = 0.3  # of the loss, from the pair as a whole; the rest from its places
# Shares of the epochs after which the rate rises anew, each cycle longer (warm restarts: Loshchilov and Hutter 2017).
CYCLES = (0, 6 / 52, 13 / 52, 24 / 52, 40 / 52, 1)
AVERAGE = 0.998  # of the weights over steps, fewer at first: what is kept changes more smoothly than what is trained


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Weights to go on from, by the names that torch gives them, and the digest of their file."""

    weights: Mapping[str, NDArray[np.float32]]
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train. checkpoint: where the state is kept after every epoch, to go on from. start: None from nothing."""

    n_epochs: int
    seed: int
    checkpoint: Path
    start: Start | None = None

    @property
    def most_rate(self) -> float:
        """The highest learning rate of a cycle."""
        return MOST_RATE if self.start is None else ONWARD_RATE

    @property
    def cycles(self) -> tuple[float, ...]:
        """Shares of the epochs at which cycles of the learning rate begin and end."""
        return CYCLES if self.start is None else (0, 1)


def train(
    items: Sequence[Item], held_back: Sequence[Item], plan: Plan, *, on_epoch: Callable[[int], None]
) -> tuple[Network, Curve]:
    """Train on items; returns the averaged network and the curve: losses and scores on what was held back.

    Taken up from its checkpoint it gives the same network as without a break. Raises CannotLearn for a checkpoint
    of another training: other numbers of epochs or pairs, another network or start; and for a start of another network.
    """
    torch.manual_seed(plan.seed)
    network, average = Network(), Network()
    if plan.start is not None:
        _load(network, plan.start)
    average.load_state_dict(network.state_dict())
    for one in (network, average):
        one.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a tenth faster
    optimiser = torch.optim.AdamW(network.parameters(), plan.most_rate, weight_decay=DECAY)
    state: dict[str, Any] = {"network": network, "average": average, "optimiser": optimiser}
    told: dict[str, Any] = {"epochs": plan.n_epochs, "pairs": len(items), "seed": plan.seed}
    if plan.start is not None:
        told["from"] = plan.start.sha256
    curve = resume(plan.checkpoint, state, told)
    n_batches = len(groups(items, BATCH, None))
    for epoch in range(len(curve), plan.n_epochs):
        rng = np.random.default_rng([plan.seed, epoch])
        epoch_batches = (batch_of([items[k] for k in group], rng) for group in groups(items, BATCH, rng))
        schedule = _schedule(optimiser, epoch, plan, n_batches)
        loss = _epoch(network, average, optimiser, schedule, epoch_batches, n_before=epoch * n_batches)
        curve.append({"epoch": epoch, "loss": loss, **scores_of(average, held_back).as_row()})
        keep(plan.checkpoint, state, told, curve)
        on_epoch(epoch + 1)
    return average.eval(), curve


def _load(network: Network, start: Start) -> None:
    try:
        network.load_state_dict({name: torch.from_numpy(values) for name, values in start.weights.items()})
    except RuntimeError as error:
        raise CannotLearn("The model to go on from is of another network; learn from nothing.") from error


def _schedule(
    optimiser: torch.optim.Optimizer, epoch: int, plan: Plan, n_batches: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning rate's rise and fall within the cycle that the epoch belongs to, taken up where the epoch begins."""
    ends = [round(share * plan.n_epochs) for share in plan.cycles]
    begin, end = next((first, last) for first, last in itertools.pairwise(ends) if first <= epoch < last)
    return torch.optim.lr_scheduler.OneCycleLR(
        optimiser, plan.most_rate, total_steps=n_batches * (end - begin), pct_start=0.15,
        last_epoch=(epoch - begin) * n_batches - 1,
    )  # fmt: skip


def _epoch(
    network: Network,
    average: Network,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    epoch: Iterator[Batch],
    *,
    n_before: int,
) -> float:
    """One epoch, n_before batches after the first; the mean loss."""
    network.train()
    losses = []
    for n_done, batch in enumerate(epoch, n_before + 1):
        loss = loss_of(network, batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        _follow(average, network, n_done)
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _follow(average: Network, network: Network, n_steps: int) -> None:
    """Let the averaged weights follow; early ones, soon outdated, are forgotten sooner."""
    share = min(AVERAGE, (1 + n_steps) / (10 + n_steps))
    with torch.no_grad():
        for kept, new in zip(average.parameters(), network.parameters(), strict=True):
            kept.lerp_(new, 1 - share)


def loss_of(network: Network, batch: Batch) -> Tensor:
    """Cross entropy of places and of pairs; loaded cells count more, loads too light to be seen less.

    Another load altogether has no place: such pairs say nothing of their places.
    """
    with torch.autocast("cpu", torch.bfloat16):  # half the time where processors have it; weights stay as they are
        halves = network(batch.inputs.contiguous(memory_format=torch.channels_last), batch.inside)
    maps, whole = (answer.float() for answer in halves)
    entropy = nn.functional.binary_cross_entropy_with_logits
    told = (batch.inside & batch.located[:, None, None])[:, None].to(maps.dtype)
    weight = told * (batch.places[:, None, None, None] * batch.masks * LOADED_CELL + (1 - batch.masks))
    places = entropy(maps, batch.masks, weight, reduction="sum") / batch.inside.sum() / 2
    pairs = entropy(whole, batch.changed, batch.pairs)
    pooled = entropy(strongest(maps).amax(1), batch.changed, batch.places)
    return places * 4 + PAIR_SHARE * (pairs + pooled)
