"""Weights of networks as files: safetensors, with a manifest that holds their digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter
from safetensors import SafetensorError
from safetensors.numpy import load, save

from scantriage.errors import InvalidModel
from scantriage.io.fields import SafeId
from scantriage.io.limits import RefusedFileError, read_limited
from scantriage.io.whole_file import write_whole

MANIFEST = "manifest.json"
MAX_BYTES = 50_000_000  # the network of the comparison takes one

Number = Annotated[float, Field(allow_inf_nan=False)]
Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """What the manifest says of a model.

    file, card: in the manifest's folder. sha256: of the file. licence: SPDX. n_pairs: seeds that it has learned from,
    of the comparison's model pairs, counted from the first: who goes on from it takes those after. Of that model
    alone: scale, shift, what turns the network's answer for a pair into log-odds at even prior; place_from, log-odds
    of a place from which it counts.
    """

    file: SafeId
    card: SafeId
    sha256: str
    licence: str
    n_pairs: Annotated[int, Field(ge=0)]
    scale: Number = 1.0
    shift: Number = 0.0
    place_from: Number = 0.0


_entries: TypeAdapter[dict[str, ModelEntry]] = TypeAdapter(dict[str, ModelEntry])


def read_entry(folder: Path, name: str) -> ModelEntry | None:
    """The manifest's entry of a model; None where there is no manifest. Raises InvalidModel."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    entries = _read_manifest(path)
    if name not in entries:
        raise InvalidModel(f"{path} names no model {name!r}; restore the folder.")
    return entries[name]


def read_weights(folder: Path, entry: ModelEntry) -> Weights:
    """The weights of a model by name; raises InvalidModel when the file is not the one that the manifest names."""
    path = folder / entry.file
    try:
        content = read_limited(path, max_bytes=MAX_BYTES)
    except RefusedFileError as refusal:
        raise InvalidModel(f"{path} {refusal}; restore it.") from refusal
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise InvalidModel(f"{path} is not the file that {MANIFEST} names (another SHA-256); restore both.")
    try:
        return load(content)
    except SafetensorError as error:
        raise InvalidModel(f"{path} is not a safetensors file; restore it.") from error


def write_model(
    folder: Path, name: str, weights: Mapping[str, NDArray[np.float32]], entry: ModelEntry, *, card: str
) -> None:
    """Write weights, card and manifest entry, which gets the digest of the file.

    Each file appears whole, the manifest last: until then the folder holds the old model, or is refused.
    """
    content = save(dict(weights))
    path = folder / MANIFEST
    entries = _read_manifest(path) if path.exists() else {}
    entries[name] = replace(entry, sha256=hashlib.sha256(content).hexdigest())
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / entry.file, content)
    write_whole(folder / entry.card, card.encode())
    told = json.dumps(_entries.dump_python(entries, exclude_defaults=True), indent=2, sort_keys=True)
    write_whole(path, f"{told}\n".encode())


def _read_manifest(path: Path) -> dict[str, ModelEntry]:
    try:
        return _entries.validate_json(read_limited(path))
    except RefusedFileError as refusal:
        raise InvalidModel(f"{path} {refusal}; restore it.") from refusal
    except ValueError as error:
        raise InvalidModel(f"{path} is not a manifest of models; restore it.") from error
