"""Who may work here: accounts, their passwords' hashes, their second factor, and when they are locked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import RowMapping

from scantriage.errors import ActRefused
from scantriage.store.encoding import utc_text
from scantriage.store.sites import is_locode
from scantriage.store.workbench_schema import accounts

Role = Literal["analyst", "supervisor", "auditor", "administrator", "partner"]
ROLES: tuple[Role, ...] = get_args(Role)
# an auditor only reads; whoever changes something proves twice who they are
NEED_SECOND_FACTOR: frozenset[Role] = frozenset(ROLES) - {"auditor"}

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_TRIES = 5
# a guesser gets 5 tries and then one a minute, two minutes, four ... : some 30 a day
_FIRST_LOCK, _LONGEST_LOCK = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it stands.

    sites: UN/LOCODEs it works for, empty for all. password_hash: none where it signs in elsewhere (OIDC).
    totp_last_step: the last 30-second step whose code was used; none while the second factor is not confirmed.
    """

    id: int
    name: str
    display_name: str
    role: Role
    sites: tuple[str, ...]
    password_hash: str | None
    must_change: bool
    totp_secret: str | None
    totp_last_step: int | None
    failed_attempts: int
    locked_until: datetime | None
    oidc_subject: str | None
    language: str | None
    disabled_at: datetime | None
    created_at: datetime

    @property
    def enrolled(self) -> bool:
        """Whether its second factor is set up and confirmed."""
        return self.totp_secret is not None and self.totp_last_step is not None

    def may_enter(self, at: datetime) -> bool:
        """Whether it is neither disabled nor locked at that moment."""
        return self.disabled_at is None and (self.locked_until is None or self.locked_until <= at)


def add_account(
    connection: Connection,
    *,
    name: str,
    display_name: str,
    role: Role,
    sites: Sequence[str],
    password_hash: str | None,
    at: datetime,
) -> int:
    """Make an account, whose password must be changed at the first sign-in; its number.

    Raises ActRefused when the name is taken or cannot be a name, or a site is no UN/LOCODE.
    """
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise ActRefused("A name has 2 to 64 small letters, digits, dots, dashes, underscores or @.")
    if account_named(connection, name) is not None:
        raise ActRefused("There is an account of this name.")
    values = _checked(display_name=display_name or name, role=role, sites=sites)
    added = insert(accounts).values(
        **values, name=name, password_hash=password_hash, must_change=int(password_hash is not None),
        created_at=utc_text(at),
    )  # fmt: skip
    return int(connection.execute(added.returning(accounts.c.id)).scalar_one())


def change_account(
    connection: Connection, account_id: int, *, display_name: str, role: Role, sites: Sequence[str]
) -> None:
    """Set what an administrator may set. Raises ActRefused when a site is no UN/LOCODE."""
    _set(connection, account_id, **_checked(display_name=display_name, role=role, sites=sites))


def _checked(*, display_name: str, role: Role, sites: Sequence[str]) -> dict[str, str]:
    if role not in ROLES:
        raise ActRefused("There is no such role.")
    if not 1 <= len(display_name.strip()) <= 100:
        raise ActRefused("The name to show has 1 to 100 characters.")
    if not all(is_locode(site) for site in sites):
        raise ActRefused("A site is written as a UN/LOCODE, such as NLRTM.")
    return {"display_name": display_name.strip(), "role": role, "sites": json.dumps(sorted(set(sites)))}


def account_named(connection: Connection, name: str) -> Account | None:
    """The account of this name, in whatever case it was typed."""
    return _one(connection, accounts.c.name == name.strip().lower())


def account_numbered(connection: Connection, account_id: int) -> Account | None:
    """The account of this number."""
    return _one(connection, accounts.c.id == account_id)


def account_of_subject(connection: Connection, subject: str) -> Account | None:
    """The account linked to this subject of the OIDC provider."""
    return _one(connection, accounts.c.oidc_subject == subject)


def all_accounts(connection: Connection) -> list[Account]:
    """Every account, by name."""
    return [_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.name)).mappings()]


def set_password(connection: Connection, account_id: int, password_hash: str, *, must_change: bool) -> None:
    """Keep the hash of a new password; who did not choose it must change it."""
    _set(connection, account_id, password_hash=password_hash, must_change=int(must_change))


def set_language(connection: Connection, account_id: int, language: str) -> None:
    """Keep the language in which this person reads."""
    _set(connection, account_id, language=language)


def set_disabled(connection: Connection, account_id: int, *, at: datetime | None) -> None:
    """Disable the account from that moment, or enable it again (None)."""
    _set(connection, account_id, disabled_at=None if at is None else utc_text(at))


def link_subject(connection: Connection, account_id: int, subject: str) -> None:
    """Remember who this account is at the OIDC provider."""
    _set(connection, account_id, oidc_subject=subject)


def begin_enrolment(connection: Connection, account_id: int, totp_secret: str) -> None:
    """Keep a second factor that its owner has still to confirm with a first code."""
    _set(connection, account_id, totp_secret=totp_secret, totp_last_step=None)


def forget_second_factor(connection: Connection, account_id: int) -> None:
    """Let the next sign-in set up a new second factor."""
    _set(connection, account_id, totp_secret=None, totp_last_step=None)


def use_step(connection: Connection, account_id: int, step: int) -> bool:
    """Whether the code of this 30-second step was still unused; it is used now, and so are all before it."""
    unused = (accounts.c.totp_last_step.is_(None)) | (accounts.c.totp_last_step < step)
    used = update(accounts).where(accounts.c.id == account_id, unused).values(totp_last_step=step)
    return connection.execute(used).rowcount == 1


def note_failure(connection: Connection, account: Account, *, at: datetime) -> datetime | None:
    """Count a wrong password or code; from the fifth on the account is locked, each time twice as long. Until when."""
    counted = update(accounts).where(accounts.c.id == account.id).values(failed_attempts=accounts.c.failed_attempts + 1)
    n_failed = connection.execute(counted.returning(accounts.c.failed_attempts)).scalar_one()
    if n_failed < _TRIES:
        return None
    until: datetime = at + min(_FIRST_LOCK * 2 ** min(n_failed - _TRIES, 10), _LONGEST_LOCK)
    _set(connection, account.id, locked_until=utc_text(until))
    return until


def note_success(connection: Connection, account_id: int) -> None:
    """Forget the failures, after all factors were right or an administrator unlocked the account."""
    _set(connection, account_id, failed_attempts=0, locked_until=None)


def _set(connection: Connection, account_id: int, **values: object) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


def _one(connection: Connection, which: ColumnElement[bool]) -> Account | None:
    row = connection.execute(select(accounts).where(which)).mappings().one_or_none()
    return None if row is None else _account(row)


def _account(row: RowMapping) -> Account:
    values: dict[str, Any] = dict(row)
    for name in ("locked_until", "disabled_at", "created_at"):
        values[name] = None if values[name] is None else datetime.fromisoformat(values[name])
    return Account(**values | {"sites": tuple(json.loads(row["sites"])), "must_change": bool(row["must_change"])})
