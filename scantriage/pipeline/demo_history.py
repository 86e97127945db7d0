"""Sixty days of made-up work before the demonstration's own day: scans, readings, decisions, outcomes.

Nobody scanned anything: there are no files behind it. One thing happens that monitoring should notice: from the
fortieth day on loads on one flow are not hidden behind the doors any more but in reefer machinery, and more of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection, insert

from scantriage.pipeline.day_plan import plan_day
from scantriage.pipeline.demo_delivery import VESSELS
from scantriage.scan.container import check_digit
from scantriage.scan.finding import Finding, Reading, Zone
from scantriage.scan.geometry import MetreBox
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, Role, ScanRecord
from scantriage.store.database import Database
from scantriage.store.deliveries import add_manifest, note_delivery
from scantriage.store.encoding import digest, utc_text
from scantriage.store.readings import put_reading
from scantriage.store.scans import StoredScan, put_scan
from scantriage.store.schema import contents

N_DAYS = 60
_N_A_DAY = 40
_N_UNSEEN = 2  # a day: containers of the manifest that no scan shows
_DELIVERY = "demonstration"
_TURN_DAY, _TURNING = 40, "ECGYE-NLRTM"
_RATE, _RISEN = 0.035, 0.16  # of containers that hold a load or look as if

_FLOWS = {
    "ECGYE-NLRTM": 0.24, "ECGYE-BEANR": 0.16, "BRSSZ-NLRTM": 0.16, "BRSSZ-BEANR": 0.08, "COCTG-NLRTM": 0.12,
    "CRMOB-NLVLI": 0.08, "PAONX-NLRTM": 0.06, "CLSAI-DEHAM": 0.1,
}  # fmt: skip
_GOODS = {"0803": "bananas", "0804": "fruit", "0306": "shrimp", "0901": "coffee", "4407": "timber", "6203": "garments"}
_ZONES: dict[Zone, float] = {"door_end": 0.5, "cargo": 0.25, "floor": 0.1, "roof": 0.1, "reefer_unit": 0.05}
_X_M: dict[Zone, float] = {"door_end": 11.2, "cargo": 5.0, "floor": 7.0, "roof": 6.0, "reefer_unit": 0.1}

_Name = TypeVar("_Name", bound=str)


@dataclass(frozen=True, slots=True)
class PastContainer:
    """A container of the past. suspected: that its reading shows a load."""

    container_id: str
    arrived: datetime
    flow: str
    reading: Reading
    suspected: bool


def write_past(database: Database, *, now: datetime, rng: np.random.Generator) -> list[PastContainer]:
    """Write the scans, manifests and readings of sixty days up to the midnight before ``now``, oldest first."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    past = [one for day in range(N_DAYS) for one in _day(day, midnight - timedelta(days=N_DAYS - day), rng)]
    with database.writing() as connection:
        note_delivery(connection, _DELIVERY, at=midnight - timedelta(days=N_DAYS))
        for one in past:
            _write_scans(connection, one, rng)
        for day in range(N_DAYS):
            _write_unseen(connection, day, midnight - timedelta(days=N_DAYS - day), rng)
    plans = {plan.container_id: plan for plan in plan_day(database).containers}
    with database.writing() as connection:
        for one in past:
            put_reading(connection, plans[one.container_id].key, one.reading, at=one.arrived)
    return past


def _day(day: int, midnight: datetime, rng: np.random.Generator) -> Iterator[PastContainer]:
    minutes = np.sort(rng.uniform(5 * 60, 20 * 60, _N_A_DAY))
    for n, minute in enumerate(minutes):
        start = f"DEMU{day * 1000 + n:06d}"
        flow = _drawn(_FLOWS, rng)
        turned = flow == _TURNING and day >= _TURN_DAY
        suspected = bool(rng.random() < (_RISEN if turned else _RATE))
        zone: Zone = "reefer_unit" if turned and rng.random() < 0.8 else _drawn(_ZONES, rng)
        reading = _suspected(zone, rng) if suspected else _ordinary(rng)
        arrived = midnight + timedelta(minutes=float(minute))
        yield PastContainer(f"{start}{check_digit(start)}", arrived, flow, reading, suspected)


