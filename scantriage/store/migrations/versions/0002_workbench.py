"""The workbench: accounts, queue, decisions, inspections, referrals, audit trail."""

from __future__ import annotations

from alembic import op

from scantriage.store.schema import metadata
from scantriage.store.workbench_schema import (
    accounts,
    annotations,
    api_tokens,
    assignments,
    audit_checkpoints,
    audit_entries,
    audit_salts,
    decisions,
    inspection_photos,
    inspections,
    queue_rows,
    referrals,
    sites,
    tip_verdicts,
    tips,
    web_sessions,
    workbench_settings,
)

revision = "0002"
down_revision = "0001"

_TABLES = [
    sites, workbench_settings, accounts, web_sessions, api_tokens, queue_rows, tips, assignments, decisions,
    annotations, inspections, inspection_photos, tip_verdicts, referrals, audit_entries, audit_checkpoints,
    audit_salts,
]  # fmt: skip


def upgrade() -> None:
    """Make all tables."""
    metadata.create_all(op.get_bind(), tables=_TABLES)
