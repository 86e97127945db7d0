"""The learned part of a comparison, loaded once in each worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from scantriage.errors import InvalidModel
from scantriage.io.weights import read_entry, read_weights

if TYPE_CHECKING:
    from scantriage.compare.judge import Opinion
    from scantriage.compare.maps import Maps

MODELS = Path(__file__).parents[2] / "models"
NAME = "comparison"


@dataclass(frozen=True, slots=True)
class Model:
    """digest: SHA-256 of the weights. judge: its opinion of the maps of a comparison."""

    digest: str
    judge: Callable[[Maps], Opinion]


@cache
def model_digests(folder: Path = MODELS) -> dict[str, str]:
    """SHA-256 of the weights in use by the model's name, as the manifest tells; empty where there are none."""
    entry = read_entry(folder, NAME)
    return {} if entry is None else {NAME: entry.sha256}


@cache
def load_model(folder: Path = MODELS) -> Model | None:
    """The model of the comparison; None where the folder holds none. Raises InvalidModel."""
    entry = read_entry(folder, NAME)
    if entry is None:
        return None
    weights = read_weights(folder, entry)
    # imported here: torch takes seconds to load, and only workers that compare need it
    from scantriage.compare.judge import Opinion
    from scantriage.compare.learned import ask, network_of

    try:
        network = network_of(weights)
    except ValueError as error:
        raise InvalidModel(f"{folder / entry.file}: {error}; restore the folder.") from error

    def judge(maps: Maps) -> Opinion:
        places, pair = ask(network, maps)
        return Opinion(places - entry.place_from, entry.scale * pair + entry.shift)

    return Model(entry.sha256, judge)
