"""Trains the network of a comparison: seeded, resumable, with its curve kept."""

from __future__ import annotations

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
DECAY = 1e-3
RISING = 0.15  # of the steps, while the rates rise; then they fall
LOADED_CELL = 15.0  # weight of a cell with a load: one in a hundred holds one
PAIR_SHARE = 0.3  # of the loss, from the pair as a whole; the rest from its places
AVERAGE = 0.998  # of the weights over steps, fewer at first: what is kept changes more smoothly than what is trained


@dataclass(frozen=True, slots=True)
class Rates:
    """Highest learning rates. filters: of steps whose singular values are all about one. rest: AdamW's."""

    filters: float
    rest: float


AFRESH = Rates(filters=0.02, rest=3e-3)  # at 0.05 what was held back had 0.013 less after six epochs over 4,100 pairs
# Weights that had learned from 33,000 pairs had 0.005 less after three epochs over an eighth of these; at 0.02 they had
# 0.007 less after twelve over two thirds: they learned well what they saw, and forgot the rest.
ONWARD = Rates(filters=0.005, rest=1e-3)


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
    def rates(self) -> Rates:
        """Gentler for weights that have learned before."""
        return AFRESH if self.start is None else ONWARD


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
    optimisers = optimisers_of(network, plan.rates)
    state: dict[str, Any] = {"network": network, "average": average, **optimisers}
    told: dict[str, Any] = {"epochs": plan.n_epochs, "pairs": len(items), "seed": plan.seed}
    if plan.start is not None:
        told["from"] = plan.start.sha256
    curve = resume(plan.checkpoint, state, told)
    n_batches = len(groups(items, BATCH, None))
    for epoch in range(len(curve), plan.n_epochs):
        rng = np.random.default_rng([plan.seed, epoch])
        epoch_batches = (batch_of([items[k] for k in group], rng) for group in groups(items, BATCH, rng))
        n_before = epoch * n_batches
        schedules = [_schedule(one, n_before, plan.n_epochs * n_batches) for one in optimisers.values()]
        loss = _epoch(network, average, schedules, epoch_batches, n_before=n_before)
        curve.append({"epoch": epoch, "loss": loss, **scores_of(average, held_back).as_row()})
        keep(plan.checkpoint, state, told, curve)
        on_epoch(epoch + 1)
    return average.eval(), curve


def _load(network: Network, start: Start) -> None:
    try:
        network.load_state_dict({name: torch.from_numpy(values) for name, values in start.weights.items()})
    except RuntimeError as error:
        raise CannotLearn("The model to go on from is of another network; learn from nothing.") from error


def optimisers_of(network: Network, rates: Rates) -> dict[str, torch.optim.Optimizer]:
    """Muon for filters of 3 by 3, AdamW for the few weights that are none. The network's channels must lie last."""
    filters = [values for values in network.parameters() if _is_filter(values)]
    rest = [values for values in network.parameters() if not _is_filter(values)]
    return {
        "filters": FilterMuon(filters, rates.filters),
        "rest": torch.optim.AdamW(rest, rates.rest, weight_decay=DECAY),
    }


def _is_filter(values: Tensor) -> bool:
    return values.shape[2:] == (3, 3)


class FilterMuon(torch.optim.Muon):
    """Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon) for filters: each as a matrix in the same memory.

    A row is what makes one channel. Of channels that all tell of the same thing, as depths laid upon each other do,
    gradients are nearly of one rank; made orthogonal, what tells them apart is learned as fast as what they share.
    """

    def __init__(self, filters: Sequence[nn.Parameter], rate: float) -> None:
        self._filters = filters
        super().__init__([nn.Parameter(_rows(one.detach())) for one in filters], rate, weight_decay=0)

    def step(self, closure: None = None) -> None:  # type: ignore[override]  # nothing is computed again
        """One step of all filters by their gradients."""
        for rows, one in zip(self.param_groups[0]["params"], self._filters, strict=True):
            rows.grad = None if one.grad is None else _rows(one.grad)
        super().step(closure)  # type: ignore[no-untyped-call]  # torch's own


def _rows(filters: Tensor) -> Tensor:
    """(O, 9 * C) view of (O, C, 3, 3) whose channels lie last in memory."""
    return filters.permute(0, 2, 3, 1).view(len(filters), -1)


def _schedule(optimiser: torch.optim.Optimizer, n_before: int, n_steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning rate's rise and fall over n_steps, taken up after n_before."""
    most = optimiser.defaults["lr"]
    return torch.optim.lr_scheduler.OneCycleLR(
        optimiser, most, total_steps=n_steps, pct_start=RISING, cycle_momentum=False, last_epoch=n_before - 1
    )


def _epoch(
    network: Network,
    average: Network,
    schedules: Sequence[torch.optim.lr_scheduler.LRScheduler],
    epoch: Iterator[Batch],
    *,
    n_before: int,
) -> float:
    """One epoch, n_before batches after the first; the mean loss."""
    network.train()
    losses = []
    for n_done, batch in enumerate(epoch, n_before + 1):
        loss = loss_of(network, batch)
        network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        for schedule in schedules:
            schedule.optimizer.step()
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
    masks, told = batch.masks, (batch.inside & batch.located[:, None, None])[:, None].to(maps.dtype)
    weight = told * (batch.counts * LOADED_CELL + (1 - masks))
    places = entropy(maps, masks, weight, reduction="sum") / batch.inside.sum() / 2
    pairs = entropy(whole, batch.changed, batch.weights)
    pooled = entropy(strongest(maps).amax(1), batch.changed, batch.weights * batch.located)
    return places * 4 + PAIR_SHARE * (pairs + pooled)
