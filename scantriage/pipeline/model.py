"""What was learned, loaded once in each worker: of comparisons, of containers' fronts, and of undersides."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from scantriage.errors import InvalidModel
from scantriage.io.weights import ModelEntry, Weights, read_entry, read_weights

if TYPE_CHECKING:
    from scantriage.compare.judge import Opinion
    from scantriage.compare.maps import Maps
    from scantriage.locate.underside import LowerEdges, Underside

NAME, FRONT, UNDERSIDE = "comparison", "front", "underside"
_CHECKOUT = Path(__file__).parents[2]
# in a checkout its own folder; a wheel brings it along as data of the environment (pyproject: data-files)
MODELS = (
    _CHECKOUT / "models"
    if (_CHECKOUT / "pyproject.toml").exists()
    else Path(sysconfig.get_path("data"), "share", "scantriage", "models")
)


@cache
def model_entries(folder: Path = MODELS) -> dict[str, ModelEntry]:
    """What the manifest says of each model in use, files verified; empty where there is none. Raises InvalidModel."""
    entries = {name: entry for name in (NAME, FRONT, UNDERSIDE) if (entry := read_entry(folder, name)) is not None}
    for entry in entries.values():
        read_weights(folder, entry)
    return entries


def model_digests() -> dict[str, str]:
    """SHA-256 of the weights in use by the model's name; empty where there are none. Raises InvalidModel."""
    return {name: entry.sha256 for name, entry in model_entries().items()}


@cache
def load_model(folder: Path = MODELS) -> Callable[[Maps], Opinion] | None:
    """What asks the model about the maps of a comparison; None where the folder holds none. Raises InvalidModel."""
    return _opinions(folder, NAME)


@cache
def load_front(folder: Path = MODELS) -> Callable[[Maps], Opinion] | None:
    """What asks about the maps of a container's front; None where the folder holds no model. Raises InvalidModel."""
    return _opinions(folder, FRONT)


def _opinions(folder: Path, name: str) -> Callable[[Maps], Opinion] | None:
    entry = read_entry(folder, name)
    if entry is None:
        return None
    # imported here: the main process needs none of the numerics
    from scantriage.compare.judge import Opinion
    from scantriage.compare.learned import ask, check

    weights = _checked(folder, entry, check)

    def opinion_of(maps: Maps) -> Opinion:
        places, pair = ask(weights, maps)
        return Opinion(places[:, maps.inside] - entry.place_from, entry.scale * pair + entry.shift)

    return opinion_of


@cache
def load_underside(folder: Path = MODELS) -> Callable[[Underside], LowerEdges] | None:
    """What tells where an underside shows its edges; None where the folder holds no model. Raises InvalidModel."""
    entry = read_entry(folder, UNDERSIDE)
    if entry is None:
        return None
    from scantriage.locate.underside import check, lower_edges

    return partial(lower_edges, _checked(folder, entry, check))


def _checked(folder: Path, entry: ModelEntry, check: Callable[[Weights], None]) -> Weights:
    weights = read_weights(folder, entry)
    try:
        check(weights)
    except ValueError as error:
        raise InvalidModel(f"{folder / entry.file}: {error}; restore the folder.") from error
    return weights
