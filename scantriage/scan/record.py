"""What is known of a scan and of a container beside the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scantriage.scan.geometry import FanGeometry
from scantriage.scan.quality import Flag

# Of a scanner that nobody described: the commonest linac. 4 MV would make a mass 17 % smaller, 9 MV 18 % larger.
USUAL_ENERGY_MV = 6.0

Role = Literal["origin", "rescan"]
ScanKind = Literal["raw", "display"]
RowOrder = Literal["top_first", "bottom_first"]


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """One scan as its sidecar, its header and its scanner's profile describe it (FORMAT: sidecar).

    container_ids: front of the truck first; one or two. kind: ``raw`` counts or a ``display`` export.
    sha256: of the image file's content. rows: the order of the detector elements in the file.
    """

    scan_id: str
    container_ids: tuple[str, ...]
    role: Role
    site: str
    acquired_at: datetime
    sha256: str
    kind: ScanKind
    scanner_id: str | None = None
    energies_mev: tuple[float, ...] | None = None
    column_pitch_mm: float | None = None
    dark_level: float | None = None
    geometry: FanGeometry | None = None
    rows: RowOrder = "top_first"
    flags: tuple[Flag, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.container_ids) <= 2:
            raise ValueError(f"a scan shows one or two containers, got {self.container_ids}")
        if self.acquired_at.tzinfo is None:
            raise ValueError(f"acquired_at of {self.scan_id} needs a time zone")

    def energy_mv(self, plane: int) -> float:
        """Endpoint energy of one of its planes, highest first; the usual one where it is not told."""
        told = self.energies_mev or ()
        return told[plane] if plane < len(told) else USUAL_ENERGY_MV


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One container's row of the manifest (FORMAT: manifest); all but the number may be missing."""

    container_id: str
    size_type: str | None = None
    hs_code: str | None = None
    goods: str | None = None
    gross_kg: float | None = None
    bill_of_lading: str | None = None
    port_of_loading: str | None = None
    port_of_discharge: str | None = None
    vessel: str | None = None
    voyage: str | None = None
    eta: datetime | None = None
    seal: str | None = None
    shipper: str | None = None
    consignee: str | None = None

    @property
    def declared_empty(self) -> bool:
        """Whether the goods are declared as an empty container."""
        return (self.goods or "").strip().lower() in {"empty", "vacio", "vazio", "leeg", "empty container"}
