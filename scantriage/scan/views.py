"""The pictures of a container on its own grid: maps for one drawn picture, and layers for looking closely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.geometry import ContainerGrid

LayerQuantity = Literal["attenuation", "relative", "sigma", "flags", "counts"]
# of each class, attenuation at the lower energy over attenuation at the higher one
DualCurves = Mapping[str, Sequence[float]]

# flags of the layer `blind`, which add up: what could not be compared, and why
BLIND = {1: "origin_unseen", 2: "origin_not_penetrated", 4: "rescan_unseen", 8: "rescan_not_penetrated"}


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """What the codes of a layer of 16-bit pixels mean, and where they lie.

    Code 0 says that nothing is there, but in ``flags`` and ``counts``, where it is a value; every other code c
    stands for offset + scale * c. The centre of pixel (row, col) lies at x = x0_m + (col + 0.5) * dx_m, z = top_m -
    (row + 0.5) * dz_m: metres of the container, of ``counts`` metres along the file and above its last row.

    quantity: ``attenuation``; ``relative`` (of a display export); ``sigma``, standard deviations; ``flags``, sums of
    `BLIND`; ``counts``, as delivered. effective_cm2_g, hardening: mass thickness is a * (1 + hardening * a) /
    effective_cm2_g; None where the scan is uncalibrated. dark, air: counts without beam and in the open beam.
    flipped: the doors passed first.
    """

    quantity: LayerQuantity
    rows: int
    cols: int
    x0_m: float
    top_m: float
    dx_m: float
    dz_m: float
    scale: float = 1.0
    offset: float = 0.0
    energy_mv: float | None = None
    effective_cm2_g: float | None = None
    hardening: float | None = None
    dark: float | None = None
    air: float | None = None
    flipped: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ViewLayer:
    """A layer. codes: (rows, cols) uint16, as its facts say."""

    facts: LayerFacts
    codes: NDArray[np.uint16]

    def __post_init__(self) -> None:
        if self.codes.shape != (self.facts.rows, self.facts.cols) or self.codes.dtype != np.uint16:
            raise ValueError(f"codes are {self.codes.dtype} {self.codes.shape}, and the facts say {self.facts}")

    def values(self) -> NDArray[np.float32]:
        """(rows, cols) what the codes stand for; NaN where nothing is there."""
        values = self.codes * np.float32(self.facts.scale) + np.float32(self.facts.offset)
        if self.facts.quantity not in ("flags", "counts"):
            values[self.codes == 0] = np.nan
        return values


@dataclass(frozen=True, slots=True)
class FineFacts:
    """All of `FineViews` but the pixels. files: the layers ``*_file`` that are cut from the scans as delivered."""

    length_m: float
    height_m: float
    layers: Mapping[str, LayerFacts]
    files: Mapping[str, LayerFacts] = field(default_factory=dict)
    dual: Mapping[str, DualCurves] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class FineViews:
    """What an analyst looks at closely: layers on the container's own axes (docs/viewer.md lists their names).

    files: facts of the layers that are the scans as delivered; their pixels stay in the files. dual: per scan with
    two energies.
    """

    length_m: float
    height_m: float
    layers: Mapping[str, ViewLayer]
    files: Mapping[str, LayerFacts] = field(default_factory=dict)
    dual: Mapping[str, DualCurves] = field(default_factory=dict)

    @property
    def facts(self) -> FineFacts:
        """What is said about them."""
        layers = {name: layer.facts for name, layer in self.layers.items()}
        return FineFacts(self.length_m, self.height_m, layers, self.files, self.dual)


@dataclass(frozen=True, slots=True, eq=False)
class PairViews:
    """What was compared, on one grid of R rows and C columns (front wall at column 0, top first).

    origin, rescan: (R, C) float32 attenuation, the rescan registered to the origin scan; one is None for a
    single scan. difference: (R, C) float32, rescan - origin. significance: (R, C) float32, in standard
    deviations, zero where not usable. usable: (R, C) bool, True where both could be read. fine: the same, to be
    looked at closely.
    """

    grid: ContainerGrid
    origin: NDArray[np.float32] | None
    rescan: NDArray[np.float32] | None
    difference: NDArray[np.float32] | None
    significance: NDArray[np.float32] | None
    usable: NDArray[np.bool_]
    fine: FineViews | None = None
