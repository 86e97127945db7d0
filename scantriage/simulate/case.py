"""One simulated case: a container (or two on one vehicle), its two scans, and the truth about what was done to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scantriage.scan.finding import Zone
from scantriage.scan.geometry import MetreBox, PixelBox
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.simulate.concealment import Place
from scantriage.simulate.passage import Passage
from scantriage.simulate.scanner import ScannerModel, Split

Label = Literal["clean", "added", "removed", "moved", "swapped"]


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedScan:
    """counts: (E, R, C) uint16, highest energy first, columns in time order. record: what its sidecar says."""

    counts: NDArray[np.uint16]
    record: ScanRecord
    scanner: ScannerModel
    passage: Passage


@dataclass(frozen=True, slots=True)
class FurtherLoad:
    """What came or went beside the load that a truth tells of; its net mass and where it lay, as there."""

    came: bool
    net_kg: float
    box: MetreBox


@dataclass(frozen=True, slots=True)
class Truth:
    """What was really done to one container.

    mass_kg: of what was hidden; net_kg: less the goods that made room for it. container_box: where it really
    lies (for ``moved``, in the rescan); moved_from: for ``moved``, where it lay before. rescan_box, origin_box:
    where it shows, or would show, in the pixels of the two scans (for ``moved``, each where it lay then).
    """

    container_id: str
    label: Label
    commodity: str
    size_type: str
    place: Place | None = None
    zone: Zone | None = None
    mass_kg: float = 0.0
    net_kg: float = 0.0
    container_box: MetreBox | None = None
    moved_from: MetreBox | None = None
    rescan_box: PixelBox | None = None
    origin_box: PixelBox | None = None
    further: tuple[FurtherLoad, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedCase:
    """One vehicle's origin scan and rescan, and for each container on it the manifest's row and the truth."""

    origin: SimulatedScan
    rescan: SimulatedScan
    manifest: tuple[ManifestEntry, ...]
    truths: tuple[Truth, ...]
    split: Split

    @property
    def opposite_sides(self) -> bool:
        """Whether the two sources stood on opposite sides of the container."""
        origin, rescan = (
            scan.passage.source_y_sign(scan.scanner.geometry.source_side) for scan in (self.origin, self.rescan)
        )
        return origin != rescan
