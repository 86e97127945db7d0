"""Accounts from the command line: how the first administrator comes to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from scantriage.errors import WorkspaceError
from scantriage.store import audit
from scantriage.store.accounts import Role
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.workbench.access.administer import Administration
from scantriage.workbench.access.passwords import Passwords


def add_account_to(root: Path, *, name: str, display_name: str, role: str, sites: Sequence[str]) -> str:
    """Make an account in the workspace, itself made if it does not exist; the password for the first sign-in.

    Raises ActRefused for a name, role or site that cannot be, WorkspaceError when the workspace cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(f"The workspace {root} cannot be written: {error.strerror}.") from error
    database = Database(Places(root.resolve()).database)
    try:
        with database.writing() as connection:
            act = Administration(connection, Passwords(), datetime.now(UTC), audit.SYSTEM)
            _, password = act.make_account(name=name, display_name=display_name, role=cast("Role", role), sites=sites)
    finally:
        database.close()
    return password
