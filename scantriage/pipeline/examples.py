"""Simulated pairs, read as the main job reads them, kept with their truth to learn from."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scantriage.compare.maps import Maps
from scantriage.errors import ScantriageError
from scantriage.io.whole_file import write_whole
from scantriage.learn.example import Example, marked, write_example
from scantriage.pipeline.pair_run import ComparedScans, compare_scans
from scantriage.pipeline.prepare import ScanSource, StageClock
from scantriage.pipeline.simulate_run import write_scan
from scantriage.simulate.case import Label, SimulatedCase
from scantriage.simulate.concealment import Place
from scantriage.simulate.contents import Stash, Wish
from scantriage.simulate.display import export_case
from scantriage.simulate.pair import simulate_pair
from scantriage.simulate.scanner import Split

# To half of the pairs something was done, though it is to one in a thousand: what is rare cannot be learned from.
LABELS: dict[Label, float] = {"added": 0.56, "removed": 0.26, "moved": 0.07, "swapped": 0.11}
MASS_KG = (5.0, 600.0)  # evenly on a logarithmic scale: what fills a wall or a floor has its own look
AS_FOUND_SHARE = 0.2  # of the loads are as heavy as their kind is in the field: up to a tonne, in door and floor
SCALE = (0.3, 0.45)  # of the scanners' full resolution; cells are far larger than its pixels
DISPLAY_SHARE = 0.08
# Where least is found: more to learn from.
HARD_PLACES: tuple[Place, ...] = (
    "front_wall", "side_wall", "underfloor", "in_cargo", "in_cartons", "pallet", "reefer",
)  # fmt: skip
HARD_SHARE = 0.6  # of the loads go there where the container offers it, beside those that chance puts there
# Beside the first, at most: what a simulated container teaches is its loads. Alone where it is held back, as in a port.
MOST_FURTHER: dict[Split, int] = {"train": 5, "held_out": 0}
EMPTY_SHARE = 0.08  # beside those that chance draws: little else is on the floor there, and little else to learn from


@dataclass(frozen=True, slots=True)
class ExampleOrder:
    """One pair to be simulated, read and kept in a folder.

    seed: an even one and the odd one after it are the same container on the same voyage through the same scanners,
    with something done to it and without: who remembers the container has not learned which of the two it is.
    """

    seed: int
    split: Split
    folder: Path

    @property
    def container(self) -> int:
        """The seed of container, voyage and scanners."""
        return self.seed // 2

    @property
    def clean(self) -> bool:
        """Whether nothing is done to the container."""
        return self.seed % 2 == 1

    @property
    def path(self) -> Path:
        """Where the example is kept."""
        return self.folder / f"{self.split}-{self.seed}.npz"

    @property
    def refusal(self) -> Path:
        """Where it is kept why there is none."""
        return self.path.with_suffix(".txt")


def drawn_wish(rng: np.random.Generator, n_further: int) -> Wish:
    """What shall be done to a container to learn from, with up to n_further loads beside the first."""
    label = list(LABELS)[int(rng.choice(len(LABELS), p=list(LABELS.values())))]
    commodity = "empty" if rng.random() < EMPTY_SHARE else None
    first, *others = (_drawn_stash(rng) for _ in range(1 + int(rng.integers(n_further + 1))))
    return Wish(label, first.place, first.mass_kg, commodity=commodity, further=tuple(others))


def _drawn_stash(rng: np.random.Generator) -> Stash:
    mass_kg = None if rng.random() < AS_FOUND_SHARE else float(np.exp(rng.uniform(*np.log(MASS_KG))))
    place = HARD_PLACES[int(rng.integers(len(HARD_PLACES)))] if rng.random() < HARD_SHARE else None
    return Stash(place, mass_kg)


def make_example(order: ExampleOrder) -> str | None:
    """Simulate, read and keep one pair; the reason in words, kept too, where it cannot be compared."""
    rng = np.random.default_rng([order.container, 2])
    wish, scale = drawn_wish(rng, MOST_FURTHER[order.split]), float(rng.uniform(*SCALE))
    if order.clean:
        wish = replace(wish, label="clean")
    case = simulate_pair(order.container, scale=scale, split=order.split, wish=wish)
    if rng.random() < DISPLAY_SHARE:
        case = export_case(case, rng, scale=scale)
    try:
        pair = read_case(case)
    except ScantriageError as error:
        order.folder.mkdir(parents=True, exist_ok=True)
        write_whole(order.refusal, error.sentence.encode())
        return error.sentence
    write_example(order.path, example_of(case, pair, pair.compared.maps, container=order.container))
    return None


def read_case(case: SimulatedCase) -> ComparedScans:
    """Read the first container of a simulated vehicle as the main job does. Raises ScantriageError."""
    manifest = case.manifest[0]
    with tempfile.TemporaryDirectory() as folder:
        origin, rescan = (
            ScanSource(write_scan(Path(folder), scan), scan.record, manifest.container_id)
            for scan in (case.origin, case.rescan)
        )
        return compare_scans(origin, rescan, manifest, StageClock())


def example_of(case: SimulatedCase, pair: ComparedScans, maps: Maps, *, container: int) -> Example:
    """Maps of a pair with their truth. container: a number that pairs of one container share."""
    truth = case.truths[0]
    x_m = _true_x(case, pair, maps)
    masks = np.zeros((2, *maps.channels.shape[1:]), dtype=np.uint8)
    if truth.container_box is not None:
        came = truth.label != "removed"
        masks[0 if came else 1][marked(truth.container_box, x_m, maps)] = 1
    if truth.moved_from is not None:
        masks[1][marked(truth.moved_from, x_m, maps)] = 1
    for number, load in enumerate(truth.further, 2):
        masks[0 if load.came else 1][marked(load.box, x_m, maps)] = number
    return Example(
        maps=maps,
        masks=masks,
        label=truth.label,
        net_kg=(truth.net_kg, *(load.net_kg for load in truth.further)),
        place=truth.place or "",
        commodity=truth.commodity,
        opposite=case.opposite_sides,
        container=container,
    )


def _true_x(case: SimulatedCase, pair: ComparedScans, maps: Maps) -> NDArray[np.float64]:
    """(S,) where each slab of the comparison really lies along the container, metres from its front."""
    n_slabs = maps.channels.shape[2]
    slabs = (np.arange(n_slabs) + 0.5) * maps.circumstances.cell_x_m
    columns = pair.registered.origin.placement.columns(slabs) - 0.5
    true_m = case.origin.passage.x_m
    return np.asarray(np.interp(columns, np.arange(len(true_m)), true_m))
