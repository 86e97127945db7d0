"""A scan's sidecar (FORMAT: sidecar)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scantriage.errors import InvalidSidecar
from scantriage.io.fields import (
    STRICT,
    ContainerNumber,
    DarkLevel,
    Energies,
    Moment,
    PitchMm,
    PossibleGeometry,
    SafeId,
    ScannerId,
    Site,
    no_constant,
    validated,
)
from scantriage.io.limits import RefusedFileError, read_limited
from scantriage.scan.record import Role

MAX_SIDECAR_BYTES = 256 * 1024  # a full one has 500 bytes


class Sidecar(BaseModel):
    """What a sidecar says; fields it may have beyond these are kept in ``unknown`` and ignored."""

    model_config = STRICT | ConfigDict(extra="allow")

    scan_id: SafeId
    container_id: ContainerNumber | None = None
    container_ids: Annotated[tuple[ContainerNumber, ...], Field(min_length=1, max_length=2)] | None = None
    role: Role
    site: Site
    acquired_at: Moment
    scanner_id: ScannerId | None = None
    energies_mev: Energies | None = None
    column_pitch_mm: PitchMm | None = None
    dark_level: DarkLevel | None = None
    geometry: PossibleGeometry | None = None

    @model_validator(mode="after")
    def _names_containers(self) -> Self:
        if not self.containers:
            raise ValueError("it has no container_id")
        if self.container_id and self.container_id not in self.containers:
            raise ValueError("container_id is not among container_ids")
        if len(set(self.containers)) < len(self.containers):
            raise ValueError("container_ids names one container twice")
        return self

    @property
    def containers(self) -> tuple[str, ...]:
        """Container numbers, front of the truck first."""
        return self.container_ids or ((self.container_id,) if self.container_id else ())

    @property
    def unknown(self) -> dict[str, Any]:
        """The fields that FORMAT does not know."""
        return dict(self.model_extra or {})


def read_sidecar(path: Path) -> Sidecar:
    """Parse and check a sidecar; a container number with a wrong check digit is kept.

    InvalidSidecar: missing, too large, not JSON, or a field is wrong; one sentence names file and field.
    """
    try:
        text = read_limited(path, max_bytes=MAX_SIDECAR_BYTES).decode("utf-8-sig")
        fields = json.loads(text, parse_constant=no_constant)
    except RefusedFileError as refusal:
        raise InvalidSidecar(f"{path.name} {refusal}.") from refusal
    except (ValueError, RecursionError) as error:
        raise InvalidSidecar(f"{path.name} is not JSON ({_short(error)}).") from error
    if not isinstance(fields, dict):
        raise InvalidSidecar(f"{path.name} is not a JSON object.")
    return validated(Sidecar, fields, name=path.name, error=InvalidSidecar)


def _short(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(error)[:120]
