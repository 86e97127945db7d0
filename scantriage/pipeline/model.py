"""The learned part of a comparison, loaded once in each worker."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from scantriage.errors import InvalidModel
from scantriage.io.weights import ModelEntry, read_entry, read_weights

if TYPE_CHECKING:
    from scantriage.compare.judge import Opinion
    from scantriage.compare.maps import Maps

NAME = "comparison"
_CHECKOUT = Path(__file__).parents[2]
# in a checkout its own folder; a wheel brings it along as data of the environment (pyproject: data-files)
MODELS = (
    _CHECKOUT / "models"
    if (_CHECKOUT / "pyproject.toml").exists()
    else Path(sysconfig.get_path("data"), "share", "scantriage", "models")
)


@cache
def model_entry(folder: Path = MODELS) -> ModelEntry | None:
    """What the manifest says of the model in use, its file verified; None where there is none. Raises InvalidModel."""
    entry = read_entry(folder, NAME)
    if entry is not None:
        read_weights(folder, entry)
    return entry


def model_digests() -> dict[str, str]:
    """SHA-256 of the weights in use by the model's name; empty where there are none. Raises InvalidModel."""
    entry = model_entry()
    return {} if entry is None else {NAME: entry.sha256}


@cache
def load_model(folder: Path = MODELS) -> Callable[[Maps], Opinion] | None:
    """What asks the model about the maps of a comparison; None where the folder holds none. Raises InvalidModel."""
    entry = read_entry(folder, NAME)
    if entry is None:
        return None
    weights = read_weights(folder, entry)
    # imported here: the main process needs none of the numerics
    from scantriage.compare.judge import Opinion
    from scantriage.compare.learned import ask, check

    try:
        check(weights)
    except ValueError as error:
        raise InvalidModel(f"{folder / entry.file}: {error}; restore the folder.") from error

    def opinion_of(maps: Maps) -> Opinion:
        places, pair = ask(weights, maps)
        return Opinion(places[:, maps.inside] - entry.place_from, entry.scale * pair + entry.shift)

    return opinion_of
