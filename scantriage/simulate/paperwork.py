"""Numbers, ports, dates and names that go with simulated scans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from scantriage.scan.container import check_digit
from scantriage.scan.record import ManifestEntry
from scantriage.simulate.cargo import Load

_OWNERS = ("CMAU", "HLBU", "MAEU", "MNBU", "MSCU", "SUDU", "TEMU", "TCLU", "OOLU", "CAIU", "SEGU", "TRHU")
_SOURCES = ("ECGYE", "ECPSJ", "COCTG", "COSMR", "CRMOB", "PAONX", "BRSSZ", "BRPNG", "PECLL", "DOCAU", "CLSAI", "GTSTC")
_PORTS = ("NLRTM",) * 6 + ("NLVLI", "NLMOE", "BEANR", "DEHAM")
_FIRST_DAY = datetime(2026, 10, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trip:
    """From where to where and when a container was scanned."""

    source: str
    port: str
    left: datetime
    arrived: datetime


def draw_trip(rng: np.random.Generator) -> Trip:
    """A trip of two to five weeks."""
    left = _FIRST_DAY + timedelta(seconds=int(rng.integers(86_400)))
    arrived = left + timedelta(days=int(rng.integers(14, 35)), seconds=int(rng.integers(86_400)))
    return Trip(_SOURCES[int(rng.integers(len(_SOURCES)))], _PORTS[int(rng.integers(len(_PORTS)))], left, arrived)


def draw_container_id(rng: np.random.Generator) -> str:
    """A container number with its check digit."""
    start = f"{_OWNERS[int(rng.integers(len(_OWNERS)))]}{int(rng.integers(1_000_000)):06d}"
    return f"{start}{check_digit(start)}"


def draw_manifest(container_id: str, size_type: str, load: Load, trip: Trip, rng: np.random.Generator) -> ManifestEntry:
    """The manifest's row; its weight is declared to about two per cent."""
    return ManifestEntry(
        container_id=container_id,
        size_type=size_type,
        hs_code=load.hs_code or None,
        goods=load.goods,
        gross_kg=float(round(load.mass_kg * rng.normal(1, 0.02))),
        bill_of_lading=f"BL{int(rng.integers(100_000)):05d}",
        port_of_loading=trip.source,
        port_of_discharge=trip.port,
        vessel="MV SIMULATED",
        eta=trip.arrived,
        seal=f"S{int(rng.integers(1_000_000)):06d}",
        shipper=f"SHIPPER-{int(rng.integers(40))}",
        consignee=f"CONSIGNEE-{int(rng.integers(60))}",
    )
