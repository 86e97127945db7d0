"""From a referral to the file that leaves: facts, pictures, dossier, threat detection report, checksums, signature."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from scantriage.errors import ReferralNotMade
from scantriage.io.dossier import dossier
from scantriage.io.package import checksum_list, packed
from scantriage.io.panels import Panel, panels
from scantriage.io.threat_report import ScanImageRef, ThreatRegion, ThreatReport, threat_report
from scantriage.io.views import NoSuchView, read_facts, read_view_layer
from scantriage.pipeline.referral_facts import PROGRAM, ReferredContainer, referral_facts
from scantriage.scan.geometry import PixelBox
from scantriage.scan.record import ScanRecord
from scantriage.store.annotations import annotations_of
from scantriage.store.decisions import decision_numbered
from scantriage.store.places import Places
from scantriage.store.queue import row_of
from scantriage.store.readings import ReadingKey, find_reading
from scantriage.store.referrals import Referral
from scantriage.store.scans import used_scan
from scantriage.store.signing import fingerprint, public_pem
from scantriage.store.sites import site_of

_DUTCH = frozenset({"NL", "BE", "SR", "AW", "CW", "SX", "BQ"})  # countries whose customs read Dutch
_LAYERS = ("origin", "rescan", "difference", "blind")


def gather(connection: Connection, referral: Referral) -> ReferredContainer:
    """All that is known of the referral. ReferralNotMade where the container was read anew since it was decided."""
    decision = decision_numbered(connection, referral.decision_id)
    row = row_of(connection, referral.container_id)
    if decision is None or row is None or row.reading_digest != decision.reading_digest:
        raise ReferralNotMade("The container was read anew since it was decided on; it has to be decided again.")
    key = ReadingKey(row.container_id, row.reading_digest, None, None)
    named = (row.line[role] for role in ("origin_scan", "rescan"))
    scans = (used_scan(connection, scan_id) for scan_id in named if scan_id is not None)
    site = site_of(connection, referral.place)
    return ReferredContainer(
        referral, decision, row, find_reading(connection, key),
        tuple(scan.record for scan in scans if scan is not None),
        tuple(kept.annotation for kept in annotations_of(connection, decision.assignment_id)),
        None if site is None else site.name,
    )  # fmt: skip


def package(container: ReferredContainer, places: Places, key: Ed25519PrivateKey) -> bytes:
    """The zip (docs/referral.md). The same referral gives the same bytes. typst.TypstError is a fault of ours."""
    shown = list(_panels(places.views(container.row.reading_digest)))
    pictures = {f"pictures/{panel.view}.jpg": panel.jpeg for panel in shown}
    facts = referral_facts(container, [_picture(panel) for panel in shown])
    made_at = datetime.fromisoformat(container.referral.made_at)
    files = {
        "referral.json": (json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
        "report.dcs": _threat_report(facts, container.scans, made_at),
        **pictures,
    }
    content = {
        **facts,
        "files": [{"name": name, "sha256": _sha256(files[name])} for name in sorted(files)],
        "content_sha256": _sha256(checksum_list(files)),
        "key_sha256": fingerprint(key),
    }
    language = "nl" if container.referral.place[:2] in _DUTCH else "en"
    files["dossier.pdf"] = dossier(content, language=language, pictures=pictures, made_at=made_at)
    return packed(files, key=key, public_key=public_pem(key), made_at=made_at)


def _panels(views: Path) -> Iterator[Panel]:
    """The pictures that were kept when the container was read; none where there was nothing to show."""
    try:
        facts = read_facts(views).facts
    except NoSuchView:
        return
    layers = {name: read_view_layer(views, name) for name in _LAYERS if name in facts.layers}
    yield from panels(layers, height_m=facts.height_m)


def _picture(panel: Panel) -> dict[str, Any]:
    told = asdict(replace(panel, jpeg=b""))
    del told["jpeg"]
    return {"file": f"pictures/{panel.view}.jpg", "sha256": _sha256(panel.jpeg), **told}


def _threat_report(facts: dict[str, Any], scans: Sequence[ScanRecord], made_at: datetime) -> bytes:
    report = ThreatReport(
        facts["referral"], facts["container_id"], facts["receiver"]["place"], PROGRAM,
        decided_at=datetime.fromisoformat(facts["decision"]["decided_at"]), made_at=made_at,
    )  # fmt: skip
    return threat_report(report, list(_regions(facts["reading"], scans)))


def _regions(reading: dict[str, Any], scans: Sequence[ScanRecord]) -> Iterator[ThreatRegion]:
    """The findings that lie in a file, each as probable as the container would be without the other findings."""
    findings = reading["findings"]
    sentences = {finding["sentence"] for finding in findings}
    odds = {item["sentence"]: item["contribution"] for item in reading["evidence"] if item["sentence"] in sentences}
    without = sum(item["contribution"] for item in reading["evidence"] if item["sentence"] not in sentences)
    for finding in findings:
        boxes = tuple(
            (ScanImageRef(scan.sha256, scan.kind), PixelBox(*finding[f"{scan.role}_box"]))
            for scan in scans
            if finding[f"{scan.role}_box"] is not None
        )
        if boxes:
            probability = 1 / (1 + math.exp(-(without + odds.get(finding["sentence"], 0.0))))
            yield ThreatRegion(boxes, probability, finding["sentence"], finding["mass_kg"])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
