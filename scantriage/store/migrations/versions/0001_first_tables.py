"""The first form: scans, containers, deliveries, readings, runs and events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    _make_scan_tables()
    _make_delivery_tables()
    _make_result_tables()


def _make_scan_tables() -> None:
    op.create_table(
        "contents",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("kept_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_contents")),
    )
    op.create_table(
        "scans",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("scan_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("acquired_at", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("delivered_as", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["contents.sha256"], name=op.f("fk_scans_sha256")),
        sa.PrimaryKeyConstraint("sha256", "scan_id", name=op.f("pk_scans")),
    )
    op.create_index("ix_scans_used", "scans", ["scan_id"], unique=True, sqlite_where=sa.text("state = 'used'"))
    op.create_table(
        "scan_containers",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("scan_id", sa.String(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256", "scan_id"], ["scans.sha256", "scans.scan_id"], name=op.f("fk_scan_containers_sha256_scan_id")
        ),
        sa.PrimaryKeyConstraint("sha256", "scan_id", "container_id", name=op.f("pk_scan_containers")),
    )
    op.create_index(op.f("ix_scan_containers_container_id"), "scan_containers", ["container_id"], unique=False)


def _make_delivery_tables() -> None:
    op.create_table(
        "deliveries",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_deliveries")),
    )
    op.create_table(
        "delivered_files",
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.path"], name=op.f("fk_delivered_files_delivery")),
        sa.ForeignKeyConstraint(["sha256"], ["contents.sha256"], name=op.f("fk_delivered_files_sha256")),
        sa.PrimaryKeyConstraint("delivery", "path", "sha256", name=op.f("pk_delivered_files")),
    )
    op.create_table(
        "problems",
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("noticed_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.path"], name=op.f("fk_problems_delivery")),
        sa.PrimaryKeyConstraint("delivery", "path", "container_id", "sentence", name=op.f("pk_problems")),
    )
    op.create_index(op.f("ix_problems_container_id"), "problems", ["container_id"], unique=False)
    op.create_table(
        "manifest_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.path"], name=op.f("fk_manifest_entries_delivery")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manifest_entries")),
        sa.UniqueConstraint("digest", name=op.f("uq_manifest_entries_digest")),
    )
    op.create_index(op.f("ix_manifest_entries_container_id"), "manifest_entries", ["container_id"], unique=False)


def _make_result_tables() -> None:
    op.create_table(
        "readings",
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("origin_sha256", sa.String(), nullable=True),
        sa.Column("rescan_sha256", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reading", sa.String(), nullable=False),
        sa.Column("total_ms", sa.Float(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["origin_sha256"], ["contents.sha256"], name=op.f("fk_readings_origin_sha256")),
        sa.ForeignKeyConstraint(["rescan_sha256"], ["contents.sha256"], name=op.f("fk_readings_rescan_sha256")),
        sa.PrimaryKeyConstraint("container_id", "digest", name=op.f("pk_readings")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("ending", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_kind"), "events", ["kind"], unique=False)