def _suspected(zone: Zone, rng: np.random.Generator) -> Reading:
    x0, sigma, mass_kg = _X_M[zone], rng.uniform(3.6, 7), float(np.exp(rng.uniform(np.log(15), np.log(150))))
    box = MetreBox(x0, x0 + 0.5, 0.3, 1.1)
    finding = Finding("added", zone, sigma, box, mass_kg=mass_kg, mass_kg_sd=mass_kg / 8)
    return _reading(rng, learned=float(rng.uniform(3.5, 7)), findings=(finding,))


def _ordinary(rng: np.random.Generator) -> Reading:
    if rng.random() < 0.02:
        return Reading("not_comparable", "The container's outline is unclear and the scans agree poorly (0.41 of 1).")
    return _reading(rng, learned=float(rng.normal(-1.2, 0.5)))


def _reading(rng: np.random.Generator, *, learned: float, findings: tuple[Finding, ...] = ()) -> Reading:
    flags = (Flag.DEAD_ROWS,) if rng.random() < 0.05 else ()
    return Reading(
        "compared", agreement=float(rng.beta(40, 3)), learned=learned, blind_fraction=float(rng.beta(2, 25)),
        findings=findings, flags=flags, stage_ms={"compare": float(rng.normal(250, 20))},
    )  # fmt: skip


def _write_scans(connection: Connection, one: PastContainer, rng: np.random.Generator) -> None:
    source, port = one.flow.split("-")
    made: tuple[tuple[Role, str, timedelta], ...] = (
        ("origin", source, timedelta(days=float(rng.uniform(16, 26)))), ("rescan", port, timedelta(0))
    )  # fmt: skip
    for role, site, before in made:
        at = (one.arrived - before).replace(microsecond=0)
        scan_id = f"{site}-{one.container_id}-{at:%Y%m%dT%H%M%SZ}"
        record = ScanRecord(
            scan_id, (one.container_id,), role, site, at, digest(_DELIVERY, scan_id), "raw",
            scanner_id=f"{site[2:]}-{int(rng.integers(1, 3))}", energies_mev=(6.0, 4.0),
        )  # fmt: skip
        path = Path("scans", record.sha256[:2], f"{record.sha256}.tif")
        kept = {"sha256": record.sha256, "path": str(path), "n_bytes": 0, "kept_at": utc_text(at)}
        connection.execute(insert(contents).values(kept))
        put_scan(connection, StoredScan(record, path, f"{scan_id}.tif", "used"), at=at)
    add_manifest(connection, _DELIVERY, [_entry(one.container_id, one.flow, rng)], at=one.arrived)


def _write_unseen(connection: Connection, day: int, midnight: datetime, rng: np.random.Generator) -> None:
    for n in range(_N_UNSEEN):
        start = f"DEMU{900_000 + day * 10 + n:06d}"
        entry = _entry(f"{start}{check_digit(start)}", _drawn(_FLOWS, rng), rng)
        add_manifest(connection, _DELIVERY, [entry], at=midnight + timedelta(hours=6))


def _entry(container_id: str, flow: str, rng: np.random.Generator) -> ManifestEntry:
    loading, discharge = flow.split("-")
    code = list(_GOODS)[int(rng.choice(len(_GOODS), p=(0.4, 0.15, 0.1, 0.15, 0.1, 0.1)))]
    return ManifestEntry(
        container_id, "45R1" if code.startswith("0") else "45G1", code, _GOODS[code],
        gross_kg=float(rng.integers(12, 26)) * 1000, port_of_loading=loading, port_of_discharge=discharge,
        vessel=VESSELS[int(rng.integers(len(VESSELS)))], shipper=f"SHIPPER-{int(rng.integers(40))}",
        consignee=f"CONSIGNEE-{int(rng.integers(60))}",
    )  # fmt: skip


def _drawn(shares: dict[_Name, float], rng: np.random.Generator) -> _Name:
    values = np.array(list(shares.values()))
    return list(shares)[int(rng.choice(len(values), p=values / values.sum()))]
