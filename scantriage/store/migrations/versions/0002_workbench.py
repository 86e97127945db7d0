"""The workbench: accounts, queue, decisions, inspections, referrals, audit trail."""

from __future__ import annotations

from alembic import op

from scantriage.store.schema import metadata
from scantriage.store.workbench_schema import (
    accounts,
    api_tokens,
    assignments,
    audit_checkpoints,
    audit_entries,
    audit_salts,
    decisions,
    drawn_annotations,
    inspection_photos,
    inspections,
    queue_counts,
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
    sites, workbench_settings, accounts, web_sessions, api_tokens, queue_rows, queue_counts, tips, assignments,
    decisions, drawn_annotations, inspections, inspection_photos, tip_verdicts, referrals, audit_entries,
    audit_checkpoints, audit_salts,
]  # fmt: skip


def upgrade() -> None:
    """Make all tables."""
    metadata.create_all(op.get_bind(), tables=_TABLES)
    _keep_counts()
    _keep_the_trail()


# a new ranking writes every row, and changes what is counted in few of them
_FACETS = ("state", "place", "outcome", "zone", "flow")
_CHANGED = " OR ".join(f"old.{part} IS NOT new.{part}" for part in _FACETS)


def _keep_counts() -> None:
    for name, when, what in (
        ("added", "AFTER INSERT ON queue_rows", _counted("new", "+1")),
        ("removed", "AFTER DELETE ON queue_rows", _counted("old", "-1")),
        (
            "changed", f"AFTER UPDATE ON queue_rows WHEN {_CHANGED}",
            _counted("old", "-1") + _counted("new", "+1"),
        ),
    ):  # fmt: skip
        op.execute(f"CREATE TRIGGER queue_rows_{name} {when} BEGIN {what} END")


def _counted(row: str, by: str) -> str:
    values = ", ".join(f"coalesce({row}.{part}, '')" for part in _FACETS)
    return f"INSERT INTO queue_counts VALUES ({values}, {by}) ON CONFLICT DO UPDATE SET n = n {by};"  # noqa: S608


def _keep_the_trail() -> None:
    """Refuse to change or remove what is there: a slip of the program is stopped here; who means it is found out."""
    for table in ("audit_entries", "audit_checkpoints"):
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
