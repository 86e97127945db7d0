"""State of a training after each epoch, to go on from: taken up, it gives what it would have given without a break."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from scantriage.errors import CannotLearn
from scantriage.io.whole_file import write_whole

_ELSE = "delete it, or learn in another folder"

Curve = list[dict[str, Any]]
"""Loss and scores after each epoch."""


def keep(checkpoint: Path, state: Mapping[str, Any], told: Mapping[str, Any], curve: Curve) -> None:
    """Keep all that the next epoch depends on.

    state: networks and optimiser by name. told: what makes it this training and no other.
    """
    parts = {name: part.state_dict() for name, part in state.items()}
    content = io.BytesIO()
    torch.save(parts | {"plan": told, "random": torch.get_rng_state(), "curve": json.dumps(curve)}, content)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    write_whole(checkpoint, content.getvalue())


def resume(checkpoint: Path, state: Mapping[str, Any], told: Mapping[str, Any]) -> Curve:
    """Take up where a checkpoint stopped; the curve so far. CannotLearn where it is of another training."""
    if not checkpoint.exists():
        return []
    try:
        if not zipfile.is_zipfile(checkpoint):  # what torch fails on in many ways
            raise ValueError("no checkpoint")
        kept = torch.load(checkpoint, weights_only=True)
        if kept["plan"] != told:
            differs = ", ".join(f"{name} {kept['plan'].get(name)}, not {n}" for name, n in told.items())
            raise CannotLearn(f"{checkpoint} is of another training ({differs}); {_ELSE}.")
        for name, part in state.items():
            part.load_state_dict(kept[name])
        torch.set_rng_state(kept["random"])
        curve: Curve = json.loads(kept["curve"])
    except (RuntimeError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise CannotLearn(f"{checkpoint} is damaged or of another network; {_ELSE}.") from error
    return curve
