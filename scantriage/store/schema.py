"""The tables. Times are RFC 3339 text in UTC, so that they sort; things with structure are JSON."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, ForeignKeyConstraint, Index, Integer, MetaData, String, Table, text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# every file that was ever kept, known by its content
contents = Table(
    "contents",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("path", String, nullable=False),  # below the workspace
    Column("n_bytes", Integer, nullable=False),
    Column("kept_at", String, nullable=False),
)

# a scan is a content under a scan id: the same content may come back under another role
scans = Table(
    "scans",
    metadata,
    Column("sha256", String, ForeignKey("contents.sha256"), primary_key=True),
    Column("scan_id", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("site", String, nullable=False),
    Column("acquired_at", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("record", String, nullable=False),
    Column("delivered_as", String, nullable=False),
    Column("state", String, nullable=False),
    Column("trouble", String),
    Column("received_at", String, nullable=False),
)
# a scan id means one recording: what else comes under it is kept, and never used
Index("ix_scans_used", scans.c.scan_id, unique=True, sqlite_where=text("state = 'used'"))

scan_containers = Table(
    "scan_containers",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("scan_id", String, primary_key=True),
    Column("container_id", String, primary_key=True, index=True),
    ForeignKeyConstraint(["sha256", "scan_id"], ["scans.sha256", "scans.scan_id"]),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("path", String, primary_key=True),
    Column("received_at", String, nullable=False),
)

delivered_files = Table(
    "delivered_files",
    metadata,
    Column("delivery", String, ForeignKey("deliveries.path"), primary_key=True),
    Column("path", String, primary_key=True),  # inside the delivery
    Column("sha256", String, ForeignKey("contents.sha256"), primary_key=True),
)

problems = Table(
    "problems",
    metadata,
    Column("delivery", String, ForeignKey("deliveries.path"), primary_key=True),
    Column("path", String, primary_key=True),
    Column("container_id", String, primary_key=True, index=True),  # empty where no container is known
    Column("sentence", String, primary_key=True),
    Column("noticed_at", String, nullable=False),
)

# the row of a container that was delivered last is the one used; none is forgotten
manifest_entries = Table(
    "manifest_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("container_id", String, nullable=False, index=True),
    Column("digest", String, nullable=False, unique=True),
    Column("entry", String, nullable=False),
    Column("delivery", String, ForeignKey("deliveries.path"), nullable=False),
    Column("received_at", String, nullable=False),
)

readings = Table(
    "readings",
    metadata,
    Column("container_id", String, primary_key=True),
    Column("digest", String, primary_key=True),  # of all that went in
    Column("origin_sha256", String, ForeignKey("contents.sha256")),
    Column("rescan_sha256", String, ForeignKey("contents.sha256")),
    Column("outcome", String, nullable=False),
    Column("reading", String, nullable=False),
    Column("total_ms", Float, nullable=False),
    Column("made_at", String, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("ended_at", String),
    Column("ending", String),
)

# append only: what happened, when
events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("kind", String, nullable=False, index=True),
    Column("facts", String, nullable=False),
)
