"""What is in one container at its source and on arrival."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from scantriage.scan.container import size_of
from scantriage.simulate.cargo import Load
from scantriage.simulate.case import Label
from scantriage.simulate.commodities import draw_load
from scantriage.simulate.concealment import Hidden, Place, hide, places_in
from scantriage.simulate.solids import Solid
from scantriage.simulate.structure import Box, build_box
from scantriage.simulate.voyage import Voyage, sail

_Entry = TypeVar("_Entry", bound=str)

_LABELS: dict[Label, float] = {"clean": 0.5, "added": 0.26, "removed": 0.1, "moved": 0.06, "swapped": 0.08}
_SIZES = {"22G1": 1.0, "42G1": 1.0, "45G1": 2.0, "L5G1": 0.3, "22R1": 0.4, "45R1": 3.0, "L5R1": 0.2}

_CLEAR_M = 0.4  # along the container, between what is hidden and what is hidden beside it


@dataclass(frozen=True, slots=True)
class Stash:
    """A load that shall be hidden; None is left to chance, and so is a place that its container does not offer."""

    place: Place | None = None
    mass_kg: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a case shall be about; None is left to chance, and so is a place that its container does not offer.

    further: to be hidden beside what came, went or moved, each clear of all others; left out where it is not.
    """

    label: Label | None = None
    place: Place | None = None
    mass_kg: float | None = None
    size_type: str | None = None
    commodity: str | None = None
    further: tuple[Stash, ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """A container twice: as it left and as it arrived.

    hidden: the load in the origin scan and in the rescan. further: what is in one of them alone beside it.
    """

    label: Label
    size_type: str
    length_m: float
    height_m: float
    load: Load
    origin: tuple[Solid, ...]
    rescan: tuple[Solid, ...]
    hidden: tuple[Hidden | None, Hidden | None]
    further: tuple[tuple[Hidden, ...], tuple[Hidden, ...]] = ((), ())


def draw_contents(seed: np.random.SeedSequence, wish: Wish) -> Contents:
    """A container with its load, a voyage, and what was done to it.

    Box, load and voyage depend on the seed alone, so the same seed with another label shows the same container.
    Raises KeyError for a size type or commodity that does not exist.
    """
    box_rng, load_rng, voyage_rng, crime_rng, label_rng = (np.random.default_rng(s) for s in seed.spawn(5))
    label = wish.label or _drawn(_LABELS, label_rng)
    size_type = wish.size_type or _drawn(_SIZES, load_rng)
    size = size_of(size_type)
    if size is None:
        raise KeyError(size_type)
    box = build_box(size, box_rng)
    load = draw_load(box.room, load_rng, reefer=size.reefer, commodity=wish.commodity)
    arrived_box, arrived = box, sail(load, box.room, Voyage.draw(voyage_rng), voyage_rng)
    hidden: tuple[Hidden | None, Hidden | None] = (None, None)
    further: tuple[tuple[Hidden, ...], tuple[Hidden, ...]] = ((), ())
    if label == "swapped":
        arrived_box = build_box(size, crime_rng)
        arrived = _other_load(arrived_box, load, crime_rng)
    elif label != "clean":
        hidden = _hidden(label, box, (load, arrived), wish, crime_rng)
        further = _further(wish.further, box, (load, arrived), [one for one in hidden if one], crime_rng)
    origin, rescan = (
        (*a_box.solids, *a_load.solids, *(solid for one in (first, *others) if one for solid in one.solids))
        for a_box, a_load, first, others in zip((box, arrived_box), (load, arrived), hidden, further, strict=True)
    )
    return Contents(label, size_type, size.length_m, size.height_m, load, origin, rescan, hidden, further)


def _hidden(
    label: Label, box: Box, loads: tuple[Load, Load], wish: Wish, rng: np.random.Generator
) -> tuple[Hidden | None, Hidden | None]:
    mass_kg = wish.mass_kg or _draw_mass_kg(rng)
    if label == "added":
        return None, _hide(box, loads[1], wish.place, mass_kg, rng)
    before = _hide(box, loads[0], wish.place, mass_kg, rng)
    if label == "removed":
        return before, None
    return before, _hide(box, loads[1], None, mass_kg, rng, but=before.place)


def _further(
    stashes: Iterable[Stash], box: Box, loads: tuple[Load, Load], hidden: Iterable[Hidden], rng: np.random.Generator
) -> tuple[tuple[Hidden, ...], tuple[Hidden, ...]]:
    """Each in one of the two scans alone, where it is clear of all that is hidden already."""
    taken = [one.box for one in hidden]
    further: tuple[list[Hidden], list[Hidden]] = ([], [])
    for stash in stashes:
        end = int(rng.integers(2))
        one = _hide(box, loads[end], stash.place, stash.mass_kg or _draw_mass_kg(rng), rng)
        if all(one.box.x1 + _CLEAR_M < other.x0 or other.x1 + _CLEAR_M < one.box.x0 for other in taken):
            taken.append(one.box)
            further[end].append(one)
    return tuple(further[0]), tuple(further[1])


def _hide(
    box: Box, load: Load, place: Place | None, mass_kg: float, rng: np.random.Generator, *, but: Place | None = None
) -> Hidden:
    places = [entry for entry in places_in(box, load) if entry != but]
    if place not in places:
        # behind the doors and in the reefer's machinery is where most loads are found
        weights = np.array([{"doors": 3.0, "reefer": 2.5, "in_cargo": 1.5}.get(entry, 1.0) for entry in places])
        place = places[int(rng.choice(len(places), p=weights / weights.sum()))]
    return hide(box, load, place, mass_kg, rng)


def _draw_mass_kg(rng: np.random.Generator) -> float:
    """Half of the finds weigh less than 100 kg, one in twelve more than a tonne (Rotterdam 2023)."""
    if rng.random() < 0.85:
        return math.exp(rng.uniform(math.log(5), math.log(200)))
    return math.exp(rng.uniform(math.log(200), math.log(2_500)))


def _other_load(box: Box, load: Load, rng: np.random.Generator) -> Load:
    """Another load of the same weight under the same number."""
    while True:
        other = draw_load(box.room, rng, reefer=box.size.reefer)
        if other.units or load.units:
            return other.weighing(load.mass_kg) if other.units and load.units else other


def _drawn(table: dict[_Entry, float], rng: np.random.Generator) -> _Entry:
    weights = np.array(list(table.values()))
    return list(table)[int(rng.choice(len(table), p=weights / weights.sum()))]
