"""The tables of the workbench, beside those of `schema`: who works, what is waiting, what was decided, the trail.

What people did is appended and never changed; `queue_rows` alone says how things stand, and can be made anew.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, text

from scantriage.store.schema import contents, metadata

# ports and source sites: what each can open in a day, and where its referrals go
sites = Table(
    "sites",
    metadata,
    Column("code", String, primary_key=True),  # UN/LOCODE
    Column("name", String, nullable=False),
    Column("openings_per_day", Integer),
    Column("push_to", String),  # https:// address or a folder; none: the partner fetches
    Column("push_secret", String),
)

# what the supervisor set, over the defaults in the program
workbench_settings = Table(
    "workbench_settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),  # JSON
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("display_name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("sites", String, nullable=False),  # JSON list of UN/LOCODE; empty: all (a partner with none sees nothing)
    Column("password_hash", String),  # none: signs in elsewhere (OIDC)
    Column("must_change", Integer, nullable=False),
    Column("totp_secret", String),
    Column("totp_last_step", Integer),  # a code that was used does not work again
    Column("failed_attempts", Integer, nullable=False, server_default="0"),
    Column("locked_until", String),
    Column("oidc_subject", String, unique=True),
    Column("language", String),
    Column("disabled_at", String),
    Column("created_at", String, nullable=False),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_sha256", String, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("csrf", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("seen_at", String, nullable=False),
    Column("expires_at", String, nullable=False),
    Column("second_factor_at", String),
    Column("revoked_at", String),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("token_sha256", String, nullable=False, unique=True),
    Column("scopes", String, nullable=False),  # JSON list
    Column("created_at", String, nullable=False),
    Column("expires_at", String, nullable=False),
    Column("revoked_at", String),
)

# the ranking as the last run left it, with how the work on each container stands
queue_rows = Table(
    "queue_rows",
    metadata,
    Column("container_id", String, primary_key=True),
    Column("reading_digest", String, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("priority", Float, nullable=False),
    Column("outcome", String, nullable=False),
    Column("action", String, nullable=False),
    Column("place", String),  # UN/LOCODE of the port that acts
    Column("zone", String),  # of the strongest finding
    Column("why", String, nullable=False),  # the strongest sentence
    Column("vessel", String),
    Column("due_at", String),  # sailing or arrival
    Column("flow", String),  # port of loading-port of discharge
    Column("commodity", String),  # two digits of the HS code
    Column("acquired_at", String),  # of the latest scan
    Column("row", String, nullable=False),  # JSON: its line of ranking.jsonl
    Column("manifest", String),  # JSON
    Column("ranked_at", String, nullable=False),
    # waiting, open, second (waits for four eyes), second_open, disagreement, referred, released, not_comparable
    Column("state", String, nullable=False, server_default="waiting"),
    Column("state_at", String),
    Column("drawn_for", Integer, ForeignKey("accounts.id")),  # the analyst drawn for the second look
    Column("drawn_at", String),
)
# rows are long: filters, pages and counts are answered from the indexes alone
Index("ix_queue_rows_state_rank", queue_rows.c.state, queue_rows.c.rank)
Index(
    "ix_queue_rows_page", queue_rows.c.rank, queue_rows.c.container_id, queue_rows.c.state, queue_rows.c.place,
    queue_rows.c.outcome, queue_rows.c.zone, queue_rows.c.flow, queue_rows.c.acquired_at,
)  # fmt: skip
Index(
    "ix_queue_rows_counts", queue_rows.c.state, queue_rows.c.place, queue_rows.c.outcome, queue_rows.c.zone,
    queue_rows.c.flow, queue_rows.c.acquired_at,
)  # fmt: skip

# how many rows of the queue have these values, empty for none; kept by triggers, because counting 100,000 rows for
# everybody who looks at the queue takes 40 ms each time
queue_counts = Table(
    "queue_counts",
    metadata,
    Column("state", String, primary_key=True),
    Column("place", String, primary_key=True),
    Column("outcome", String, primary_key=True),
    Column("zone", String, primary_key=True),
    Column("flow", String, primary_key=True),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# a container laid before an analyst; its id, which tells nothing, is all that the analyst's pages name
assignments = Table(
    "assignments",
    metadata,
    Column("id", String, primary_key=True),
    Column("container_id", String, nullable=False, index=True),
    Column("reading_digest", String, nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),  # first, second, settling (a supervisor settles a disagreement)
    Column("chosen", String, nullable=False),  # priority, random
    Column("tip_id", Integer, ForeignKey("tips.id")),
    Column("given_at", String, nullable=False),
    Column("active_at", String, nullable=False),  # of the last sign of work on it
    Column(
        "state", String, nullable=False
    ),  # coming (made ready for when the open one is done), open, decided, skipped, expired
    Column("ended_at", String),
    Column("skip_reason", String),
)
# one reading is before one person at a time, and one person has one before them, and one made ready
Index(
    "ix_assignments_one_open", assignments.c.container_id, assignments.c.reading_digest, unique=True,
    sqlite_where=text("state IN ('coming', 'open') AND tip_id IS NULL"),
)  # fmt: skip
Index(
    "ix_assignments_one_each", assignments.c.account_id, assignments.c.state, unique=True,
    sqlite_where=text("state IN ('coming', 'open')"),
)  # fmt: skip

# append only: undone by a further decision
decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("assignment_id", String, ForeignKey("assignments.id"), nullable=False, index=True),
    Column("container_id", String, nullable=False, index=True),
    Column("reading_digest", String, nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("verdict", String, nullable=False),  # refer, release, not_comparable
    Column("action", String),  # hold_at_source, inspect_at_port, rescan: of refer
    Column("place", String),
    Column("reason", String, nullable=False),
    Column("decided_at", String, nullable=False),
    Column("replaces", Integer, ForeignKey("decisions.id"), unique=True),  # the decision that this one undoes
    Column("request_key", String, nullable=False, unique=True),  # of the form: sent twice, it is decided once
)

# counted by analyst from the index alone
Index("ix_decisions_decided_at", decisions.c.decided_at, decisions.c.account_id, decisions.c.verdict)

drawn_annotations = Table(  # the plain name is Python's: from __future__ import annotations
    "annotations",
    metadata,
    Column("id", String, primary_key=True),
    Column("assignment_id", String, ForeignKey("assignments.id"), nullable=False, index=True),
    Column("container_id", String, nullable=False, index=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("shape", String, nullable=False),  # box, point, polygon, text
    Column("points_m", String, nullable=False),  # JSON list of [x, z], metres of the container
    Column("text", String, nullable=False),
    Column("made_at", String, nullable=False),
    Column("removed_at", String),
)

# what an inspection found
inspections = Table(
    "inspections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("container_id", String, nullable=False, index=True),
    Column("result", String, nullable=False),  # nothing, find
    Column("kind", String),
    Column("mass_kg", Float),
    Column("zone", String),
    Column("note", String, nullable=False),
    Column("place", String, nullable=False),  # UN/LOCODE
    Column("inspected_at", String, nullable=False, index=True),
    Column("entered_at", String, nullable=False),
    Column("entered_by", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("replaces", Integer, ForeignKey("inspections.id"), unique=True),
    Column("request_key", String, nullable=False, unique=True),
)

inspection_photos = Table(
    "inspection_photos",
    metadata,
    Column("inspection_id", Integer, ForeignKey("inspections.id"), primary_key=True),
    Column("sha256", String, ForeignKey(contents.c.sha256), primary_key=True),
    Column("media_type", String, nullable=False),
)

# threat image projection: a copy of a reading with a simulated load in it, shown in training only
tips = Table(
    "tips",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("container_id", String, nullable=False, index=True),
    Column("reading_digest", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("mass_kg", Float, nullable=False),
    Column("box_m", String, nullable=False),  # JSON [x0, x1, z0, z1]
    Column("row", String, nullable=False),  # JSON: the line that ranking.jsonl would have
    Column("views", String, nullable=False),  # path of its views below the workspace
    Column("made_at", String, nullable=False),
)

tip_verdicts = Table(
    "tip_verdicts",
    metadata,
    Column("assignment_id", String, ForeignKey("assignments.id"), primary_key=True),
    Column("tip_id", Integer, ForeignKey("tips.id"), nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("verdict", String, nullable=False),
    Column("found", Integer, nullable=False),  # referred, so noticed
    Column("decided_at", String, nullable=False),
    Column("request_key", String, nullable=False, unique=True),
)

referrals = Table(
    "referrals",
    metadata,
    Column("id", String, primary_key=True),
    Column("decision_id", Integer, ForeignKey("decisions.id"), nullable=False, unique=True),
    Column("container_id", String, nullable=False, index=True),
    Column("place", String, nullable=False, index=True),  # UN/LOCODE of the receiver
    Column("package", String),  # path below the workspace, once it is made
    Column("sha256", String),
    Column("state", String, nullable=False),  # waiting, sent, failed, fetched, withdrawn
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", String),
    Column("last_error", String),
    Column("made_at", String, nullable=False),
    Column("sent_at", String),
)

# every act and every view; each entry holds the hash of the one before
audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Integer, primary_key=True),  # 1, 2, 3, ... without a gap
    Column("at", String, nullable=False, index=True),
    Column("actor", String, nullable=False, index=True),
    Column("kind", String, nullable=False, index=True),
    Column("container_id", String, index=True),
    Column("facts", String, nullable=False),  # JSON; personal data as a digest, so that it can be deleted elsewhere
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
)

Index("ix_audit_entries_actor_kind", audit_entries.c.actor, audit_entries.c.kind)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("entry_id", Integer, ForeignKey("audit_entries.id"), primary_key=True),
    Column("hash", String, nullable=False),
    Column("signature", String, nullable=False),  # Ed25519, base64
    Column("public_key", String, nullable=False),
    Column("at", String, nullable=False),
)

# the salt of an entry's personal digests; deleted when the data's time is up
audit_salts = Table(
    "audit_salts",
    metadata,
    Column("entry_id", Integer, ForeignKey("audit_entries.id"), primary_key=True),
    Column("salt", String, nullable=False),
    Column("at", String, nullable=False, index=True),
)
