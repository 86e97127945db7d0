"""Simulates undersides, trains the network that reads them, and writes the model with its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from scantriage.calibrate.attenuation import calibrate
from scantriage.errors import CannotLearn, ScantriageError
from scantriage.io.weights import ModelEntry, write_model
from scantriage.learn.chassis import on_chassis
from scantriage.learn.checkpoint import Curve
from scantriage.learn.underside_network import UndersideNetwork
from scantriage.learn.undersides import Undersides, read_undersides, scored, train_undersides, write_undersides
from scantriage.locate.frame import locate
from scantriage.locate.underside import LowerEdges, Underside, inputs_of
from scantriage.pipeline.engines import Engine, Failure
from scantriage.pipeline.learn_run import DEADLINE_S, LICENCE, MEMORY_BYTES, SEED, one_sentence
from scantriage.pipeline.model import UNDERSIDE
from scantriage.pipeline.progress import Progress
from scantriage.scan.container import ContainerFrame
from scantriage.simulate.bare import BareScan, simulate_bare
from scantriage.simulate.scanner import Split

# a seed is a container with its load whichever scanners see it: none of those that pairs are made of
FIRST_SEED: dict[Split, int] = {"train": 2_000_000, "held_out": 3_000_000}
HELD_BACK_SHARE = 0.1
N_CHASSIS = 6  # that each container is laid on
SCALE = (0.3, 0.5)  # of the scanners' full resolution: an underside has half a centimetre a sample


@dataclass(frozen=True, slots=True)
class UndersideOrder:
    """One container to be simulated, laid on chassis and kept in a folder."""

    seed: int
    split: Split
    folder: Path

    @property
    def path(self) -> Path:
        """Where the examples are kept; empty where the scan showed no container."""
        return self.folder / f"{self.split}-{self.seed}.npz"


def learn_undersides(
    folder: Path, models: Path, *, n_scans: int, n_epochs: int, n_workers: int, progress: Progress
) -> None:
    """Train the model of undersides and write it; goes on where an earlier run in the folder stopped.

    Raises CannotLearn where nothing can be learned, for a checkpoint of another training, and for folders that cannot
    be written.
    """
    counts: dict[Split, int] = {"train": n_scans, "held_out": max(1, round(HELD_BACK_SHARE * n_scans))}
    orders = {
        split: [UndersideOrder(FIRST_SEED[split] + k, split, folder / "undersides") for k in range(n)]
        for split, n in counts.items()
    }
    with one_sentence(folder):
        for place in (folder / "undersides", models):
            place.mkdir(parents=True, exist_ok=True)
        _make([order for some in orders.values() for order in some], n_workers, progress)
        examples, held_back = (_read(some) for some in orders.values())
        torch.set_num_threads(n_workers)
        network, curve = train_undersides(
            examples, held_back, n_epochs=n_epochs, seed=SEED, checkpoint=folder / "undersides.pt",
            on_epoch=lambda done: progress("Training", done, n_epochs),
        )  # fmt: skip
        _write(models, network, (examples, held_back), curve, n_scans=n_scans)


def make_undersides(order: UndersideOrder) -> None:
    """Simulate a container, read it, lay it on chassis, and keep what the network is shown of each."""
    rng = np.random.default_rng(order.seed)
    scan = simulate_bare(order.seed, scale=float(rng.uniform(*SCALE)), split=order.split)
    found = _underside_of(scan)
    write_undersides(order.path, [] if found is None else [_example(scan, *found, rng) for _ in range(N_CHASSIS)])


def _underside_of(scan: BareScan) -> tuple[ContainerFrame, Underside] | None:
    """The container and what the network would be asked about it; None where it is not found."""
    seen: list[Underside] = []

    def unsure(one: Underside) -> LowerEdges:
        seen.append(one)
        return LowerEdges(0.0, 0.0, 0.0, 0.0)

    try:
        image = calibrate(scan.counts, kind="raw", dark_level=round(scan.scanner.dark_counts)).image
        frame = locate(image, n_containers=1, edges_of=unsure).frames[0]
    except ScantriageError:
        return None
    return frame, seen[0]


def _example(scan: BareScan, frame: ContainerFrame, seen: Underside, rng: np.random.Generator) -> Undersides:
    first, step = float(seen.depths[0]), float(seen.depths[1] - seen.depths[0])
    rows = scan.edge_rows(frame.cols)
    near, far = ((row - float(np.mean(frame.roof_rows)) - first) / step for row in rows)
    cm = 100 * scan.size.height_m * step / (max(rows) - min(scan.roof_rows(frame.cols)))
    inputs = inputs_of(on_chassis(seen, (near, far), rng))
    return Undersides(
        inputs[np.newaxis].astype(np.float16), np.array([(near, far)], np.float32), np.array([cm], np.float32)
    )


def _make(orders: Sequence[UndersideOrder], n_workers: int, progress: Progress) -> None:
    """Simulate what is not there yet."""
    waiting = [order for order in orders if not order.path.exists()]
    engine = Engine(n_workers, MEMORY_BYTES, DEADLINE_S)
    for done, (order, result) in enumerate(engine.run(make_undersides, waiting), 1):
        progress("Simulating", done, len(waiting))
        if isinstance(result, Failure):
            raise CannotLearn(
                f"The disk is full: {order.folder}." if result.disk_full else f"Scan {order.seed}: {result.what}."
            )


def _read(orders: Sequence[UndersideOrder]) -> Undersides:
    parts = [part for order in orders if (part := read_undersides(order.path)) is not None]
    if not parts:
        raise CannotLearn(f"No container was found in {len(orders)} simulated scans; ask for more.")
    return Undersides.joined(parts)


def _write(
    models: Path, network: UndersideNetwork, examples: tuple[Undersides, Undersides], curve: Curve, *, n_scans: int
) -> None:
    entry = ModelEntry(
        file=f"{UNDERSIDE}.safetensors", card=f"{UNDERSIDE}.md", sha256="", licence=LICENCE, n_pairs=n_scans
    )
    weights = {name: values.contiguous().numpy() for name, values in network.state_dict().items()}
    write_model(models, UNDERSIDE, weights, entry, card=_card(network, examples, curve))


def _card(network: UndersideNetwork, examples: tuple[Undersides, Undersides], curve: Curve) -> str:
    learned, held_back = examples
    rows = "\n".join(
        "| " + " | ".join(f"{value:.3g}" for value in row.values()) + " |" for row in curve[:: max(1, len(curve) // 6)]
    )
    told = "\n".join(f"| {name} | {value:.3g} |" for name, value in scored(network, held_back).items())
    names = " | ".join(curve[0])
    return f"""# Model of undersides

Tells where a container's lower edges at the near and at the far wall show in a scan. Input: what the columns around the
floor have in common (`scantriage/locate/underside.py`); output: a probability for every depth.

- Made {datetime.now(UTC):%Y-%m-%d} by `scantriage learn-undersides`, {len(curve)} epochs, seed {SEED}.
- Data: {len(learned.cm)} simulated undersides, each container on {N_CHASSIS} chassis drawn by chance. No real scan was
  used.
- Measured on {len(held_back.cm)} undersides of other containers by other scanners, on such chassis:

| lowest edge | |
|---|---|
{told}

Limits: scans in attenuation only, no display exports; knows steel beams across, as ISO containers have them. Where no
edge is sure to 2 cm the floor is sought without it. What it is worth stands in docs/decisions/0023-undersides.md.

Curve:

| {names} |
|{"---|" * len(curve[0])}
{rows}
"""
