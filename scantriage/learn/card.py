"""The card of a model: what it was made from, what it can do, and what it cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.learn.batches import Item
from scantriage.learn.checkpoint import Curve
from scantriage.learn.scores import area
from scantriage.simulate.scanner import N_SCANNERS

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a model reads. title, tells: the card's first words. command: that makes it. limits: what it cannot tell."""

    title: str
    tells: str
    command: str
    limits: str


COMPARISON = Subject(
    "Model of the comparison",
    """Tells loads that came or went from what voyages and machines do to a comparison of two scans. Input: the maps of
a comparison (`scantriage/compare/learned_inputs.py`); output: log-odds for every place and for the pair.""",
    "learn",
    """Limits: knows only what the simulator knows; loads of the density of the goods around them do not show; pairs of
display exports and scanners without geometry are few among the examples. The learned log-odds are one item of the
evidence beside the findings, never an outcome of their own.""",
)
FRONT = Subject(
    "Model of the front",
    """Tells loads that came to or went from a container's front (a reefer's machinery, the front wall) from what
machines do to a comparison of two scans. Input: the maps of the front, on cells of half the comparison's size
(`scantriage/compare/levelled.py`, `scantriage/compare/learned_inputs.py`); output: log-odds for every place there and
for the front.""",
    "learn-front",
    """Limits: knows only what the simulator knows, machinery above all. Not asked of display exports, nor where neither
scan shows which end has the doors. Its answer counts with the comparison's, never as an outcome of its own.""",
)


@dataclass(frozen=True, slots=True)
class Making:
    """What was made, when, from which seed, and the digest of the model that it went on from, if any."""

    subject: Subject
    at: datetime
    seed: int
    onward_from: str | None = None

    @property
    def command(self) -> str:
        """What made it."""
        onward = f" --onward` from the model {self.onward_from[:16]}" if self.onward_from else "`"
        return f"`scantriage {self.subject.command}{onward}"


def card(
    items: Sequence[Item], held_back: Sequence[Item], answers: FloatArray, curve: Curve, making: Making
) -> str:  # fmt: skip
    """Markdown. answers: (N,) of the pairs held back, whose scanners were never trained on. curve: a row an epoch."""
    rows = "\n".join(f"| {name} | {n} | {ours} | {peak} |" for name, n, ours, peak in _rows(held_back, answers))
    last = curve[-1]
    opposite = float(np.mean([item.opposite for item in items]))
    places = len({item.place for item in items if item.place})
    return f"""# {making.subject.title}

{making.subject.tells}

- Made {making.at:%Y-%m-%d} by {making.command}, {len(curve)} epochs, seed {making.seed};
  last training loss {last["loss"]:.3f}.
- Data: {len(items)} simulated pairs by {N_SCANNERS["train"]} random scanners ({_counts(items)}), loads in {places}
  kinds of places, {opposite:.0%} from opposite sides. No real scan was used.
- Measured on {len(held_back)} simulated pairs by {N_SCANNERS["held_out"]} other scanners ({_counts(held_back)});
  scale and shift of the answer and the threshold of places were set on them too, the weights were not.

| loads against clean pairs | loads | area, learned | area, largest significance |
|---|---|---|---|
{rows}

{making.subject.limits}

Curve (loss, and areas on the pairs held back):

| epoch | loss | pair | places |
|---|---|---|---|
{_curve(curve)}
"""


def _counts(items: Sequence[Item]) -> str:
    return ", ".join(f"{n} {label}" for label, n in Counter(item.label for item in items).most_common())


def _rows(items: Sequence[Item], answers: FloatArray) -> list[tuple[str, int, str, str]]:
    peaks = np.array([item.peak for item in items])
    clean = np.array([not item.changed for item in items])
    loads = np.array([item.label in ("added", "removed") for item in items])
    kg = np.array([item.shown_kg for item in items])
    opposite, known = (np.array([getattr(item, name) for item in items]) for name in ("opposite", "known"))
    groups = {
        "all that was done": ~clean,
        "20 kg net and more": loads & (kg >= 20),
        "40 kg net and more": loads & (kg >= 40),
        "20 kg, same side": loads & (kg >= 20) & ~opposite,
        "20 kg, opposite sides": loads & (kg >= 20) & opposite,
        "20 kg, geometry known": loads & (kg >= 20) & known,
        "20 kg, geometry guessed": loads & (kg >= 20) & ~known,
        "swapped": np.array([item.label == "swapped" for item in items]),
    }
    return [
        (name, int(of.sum()), f"{area(answers[of], answers[clean]):.3f}", f"{area(peaks[of], peaks[clean]):.3f}")
        for name, of in groups.items()
        if of.any()
    ]


def _curve(curve: Curve) -> str:
    return "\n".join(
        f"| {row['epoch']} | {row['loss']:.3f} | {row['whole']:.3f} | {row['places']:.3f} |" for row in curve
    )
