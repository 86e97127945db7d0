"""Sessions of the workbench: a random token in the browser, its SHA-256 here, revocable one by one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import RowMapping

from scantriage.store.encoding import utc_text
from scantriage.store.workbench_schema import web_sessions

IDLE, LIFETIME = timedelta(minutes=30), timedelta(hours=10)
# each request would otherwise wait for the disk; a session may so end a minute early
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A session; `token_sha256` names it, and whoever holds the token itself is in it."""

    token_sha256: str
    account_id: int
    csrf: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    second_factor_at: datetime | None


def hashed(token: str) -> str:
    """What is kept of a token: its SHA-256 as hexadecimal digits."""
    return sha256(token.encode()).hexdigest()


def begin_session(
    connection: Connection,
    account_id: int,
    *,
    at: datetime,
    second_factor: bool,
    expires_at: datetime | None = None,
) -> str:
    """Begin a session and give its token, 256 random bits, which is kept nowhere else.

    expires_at: the absolute end, 10 hours from now unless it continues another session.
    """
    token = secrets.token_urlsafe(32)
    moment = utc_text(at)
    connection.execute(
        insert(web_sessions).values(
            token_sha256=hashed(token), account_id=account_id, csrf=secrets.token_urlsafe(32),
            created_at=moment, seen_at=moment, expires_at=utc_text(expires_at or at + LIFETIME),
            second_factor_at=moment if second_factor else None,
        )
    )  # fmt: skip
    return token


def rotate_session(connection: Connection, session: Session, *, at: datetime, second_factor: bool) -> str:
    """Go on in a new session, which ends when this one would have, and revoke this one; the new token."""
    revoke_session(connection, session.account_id, session.token_sha256, at=at)
    return begin_session(
        connection, session.account_id, at=at, second_factor=second_factor, expires_at=session.expires_at
    )


def live_session(connection: Connection, token: str, *, at: datetime) -> Session | None:
    """The session of this token, unless it is unknown, revoked, idle for 30 minutes, or past its end."""
    found = _open(connection, web_sessions.c.token_sha256 == hashed(token), at)
    return found[0] if found else None


def open_sessions(connection: Connection, account_id: int, *, at: datetime) -> list[Session]:
    """All sessions in which this account could go on, latest first."""
    return _open(connection, web_sessions.c.account_id == account_id, at)


def note_seen(session: Session, *, at: datetime) -> bool:
    """Whether the session was last seen so long ago that `see_session` should write it down."""
    return at - session.seen_at >= _SEEN_EVERY


def see_session(connection: Connection, token_sha256: str, *, at: datetime) -> None:
    """Write down that somebody went on in this session."""
    seen = update(web_sessions).where(web_sessions.c.token_sha256 == token_sha256)
    connection.execute(seen.values(seen_at=utc_text(at)))


def revoke_session(connection: Connection, account_id: int, token_sha256: str, *, at: datetime) -> bool:
    """End this session of this account; whether there was one."""
    return _revoke(connection, account_id, web_sessions.c.token_sha256 == token_sha256, at) == 1


def revoke_all(connection: Connection, account_id: int, *, at: datetime, keep: str = "") -> int:
    """End all sessions of this account but the one to keep; how many."""
    return _revoke(connection, account_id, web_sessions.c.token_sha256 != keep, at)


def _revoke(connection: Connection, account_id: int, which: ColumnElement[bool], at: datetime) -> int:
    mine = (web_sessions.c.account_id == account_id) & web_sessions.c.revoked_at.is_(None)
    revoked = update(web_sessions).where(mine, which).values(revoked_at=utc_text(at))
    return int(connection.execute(revoked).rowcount)


def _open(connection: Connection, which: ColumnElement[bool], at: datetime) -> list[Session]:
    table = web_sessions.c
    of_a_session = select(*(table[one.name] for one in fields(Session)))
    wanted = of_a_session.where(
        which, table.revoked_at.is_(None), table.expires_at > utc_text(at), table.seen_at > utc_text(at - IDLE)
    )
    return [_session(row) for row in connection.execute(wanted.order_by(table.seen_at.desc())).mappings()]


def _session(row: RowMapping) -> Session:
    values: dict[str, Any] = dict(row)
    for name in ("created_at", "seen_at", "expires_at", "second_factor_at"):
        values[name] = None if values[name] is None else datetime.fromisoformat(values[name])
    return Session(**values)
