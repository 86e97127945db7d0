"""Tokens with which other programs use the API in the name of an account: their SHA-256 here, revocable one by one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Connection, insert, select, update

from scantriage.errors import ActRefused
from scantriage.store.accounts import Account, Role, account_numbered
from scantriage.store.encoding import utc_text
from scantriage.store.sessions import hashed
from scantriage.store.workbench_schema import api_tokens

Scope = Literal["queue:read", "containers:read", "decisions:read", "outcomes:write", "referrals:read", "figures:read"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
# an analyst's program could read what the analyst must not see; an administrator has no business with containers
SCOPES_OF: dict[Role, frozenset[Scope]] = {
    "analyst": frozenset(),
    "supervisor": frozenset(SCOPES),
    "auditor": frozenset(SCOPES) - {"outcomes:write"},
    "administrator": frozenset(),
    "partner": frozenset({"referrals:read", "outcomes:write"}),
}
MAX_DAYS = 365
_PREFIX = "scantriage_"  # so that scanners for leaked secrets know one when they see it


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept; times as RFC 3339 text in UTC."""

    id: int
    account_id: int
    name: str
    scopes: tuple[Scope, ...]
    created_at: str
    expires_at: str
    revoked_at: str | None

    def is_live(self, at: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and self.expires_at > utc_text(at)


def make_token(
    connection: Connection, account: Account, *, name: str, scopes: Collection[str], days: int, at: datetime
) -> tuple[int, str]:
    """A new token of 256 random bits, which is kept nowhere else: its number, and itself.

    Raises ActRefused where the account's role may not have these scopes, or the name or the days cannot be.
    """
    if not 1 <= len(name.strip()) <= 100:
        raise ActRefused("The name of a token has 1 to 100 characters.")
    if not scopes or not SCOPES_OF[account.role].issuperset(scopes):
        raise ActRefused("Choose what the token may do, among what the account's role may have.")
    if not 1 <= days <= MAX_DAYS:
        raise ActRefused(f"A token is valid for 1 to {MAX_DAYS} days.")
    token = _PREFIX + secrets.token_urlsafe(32)
    values = {
        "account_id": account.id, "name": name.strip(), "token_sha256": hashed(token),
        "scopes": json.dumps(sorted(scopes)), "created_at": utc_text(at),
        "expires_at": utc_text(at + timedelta(days=days)),
    }  # fmt: skip
    return int(connection.execute(insert(api_tokens).values(values).returning(api_tokens.c.id)).scalar_one()), token


def live_token(connection: Connection, token: str, *, at: datetime) -> tuple[Token, Account] | None:
    """The token and whose it is, unless it is unknown, revoked, past its end, or its account disabled.

    What the account's role may not have any more is left out of its scopes.
    """
    row = connection.execute(select(api_tokens).where(api_tokens.c.token_sha256 == hashed(token))).first()
    found = None if row is None else _token(row)
    if found is None or not found.is_live(at):
        return None
    account = account_numbered(connection, found.account_id)
    if account is None or account.disabled_at is not None:
        return None
    allowed = tuple(scope for scope in found.scopes if scope in SCOPES_OF[account.role])
    return replace(found, scopes=allowed), account


def tokens_of(connection: Connection, account_id: int) -> list[Token]:
    """Every token of the account, latest first."""
    wanted = select(api_tokens).where(api_tokens.c.account_id == account_id).order_by(api_tokens.c.id.desc())
    return [_token(row) for row in connection.execute(wanted)]


def revoke_token(connection: Connection, account_id: int, token_id: int, *, at: datetime) -> bool:
    """End this token of this account; whether there was one."""
    here = (api_tokens.c.id == token_id) & (api_tokens.c.account_id == account_id) & api_tokens.c.revoked_at.is_(None)
    return connection.execute(update(api_tokens).where(here).values(revoked_at=utc_text(at))).rowcount == 1


def _token(row: Any) -> Token:
    return Token(
        row.id, row.account_id, row.name, tuple(json.loads(row.scopes)), row.created_at, row.expires_at, row.revoked_at
    )
