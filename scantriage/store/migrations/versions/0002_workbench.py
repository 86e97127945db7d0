"""The workbench: accounts, queue, decisions, inspections, referrals, audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make all tables."""
    _make_sites()
    _make_people()
    _make_queue()
    _make_assignments()
    _make_decisions()
    _make_outcomes()
    _make_trail()
    _keep_counts()
    _keep_the_trail()


def _make_sites() -> None:
    op.create_table(
        "sites",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("openings_per_day", sa.Integer(), nullable=True),
        sa.Column("push_to", sa.String(), nullable=True),
        sa.Column("push_secret", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_sites")),
    )
    op.create_table(
        "workbench_settings",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workbench_settings")),
    )


def _make_people() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sites", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("must_change", sa.Integer(), nullable=False),
        sa.Column("totp_secret", sa.String(), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=True),
        sa.Column("failed_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.String(), nullable=True),
        sa.Column("oidc_subject", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("disabled_at", sa.String(), nullable=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
        sa.UniqueConstraint("oidc_subject", name=op.f("uq_accounts_oidc_subject")),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("expires_at", sa.String(), nullable=False),
        sa.Column("second_factor_at", sa.String(), nullable=True),
        sa.Column("revoked_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_web_sessions_account_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_web_sessions")),
    )
    op.create_index(op.f("ix_web_sessions_account_id"), "web_sessions", ["account_id"], unique=False)
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("expires_at", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_api_tokens_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_tokens_token_sha256")),
    )


def _make_queue() -> None:
    op.create_table(
        "queue_rows",
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("reading_digest", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("vessel", sa.String(), nullable=True),
        sa.Column("due_at", sa.String(), nullable=True),
        sa.Column("flow", sa.String(), nullable=True),
        sa.Column("commodity", sa.String(), nullable=True),
        sa.Column("acquired_at", sa.String(), nullable=True),
        sa.Column("row", sa.String(), nullable=False),
        sa.Column("manifest", sa.String(), nullable=True),
        sa.Column("ranked_at", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("state_at", sa.String(), nullable=True),
        sa.Column("drawn_for", sa.Integer(), nullable=True),
        sa.Column("drawn_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["drawn_for"], ["accounts.id"], name=op.f("fk_queue_rows_drawn_for")),
        sa.PrimaryKeyConstraint("container_id", name=op.f("pk_queue_rows")),
    )
    op.create_index(
        "ix_queue_rows_counts", "queue_rows", ["state", "place", "outcome", "zone", "flow", "acquired_at"], unique=False
    )
    op.create_index(
        "ix_queue_rows_page",
        "queue_rows",
        ["rank", "container_id", "state", "place", "outcome", "zone", "flow", "acquired_at"],
        unique=False,
    )
    op.create_index("ix_queue_rows_state_rank", "queue_rows", ["state", "rank"], unique=False)
    op.create_table(
        "queue_counts",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("state", "place", "outcome", "zone", "flow", name=op.f("pk_queue_counts")),
        sqlite_with_rowid=False,
    )


def _make_assignments() -> None:
    op.create_table(
        "tips",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("reading_digest", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("mass_kg", sa.Float(), nullable=False),
        sa.Column("box_m", sa.String(), nullable=False),
        sa.Column("row", sa.String(), nullable=False),
        sa.Column("views", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tips")),
    )
    op.create_index(op.f("ix_tips_container_id"), "tips", ["container_id"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("reading_digest", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("chosen", sa.String(), nullable=False),
        sa.Column("tip_id", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.String(), nullable=False),
        sa.Column("active_at", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", sa.String(), nullable=True),
        sa.Column("skip_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_assignments_account_id")),
        sa.ForeignKeyConstraint(["tip_id"], ["tips.id"], name=op.f("fk_assignments_tip_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_account_id"), "assignments", ["account_id"], unique=False)
    op.create_index(op.f("ix_assignments_container_id"), "assignments", ["container_id"], unique=False)
    op.create_index(
        "ix_assignments_one_each",
        "assignments",
        ["account_id", "state"],
        unique=True,
        sqlite_where=sa.text("state IN ('coming', 'open')"),
    )
    op.create_index(
        "ix_assignments_one_open",
        "assignments",
        ["container_id", "reading_digest"],
        unique=True,
        sqlite_where=sa.text("state IN ('coming', 'open') AND tip_id IS NULL"),
    )


def _make_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("reading_digest", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_at", sa.String(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("request_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_decisions_account_id")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_decisions_assignment_id")),
        sa.ForeignKeyConstraint(["replaces"], ["decisions.id"], name=op.f("fk_decisions_replaces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("replaces", name=op.f("uq_decisions_replaces")),
        sa.UniqueConstraint("request_key", name=op.f("uq_decisions_request_key")),
    )
    op.create_index(op.f("ix_decisions_assignment_id"), "decisions", ["assignment_id"], unique=False)
    op.create_index(op.f("ix_decisions_container_id"), "decisions", ["container_id"], unique=False)
    op.create_index("ix_decisions_decided_at", "decisions", ["decided_at", "account_id", "verdict"], unique=False)
    op.create_table(
        "tip_verdicts",
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.Column("tip_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.String(), nullable=False),
        sa.Column("request_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tip_verdicts_account_id")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_tip_verdicts_assignment_id")),
        sa.ForeignKeyConstraint(["tip_id"], ["tips.id"], name=op.f("fk_tip_verdicts_tip_id")),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_tip_verdicts")),
        sa.UniqueConstraint("request_key", name=op.f("uq_tip_verdicts_request_key")),
    )
    op.create_table(
        "annotations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("assignment_id", sa.String(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("points_m", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("removed_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_annotations_account_id")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignments.id"], name=op.f("fk_annotations_assignment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
    )
    op.create_index(op.f("ix_annotations_assignment_id"), "annotations", ["assignment_id"], unique=False)
    op.create_index(op.f("ix_annotations_container_id"), "annotations", ["container_id"], unique=False)


def _make_outcomes() -> None:
    op.create_table(
        "inspections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("mass_kg", sa.Float(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("inspected_at", sa.String(), nullable=False),
        sa.Column("entered_at", sa.String(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("request_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["accounts.id"], name=op.f("fk_inspections_entered_by")),
        sa.ForeignKeyConstraint(["replaces"], ["inspections.id"], name=op.f("fk_inspections_replaces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
        sa.UniqueConstraint("replaces", name=op.f("uq_inspections_replaces")),
        sa.UniqueConstraint("request_key", name=op.f("uq_inspections_request_key")),
    )
    op.create_index(op.f("ix_inspections_container_id"), "inspections", ["container_id"], unique=False)
    op.create_index(op.f("ix_inspections_inspected_at"), "inspections", ["inspected_at"], unique=False)
    op.create_table(
        "inspection_photos",
        sa.Column("inspection_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.id"], name=op.f("fk_inspection_photos_inspection_id")),
        sa.ForeignKeyConstraint(["sha256"], ["contents.sha256"], name=op.f("fk_inspection_photos_sha256")),
        sa.PrimaryKeyConstraint("inspection_id", "sha256", name=op.f("pk_inspection_photos")),
    )
    op.create_table(
        "referrals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("package", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.String(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("sent_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_referrals_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_referrals_decision_id")),
    )
    op.create_index(op.f("ix_referrals_container_id"), "referrals", ["container_id"], unique=False)
    op.create_index(op.f("ix_referrals_place"), "referrals", ["place"], unique=False)


def _make_trail() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("container_id", sa.String(), nullable=True),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_actor"), "audit_entries", ["actor"], unique=False)
    op.create_index("ix_audit_entries_actor_kind", "audit_entries", ["actor", "kind"], unique=False)
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"], unique=False)
    op.create_index(op.f("ix_audit_entries_container_id"), "audit_entries", ["container_id"], unique=False)
    op.create_index(op.f("ix_audit_entries_kind"), "audit_entries", ["kind"], unique=False)
    op.create_table(
        "audit_checkpoints",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_checkpoints_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "audit_salts",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_salts_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_salts")),
    )
    op.create_index(op.f("ix_audit_salts_at"), "audit_salts", ["at"], unique=False)


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
