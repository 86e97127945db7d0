"""Queues for tests of the workbench: rows as a day leaves them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from scantriage.scan.container import check_digit
from scantriage.store import queue

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
PORTS = ("NLRTM", "NLVLI", "BEANR")
ZONES = ("door_end", "cargo", "floor", "reefer_unit")
SECRETS = ("MSC SECRETSHIP", "Secret Consignee BV", "Secret Shipper SA", "SEAL12345", "BLSECRET99", "VOYAGE77X")


def number(place):
    """The n-th container number."""
    start = f"TSTU{place:06d}"
    return f"{start}{check_digit(start)}"


def queue_row(place, *, at=NOW, **changed):
    """The n-th most urgent container, as the ranking leaves it."""
    container_id, opened = number(place), place <= 60
    ship, consignee, shipper, seal, lading, voyage = SECRETS
    line = {
        "rank": place, "container_id": container_id, "origin_scan": f"ECGYE-{container_id}-1",
        "rescan": f"NLRTM-{container_id}-2", "outcome": "compared", "reason": None, "priority": 0.9 / place,
        "action": "inspect_at_port" if opened else "none", "where": PORTS[place % 3] if opened else None,
        "agreement": 0.93, "blind_fraction": 0.04,
        "findings": [{
            "kind": "added", "zone": ZONES[place % 4], "significance": 5.2, "mass_kg": 40.0, "mass_kg_sd": 6.0,
            "origin_box": [10, 60, 20, 90], "rescan_box": [10, 60, 20, 90], "container_box_m": [11.0, 11.6, 0.3, 1.1],
            "sentence": "Added: about 40 kg.",
        }],
        "evidence": [{"name": "base_rate", "contribution": -6.9, "sentence": "One in a thousand."}],
    }  # fmt: skip
    manifest = {
        "container_id": container_id, "size_type": "45R1", "hs_code": "080390", "goods": "bananas", "gross_kg": 21000.0,
        "bill_of_lading": lading, "port_of_loading": "ECGYE", "port_of_discharge": "NLRTM", "vessel": ship,
        "voyage": voyage, "eta": None, "seal": seal, "shipper": shipper, "consignee": consignee,
    }  # fmt: skip
    values = {
        "container_id": container_id, "reading_digest": f"digest-{place}", "rank": place, "priority": line["priority"],
        "outcome": "compared", "action": line["action"], "place": line["where"], "zone": ZONES[place % 4],
        "why": "Added: about 40 kg behind the doors.", "vessel": ship,
        "due_at": (at + timedelta(hours=place)).isoformat(), "flow": "ECGYE-NLRTM", "commodity": "08",
        "acquired_at": (at - timedelta(hours=place % 200)).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "row": json.dumps(line), "manifest": json.dumps(manifest), "ranked_at": at.isoformat(),
    }  # fmt: skip
    return queue.QueueRow(**values | changed)
