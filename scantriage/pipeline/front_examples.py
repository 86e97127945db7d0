"""Simulated fronts of containers, read as the main job reads them, kept with their truth to learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scantriage.compare.pair import front_maps
from scantriage.errors import ScantriageError
from scantriage.io.whole_file import write_whole
from scantriage.learn.example import write_example
from scantriage.pipeline.examples import SCALE, example_of, read_case
from scantriage.simulate.case import SimulatedCase, Truth
from scantriage.simulate.concealment import Place
from scantriage.simulate.contents import Wish
from scantriage.simulate.pair import simulate_pair
from scantriage.simulate.scanner import Split

MASS_KG = (5.0, 400.0)  # evenly on a logarithmic scale
# Of the containers: a reefer's machinery has most to learn from.
REEFERS, DRY = {"45R1": 0.45, "22R1": 0.15, "L5R1": 0.05}, {"45G1": 0.15, "22G1": 0.1, "42G1": 0.07, "L5G1": 0.03}
# Whether origin scan and rescan have the load in them, of the four pairs that two and two scans make.
LOADED = ((False, False), (False, True), (True, False), (True, True))
MACHINERY_SHARE = 0.75  # of the loads in reefers; the rest stands at the front wall, as nearly all in dry boxes do
BY_CHANCE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class FrontOrder:
    """One container to be simulated twice on one voyage through the same scanners, with a load and without.

    Each of the two origin scans makes a pair with each of the two rescans: added, removed, nothing done, and nothing
    done with the load in both.
    """

    seed: int
    split: Split
    folder: Path

    def path(self, loaded: tuple[bool, bool]) -> Path:
        """Where the pair is kept whose origin scan, or rescan, has the load in it."""
        return self.folder / f"{self.split}-{self.seed}-{loaded[0]:d}{loaded[1]:d}.npz"

    @property
    def paths(self) -> list[Path]:
        """Of all four."""
        return [self.path(loaded) for loaded in LOADED]

    @property
    def done(self) -> Path:
        """Kept, empty or with reasons, once all that can be compared are there."""
        return self.folder / f"{self.split}-{self.seed}.txt"


def front_wish(rng: np.random.Generator) -> Wish:
    """A load at a container's front."""
    sizes = {**REEFERS, **DRY}
    size_type = list(sizes)[int(rng.choice(len(sizes), p=np.array(list(sizes.values())) / sum(sizes.values())))]
    in_machinery = size_type in REEFERS and rng.random() < MACHINERY_SHARE
    place: Place = "reefer" if in_machinery else "front_wall"
    mass_kg = float(np.exp(rng.uniform(*np.log(MASS_KG))))
    return Wish("added", None if rng.random() < BY_CHANCE_SHARE else place, mass_kg, size_type=size_type)


def make_front_examples(order: FrontOrder) -> None:
    """Simulate, read and keep the pairs of one container, and why some of them cannot be compared."""
    rng = np.random.default_rng([order.seed, 3])
    wish, scale = front_wish(rng), float(rng.uniform(*SCALE))
    added, removed = (
        simulate_pair(order.seed, scale=scale, split=order.split, wish=replace(wish, label=label))
        for label in ("added", "removed")
    )
    reasons = []
    for loaded in LOADED:
        case = _paired(added, removed, loaded)
        if case is None:
            continue
        try:
            pair = read_case(case)
        except ScantriageError as error:
            reasons.append(error.sentence)
            continue
        if any(scan.frame.doors is not None for scan in pair.scans):
            example = example_of(case, pair, front_maps(pair.compared), container=order.seed)
            if not example.masks.any():  # to its front nothing was done
                example = replace(example, label="clean", place="", net_kg=(0.0,))
            write_example(order.path(loaded), example)
    order.folder.mkdir(parents=True, exist_ok=True)
    write_whole(order.done, " ".join(dict.fromkeys(reasons)).encode())


def _paired(added: SimulatedCase, removed: SimulatedCase, loaded: tuple[bool, bool]) -> SimulatedCase | None:
    """Origin scan and rescan, each with the load or without; None where it lies differently in the two."""
    if loaded == (False, True):
        return added
    if loaded == (True, False):
        return removed
    (came,), (went,) = added.truths, removed.truths
    if all(loaded) and came.container_box != went.container_box:
        return None
    truth = Truth(came.container_id, "clean", came.commodity, came.size_type)
    origin, rescan = (removed.origin, added.rescan) if loaded[0] else (added.origin, removed.rescan)
    return replace(added, origin=origin, rescan=rescan, truths=(truth,))
