"""Trains the network that reads undersides: seeded, resumable, with its curve kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scantriage.errors import CannotLearn
from scantriage.io.whole_file import write_whole
from scantriage.learn.checkpoint import Curve, keep, resume
from scantriage.learn.underside_network import UndersideNetwork

BATCH = 64
MOST_RATE = 3e-3
DECAY = 1e-2
EDGE_SD = 1.5  # samples: how sharply an edge is known
FURTHEST = 25  # samples by which an example is moved: an outline's roof is not always found
JITTER = (0.05, 0.03)  # of each input as a whole, and at each depth
WITHIN_CM = (2.0, 4.0, 10.0)  # by which it is told how far off the edges found are


@dataclass(frozen=True, slots=True, eq=False)
class Undersides:
    """Examples to learn from or to measure on.

    inputs: (N, N_INPUTS, D) of `locate.underside.inputs_of`. edges: (N, 2) sample of the near and the far lower edge.
    cm: (N,) centimetres in a sample.
    """

    inputs: NDArray[np.float16]
    edges: NDArray[np.float32]
    cm: NDArray[np.float32]

    @classmethod
    def joined(cls, parts: Sequence[Undersides]) -> Undersides:
        """All of them, in order."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("inputs", "edges", "cm")))


def write_undersides(path: Path, examples: Sequence[Undersides]) -> None:
    """Keep these examples of one container, none where it was not found; whole or not at all."""
    content = io.BytesIO()
    np.savez_compressed(content, **asdict(Undersides.joined(examples)) if examples else {})
    write_whole(path, content.getvalue())


def read_undersides(path: Path) -> Undersides | None:
    """Read what `write_undersides` wrote; None where that is nothing, CannotLearn where it is damaged."""
    try:
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            return Undersides(file["inputs"], file["edges"], file["cm"]) if file.files else None
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CannotLearn(f"{path} is damaged; delete it.") from error


def train_undersides(
    examples: Undersides,
    held_back: Undersides,
    *,
    n_epochs: int,
    seed: int,
    checkpoint: Path,
    on_epoch: Callable[[int], None],
) -> tuple[UndersideNetwork, Curve]:
    """Train; returns the network and the curve, measured on what was held back.

    Taken up from its checkpoint it gives the same network as without a break. Raises CannotLearn for a checkpoint of
    another training.
    """
    torch.manual_seed(seed)
    network = UndersideNetwork()
    _scaled_to(network, examples)
    optimiser = torch.optim.AdamW(network.parameters(), MOST_RATE, weight_decay=DECAY)
    n_batches = -(-len(examples.edges) // BATCH)
    told = {"epochs": n_epochs, "examples": len(examples.edges), "seed": seed}
    state: dict[str, Any] = {"network": network, "optimiser": optimiser}
    curve = resume(checkpoint, state, told)
    for epoch in range(len(curve), n_epochs):
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, MOST_RATE, total_steps=n_batches * n_epochs, last_epoch=epoch * n_batches - 1
        )
        loss = _epoch(network, optimiser, schedule, examples)
        curve.append({"epoch": epoch, "loss": loss, **scored(network, held_back)})
        keep(checkpoint, state, told, curve)
        on_epoch(epoch + 1)
    return network.eval(), curve


def scored(network: UndersideNetwork, examples: Undersides) -> dict[str, float]:
    """Median error of the lowest edge, centimetres, and shares of examples in which it is off by more."""
    off = np.abs(errors_cm(network, examples))
    return {"median cm": float(np.median(off)), **{f"over {cm:g} cm": float(np.mean(off > cm)) for cm in WITHIN_CM}}


def errors_cm(network: UndersideNetwork, examples: Undersides) -> NDArray[np.float64]:
    """(N,) how much too low the lowest of both edges is found."""
    network.eval()
    with torch.no_grad():
        answers = torch.cat(
            [network(_tensor(part)) for part in np.array_split(examples.inputs, -(-len(examples.cm) // BATCH))]
        )
    found = answers.numpy().argmax(axis=2).max(axis=1)
    return np.asarray((found - examples.edges.max(axis=1)) * examples.cm, np.float64)


def _scaled_to(network: UndersideNetwork, examples: Undersides) -> None:
    """Let the network take its inputs as these examples have them: around 0, one wide."""
    inputs = examples.inputs.astype(np.float32)
    network.get_buffer("mean").copy_(torch.from_numpy(inputs.mean(axis=(0, 2))))
    network.get_buffer("spread").copy_(torch.from_numpy(inputs.std(axis=(0, 2)) + 1e-3))


def _epoch(
    network: UndersideNetwork,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    examples: Undersides,
) -> float:
    """Each example once; the mean loss."""
    network.train()
    losses = []
    spread = network.get_buffer("spread")[:, None]
    for batch in torch.split(torch.randperm(len(examples.edges)), BATCH):
        by = int(torch.randint(-FURTHEST, FURTHEST + 1, ()))
        inputs = torch.roll(_tensor(examples.inputs[batch.numpy()]), by, dims=2)
        for size, n in zip(JITTER, (1, inputs.shape[2]), strict=True):
            inputs = inputs + size * spread * torch.randn(len(batch), len(spread), n)
        edges = torch.from_numpy(examples.edges[batch.numpy()]) + by
        loss = loss_of(network(inputs), edges)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


def loss_of(answers: Tensor, edges: Tensor) -> Tensor:
    """Cross entropy between answers of (B, 2, D) and where the edges of (B, 2) lie; of those that are in view."""
    depths = torch.arange(answers.shape[2], dtype=answers.dtype)
    in_view = ((edges > 1) & (edges < answers.shape[2] - 2)).to(answers.dtype)
    true = torch.softmax(-((depths - edges[..., None]) ** 2) / (2 * EDGE_SD**2), dim=2)
    entropy = -(true * torch.log_softmax(answers, dim=2)).sum(dim=2)
    return (entropy * in_view).sum() / in_view.sum().clamp(min=1)


def _tensor(inputs: NDArray[np.float16]) -> Tensor:
    return torch.from_numpy(inputs.astype(np.float32))
