"""The fields that sidecars and scanner profiles share, and how a wrong one is told."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from scantriage.errors import UnusableInput
from scantriage.io.moments import from_rfc3339
from scantriage.scan.container import container_numbers
from scantriage.scan.geometry import FanGeometry

_Model = TypeVar("_Model", bound=BaseModel)

STRICT = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)

# ids become file names: no separator, no leading dot, nothing a shell or a browser would read otherwise
SafeId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=128)]
ScannerId = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f/\\]+$", min_length=1, max_length=128)]
Height = Annotated[float, Field(ge=-5, le=20)]


def _container_number(text: str) -> str:
    numbers = container_numbers(text)
    if len(numbers) != 1 or len(text) > 16:
        raise ValueError("should be a container number: four letters and seven digits (ISO 6346)")
    return numbers[0]


def _highest_first(energies: tuple[float, ...]) -> tuple[float, ...]:
    if list(energies) != sorted(energies, reverse=True):
        raise ValueError("should list the highest energy first")
    return energies


ContainerNumber = Annotated[str, AfterValidator(_container_number)]
Site = Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z0-9]{3}$")]  # UN/LOCODE
Energies = Annotated[
    tuple[Annotated[float, Field(gt=0.1, le=25)], ...],
    Field(min_length=1, max_length=4),
    AfterValidator(_highest_first),
]
PitchMm = Annotated[float, Field(ge=0.1, le=200)]
DarkLevel = Annotated[float, Field(ge=0)]


class Geometry(BaseModel):
    """The ``geometry`` object of FORMAT, checked by `FanGeometry` itself; fields of its own are ignored."""

    model_config = STRICT | ConfigDict(extra="ignore")

    layout: Literal["plane", "arc"]
    source_distance_m: Annotated[float, Field(gt=0, le=100)]
    source_height_m: Height
    source_side: Literal["left", "right"]
    view_height_m: tuple[Height, Height]

    def as_fan(self) -> FanGeometry:
        """The geometry as the numerics know it; ValueError where it cannot be."""
        return FanGeometry(
            self.layout, self.source_distance_m, self.source_height_m, self.source_side, self.view_height_m
        )


def _possible(geometry: Geometry) -> Geometry:
    geometry.as_fan()
    return geometry


PossibleGeometry = Annotated[Geometry, AfterValidator(_possible)]


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("should be a text")
    return from_rfc3339(value)


Moment = Annotated[datetime, BeforeValidator(_moment)]


def no_constant(name: str) -> float:
    """Refuse NaN and Infinity, which JSON does not have and Python's reader accepts."""
    raise ValueError(f"{name} is not a JSON number")


def validated(model: type[_Model], fields: Any, *, name: str, error: type[UnusableInput]) -> _Model:
    """The model that ``fields`` describe; else ``error`` with one sentence that names file and field."""
    try:
        # as JSON, where also a strict model takes lists for tuples; only TOML has dates, and no field wants one
        return model.model_validate_json(json.dumps(fields, default=str))
    except RecursionError:
        raise error(f"{name} cannot be used: it is nested too deeply.") from None
    except ValidationError as failure:
        first = failure.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        raise error(f"{name} has no {place}.", field=place)
    reason = first["msg"].removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    raise error(f"{name} cannot be used: {f'{place} is wrong ({reason})' if place else reason}.", field=place)
