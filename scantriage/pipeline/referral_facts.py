"""What a referral tells its receiver: this container, this decision, and nothing of others.

Who gets a package is another authority, often another country's: it names no analyst, no firm, no other container, and
not how many there are (docs/referral.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from scantriage import __version__
from scantriage.scan.finding import Kind, Reading, Zone
from scantriage.scan.quality import Flag
from scantriage.scan.record import ScanRecord
from scantriage.store.annotations import Annotation
from scantriage.store.decisions import Decision
from scantriage.store.queue import QueueRow
from scantriage.store.referrals import Referral

SCHEMA = "scantriage-referral-1"
PROGRAM = f"scantriage {__version__}"
# of the manifest: what a partner is shown in the workbench, too; not shipper and consignee
MANIFEST = (
    "size_type", "hs_code", "goods", "gross_kg", "port_of_loading", "port_of_discharge",
    "vessel", "voyage", "eta", "seal", "bill_of_lading",
)  # fmt: skip
_READING = ("outcome", "reason", "priority", "agreement", "blind_fraction", "findings", "evidence")
# evidence that speaks of this container's own two scans and manifest; the sentence of any other stays here
_OWN_EVIDENCE = frozenset({
    "base_rate", "learned", "nothing_seen", "nothing_else_seen", "blind", "not_comparable", "cargo_mass",
    *map(str, Flag), *(f"{kind}_{zone}" for kind in get_args(Kind) for zone in get_args(Zone)),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReferredContainer:
    """All that is known of a referral before anything is left out.

    row: as it was decided. reading: None where there was nothing to read. scans: origin scan, rescan.
    place_name: of the receiver, None where nobody gave one.
    """

    referral: Referral
    decision: Decision
    row: QueueRow
    reading: Reading | None
    scans: tuple[ScanRecord, ...]
    annotations: tuple[Annotation, ...]
    place_name: str | None


def referral_facts(container: ReferredContainer, pictures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The content of ``referral.json`` (docs/referral.md). pictures: file, view and metres of each."""
    referral, decision, reading = container.referral, container.decision, container.reading
    manifest = json.loads(container.row.manifest or "{}")
    return {
        "schema": SCHEMA,
        "program": PROGRAM,
        "referral": referral.id,
        "made_at": referral.made_at,
        "container_id": referral.container_id,
        "receiver": {"place": referral.place, "name": container.place_name},
        "decision": {
            "number": decision.id,
            "verdict": decision.verdict,
            "action": decision.action,
            "place": decision.place,
            "reason": decision.reason,
            "decided_at": decision.decided_at,
        },
        "reading": _of_this_container({name: container.row.line[name] for name in _READING}),
        "cargo_kg": None if reading is None or reading.cargo_kg is None else round(reading.cargo_kg, 1),
        "flags": [str(flag) for flag in _flags(container)],
        "manifest": {name: manifest.get(name) for name in MANIFEST},
        "scans": [_scan(scan) for scan in container.scans],
        "annotations": [
            {"shape": mark.shape, "points_m": mark.points_m, "text": mark.text} for mark in container.annotations
        ],
        "pictures": [dict(picture) for picture in pictures],
    }


def _of_this_container(line: dict[str, Any]) -> dict[str, Any]:
    told = [item if item["name"] in _OWN_EVIDENCE else {**item, "sentence": None} for item in line["evidence"]]
    return line | {"evidence": told}


def _flags(container: ReferredContainer) -> Iterable[Flag]:
    reading = () if container.reading is None else container.reading.flags
    found = {*reading, *(flag for scan in container.scans for flag in scan.flags)}
    return (flag for flag in Flag if flag in found)


def _scan(scan: ScanRecord) -> dict[str, Any]:
    return {
        "role": scan.role,
        "scan_id": scan.scan_id,
        "site": scan.site,
        "acquired_at": scan.acquired_at.isoformat(),
        "scanner_id": scan.scanner_id,
        "energies_mev": None if scan.energies_mev is None else list(scan.energies_mev),
        "kind": scan.kind,
        "sha256": scan.sha256,
    }
