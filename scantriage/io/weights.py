"""Weights of networks as files: safetensors, with a manifest that holds their digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from scantriage.errors import InvalidModel

MANIFEST = "manifest.json"
MAX_BYTES = 50_000_000  # the network of the comparison takes one


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """What the manifest says of a model.

    file, card: in the manifest's folder. sha256: of the file. licence: SPDX. scale, shift: what turns the
    network's answer for a pair into log-odds at even prior. place_from: log-odds of a place from which it counts.
    """

    file: str
    card: str
    sha256: str
    licence: str
    scale: float
    shift: float
    place_from: float


def read_entry(folder: Path, name: str) -> ModelEntry | None:
    """The manifest's entry of a model; None where there is no manifest. Raises InvalidModel."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        return ModelEntry(**json.loads(path.read_text())[name])
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise InvalidModel(f"{path} has no valid entry for the model {name!r}; restore the folder.") from error


def read_weights(folder: Path, entry: ModelEntry) -> dict[str, NDArray[np.float32]]:
    """The weights of a model by name; raises InvalidModel when the file is not the one that the manifest names."""
    path = folder / Path(entry.file).name
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidModel(f"{path} is larger than any model; restore it.")
        content = path.read_bytes()
    except OSError as error:
        raise InvalidModel(f"{path} cannot be read; restore it.") from error
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise InvalidModel(f"{path} is not the file that {MANIFEST} names (another SHA-256); restore both.")
    try:
        return load(content)
    except SafetensorError as error:
        raise InvalidModel(f"{path} is not a safetensors file; restore it.") from error


def write_model(
    folder: Path, name: str, weights: Mapping[str, NDArray[np.float32]], entry: ModelEntry, *, card: str
) -> None:
    """Write weights, card and manifest entry; the entry's digest is that of the file."""
    folder.mkdir(parents=True, exist_ok=True)
    content = save(dict(weights))
    (folder / entry.file).write_bytes(content)
    (folder / entry.card).write_text(card)
    path = folder / MANIFEST
    entries = json.loads(path.read_text()) if path.exists() else {}
    entries[name] = asdict(entry) | {"sha256": hashlib.sha256(content).hexdigest()}
    path.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n")
