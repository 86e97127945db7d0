"""Run by alembic: applies the steps on the connection that opened the workspace."""

from __future__ import annotations

from alembic import context

from scantriage.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
