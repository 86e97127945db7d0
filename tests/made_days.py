"""Seeded days of a workspace, written straight into its tables: for monitoring, not for reading scans."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import insert

from scantriage.store import accounts
from scantriage.store.encoding import digest, utc_text
from scantriage.store.schema import contents, deliveries, manifest_entries, readings, scan_containers, scans
from scantriage.store.workbench_schema import (
    assignments,
    decisions,
    inspections,
    queue_rows,
    tip_verdicts,
    tips,
)

LAST = datetime(2026, 10, 29, tzinfo=UTC)  # midnight after the last day
FLOWS = {
    "ECGYE-NLRTM": 0.22, "ECGYE-BEANR": 0.18, "BRSSZ-NLRTM": 0.15, "BRSSZ-BEANR": 0.08, "COCTG-NLRTM": 0.1,
    "CRLIO-NLVLI": 0.08, "PABLB-NLRTM": 0.05, "PECLL-NLVLI": 0.05, "CLSAI-DEHAM": 0.05, "DOCAU-BEANR": 0.04,
}  # fmt: skip
COMMODITIES = {"08": 0.45, "03": 0.1, "09": 0.1, "44": 0.1, "72": 0.05, "39": 0.1, "20": 0.1}
ZONES = {"door_end": 0.35, "cargo": 0.35, "reefer_unit": 0.15, "floor": 0.1, "roof": 0.05}
SCANNERS = {
    "ECGYE": ("GYE-gantry-1", "GYE-portal-2"),
    "BRSSZ": ("SSZ-1", "SSZ-2"),
    "NLRTM": ("RTM-1", "RTM-2", "RTM-3"),
}
RISE_DAY, RISING = 65, "ECGYE-NLRTM"
RATE, RISEN = 0.02, 0.07
_PART = 5000


class Days:
    """``n_days`` days of ``n_a_day`` containers, the last before `LAST`; flags of one flow rise on day `RISE_DAY`."""

    def __init__(self, database, *, n_days=90, n_a_day=300, seed=1):
        self.database, self.n_days, self.n_a_day = database, n_days, n_a_day
        self.rng = np.random.default_rng(seed)
        self.analysts = [self._account(name, "analyst") for name in ("anna", "bram", "chris")]

    def _account(self, name, role):
        with self.database.writing() as connection:
            return accounts.add_account(
                connection, name=name, display_name=name.capitalize(), role=role, sites=(), password_hash=None,
                at=LAST - timedelta(days=200),
            )  # fmt: skip

    def write(self):
        n = 0
        with self.database.writing() as connection:
            connection.execute(insert(deliveries).values(path="made", received_at=utc_text(LAST)))
            self._unseen(connection)
            for day in range(self.n_days):
                rows = {table: [] for table in (contents, scans, scan_containers, readings, queue_rows)}
                work = {table: [] for table in (assignments, decisions, inspections)}
                for _ in range(self.n_a_day):
                    self._container(day, n, rows, work)
                    n += 1
                for table, made in (rows | work).items():
                    for start in range(0, len(made), _PART):
                        connection.execute(insert(table), made[start : start + _PART])
            self._projected(connection)

    def _draw(self, shares):
        return list(shares)[np.searchsorted(np.cumsum(list(shares.values())), self.rng.random() * 0.9999)]

    def _container(self, day, n, rows, work):
        rng = self.rng
        box, at = (
            f"TSTU{n:07d}",
            LAST - timedelta(days=self.n_days - day) + timedelta(seconds=float(rng.uniform(0, 86000))),
        )
        flow, commodity, zone = self._draw(FLOWS), self._draw(COMMODITIES), self._draw(ZONES)
        rate = RISEN if flow == RISING and day >= RISE_DAY else RATE
        flagged = rng.random() < rate
        priority = float(rng.uniform(0.026, 0.6) ** 1.5 + 0.026) if flagged else float(rng.beta(0.5, 60) / 3)
        priority = priority if flagged else min(priority, 0.025)
        outcome = str(rng.choice(["compared", "single", "not_comparable", "unprocessable"], p=[0.86, 0.1, 0.03, 0.01]))
        origin_site, port = flow.split("-")
        shots = [("origin", origin_site, at - timedelta(days=18)), ("rescan", port, at)]
        digests = [self._scan(box, role, site, moment, rows) for role, site, moment in shots]
        if outcome == "single":
            digests[0 if rng.random() < 0.7 else 1] = None
        blind = float(rng.beta(2, 20)) + (0.25 if commodity == "72" else 0)
        flags = ["dead_rows"] * int(rng.random() < 0.03) + ["low_agreement"] * int(rng.random() < 0.04)
        reading = {"agreement": float(rng.beta(30, 2)) if outcome == "compared" else None,
                   "blind_fraction": blind if outcome in ("compared", "single") else None, "flags": flags}  # fmt: skip
        read_as = f"d{n}"
        rows[readings].append({
            "container_id": box, "digest": read_as, "origin_sha256": digests[0], "rescan_sha256": digests[1],
            "outcome": outcome, "reading": json.dumps(reading) + " " * 1500, "total_ms": 900.0, "made_at": utc_text(at),
        })  # fmt: skip
        old = day < self.n_days - 2
        state = ("referred" if flagged else "released") if old else "waiting"
        rows[queue_rows].append({
            "container_id": box, "reading_digest": read_as, "rank": n + 1, "priority": priority, "outcome": outcome,
            "action": "inspect_at_port" if flagged else "none", "place": port if flagged else None,
            "zone": zone if flagged or rng.random() < 0.3 else None, "why": "made", "vessel": "MV Made", "due_at": None,
            "flow": flow, "commodity": commodity, "acquired_at": utc_text(at), "row": "{}" + " " * 1500,
            "manifest": json.dumps({"consignee": "Made"}), "ranked_at": utc_text(at), "state": state,
            "state_at": utc_text(at),
        })  # fmt: skip
        if old:
            self._decision(box, read_as, at, port, flagged, priority, zone, work)

    def _scan(self, box, role, site, at, rows):
        sha, scan_id = digest(box, role), f"{site}-{box}-{role}"
        names = SCANNERS.get(site, (f"{site[2:]}-1",))
        name = names[int(self.rng.integers(len(names)))]
        flags = ["uncalibrated"] if name == "SSZ-2" and self.rng.random() < 0.3 else []
        record = {"scanner_id": name, "flags": flags + ["checksum_mismatch"] * int(self.rng.random() < 0.002)}
        broken = self.rng.random() < (0.02 if name == "GYE-portal-2" else 0.002)
        rows[contents].append({"sha256": sha, "path": f"scans/{sha}", "n_bytes": 1, "kept_at": utc_text(at)})
        rows[scans].append({
            "sha256": sha, "scan_id": scan_id, "role": role, "site": site, "acquired_at": utc_text(at), "kind": "raw",
            "record": json.dumps(record), "delivered_as": f"{scan_id}.tif", "state": "broken" if broken else "used",
            "trouble": None, "received_at": utc_text(at),
        })  # fmt: skip
        rows[scan_containers].append({"sha256": sha, "scan_id": scan_id, "container_id": box})
        return sha

    def _decision(self, box, read_as, at, port, flagged, priority, zone, work):
        rng = self.rng
        given = at + timedelta(minutes=float(rng.exponential(120)))
        decided = given + timedelta(seconds=float(rng.lognormal(4.3, 0.6)))
        assignment, account = f"a-{box}", self.analysts[int(rng.integers(3))]
        work[assignments].append({
            "id": assignment, "container_id": box, "reading_digest": read_as, "account_id": account, "kind": "first",
            "chosen": "priority", "given_at": utc_text(given), "active_at": utc_text(given), "state": "decided",
            "ended_at": utc_text(decided),
        })  # fmt: skip
        work[decisions].append({
            "assignment_id": assignment, "container_id": box, "reading_digest": read_as, "account_id": account,
            "verdict": "refer" if flagged else "release", "action": "inspect_at_port" if flagged else None,
            "place": port if flagged else None, "reason": "", "decided_at": utc_text(decided), "request_key": box,
        })  # fmt: skip
        if flagged and rng.random() < 0.8:
            find = rng.random() < priority
            work[inspections].append({
                "container_id": box, "result": "find" if find else "nothing", "zone": zone if find else None,
                "note": "", "place": port, "inspected_at": utc_text(decided), "entered_at": utc_text(decided),
                "entered_by": account,
                "request_key": box,
            })  # fmt: skip

    def _unseen(self, connection):
        made = []
        for n in range(self.n_days):
            loading, discharge = self._draw(FLOWS).split("-")
            box = f"MISU{n:07d}"
            entry = {
                "container_id": box, "port_of_loading": loading, "port_of_discharge": discharge, "goods": "=bananas",
                "size_type": "45R1", "vessel": "MSC Made", "gross_kg": 21_000.0,
            }  # fmt: skip
            made.append({
                "container_id": box, "digest": box, "entry": json.dumps(entry), "delivery": "made",
                "received_at": utc_text(LAST - timedelta(days=self.n_days - n) + timedelta(hours=5)),
            })  # fmt: skip
        connection.execute(insert(manifest_entries), made)

    def _projected(self, connection):
        rng = self.rng
        for n in range(60):
            tip_id, account = n + 1, self.analysts[n % 3]
            zone, at = self._draw(ZONES), LAST - timedelta(days=float(rng.uniform(1, self.n_days)))
            connection.execute(insert(tips).values(
                id=tip_id, container_id=f"TSTU{n:07d}", reading_digest=f"d{n}", zone=zone, mass_kg=40.0,
                box_m="[0,1,0,1]", row="{}", views="", made_at=utc_text(at),
            ))  # fmt: skip
            connection.execute(insert(assignments).values(
                id=f"t{n}", container_id=f"TSTU{n:07d}", reading_digest=f"d{n}", account_id=account, kind="first",
                chosen="random", tip_id=tip_id, given_at=utc_text(at), active_at=utc_text(at), state="decided",
            ))  # fmt: skip
            found = rng.random() < (0.9 if zone == "door_end" else 0.6)
            connection.execute(insert(tip_verdicts).values(
                assignment_id=f"t{n}", tip_id=tip_id, account_id=account, verdict="refer" if found else "release",
                found=found, decided_at=utc_text(at), request_key=f"t{n}",
            ))  # fmt: skip
