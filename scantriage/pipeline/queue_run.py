"""The ranking, as rows of the workbench's queue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from scantriage.io.products import shown_row
from scantriage.rank.action import act_by
from scantriage.rank.case import Case, Ranked
from scantriage.scan.record import ManifestEntry
from scantriage.store.database import Database
from scantriage.store.encoding import to_json, utc_text
from scantriage.store.queue import QueueRow, replace_queue


def fill_queue(database: Database, ranked: Sequence[Ranked], digests: Mapping[str, str], *, now: datetime) -> None:
    """Put the ranking into the queue, all of it or nothing; digests: of each container's reading.

    Made ready before the database is taken, so that who decides meanwhile waits for the writing alone.
    """
    rows = [queue_row(one, digests[one.case.container_id], now=now) for one in ranked]
    with database.writing() as connection:
        replace_queue(connection, rows, now)


def queue_row(one: Ranked, digest: str, *, now: datetime) -> QueueRow:
    """One container's row; its state is the queue's to know."""
    case, manifest = one.case, one.case.manifest
    strongest, due_at, scanned_at = case.reading.strongest, act_by(case, now=now), _scanned_at(case)
    return QueueRow(
        container_id=case.container_id,
        reading_digest=digest,
        rank=one.rank,
        priority=one.priority,
        outcome=case.reading.outcome,
        action=one.action,
        place=one.where,
        zone=None if strongest is None else strongest.zone,
        why=one.why,
        vessel=None if manifest is None else manifest.vessel,
        due_at=None if due_at is None else utc_text(due_at),
        flow=_flow(case),
        commodity=_commodity(manifest),
        acquired_at=None if scanned_at is None else utc_text(scanned_at),
        row=json.dumps(shown_row(one), ensure_ascii=False, allow_nan=False),
        manifest=None if manifest is None else to_json(manifest),
        ranked_at=utc_text(now),
    )


def _scanned_at(case: Case) -> datetime | None:
    return max((scan.acquired_at for scan in (case.origin, case.rescan) if scan is not None), default=None)


def _flow(case: Case) -> str | None:
    """From where to where: as the manifest says, else by the sites of the scans; a question mark for an end unknown."""
    loading = (case.manifest and case.manifest.port_of_loading) or (case.origin and case.origin.site)
    discharge = (case.manifest and case.manifest.port_of_discharge) or (case.rescan and case.rescan.site)
    return f"{loading or '?'}-{discharge or '?'}" if loading or discharge else None


def _commodity(manifest: ManifestEntry | None) -> str | None:
    chapter = ((manifest and manifest.hs_code) or "").strip()[:2]
    return chapter if len(chapter) == 2 and chapter.isdecimal() else None
